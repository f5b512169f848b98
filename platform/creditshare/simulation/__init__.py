"""A synthetic province: firms that cannot be real, what seven providers would report of them, and the truth behind it.

`simulate(out, firms=…, seed=…, until=…)` writes one CSV file per provider and kind (`amr/registration.csv`, …) in the
forms of the record kinds, `manifest.json` (files in loading order), `truth/links.csv` (whom each number, account or
name means) and `truth/outcomes.csv` (who defaults within the next twelve months). The same arguments give the same
bytes. Seven providers report the bulk: market regulation (amr), tax, social security (hrss), housing fund, electricity
(grid), water, ecology; two small ones, science and court, have what those lack. At 36 months a firm has about 345 rows.

What cannot be real: codes (see `codes`), account numbers (they begin with 996 and 997), document numbers (office 99).
Names of firms and people are drawn from word lists; any likeness is chance. Regions and industries are real codes.

A quality that no file shows drives payments, headcount, use of power and water, penalties, enforcement and defaults.
"""

from creditshare.simulation.dirt import Dirt
from creditshare.simulation.files import WrittenFile
from creditshare.simulation.province import Progress, Summary, simulate

__all__ = ["Dirt", "Progress", "Summary", "WrittenFile", "simulate"]
