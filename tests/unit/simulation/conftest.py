"""One clean and one dirty province for all tests of the simulation."""

from datetime import date

import polars as pl
import pytest

from creditshare.simulation import Dirt, simulate

UNTIL = date(2026, 11, 22)


class Province:
    """A written province: its folder, its summary, its files as text columns."""

    def __init__(self, folder, summary):
        self.folder = folder
        self.summary = summary

    def read(self, path):
        """Read a file as it is, every column as text, empty cells as null."""
        return pl.read_csv(self.folder / path, infer_schema=False)


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    return Province(folder, simulate(folder, firms=150, seed=3, until=UNTIL, dirt=Dirt.none()))


@pytest.fixture(scope="session")
def dirty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dirty")
    return Province(folder, simulate(folder, firms=1500, seed=3, until=UNTIL))
