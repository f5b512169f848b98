"""The catalogue's files: complete, of one mind with the kinds, and dated."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from creditshare.errors import SettingsInvalid
from creditshare.resources.catalogue import ALL_KINDS, load_catalogue
from creditshare.resources.documentation import documents

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 22)


@pytest.fixture
def config_dir(tmp_path):
    shutil.copytree(ROOT / "config" / "catalogue", tmp_path / "catalogue")
    return tmp_path


def change(config_dir, kind, edit):
    path = config_dir / "catalogue" / f"{kind}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_every_kind_has_an_entry():
    catalogue = load_catalogue(ROOT / "config", TODAY)

    assert set(catalogue.entries) == {kind.name for kind in ALL_KINDS}
    assert all(entry.basis for entry in catalogue.entries.values())


def test_what_law_publishes_needs_no_consent_and_amounts_do():
    catalogue = load_catalogue(ROOT / "config", TODAY)

    free = {name for name, entry in catalogue.entries.items() if not entry.consent_required}

    assert free == {name for name, entry in catalogue.entries.items() if entry.public}
    assert {
        "registration",
        "abnormal-listing",
        "administrative-penalty",
        "court-enforcement",
        "tax-arrears",
    } <= free
    assert free.isdisjoint({"tax-filing", "tax-rating", "social-insurance", "utility-bill", "loan-status"})


def test_all_faults_are_named_at_once(config_dir):
    (config_dir / "catalogue" / "talent.json").unlink()
    (config_dir / "catalogue" / "weather.json").write_text("{}")
    (config_dir / "catalogue" / "award.json").write_text("{")
    change(config_dir, "tax-rating", lambda c: c["versions"][0]["labels"].pop("grade"))
    change(
        config_dir, "labour-rating", lambda c: c["versions"][0]["labels"].update(mood={"zh": "x", "en": "x"})
    )
    change(config_dir, "pledge", lambda c: c["versions"][0].update(colour="red"))
    change(config_dir, "annual-report", lambda c: c["versions"][0].update(alternatives=[["a", "b"]]))
    change(config_dir, "energy-use", lambda c: c["versions"][0].update(valid_until="2020-01-01"))
    change(config_dir, "housing-fund", lambda c: c["versions"].append(c["versions"][0]))

    with pytest.raises(SettingsInvalid) as caught:
        load_catalogue(config_dir, TODAY)

    named = {fault.pointer: fault.detail for fault in caught.value.faults}
    assert set(named) == {
        f"/{kind}.json"
        for kind in (
            "talent",
            "weather",
            "award",
            "tax-rating",
            "labour-rating",
            "pledge",
            "annual-report",
            "energy-use",
            "housing-fund",
        )
    }
    assert "no label for grade" in named["/tax-rating.json"]
    assert "label for mood" in named["/labour-rating.json"]
    assert "no version holds on 2026-11-22" in named["/energy-use.json"]
    assert all(detail in caught.value.detail for detail in named.values())


def test_the_version_of_the_day_holds(config_dir):
    def split(content):
        later = content["versions"][0] | {"valid_from": "2026-04-01", "consent_required": False}
        content["versions"] = [content["versions"][0] | {"valid_until": "2026-03-31"}, later]

    change(config_dir, "tax-rating", split)

    assert load_catalogue(config_dir, date(2026, 3, 31))["tax-rating"].consent_required
    assert not load_catalogue(config_dir, date(2026, 4, 1))["tax-rating"].consent_required


def test_ranked_sources_come_before_the_others_and_those_by_code(config_dir):
    change(config_dir, "registration", lambda c: c["versions"][0].update(source_ranking=["state", "city"]))
    entry = load_catalogue(config_dir, TODAY)["registration"]

    assert sorted(["zoo", "city", "abc", "state"], key=entry.rank) == ["state", "city", "abc", "zoo"]


def test_the_documents_are_up_to_date():
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "kinds").glob("*.md")}

    assert written == documents(load_catalogue(ROOT / "config", date.max)), (
        "run: python -m creditshare.resources.documentation docs/kinds"
    )
