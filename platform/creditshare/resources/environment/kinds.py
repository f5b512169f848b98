"""What ecology and energy offices report: ratings, permits, pollution, energy. A site is not a firm."""

from __future__ import annotations

from creditshare.resources.base import Holds, RecordKind, RecordSchema, Rule, Values
from creditshare.resources.fields import Code, Count, Day, Flag, Money, Quantity, Text, TextList, Year
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import in_order, not_negative
from creditshare.resources.statements import Events, Series

NATIONAL = "national-2013"


def _in_scheme(values: Values) -> bool:
    return values.get("scheme") != NATIONAL or values.get("colour") != "black"


class EnvironmentRatingSchema(RecordSchema):
    """A yearly environmental credit rating 企业环境信用评价; schemes are named, the colours common to all."""

    scheme = Text(required=True, key=True, longest=100)
    year = Year(required=True, key=True)
    site = Text(key=True, longest=200)
    colour = Code("green", "blue", "yellow", "red", "black", required=True)

    rules = (
        Rule(
            "colour-in-scheme",
            "/colour",
            "remark",
            _in_scheme,
            "national-2013 (环发〔2013〕150号) has no black",
        ),
    )


ENVIRONMENT_RATING = RecordKind(
    name="environment-rating",
    group=ResourceGroup.ENVIRONMENT,
    schema=EnvironmentRatingSchema,
    table_name="environment_ratings",
    statement=Events(on="year", fields=("scheme", "site", "colour")),
    holds=Holds(since="year", from_start=True),
    fresh_by="year",
)


class DischargePermitSchema(RecordSchema):
    """A pollutant discharge permit of one production site 排污许可证 (排污许可管理条例)."""

    permit_no = Text(required=True, key=True, longest=100)
    site = Text(longest=200)
    management = Code("key", "simplified", "registered")
    valid_from = Day()
    valid_until = Day()
    pollutants = TextList()

    rules = (in_order("valid_from", "valid_until"),)


DISCHARGE_PERMIT = RecordKind(
    name="discharge-permit",
    group=ResourceGroup.ENVIRONMENT,
    schema=DischargePermitSchema,
    table_name="discharge_permits",
    statement=Events(
        on="valid_from", fields=("permit_no", "site", "management", "valid_until", "pollutants")
    ),
    holds=Holds(since="valid_from", until="valid_until"),
    key_is_fact=True,
)


class PollutionSourceSchema(RecordSchema):
    """A polluting site as observed 污染源."""

    site = Text(required=True, key=True, longest=200)
    observed_on = Day(key=True)
    pollutants = TextList()
    exceedances = Count()
    complaints = Count()


POLLUTION_SOURCE = RecordKind(
    name="pollution-source",
    group=ResourceGroup.ENVIRONMENT,
    schema=PollutionSourceSchema,
    table_name="pollution_sources",
    statement=Events(on="observed_on", fields=("site", "pollutants", "exceedances", "complaints")),
    holds=Holds(since="observed_on"),
    key_is_fact=True,
)


class EnergyUseSchema(RecordSchema):
    """A year's energy use of a site 能耗, in tonnes of coal equivalent."""

    year = Year(required=True, key=True)
    site = Text(key=True, longest=200)
    tce = Quantity(places=3, unit="tce")
    output_value = Money()
    target_met = Flag()

    rules = not_negative("tce", "output_value")


ENERGY_USE = RecordKind(
    name="energy-use",
    group=ResourceGroup.ENVIRONMENT,
    schema=EnergyUseSchema,
    table_name="energy_uses",
    statement=Series(by="year", step="year", sums=("tce", "output_value")),
    holds=Holds(since="year"),
    across="sum",
    fresh_by="year",
)

KINDS = (ENVIRONMENT_RATING, DISCHARGE_PERMIT, POLLUTION_SOURCE, ENERGY_USE)
