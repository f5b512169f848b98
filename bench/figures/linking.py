"""Linking: whether two sources' rows about one firm land on one firm, and others do not.

Registry extract, inspection lists and polluting sites are loaded through intake into an empty database. The
crosswalks say which rows of two sources are the same firm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from sqlalchemy import text

from bench.figures.folder import Row, table
from bench.figures.quality import Share
from bench.figures.sources import named, registry, registry_conflicts, zhejiang_lists
from bench.place import Place
from creditshare.core.clock import utcnow
from creditshare.firms.identifiers import clean
from creditshare.intake import submissions
from creditshare.intake.loading import Loader, load_submission
from creditshare.intake.models import Submission
from creditshare.intake.submissions import Terms
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms

OLD_NUMBER = 15
SITES = "ningxia_environment/crosswalk_to_registry.csv"
LISTS = "zhejiang_inspection_lists/crosswalk_to_registry.csv"
CONFLICTS = "cn_registry/identity_conflicts.csv"


def measure_linking(place: Place) -> list[Share]:
    """Load the sources and follow the crosswalks."""
    registrar = _provider(place, "registry")
    _load(place, registrar, registry())
    _load(place, _provider(place, "lists"), zhejiang_lists())
    pairs = [(row["list_id"], row["registry_id"]) for row in table(LISTS)]
    coded = [pair for pair in pairs if len(pair[0]) != OLD_NUMBER and pair[0] == pair[1]]
    old = [pair for pair in pairs if len(pair[0]) == OLD_NUMBER]
    found = [
        _landed(place, "lists: same valid code", coded),
        _landed(place, "lists: old number, registry states the code only", old),
    ]
    _load(
        place,
        registrar,
        ({"uscc": code, "registration_no": number, "firm_name": name} for number, code, name in _stated()),
    )
    found.append(_landed(place, "lists: old number, registry states both", old))
    return [*found, *_sites(place), _apart(place)]


def _stated() -> Iterable[tuple[str, str, str]]:
    """Yield old number, code and name of firms as a registry states them that knows both."""
    for row in table(LISTS):
        if len(row["list_id"]) == OLD_NUMBER:
            yield row["list_id"], row["registry_id"], row["registry_name"]


def _sites(place: Place) -> list[Share]:
    known = [row for row in table(SITES) if row["how"] == "code"]
    pairs = [(clean(row["raw_code"]), row["clean_code"]) for row in known]
    return [_landed(place, "sites: code as printed", pairs)]


def _apart(place: Place) -> Share:
    """Count names with several codes whose firms stayed apart."""
    _load(place, _provider(place, "conflicts"), registry_conflicts())
    rows = [row for row in table(CONFLICTS) if row["kind"] == "same_name_two_ids"]
    codes = [row["id"].split("|") for row in rows]
    _load(
        place,
        _provider(place, "namesakes"),
        (named(c) | {"firm_name": r["name1"]} for r, cs in zip(rows, codes, strict=True) for c in cs),
    )
    firms = _firms(place, [code for each in codes for code in each])
    apart = sum(len({firms.get(code) for code in each} - {None}) == len(set(each)) for each in codes)
    return Share("names with several codes", apart, len(codes), "as many firms as codes")


def _landed(place: Place, name: str, pairs: Sequence[tuple[str, str]]) -> Share:
    firms = _firms(place, [code for pair in pairs for code in pair])
    hits = sum(one in firms and firms.get(one) == firms.get(other) for one, other in pairs)
    return Share(name, hits, len(pairs), "one firm")


def _firms(place: Place, codes: Sequence[str]) -> dict[str, str]:
    """Return the firm that each code or number means."""
    with place.sessions() as session:
        rows = session.execute(
            text(
                """
                SELECT s.value, l.firm_id FROM subjects s JOIN subject_firm l ON l.subject_id = s.id
                WHERE s.value = ANY(:codes) AND s.form IN ('uscc', 'registration_no') AND l.known_until IS NULL
                """
            ),
            {"codes": list(codes)},
        )
        return {row.value: str(row.firm_id) for row in rows}


def _provider(place: Place, code: str) -> ClientTerms:
    terms = ClientTerms(role=Role.PROVIDER, name=code, code=code, kinds=("registration",))
    place.client(terms)
    return terms


def _load(place: Place, provider: ClientTerms, rows: Iterable[Row]) -> None:
    """Load registrations through intake."""
    rows = list(rows)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    with place.sessions.begin() as session:
        owner = session.execute(
            text("SELECT id FROM participants WHERE code = :code"), {"code": provider.code}
        ).scalar_one()
        submission = submissions.receive(
            session,
            participant_id=owner,
            terms=Terms(kind="registration", media_type="text/csv"),
            body=[out.getvalue().encode()],
            keyring=place.keyring,
            now=utcnow(),
        )
    load_submission(Loader(place.sessions, place.keyring, utcnow), submission.id)
    with place.sessions() as session:
        ended = session.get_one(Submission, submission.id)
        if ended.state != "succeeded":
            raise RuntimeError(f"{provider.code} did not load: {ended.problem}")
