"""What the documentation and the sample say of rules is what the configuration reader accepts and the code does."""

import re
from pathlib import Path

from edgeagent import plugins
from edgeagent.configfile import load
from edgeagent.configfile.rulepart import load_rules
from edgeagent.rules import MAX_HELD, REASONS
from edgeagent.rules.hours import MAX_OFFSET_MINUTES, parse
from edgeagent.rules.presets import PRESETS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_sample_of_rules_loads_beside_any_configuration(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "edgeagent.toml").write_text('box = "430121001001"\n[device.a]\ndriver = "onvif"\n')
    (tmp_path / "conf.d" / "rules.toml").write_text((ROOT / "config" / "rules.toml").read_text(encoding="utf-8"))
    part = load_rules(tmp_path / "edgeagent.toml")
    assert len(part.rules) == 6
    assert {place.path.name for place in part.places} == {"rules.toml"}
    assert (part.latitude, part.longitude, part.devices) == (25.6, 111.9, ("a",))


def test_the_example_of_the_page_loads(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "edgeagent.toml").write_text(example)
    part = load_rules(tmp_path / "edgeagent.toml")
    assert part.presets == {"pond-1": ["pond"]}


def test_the_page_names_every_reason_every_preset_and_the_bounds():
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == set(REASONS)
    assert all(f"`{name}`" in PAGE for name in PRESETS)
    assert f"At most {MAX_HELD} starts and ends" in PAGE
    assert f"at most {MAX_OFFSET_MINUTES}" in PAGE
    for hours in ("Fri 22:00-06:00", "17:00-sunset"):
        assert f"`{hours}`" in PAGE
        assert parse(hours)


def test_a_minimum_duration_of_urgent_kinds_only_is_warned_of(tmp_path):
    text = 'box = "430121001001"\n[hub]\nhost = "127.0.0.1"\nport = 1883\n'
    text += '[[rule]]\nkinds = ["fire"]\nmin_duration_s = 5\n[[rule]]\nkinds = ["fire", "motion"]\nmin_duration_s = 5\n'
    (tmp_path / "edgeagent.toml").write_text(text)
    warnings = load(tmp_path / "edgeagent.toml", plugins.resolve).warnings
    assert [(one.code, one.place.line) for one in warnings if one.key] == [("config.never-held", 7)]
