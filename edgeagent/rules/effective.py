"""Which settings count for a device and kind: presets and rules laid one over the other, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from edgeagent.config import NEVER_HELD, Config, PresetName, RuleSettings
from edgeagent.rules.hours import Span, parse
from edgeagent.rules.presets import PRESETS, rules_in
from gridwire.events import Severity
from gridwire.kinds import KINDS

SEEN_KINDS: Final = frozenset(name for name, kind in KINDS.items() if kind.seen)
"""What a camera sees of its one view, however many topics it tells that in. Inputs and sensors are things apart."""
SETTINGS: Final = (
    ("armed", "min_duration_s", "merge_gap_s", "merge_by", "cooldown_s", "severity", "picture", "drop")
)  # fmt: skip


class Origin(NamedTuple):
    """Where a setting comes from: rule number `rule`, from 0, or a device's preset; `preset`: what the rule names."""

    rule: int | None = None
    device: str | None = None
    preset: PresetName | None = None


class Layer(NamedTuple):
    """One rule, presets spelled out."""

    settings: RuleSettings
    spans: tuple[Span, ...] | None
    origin: Origin

    def matches(self, device: str, kind: str) -> bool:
        rule = self.settings
        return (not rule.devices or device in rule.devices) and (not rule.kinds or kind in rule.kinds)


class Effective(NamedTuple):
    """The settings that count for one device and kind. `origins`: setting -> what set it; none: it is the default."""

    armed: tuple[str, ...] | None
    spans: tuple[Span, ...] | None
    min_duration_s: float
    merge_gap_s: float | None
    """None: nothing is merged."""
    by_source: bool
    cooldown_s: float
    severity: Severity | None
    picture: bool
    drop: bool
    origins: Mapping[str, Origin]


def layers_of(
    rules: Sequence[RuleSettings], devices: Mapping[str, Sequence[PresetName]] | None = None
) -> tuple[Layer, ...]:
    """In the order in which they count, the last most: presets of devices, then the rules, each after its preset."""
    found: list[Layer] = []
    for device, presets in (devices or {}).items():
        for preset in presets:
            found += _preset(RuleSettings(devices=(device,), preset=preset), Origin(device=device, preset=preset))
    for index, rule in enumerate(rules):
        if rule.preset is not None:
            found += _preset(rule, Origin(index, preset=rule.preset))
        found.append(_layer(rule, Origin(index)))
    return tuple(found)


def presets_of(config: Config) -> dict[str, list[PresetName]]:
    """Device -> its presets of rules, in the order in which they count."""
    named = {name: rules_in(device.preset) for name, device in config.device.items()}
    return {name: presets for name, presets in named.items() if presets}


def effective(layers: Sequence[Layer], device: str, kind: str) -> Effective:
    """Of all rules that match the last one counts, setting by setting."""
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    spans: tuple[Span, ...] | None = None
    for layer in layers:
        if not layer.matches(device, kind):
            continue
        for name in SETTINGS:
            value = getattr(layer.settings, name)
            if value is not None:
                values[name], origins[name] = value, layer.origin
        spans = spans if layer.spans is None else layer.spans
    merge_by = values.get("merge_by") or ("kind" if kind in SEEN_KINDS else "source")
    return Effective(
        armed=values.get("armed"),
        spans=spans,
        min_duration_s=values.get("min_duration_s", 0.0) if kind not in NEVER_HELD else 0.0,
        merge_gap_s=values.get("merge_gap_s"),
        by_source=values.get("merge_gap_s") is None or merge_by == "source",
        cooldown_s=values.get("cooldown_s", 0.0),
        severity=values.get("severity"),
        picture=values.get("picture", True),
        drop=values.get("drop", False),
        origins=origins,
    )


def _preset(rule: RuleSettings, origin: Origin) -> list[Layer]:
    """The rules of a preset, for the devices and kinds of the rule that names it."""
    assert rule.preset is not None
    found = []
    for part in PRESETS[rule.preset].rules:
        kinds = tuple(kind for kind in part.kinds if kind in rule.kinds) if part.kinds and rule.kinds else part.kinds
        if part.kinds and not kinds:
            continue
        found.append(_layer(_narrowed(part, rule.devices, kinds or rule.kinds), origin))
    return found


def _narrowed(part: RuleSettings, devices: tuple[str, ...], kinds: tuple[str, ...]) -> RuleSettings:
    values = {name: getattr(part, name) for name in SETTINGS}
    return RuleSettings(devices=devices, kinds=kinds, **values)


def _layer(rule: RuleSettings, origin: Origin) -> Layer:
    """Hours that are none, which the configuration reader does not let pass, arm nothing."""
    read = None if rule.armed is None else tuple(span for span in map(parse, rule.armed) if span is not None)
    return Layer(rule, read, origin)
