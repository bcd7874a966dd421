"""Reads what the files say of rules, and nothing else: no driver, secret or certificate is looked at.

So whoever may read the files can see what the rules do, on the box or elsewhere.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent.config import Config, PresetName, RuleSettings, StoreSettings
from edgeagent.configfile import countypart
from edgeagent.configfile.boxmistakes import BadConfig, BadTimeZone
from edgeagent.configfile.devices import COMMON
from edgeagent.configfile.merge import merge
from edgeagent.configfile.reader import read
from edgeagent.configfile.rulecheck import check_rules
from edgeagent.rules.presets import rules_in
from gridwire.problem import Language
from gridwire.settings.decode import Decoder, fields_of
from gridwire.settings.mistakes import Place

_SETTINGS = ("rule", "timezone", "latitude", "longitude", "language", "store")


class RulePart(NamedTuple):
    """The rules of a configuration, and where they stand: `places` by rule, `preset_places` by device."""

    rules: tuple[RuleSettings, ...]
    presets: Mapping[str, list[PresetName]]
    devices: tuple[str, ...]
    timezone: str
    latitude: float | None
    longitude: float | None
    language: Language
    store: StoreSettings
    places: tuple[Place, ...]
    preset_places: Mapping[str, Place]


def load_rules(path: Path) -> RulePart:
    """`edgeagent.toml` and what is in `conf.d` beside it. Raises `BadConfig` with what is wrong in this part."""
    sources = [read(file) for file in _files(path)]
    tree = merge(str(path), sources)
    part = countypart.source(tree, None)
    refused = list(countypart.add(tree, part)) if part is not None else []
    decoder = Decoder(tree, lambda value, place, key: value, complete=False)
    decoder.mistakes += [*refused, *(mistake for source in sources for mistake in source.mistakes), *tree.mistakes]
    fields = {name: field for name, field in fields_of(Config).items() if name in _SETTINGS}
    right = decoder.table(fields, {name: tree.data[name] for name in _SETTINGS if name in tree.data}, ())
    presets = _presets(decoder)
    check_rules(decoder)
    timezone = right.get("timezone") or fields["timezone"].default
    try:
        zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        decoder.wrong(BadTimeZone, ("timezone",), name=timezone[:64])
    if decoder.mistakes:
        raise BadConfig(decoder.mistakes, (), right.get("language"))
    rules = msgspec.convert(right.get("rule", []), tuple[RuleSettings, ...])
    return RulePart(
        rules=rules,
        presets=presets,
        devices=tuple(_devices(decoder)),
        timezone=timezone,
        latitude=right.get("latitude"),
        longitude=right.get("longitude"),
        language=right.get("language") or fields["language"].default,
        store=msgspec.convert(right.get("store", {}), StoreSettings),
        places=tuple(tree.place(("rule", index)) for index in range(len(rules))),
        preset_places={device: tree.place(("device", device, "preset")) for device in presets},
    )


def _files(path: Path) -> list[Path]:
    """Hidden files are editors' business."""
    return [path, *sorted(file for file in (path.parent / "conf.d").glob("*.toml") if file.name[0] != ".")]


def _devices(decoder: Decoder) -> dict[str, object]:
    found = decoder.tree.data.get("device")
    return found if isinstance(found, dict) else {}


def _presets(decoder: Decoder) -> dict[str, list[PresetName]]:
    """Device -> its presets of rules, where they are right ones."""
    found: dict[str, list[PresetName]] = {}
    for device, table in _devices(decoder).items():
        if isinstance(table, dict) and "preset" in table:
            right = decoder.table({"preset": COMMON["preset"]}, {"preset": table["preset"]}, ("device", device))
            named = rules_in(right.get("preset"))
            found |= {device: named} if named else {}
    return found
