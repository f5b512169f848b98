"""What people who know the firm observed: structured, with observer and evidence."""

from __future__ import annotations

from creditshare.resources.base import Holds, RecordKind, RecordSchema
from creditshare.resources.fields import Count, Day, Quantity, Text
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import at_most, not_negative
from creditshare.resources.statements import Events


class SoftObservationSchema(RecordSchema):
    """One observation 软信息 by a bank, a guarantor or an association; level 1 (worst) to 5 (best)."""

    topic = Text(required=True, key=True, longest=200)
    observer = Text(required=True, key=True, longest=200)
    observed_on = Day(required=True, key=True)
    statement = Text(required=True, personal=True)
    level = Count(lowest=1, highest=5)
    evidence = Text()
    confidence = Quantity(places=6, unit="ratio")

    rules = (at_most("confidence", 10**6, words="is above 1 (certain)"), *not_negative("confidence"))


SOFT_OBSERVATION = RecordKind(
    name="soft-observation",
    group=ResourceGroup.SOFT_INFORMATION,
    schema=SoftObservationSchema,
    table_name="soft_observations",
    statement=Events(on="observed_on", fields=("topic", "observer", "level", "evidence", "confidence")),
    holds=Holds(since="observed_on"),
    writers=frozenset({"bank", "provider"}),  # guarantors are banks here, associations providers
    fresh_by="observed_on",
)

KINDS = (SOFT_OBSERVATION,)
