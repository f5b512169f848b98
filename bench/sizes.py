"""How much is measured: chosen so that the whole default run ends within ten minutes on two cores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of firms, about 345 rows each, and seconds.

    Ingest and push take the same rows whatever the number of firms held is.
    """

    ingest_firms: int = 450
    push_firms: int = 150
    read_firms: int = 2_000
    read_seconds: float = 10.0
    score_seconds: float = 20.0
    past_reads: int = 200


USUAL = Sizes()
QUICK = Sizes(ingest_firms=5, push_firms=3, read_firms=10, read_seconds=0.5, score_seconds=1.0, past_reads=5)
