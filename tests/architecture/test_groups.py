"""Tests that share what is costly to start, or must not run side by side, are kept together."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.parametrize("number", range(4))
def test_tests_of_a_group_are_told_apart_by_its_name(request, number):
    """The scheduler goes by the name behind the `@`."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("runs in one process")

    assert request.node.nodeid.endswith("@groups")
