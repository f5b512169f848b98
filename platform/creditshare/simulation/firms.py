"""The firms of a block: what everyone can see of them, and the hidden quality that drives all that they do."""

from __future__ import annotations

import polars as pl

from creditshare.simulation import codes, names
from creditshare.simulation.draw import Draw, part, pick
from creditshare.simulation.places import COUNTIES, STREETS
from creditshare.simulation.trades import COOPERATIVES, ENTERPRISES, INDIVIDUALS, TRADES
from creditshare.simulation.window import Window, day_number

_WEIGHTED = tuple(
    [index + offset for index, trade in enumerate(trades) for _ in range(trade.weight)]
    for trades, offset in (
        (ENTERPRISES, 0),
        (INDIVIDUALS, len(ENTERPRISES)),
        (COOPERATIVES, len(ENTERPRISES) + len(INDIVIDUALS)),
    )
)
_KINDS = ("91",) * 70 + ("92",) * 26 + ("93",) * 4
MICRO, SMALL, MEDIUM, LARGE = range(4)
_LATEST_WITH_OLD_NUMBER = 16_709  # 30 September 2015, the day before one licence replaced three
_YEAR = 365


def firms_block(draw: Draw, window: Window, *, first: int, count: int) -> pl.DataFrame:
    """Return the firms numbered from `first`, one row each; a firm's row depends on seed, window and number alone."""
    frame = pl.DataFrame({"n": pl.Series(range(first, first + count), dtype=pl.Int64)}).with_row_index("i")
    frame = frame.with_columns(pl.col("i").cast(pl.Int64), **_nature(draw)).with_columns(
        **_place_and_trade(draw)
    )
    frame = (
        frame.with_columns(**_scale(draw))
        .with_columns(**_life(draw, window))
        .with_columns(**_ending(draw, window))
    )
    frame = (
        frame.with_columns(**_fortune(draw, window))
        .with_columns(*_codes(frame))
        .with_columns(**_identity(draw))
    )
    return frame.with_columns(**_default(draw))


def _nature(draw: Draw) -> dict[str, pl.Expr]:
    kind = draw.bits("kind", "n")
    return {
        "kind": pick(_KINDS, part(kind, 0, len(_KINDS))),
        "size_draw": part(kind, 20, 1000),
        "quality": draw.below(1000, "quality", "n"),
        "form": draw.below(names.ENTERPRISE_FORM_COUNT, "form", "n"),
        "place": draw.below(len(COUNTIES), "place", "n"),
    }


def _place_and_trade(draw: Draw) -> dict[str, pl.Expr]:
    bits = draw.bits("trade", "n")
    enterprise, individual, cooperative = (
        pick(weighted, part(bits, 0, len(weighted))) for weighted in _WEIGHTED
    )
    trade = pl.when(pl.col("kind") == "91").then(enterprise)
    return {
        "trade": trade.when(pl.col("kind") == "92").then(individual).otherwise(cooperative),
        "region": pick([code for code, _, _ in COUNTIES], pl.col("place")),
        "county": pick([county for _, county, _ in COUNTIES], pl.col("place")),
        "city": pick([city for _, _, city in COUNTIES], pl.col("place")),
        "size": pl.when((pl.col("kind") != "91") & (pl.col("size_draw") < 970))
        .then(MICRO)
        .when(pl.col("kind") != "91")
        .then(SMALL)
        .when(pl.col("size_draw") < 850)
        .then(MICRO)
        .when(pl.col("size_draw") < 970)
        .then(SMALL)
        .when(pl.col("size_draw") < 997)
        .then(MEDIUM)
        .otherwise(LARGE)
        .cast(pl.Int64),
    }


def _scale(draw: Draw) -> dict[str, pl.Expr]:
    bits = draw.bits("scale", "n")
    size, individual = pl.col("size"), pl.col("kind") == "92"
    return {
        "heads": pl.when(individual)
        .then(1 + part(bits, 0, 4))
        .when(size == MICRO)
        .then(2 + part(bits, 0, 9))
        .when(size == SMALL)
        .then(12 + part(bits, 0, 90))
        .when(size == MEDIUM)
        .then(100 + part(bits, 0, 200))
        .otherwise(300 + part(bits, 0, 1200)),
        # thousandths of what is usual in the trade: a mean of two draws, so that most lie near the middle
        "productivity": 500 + (part(bits, 20, 1000) + part(bits, 40, 1000)) // 2,
        **{
            name: pick([getattr(trade, name) for trade in TRADES], pl.col("trade"))
            for name in (
                "industry",
                "word",
                "scope",
                "turnover",
                "power",
                "water",
                "vat",
                "polluting",
                "technical",
            )
        },
    }


