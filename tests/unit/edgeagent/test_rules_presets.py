"""Presets: every name has rules, what a device effectively has, and where each setting came from."""

from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from edgeagent.config import PresetName, RuleSettings
from edgeagent.rules import Origin, Rules
from edgeagent.rules.effective import layers_of
from edgeagent.rules.hours import parse
from edgeagent.rules.presets import PRESETS
from gridwire.kinds import KINDS


def counts(rules, kind, device="cam", **presets):
    return Rules(layers_of(rules, {device: [name] for device, name in presets.items()}), "UTC").effective(device, kind)


def test_every_name_has_a_preset_and_texts():
    assert set(PRESETS) == set(get_args(PresetName))
    for preset in PRESETS.values():
        assert preset.zh_name
        assert preset.zh.endswith("。")
        assert preset.en.endswith(".")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_known_kinds_and_right_hours_and_no_device(name):
    for rule in PRESETS[name].rules:
        assert not set(rule.kinds) - set(KINDS)
        assert all(parse(hours) for hours in rule.armed or ())
        assert (rule.devices, rule.preset) == ((), None)


def test_only_what_follows_the_sun_needs_a_place():
    assert {name: preset.needs_place for name, preset in PRESETS.items()} == {
        "pond": False,
        "forest-edge": True,
        "village-office": False,
    }


def test_the_office_is_armed_whenever_it_is_closed():
    spans = [parse(hours) for hours in counts([], "motion", cam="village-office").armed]
    closed = {(day, hour) for day in range(7) for hour in range(24) if day > 4 or not 8 <= hour < 18}
    armed = {
        (day, hour)
        for day in range(7)
        for hour in range(24)
        if any(span.covers(datetime(2026, 5, 4 + day, hour, 30, tzinfo=UTC), ZoneInfo("UTC"), None) for span in spans)
    }
    assert armed == closed


def test_a_preset_of_a_device_is_below_every_rule_and_for_that_device_only():
    rules = [RuleSettings(cooldown_s=7)]
    person = counts(rules, "person", cam="pond")
    assert (person.min_duration_s, person.cooldown_s, person.severity) == (2, 7, "warning")
    assert person.origins["min_duration_s"] == Origin(device="cam", preset="pond")
    assert person.origins["cooldown_s"] == Origin(0)
    assert counts(rules, "person", device="other", cam="pond").min_duration_s == 0


def test_a_preset_in_a_rule_is_for_its_devices_and_kinds_and_below_its_own_settings():
    rules = [
        RuleSettings(severity="info"),
        RuleSettings(devices=("cam",), kinds=("person", "motion", "sound"), preset="pond", cooldown_s=9),
    ]
    person, crossing = counts(rules, "person"), counts(rules, "line_crossing")
    assert (person.severity, person.cooldown_s, person.merge_gap_s) == ("warning", 9, 10)
    assert person.origins["severity"] == Origin(1, preset="pond")
    assert counts(rules, "motion").drop
    assert (counts(rules, "sound").merge_gap_s, counts(rules, "sound").cooldown_s) == (10, 9)
    assert (crossing.severity, crossing.merge_gap_s) == ("info", None)
    assert counts(rules, "motion", device="other").drop is False


def test_fire_never_waits_whatever_a_rule_says():
    assert counts([RuleSettings(min_duration_s=60)], "fire").min_duration_s == 0
    assert counts([RuleSettings(min_duration_s=60)], "motion").min_duration_s == 60
