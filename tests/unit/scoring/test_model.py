"""The model's file: everything wrong in it is named before a firm is scored with it."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from creditshare.errors import SettingsInvalid
from creditshare.scoring.confidence import NotRated
from creditshare.scoring.model import CURRENT, load_model
from creditshare.scoring.reasons import Direction
from tests.factories.frames import CONFIG


@pytest.fixture
def config(tmp_path):
    for name in ("master_scale.json", "reason_codes.json"):
        shutil.copy(CONFIG / name, tmp_path)
    (tmp_path / "scorecards").mkdir()
    shutil.copy(CONFIG / "scorecards" / f"{CURRENT}.json", tmp_path / "scorecards")
    return tmp_path


def edit(config, change):
    path = config / "scorecards" / f"{CURRENT}.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_the_hash_is_that_of_the_files_bytes(model):
    content = (CONFIG / "scorecards" / f"{CURRENT}.json").read_bytes()

    assert model.sha256 == hashlib.sha256(content).hexdigest()
    assert (model.id, model.version) == ("sme-scorecard", "2026.1")


def test_words_stand_for_every_code_in_both_languages(model):
    for each in model.card.characteristics:
        words = model.reasons.factors[each.code]
        for direction in Direction:
            assert words.by_direction(direction).zh
            assert words.by_direction(direction).en.isascii()
    assert model.reasons.not_rated.keys() == set(NotRated)
    assert model.reasons.caps.keys() == {cap.code for cap in model.caps}
    assert model.reasons.factors.keys() == {each.code for each in model.card.characteristics}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda m: m["pd_by_score"].update({"740": "0.0200"}), "pd_by_score does not follow"),
        (lambda m: m["characteristics"][0].update(feature="reg_agee"), "there is no feature 'reg_agee'"),
        (lambda m: m["characteristics"][0].update(group="tax"), "is not a feature of the group tax"),
        (lambda m: m["characteristics"][0].update(code="REG-99"), "no words for REG-99"),
        (lambda m: m["caps"][0].update(code="CAP-X"), "no words for CAP-X"),
        (lambda m: m["caps"][0].update(grade="E"), "'E' is not a grade"),
        (lambda m: m["caps"][0].update(any_of=[1]), "needs either at_least or any_of"),
        (lambda m: m["caps"].append(m["caps"][0]), "CAP-DISHONEST: stands twice"),
        (lambda m: m["not_rated"].update(age_feature="age"), "there is no feature 'age'"),
        (lambda m: m.update(base_points=400), "more than the scale's 950"),
        (lambda m: m["reason_codes"].update(sha256="0" * 64), "but the model was made with 0000"),
        (lambda m: m["master_scale"].update(file="scale.json"), "scale.json: cannot be read"),
        (lambda m: m.update(colour="blue"), "Object contains unknown field `colour`"),
    ],
)
def test_faults_are_named(config, change, fault):
    edit(config, change)

    with pytest.raises(SettingsInvalid, match=fault):
        load_model(config)


def test_all_faults_are_named_at_once(config):
    def spoil(content):
        content["characteristics"][0]["missing"] = 0
        content["characteristics"][1]["bins"][0]["points"] = 9
        content["caps"][0]["grade"] = "E"

    edit(config, spoil)

    with pytest.raises(SettingsInvalid) as caught:
        load_model(config)

    assert {fault.detail.split(": ")[1] for fault in caught.value.faults} == {
        "REG-01",
        "REG-02",
        "CAP-DISHONEST",
    }


def test_other_words_are_another_model(config):
    path = config / "reason_codes.json"
    path.write_text(path.read_text().replace("税款", "税费"))

    with pytest.raises(SettingsInvalid, match=r"reason_codes\.json: has the sha256"):
        load_model(config)
