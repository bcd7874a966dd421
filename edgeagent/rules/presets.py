"""The rules by name: for whom they are, and what they do. To change what a preset does, or to add one, edit this file.

A name stands in `config.PresetName` too. The later rule counts more, setting by setting, as in the configuration.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from edgeagent.config import PresetName, RuleSettings
from edgeagent.rules.hours import parse


class Preset(NamedTuple):
    """Rules for all devices that name it, and what they do in both languages."""

    zh_name: str
    zh: str
    en: str
    rules: tuple[RuleSettings, ...]

    @property
    def needs_place(self) -> bool:
        """Whether its hours follow the sun."""
        spans = [parse(hours) for rule in self.rules for hours in rule.armed or ()]
        return any(span is not None and span.needs_place for span in spans)


def rules_in(preset: object) -> list[PresetName]:
    """The presets of rules among the names that a device's `preset` gives, a name or a list of them, in its order."""
    given = preset if isinstance(preset, list | tuple) else [preset]
    return [name for each in given for name in PRESETS if name == each]


_PEOPLE: Final = ("person", "line_crossing", "intrusion", "loitering")
_VIEW: Final = ("tamper", "scene_change", "too_dark", "too_bright", "too_blurry", "signal_lost", "picture")
_DARK: Final = ("sunset-30min-sunrise+30min",)
_CLOSED: Final = ("Sun-Fri 18:00-08:00", "Sat,Sun 00:00-24:00")

PRESETS: Final[dict[PresetName, Preset]] = {
    "pond": Preset(
        "水塘",
        "防溺水：越界、区域入侵全天立即上报，为最高级；人员、徘徊持续 2 秒后上报；水面晃动引起的移动侦测、动物不上报。",
        "Against drowning: crossed lines and intrusion count at once, day and night, and are critical; persons and "
        "loitering count once they last 2 s; motion (the water moves) and animals do not count.",
        (
            RuleSettings(merge_gap_s=10, cooldown_s=60),
            RuleSettings(kinds=("motion", "animal", "object"), drop=True),
            RuleSettings(kinds=_PEOPLE, min_duration_s=2, cooldown_s=30, severity="warning", picture=True),
            RuleSettings(kinds=("line_crossing", "intrusion"), min_duration_s=0, severity="critical"),
            RuleSettings(kinds=_VIEW, min_duration_s=10, merge_gap_s=60, cooldown_s=600, severity="notice"),
        ),
    ),
    "forest-edge": Preset(
        "林缘",
        "护林防火：火情、烟雾全天立即上报，为最高级；人员、车辆只在日落前 30 分钟至日出后 30 分钟上报，须持续 3 秒；"
        "枝叶晃动引起的移动侦测、动物不上报。需要设置经纬度。",
        "Fire and felling: fire and smoke count at once, always, and are critical; persons and vehicles count from "
        "30 min before sunset to 30 min after sunrise once they last 3 s; motion (leaves move) and animals do not "
        "count. Needs latitude and longitude.",
        (
            RuleSettings(merge_gap_s=30, cooldown_s=300),
            RuleSettings(kinds=("motion", "animal", "object"), drop=True),
            RuleSettings(kinds=("fire", "smoke"), cooldown_s=60, severity="critical", picture=True),
            RuleSettings(kinds=(*_PEOPLE, "vehicle"), armed=_DARK, min_duration_s=3, severity="warning", picture=True),
            RuleSettings(kinds=_VIEW, min_duration_s=30, merge_gap_s=120, cooldown_s=1800, severity="notice"),
        ),
    ),
    "village-office": Preset(
        "村委会",
        "下班布防：移动侦测、人员、越界、区域入侵、门磁只在工作日 18:00 至次日 8:00 和周末上报，移动须持续 3 秒；"
        "遮挡、断线等随时上报。",
        "Closed hours: motion, persons, crossed lines, intrusion and doors count on working days from 18:00 to 08:00 "
        "and at weekends, motion once it lasts 3 s; tampering and lost pictures count always.",
        (
            RuleSettings(merge_gap_s=20, cooldown_s=120),
            RuleSettings(kinds=("motion", "door", "digital_input", *_PEOPLE), armed=_CLOSED, severity="warning"),
            RuleSettings(kinds=("motion",), min_duration_s=3, cooldown_s=300, severity="notice"),
            RuleSettings(kinds=("person", "loitering"), min_duration_s=2, picture=True),
            RuleSettings(kinds=("animal", "vehicle", "object", "face"), drop=True),
            RuleSettings(kinds=_VIEW, min_duration_s=10, merge_gap_s=60, cooldown_s=600),
        ),
    ),
}
