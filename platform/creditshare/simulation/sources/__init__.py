"""The providers of the province, one module each: from a block of firms to sheets of clean rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from creditshare.simulation.block import Block, Sheet
from creditshare.simulation.sources import court, ecology, employment, registry, science, tax, utilities

Source = Callable[[Block], Iterator[Sheet]]

# In this order the files are written and best loaded: firms first, accounts before their bills.
SOURCES: tuple[Source, ...] = (
    registry.sheets,
    tax.sheets,
    employment.sheets,
    utilities.sheets,
    ecology.sheets,
    science.sheets,
    court.sheets,
)
# Participant code → name. Seven report the bulk; science and court add what those seven do not have.
PROVIDERS = MappingProxyType(
    {
        "amr": "市场监督管理局",
        "tax": "税务局",
        "hrss": "人力资源和社会保障局",
        "housing-fund": "住房公积金管理中心",
        "grid": "电力公司",
        "water": "水务集团",
        "ecology": "生态环境局",
        "science": "科学技术局",
        "court": "人民法院",
    }
)
