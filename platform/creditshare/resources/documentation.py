"""Writes docs/kinds/ from declarations and catalogue: `python -m creditshare.resources.documentation FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import ALL_KINDS, Catalogue, CatalogueEntry, load_catalogue
from creditshare.resources.fields import (
    Code,
    Count,
    Day,
    Flag,
    Money,
    Month,
    Quantity,
    RecordField,
    Region,
    Text,
    TextList,
    Year,
)
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rulebook import StatedRule, rulebook

CONFIG = Path(__file__).resolve().parents[3] / "config"
GROUP_TITLES = {
    ResourceGroup.REGISTRATION: "Registration 注册登记",
    ResourceGroup.OPERATION: "Production and operation 生产经营",
    ResourceGroup.TALENT_TECHNOLOGY: "Talent and technology 人才及技术",
    ResourceGroup.TAX: "Tax and fees 纳税缴费",
    ResourceGroup.EMPLOYMENT: "Employment 劳动用工",
    ResourceGroup.UTILITY: "Utilities 用水用电",
    ResourceGroup.ENVIRONMENT: "Energy and environment 节能环保",
    ResourceGroup.SOFT_INFORMATION: "Soft information 软信息",
    ResourceGroup.LENDING: "Lending feedback 信贷反馈",
}
FORMS: tuple[tuple[type[RecordField], str], ...] = (
    (Year, "year"),
    (Money, "amount in yuan"),
    (Day, "date"),
    (Month, "month"),
    (Flag, "`true` or `false`"),
    (Region, "GB/T 2260 code"),
    (TextList, "list of texts"),
)
ROLE_WORDS = {
    "births_firm": "an accepted record with an identifier makes its firm known",
    "names_account": "says which firm holds an account",
    "subject_is_account": "is about an account, and waits for it",
    "adverse": "adverse: display follows a legal clock",
    "lines": "lines: rows without a number stand side by side",
    "key_is_fact": "the key alone is a statement",
    "outcome": "an outcome that models are tested against",
}
ACROSS_WORDS = {
    "one": "the best-ranked source stands, the others are shown as differing",
    "sum": "their records add up",
}
NOTE = "<!-- Written by `python -m creditshare.resources.documentation docs/kinds`; edit the declarations instead. -->"


def documents(catalogue: Catalogue) -> dict[str, str]:
    """Return every file of docs/kinds by name: an index, and one page a group."""
    pages = {f"{group.value}.md": _page(group, catalogue) for group in ResourceGroup}
    return {"README.md": _index(catalogue)} | pages


def _index(catalogue: Catalogue) -> str:
    lines = [
        NOTE,
        "",
        "# Record kinds",
        "",
        "A record is flat: its subject, its own fields, and optionally `source_key`, `revised_at`, `operation`",
        "(`upsert`, the default, or `withdraw`). The subject is named by one or more of `uscc`, `registration_no`,",
        "`organisation_code`, `subject_no` (the provider's own number of the firm), `firm_name` (with `region`);",
        "bills by `service` and `account_no`. A code that is masked, malformed or has a wrong check digit, or a USCC",
        "and an organisation code that differ, put the row into quarantine until it is reviewed.",
        "",
        "Every value has one form (date, month, amount, code, …) and is rejected when it does not have it; a rule with",
        "severity `error` rejects the row, a `remark` keeps it and is counted in the quality of its source.",
        "",
        "| group | kind | what | owner | period | consent |",
        "|---|---|---|---|---|---|",
    ]
    for kind in ALL_KINDS:
        entry = catalogue[kind.name]
        link = f"[`{kind.name}`]({kind.group.value}.md#{kind.name})"
        consent = "needed" if entry.consent_required else "not needed"
        cells = (kind.group.value, link, _title(entry), entry.owner.en, entry.period.value, consent)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _page(group: ResourceGroup, catalogue: Catalogue) -> str:
    lines = [NOTE, "", f"# {GROUP_TITLES[group]}", ""]
    for kind in ALL_KINDS:
        if kind.group == group:
            lines += _section(kind, catalogue[kind.name])
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(kind: RecordKind, entry: CatalogueEntry) -> Iterator[str]:
    yield from (f"## {kind.name}", "", f"{_title(entry)}. {(kind.schema.__doc__ or '').strip()}", "")
    yield f"- Owner: {entry.owner.en} {entry.owner.zh}; shared by {entry.sharing_mode.value}"
    yield f"- Comes: {_period(entry)}; pushed by role {', '.join(sorted(kind.writers))}"
    yield f"- {'Public' if entry.public else 'Not public'}; consent {'' if entry.consent_required else 'not '}needed"
    yield f"- Kept {entry.retention.months} months: {entry.retention.en}"
    yield f"- Natural key: {_key(kind)}"
    yield f"- Several providers: {ACROSS_WORDS[kind.across]}"
    for role in kind.roles:
        yield f"- Role `{role}`: {ROLE_WORDS[role]}"
    yield f"- Basis: {'; '.join(entry.basis)}"
    yield from ("", "| field | | form | |", "|---|---|---|---|")
    for name, field in kind.own_fields.items():
        label = entry.labels[name]
        yield f"| `{name}` | {label.zh} {label.en} | {_form(field)} | {_marks(field)} |"
    rules = [rule for rule in rulebook(kind) if _across_fields(rule)]
    if rules:
        yield from ("", "Rules besides the forms:", "")
    for rule in rules:
        yield f"- `{rule.id}` ({rule.severity}): `{rule.pointer[1:]}` {rule.description}"
    if entry.notes:
        yield from ("", "What to know:", "", *(f"- {note}" for note in entry.notes))
    yield ""


def _across_fields(rule: StatedRule) -> bool:
    return "." not in rule.id and bool(rule.pointer) and rule.severity != "quarantine"


def _title(entry: CatalogueEntry) -> str:
    return f"{entry.title.en[0].upper()}{entry.title.en[1:]} {entry.title.zh}"


def _period(entry: CatalogueEntry) -> str:
    when = "when something happens" if entry.period == "irregular" else f"every {entry.period.value}"
    return f"{when}, {entry.grace_days} days of grace" + ("; counts in coverage" if entry.expected else "")


def _key(kind: RecordKind) -> str:
    if not kind.key_fields:
        return "the subject"
    if kind.alternative_keys:
        return ", else ".join("subject, " + _names(names) for names in kind.alternative_keys)
    return "subject, " + _names(kind.key_fields)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _form(field: RecordField) -> str:
    if isinstance(field, Code):
        return ", ".join(f"`{code}`" for code in field.codes)
    if isinstance(field, Text):
        return f"text, at most {field.longest}"
    found = next((words for form, words in FORMS if isinstance(field, form)), None)
    if found:
        return found
    if isinstance(field, Quantity):
        return f"decimal, {field.places} places ({field.unit})"
    assert isinstance(field, Count)
    return f"whole number, {field.lowest} to {field.highest}"


def _marks(field: RecordField) -> str:
    marks = (("required", field.required), ("key", field.key), ("personal", field.personal))
    return ", ".join(word for word, holds in marks if holds)


def main(arguments: list[str]) -> None:
    """Write the files into the folder given."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents(load_catalogue(CONFIG, date.max)).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
