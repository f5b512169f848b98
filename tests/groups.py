"""Lets tests of one `xdist_group` run in one process, in turn.

xdist 3.8 writes the group's name behind `Item._nodeid`, which pytest 9.2 no longer reads: unnoticed, every test is then
a group of its own, and what a group shares is started in each process.
"""

from __future__ import annotations

import pytest
from _pytest.nodeid import NodeId


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write the group's name where it is read, unless it is there already."""
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        group = "_".join(sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}))
        if group and not item.nodeid.endswith(f"@{group}"):
            item._id = NodeId.parse(f"{item.nodeid}@{group}")
