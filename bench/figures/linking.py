"""Linking: whether two sources' rows about one firm land on one firm, and others do not.

Registry extract, inspection lists and polluting sites are loaded through intake into an empty database. The
crosswalks say which rows of two sources are the same firm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import text

from bench.figures.folder import Row, SetAbsent, table
from bench.figures.quality import Measured, Share, measure
from bench.figures.sources import named, registry, registry_conflicts, zhejiang_lists
from bench.place import Place, place
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


def measure_linking(folder: Path) -> Measured:
    """Load the sources into servers of this run's own and follow the crosswalks."""
    try:
        extract = list(registry())
    except SetAbsent as error:
        return Measured([], [str(error)])
    with place(folder) as here:
        registrar = _provider(here, "registry")
        _load(here, registrar, extract)
        return measure([lambda: _lists(here, registrar), lambda: [_sites(here)], lambda: [_apart(here)]])


def _lists(here: Place, registrar: ClientTerms) -> list[Share]:
    _load(here, _provider(here, "lists"), zhejiang_lists())
    pairs = [(row["list_id"], row["registry_id"]) for row in table(LISTS)]
    coded = [pair for pair in pairs if len(pair[0]) != OLD_NUMBER and pair[0] == pair[1]]
    old = [pair for pair in pairs if len(pair[0]) == OLD_NUMBER]
    found = [
        _landed(here, "lists: same valid code", coded),
        _landed(here, "lists: old number, registry states the code only", old),
    ]
    both = [{"uscc": code, "registration_no": number, "firm_name": name} for number, code, name in _stated()]
    _load(here, registrar, both)
    return [*found, _landed(here, "lists: old number, registry states both", old)]


def _stated() -> Iterable[tuple[str, str, str]]:
    """Yield old number, code and name of firms as a registry states them that knows both."""
    for row in table(LISTS):
        if len(row["list_id"]) == OLD_NUMBER:
            yield row["list_id"], row["registry_id"], row["registry_name"]


def _sites(here: Place) -> Share:
    known = [row for row in table(SITES) if row["how"] == "code"]
    pairs = [(clean(row["raw_code"]), row["clean_code"]) for row in known]
    return _landed(here, "sites: code as printed", pairs)


def _apart(here: Place) -> Share:
    """Count names with several codes whose firms stayed apart."""
    _load(here, _provider(here, "conflicts"), registry_conflicts())
    rows = [row for row in table(CONFLICTS) if row["kind"] == "same_name_two_ids"]
    codes = [row["id"].split("|") for row in rows]
    _load(
        here,
        _provider(here, "namesakes"),
        (named(c) | {"firm_name": r["name1"]} for r, cs in zip(rows, codes, strict=True) for c in cs),
    )
    firms = _firms(here, [code for each in codes for code in each])
    apart = sum(len({firms.get(code) for code in each} - {None}) == len(set(each)) for each in codes)
    return Share("names with several codes", apart, len(codes), "as many firms as codes")


def _landed(here: Place, name: str, pairs: Sequence[tuple[str, str]]) -> Share:
    firms = _firms(here, [code for pair in pairs for code in pair])
    hits = sum(one in firms and firms.get(one) == firms.get(other) for one, other in pairs)
    return Share(name, hits, len(pairs), "one firm")


def _firms(here: Place, codes: Sequence[str]) -> dict[str, str]:
    """Return the firm that each code or number means."""
    with here.sessions() as session:
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


def _provider(here: Place, code: str) -> ClientTerms:
    terms = ClientTerms(role=Role.PROVIDER, name=code, code=code, kinds=("registration",))
    here.client(terms)
    return terms


def _load(here: Place, provider: ClientTerms, rows: Iterable[Row]) -> None:
    """Load registrations through intake."""
    rows = list(rows)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    with here.sessions.begin() as session:
        owner = session.execute(
            text("SELECT id FROM participants WHERE code = :code"), {"code": provider.code}
        ).scalar_one()
        submission = submissions.receive(
            session,
            participant_id=owner,
            terms=Terms(kind="registration", media_type="text/csv"),
            body=[out.getvalue().encode()],
            keyring=here.keyring,
            now=utcnow(),
        )
    load_submission(Loader(here.sessions, here.keyring, utcnow), submission.id)
    with here.sessions() as session:
        ended = session.get_one(Submission, submission.id)
        if ended.state != "succeeded":
            raise RuntimeError(f"{provider.code} did not load: {ended.problem}")
