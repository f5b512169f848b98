"""A whole synthetic province, block by block, into a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from creditshare.errors import Invalid
from creditshare.simulation import truth
from creditshare.simulation.block import Block
from creditshare.simulation.codes import MOST_FIRMS
from creditshare.simulation.dirt import Dirt
from creditshare.simulation.draw import Draw
from creditshare.simulation.files import Files, WrittenFile, write_manifest
from creditshare.simulation.sources import PROVIDERS, SOURCES
from creditshare.simulation.spoiling import Spoiler
from creditshare.simulation.window import Window

Progress = Callable[[int, int], None]

BLOCK = 2_000  # firms; the largest sheet of a block has 144 rows a firm
_TRUTH = "truth"
_LEGACY = "gb18030"


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: the providers' files in loading order, and how many firms of how many default."""

    firms: int
    rows: int
    rated_firms: int
    defaults: int
    files: tuple[WrittenFile, ...] = field(repr=False)


def simulate(
    out: Path,
    *,
    firms: int,
    seed: int,
    until: date,
    months: int = 36,
    first: int = 1,
    dirt: Dirt | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write a province of `firms` firms as its providers would report the `months` whole months before `until`.

    Same arguments, same bytes. The firms are numbered from `first` on: ranges that do not meet share no firm. `dirt`
    is the usual one unless given; `progress` is told firms done and firms in all.
    """
    if not 1 <= firms <= MOST_FIRMS:
        raise Invalid(f"firms must lie between 1 and {MOST_FIRMS}")
    if not 1 <= first <= MOST_FIRMS + 1 - firms:
        raise Invalid(f"the firms' numbers must lie between 1 and {MOST_FIRMS}")
    if not 1 <= months <= 240:
        raise Invalid("months must lie between 1 and 240")
    dirt = Dirt() if dirt is None else dirt
    draw, window = Draw(seed), Window(until, months)
    spoiler = Spoiler(draw, dirt, until=pl.lit(until))
    rated = defaults = 0
    with Files(out, encodings={"water": _LEGACY} if dirt.legacy_encoding else {}) as files:
        for start in range(first, first + firms, BLOCK):
            block = Block(draw, window, dirt, first=start, count=min(BLOCK, first + firms - start))
            _write_sheets(files, spoiler, block)
            outcomes = truth.outcomes(block)
            files.add(_TRUTH, "links", truth.links(block))
            files.add(_TRUTH, "outcomes", outcomes)
            rated, defaults = rated + outcomes.height, defaults + int(outcomes["defaulted"].sum())
            if progress is not None:
                progress(start - first + block.firms.height, firms)
        written = files.written(PROVIDERS)
    about = {
        "firms": firms,
        "first": first,
        "seed": seed,
        "months": months,
        "until": until.isoformat(),
        "dirt": asdict(dirt),
        "providers": dict(PROVIDERS),
    }
    write_manifest(out / "manifest.json", about=about, files=written)
    return Summary(firms, sum(file.rows for file in written), rated, defaults, written)


def _write_sheets(files: Files, spoiler: Spoiler, block: Block) -> None:
    for source in SOURCES:
        for sheet in source(block):
            for frame in spoiler.spoil(sheet):
                files.add_records(sheet.provider, sheet.kind, frame)
