"""Small provinces as providers tell them, drawn by hypothesis: every row states `revised_at`, and no key has two
contents at one moment, so that what is true of a firm does not depend on the order in which its rows arrive."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import strategies as st

from creditshare.firms.identifiers import registration_no_check_digit
from creditshare.intake.formats import CSV, JSON, NDJSON
from creditshare.resources.catalogue import kind_named
from tests.factories.firms import made_uscc

Row = dict[str, Any]
FIRMS = tuple(made_uscc(number) for number in (90001, 90002, 90003))
OLD_NUMBERS = tuple(
    body + registration_no_check_digit(body)
    for body in ("33010090000001", "33010090000002", "33010090000003")
)
MONTHS = ("2025-10", "2025-11", "2025-12")
PROVIDERS = ("north", "south")
START = datetime(2025, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """One row of one kind by one provider."""

    provider: str
    kind: str
    row: Row


@dataclass(frozen=True, slots=True)
class Delivery:
    """Rows that go in together, and how they are written."""

    provider: str
    kind: str
    media_type: str
    rows: list[Row]

    @property
    def body(self) -> bytes:
        """Write the rows out."""
        if self.media_type == JSON:
            return orjson.dumps(self.rows)
        if self.media_type == NDJSON:
            return b"\n".join(map(orjson.dumps, self.rows))
        out = io.StringIO()
        writer = csv.DictWriter(out, kind_named(self.kind).columns)
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in self.rows)
        return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _subjects(firm: int) -> st.SearchStrategy[tuple[str, Row]]:
    """Name a firm in one of the ways its providers do, now and then with further numbers beside the strongest."""
    uscc, old, own = FIRMS[firm], OLD_NUMBERS[firm], f"N{firm}"
    beside = [{}, {"subject_no": own}, {"registration_no": old, "subject_no": own}]
    return st.one_of(
        st.sampled_from([("uscc", {"uscc": uscc, **more}) for more in beside]),
        st.sampled_from(
            [("old", {"registration_no": old}), ("old", {"registration_no": old, "subject_no": own})]
        ),
        st.just(("code", {"organisation_code": uscc[8:17]})),
        st.just(("own", {"subject_no": own})),
    )


def _key(kind: str, number: int) -> Row:
    """Return the natural key (and whatever names the record) number `number` of a kind."""
    month = MONTHS[number % 3]
    keys: dict[str, Row] = {
        "registration": {},
        "tax-filing": {"tax_type": "增值税", "period_start": f"{month}-01", "period_end": f"{month}-28"},
        "utility-account": {"service": "water", "account_no": f"A{number % 2}"},
        "utility-bill": {"service": "water", "account_no": f"A{number % 2}", "month": month},
        "social-insurance": {"month": month, "insurance": "all"},
        "environment-rating": {"scheme": "national-2013", "year": 2024 + number % 2},
    }  # fmt: skip
    return keys[kind]


def _content(kind: str, number: int) -> Row:
    amount = f"{100 + number}.50"
    contents: dict[str, Row] = {
        "registration": {
            "firm_name": f"杭州第{number % 2}纸品有限公司",
            "status": ("active", "dormant")[number % 2],
            "established_on": "2012-03-01",
            "registered_capital": amount,
            "industry": "C22",
            "region": "330100",
        },
        "tax-filing": {"tax_due": amount, "tax_paid": amount},
        "utility-account": {"opened_on": f"2024-0{1 + number}-01"},
        "utility-bill": {"quantity": amount, "amount": amount},
        "social-insurance": {"insured": 10 + number, "due": amount, "paid": amount},
        "environment-rating": {"colour": ("green", "blue", "yellow", "red")[number]},
    }
    return contents[kind]


KINDS = (
    "registration", "tax-filing", "utility-account", "utility-bill", "social-insurance", "environment-rating",
)  # fmt: skip


@st.composite
def _told(draw: st.DrawFn) -> tuple[tuple[Any, ...], Told]:
    """Draw a row, with what must differ between two rows of one province."""
    kind = draw(st.sampled_from(KINDS))
    provider = draw(st.sampled_from(PROVIDERS))
    firm = draw(st.integers(0, len(FIRMS) - 1))
    form, subject = draw(_subjects(firm))
    number, version = draw(st.integers(0, 5)), draw(st.integers(0, 3))
    key = _key(kind, number)
    if kind == "utility-bill" and draw(st.booleans()):
        form, subject, firm = "account", {}, 0
    if kind == "tax-filing" and draw(st.booleans()):
        key = {**key, "source_key": f"{firm}-{number % 3}"}
        form = ""  # the source key alone names the record, whatever the row calls its firm
    moment = draw(st.integers(0, 4))
    row = {**subject, **key, "revised_at": (START + timedelta(days=moment)).isoformat()}
    withdrawn = draw(st.integers(0, 6)) == 0
    if withdrawn and form == "" and draw(st.booleans()):
        row = {name: row[name] for name in ("source_key", "revised_at")}
    row |= {"operation": "withdraw"} if withdrawn else _content(kind, version)
    is_line = kind == "tax-filing" and form != "" and not withdrawn  # many stand beside each other
    key["line"] = version if is_line else None
    return (provider, kind, firm, form, repr(sorted(key.items())), moment), Told(provider, kind, row)


def base() -> list[Told]:
    """Return what makes the firms known and their scores worth comparing."""
    moment = START.isoformat()
    rows = []
    for firm, uscc in enumerate(FIRMS[:2]):
        registration = {"uscc": uscc, "registration_no": OLD_NUMBERS[firm], **_content("registration", 0)}
        rows.append(Told("amr", "registration", {**registration, "revised_at": moment}))
        rows += [
            Told("tax", "tax-filing", {"uscc": uscc, **_key("tax-filing", n), **_content("tax-filing", n),
                                       "revised_at": moment})
            for n in range(3)
        ]  # fmt: skip
        rows += [
            Told("hrss", "social-insurance", {"uscc": uscc, **_key("social-insurance", n),
                                              **_content("social-insurance", n), "revised_at": moment})
            for n in range(3)
        ]  # fmt: skip
    return rows


def provinces() -> st.SearchStrategy[list[Told]]:
    """Draw the rows of a province in their canonical order: as they were revised."""
    drawn = st.lists(_told(), min_size=5, max_size=30, unique_by=lambda drawn: drawn[0])
    return drawn.map(
        lambda rows: sorted([*base(), *(told for _, told in rows)], key=lambda t: t.row["revised_at"])
    )


def canonical(told: list[Told]) -> list[Delivery]:
    """Deliver all rows of a provider and kind together, in the order they were revised."""
    whose = sorted({(each.provider, each.kind) for each in told})
    return [
        Delivery(*names, NDJSON, [each.row for each in told if (each.provider, each.kind) == names])
        for names in whose
    ]


@st.composite
def disordered(draw: st.DrawFn, told: list[Told]) -> list[Delivery]:
    """Deliver the same rows in any order, some twice, in any chunks and formats."""
    again = draw(st.lists(st.sampled_from(told), max_size=10))
    shuffled = draw(st.permutations([*told, *again]))
    deliveries: list[Delivery] = []
    open_ones: dict[tuple[str, str], Delivery] = {}
    for each in shuffled:
        goes_on = open_ones.get((each.provider, each.kind))
        if goes_on is None or draw(st.integers(0, 3)) == 0:
            media_type = draw(st.sampled_from([JSON, NDJSON, CSV]))
            goes_on = open_ones[each.provider, each.kind] = Delivery(each.provider, each.kind, media_type, [])
            deliveries.append(goes_on)
        goes_on.rows.append(each.row)
    return deliveries
