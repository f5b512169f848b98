"""What science, intellectual-property and personnel offices report: rights, qualifications, people."""

from __future__ import annotations

from creditshare.resources.base import Holds, RecordKind, RecordSchema
from creditshare.resources.fields import Code, Count, Day, Flag, Money, Text, Year
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import in_order, not_negative
from creditshare.resources.statements import Events, Series


class IntellectualPropertySchema(RecordSchema):
    """A patent, trade mark or software copyright 知识产权."""

    right_type = Code(
        "invention", "utility-model", "design", "trademark", "software-copyright", required=True, key=True
    )
    number = Text(required=True, key=True, longest=100)
    applied_on = Day()
    granted_on = Day()
    expires_on = Day()
    legal_status = Text(longest=100)
    pledged = Flag()

    rules = (
        in_order("applied_on", "granted_on"),
        in_order("applied_on", "expires_on"),
        in_order("granted_on", "expires_on"),
    )


INTELLECTUAL_PROPERTY = RecordKind(
    name="intellectual-property",
    group=ResourceGroup.TALENT_TECHNOLOGY,
    schema=IntellectualPropertySchema,
    table_name="intellectual_properties",
    statement=Events(
        on="applied_on",
        fields=("right_type", "number", "granted_on", "expires_on", "legal_status", "pledged"),
    ),
    holds=Holds(since="applied_on", until="expires_on", later={"granted_on": ("granted_on",)}),
    key_is_fact=True,
)


class QualificationSchema(RecordSchema):
    """A recognition of the firm (高新技术企业, 专精特新, …), known by its certificate, else by its day of issue."""

    scheme = Code(
        "high-tech",
        "tech-sme",
        "innovative-sme",
        "specialised-sme",
        "little-giant",
        "iso",
        "other",
        required=True,
        key=True,
    )
    certificate_no = Text(key=True, longest=200)
    issued_on = Day(key=True)
    level = Text(longest=100)
    expires_on = Day()
    authority = Text(longest=200)

    rules = (in_order("issued_on", "expires_on"),)


QUALIFICATION = RecordKind(
    name="qualification",
    group=ResourceGroup.TALENT_TECHNOLOGY,
    schema=QualificationSchema,
    table_name="qualifications",
    statement=Events(on="issued_on", fields=("scheme", "certificate_no", "level", "expires_on", "authority")),
    holds=Holds(since="issued_on", until="expires_on"),
    key_is_fact=True,
    alternative_keys=(("scheme", "certificate_no"), ("scheme", "issued_on")),
)


class TalentSchema(RecordSchema):
    """A firm's people and spending in research in one year 人才及研发."""

    year = Year(required=True, key=True)
    rd_headcount = Count()
    bachelor_headcount = Count()
    senior_titles = Count()
    rd_expense = Money()
    programme = Text(longest=500)

    rules = not_negative("rd_expense")


TALENT = RecordKind(
    name="talent",
    group=ResourceGroup.TALENT_TECHNOLOGY,
    schema=TalentSchema,
    table_name="talents",
    statement=Series(
        by="year", step="year", sums=("rd_headcount", "bachelor_headcount", "senior_titles", "rd_expense")
    ),
    holds=Holds(since="year"),
    fresh_by="year",
)

KINDS = (INTELLECTUAL_PROPERTY, QUALIFICATION, TALENT)
