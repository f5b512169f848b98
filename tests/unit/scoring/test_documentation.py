"""The tables of docs/scoring.md are those of the model in use."""

from __future__ import annotations

import re

from creditshare.resources.feature_catalogue import ALL_FEATURES
from creditshare.scoring.documentation import filled, main
from tests.factories.frames import CONFIG

PAGE = CONFIG.parent / "docs" / "scoring.md"


def test_the_page_is_up_to_date(model):
    text = PAGE.read_text(encoding="utf-8")

    assert filled(text, model) == text, "run: python -m creditshare.scoring.documentation docs/scoring.md"


def test_everything_a_reader_may_meet_stands_on_the_page(model):
    named = set(re.findall(r"`([^`]+)`", PAGE.read_text(encoding="utf-8")))

    assert {feature.code for feature in ALL_FEATURES} <= named
    assert {each.code for each in model.card.characteristics} <= named
    assert {cap.code for cap in model.caps} <= named
    assert set(model.reasons.not_rated) <= named


def test_tables_are_written_anew(tmp_path):
    page = tmp_path / "scoring.md"
    page.write_text("before\n<!-- table: caps -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")

    main([str(page)])

    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| `CAP-DISHONEST` |" in text
    assert "old" not in text