def _life(draw: Draw, window: Window) -> dict[str, pl.Expr]:
    """Most firms are older than the window; one in twelve was founded within it."""
    bits = draw.bits("life", "n")
    start, until = day_number(window.start), day_number(window.until)
    young = part(bits, 0, 12) == 0
    age = pl.min_horizontal(part(bits, 10, 22 * _YEAR), part(bits, 30, 22 * _YEAR))
    capital = 1 + part(bits, 45, 20)
    return {
        "established": pl.when(young)
        .then(start + part(bits, 10, max(1, until - start - 60)))
        .otherwise(start - 30 - age),
        # registered capital in yuan: round numbers, by size
        "capital": pl.when(pl.col("kind") == "92")
        .then(capital * 10_000)
        .otherwise(capital * pick([100_000, 500_000, 3_000_000, 20_000_000], pl.col("size"))),
    }


def _ending(draw: Draw, window: Window) -> dict[str, pl.Expr]:
    """Weak firms end more often. After `closed` (a day) a firm files, insures and uses nothing."""
    bits = draw.bits("ending", "n")
    fate, weakness = part(bits, 0, 10_000), 1000 - pl.col("quality")
    start, until = day_number(window.start), day_number(window.until)
    opened = pl.max_horizontal(pl.lit(start + 2), pl.col("established") + 30)
    closed = opened + part(bits, 20, 1 << 20) % pl.max_horizontal(until - opened, pl.lit(1))
    deregistered, revoked = fate < 60 + weakness // 4, fate < 90 + weakness // 3
    status = (
        pl.when(deregistered)
        .then(pl.lit("deregistered"))
        .when(revoked)
        .then(pl.lit("revoked"))
        .when(fate < 9_880)
        .then(pl.lit("active"))
        .when(fate < 9_960)
        .then(pl.lit("dormant"))
        .when(fate < 9_980)
        .then(pl.lit("liquidating"))
        .otherwise(pl.lit("moved-out"))
    )
    idle_since = pl.max_horizontal(pl.lit(until - 250), opened)
    return {
        "status": status,
        "closed": pl.when(revoked).then(closed).when(fate.is_between(9_880, 9_979)).then(idle_since),
    }


def _fortune(draw: Draw, window: Window) -> dict[str, pl.Expr]:
    """Where the firm is heading: a steady slope, and for some a decline that sets in within the last months."""
    bits = draw.bits("fortune", "n")
    weakness = 1000 - pl.col("quality")
    declines = part(bits, 0, 10_000) < 200 + weakness * weakness * 18 // 10_000
    return {
        "slope": pl.col("quality") * 12 // 1000 - 4 + part(bits, 20, 7) - 3,  # thousandths a month
        "depth": pl.when(declines).then(300 + part(bits, 30, 500)).otherwise(0),
        "falls_from": window.months - 6 - part(bits, 45, 13),
    }


def _codes(frame: pl.DataFrame) -> tuple[pl.Series, ...]:
    """Return the identifiers; check characters are cheaper one firm at a time than as column arithmetic."""
    rows = list(frame.select("n", "kind", "region").iter_rows())
    return (
        pl.Series("uscc", [codes.uscc(*row) for row in rows]),
        pl.Series("organisation_code", [codes.organisation_code(number) for number, _, _ in rows]),
        pl.Series("old_number", [codes.registration_no(*row) for row in rows]),
    )


def _identity(draw: Draw) -> dict[str, pl.Expr]:
    bits = draw.bits("identity", "n")
    renamed = part(bits, 0, 100) < 6
    index = pl.col("n") - 1
    return {
        # only firms founded before the one licence ever had a number of 15 digits
        "old_number": pl.when(pl.col("established") <= _LATEST_WITH_OLD_NUMBER).then(pl.col("old_number")),
        "name": names.firm_name(names.brand(draw, index)),
        "former_name": pl.when(renamed).then(names.firm_name(names.former_brand(draw, index))),
        "firm_type": names.firm_type(),
        "head": names.person(draw.bits("head", "n")),
        "address": pl.concat_str(
            pl.lit("浙江省"),
            "city",
            "county",
            pick(STREETS, part(bits, 20, len(STREETS))),
            part(bits, 30, 900) + 1,
            pl.lit("号"),
        ),
    }


def _default(draw: Draw) -> dict[str, pl.Expr]:
    """Whether the firm defaults within twelve months after the window: weakness cubed, four times that in decline."""
    weakness = 1000 - pl.col("quality")
    calm = 30 + weakness * weakness * weakness * 9 // 10_000_000
    likely = pl.when(pl.col("depth") > 0).then(calm * 4).otherwise(calm)
    return {
        "trades_on": pl.col("status").is_in(["active", "liquidating", "moved-out"]),
        "defaulted": (draw.below(10_000, "default", "n") < likely).cast(pl.Int64),
    }
