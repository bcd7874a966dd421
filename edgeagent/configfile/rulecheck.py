"""What one value of a rule does not show: hours that are none, presets and hours that need to know where the box is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeagent.config import NEVER_HELD
from edgeagent.configfile.boxmistakes import BadHours, HalfPlace, NoPlace
from edgeagent.rules.hours import mend, parse, read
from edgeagent.rules.presets import PRESETS, rules_in
from gridwire.fullwidth import to_ascii
from gridwire.problem import Both
from gridwire.settings.decode import Decoder
from gridwire.settings.expected import found
from gridwire.settings.locator import Path
from gridwire.settings.mistakes import NOTHING, OutOfRange, suggest

_HOURS = Both(
    "时段，写作 [星期 ]起-止，如 22:00-06:00、周六,周日 00:00-24:00、周一-周五 日落-30分钟-日出",
    "hours as [DAYS ]FROM-TO, e.g. 22:00-06:00, Sat,Sun 00:00-24:00, Mon-Fri sunset-30min-sunrise",
)


def check_rules(decoder: Decoder) -> None:
    """Adds what is wrong to the decoder's mistakes."""
    for path, hours in _hours(decoder.tree.data):
        if parse(hours) is None:
            _bad_hours(decoder, path, hours)
    absent = [name for name in ("latitude", "longitude") if name not in decoder.tree.data]
    if len(absent) == 1:
        decoder.wrong(HalfPlace, ("longitude" if absent == ["latitude"] else "latitude",), missing=absent[0])
    elif absent:
        for path in _needing_place(decoder.tree.data):
            decoder.wrong(NoPlace, path)


def never_held(data: Mapping[str, Any]) -> Iterator[Path]:
    """Minimum durations of rules for nothing but kinds that never wait."""
    for index, rule in _tables(data.get("rule")):
        kinds = rule.get("kinds")
        if isinstance(kinds, list) and kinds and all(isinstance(kind, str) and kind in NEVER_HELD for kind in kinds):
            yield from [("rule", index, "min_duration_s")] if rule.get("min_duration_s") else []


def _bad_hours(decoder: Decoder, path: Path, hours: str) -> None:
    if read(hours) is not None:
        decoder.wrong(BadHours, path, hours=hours[:64])
        return
    better = mend(to_ascii(hours)[:100])
    decoder.wrong(OutOfRange, path, hint=suggest(better) if better else NOTHING, found=found(hours), expected=_HOURS)


def _hours(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Path and text of all hours, also of those in a wrong list."""
    for index, rule in _tables(data.get("rule")):
        values = rule.get("armed")
        for number, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield ("rule", index, "armed", number), value


def _needing_place(data: Mapping[str, Any]) -> Iterator[Path]:
    """Whatever follows the sun."""
    for path, hours in _hours(data):
        span = parse(hours)
        if span is not None and span.needs_place:
            yield path
    devices = data.get("device")
    named = [("rule", *table) for table in _tables(data.get("rule"))]
    named += [("device", *item) for item in (devices.items() if isinstance(devices, dict) else ())]
    for where, name, table in named:
        preset = table.get("preset") if isinstance(table, dict) else None
        if any(PRESETS[known].needs_place for known in rules_in(preset)):
            yield (where, name, "preset")


def _tables(rules: object) -> Iterator[tuple[int, dict[str, Any]]]:
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, dict):
            yield index, rule
