"""What the configuration files say, as far as it can be read: whoever asks may not read the secrets, and need not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgeagent.config import StoreSettings
from edgeagent.configfile.makers import filled
from edgeagent.configfile.reader import read


class Loose(NamedTuple):
    """Nothing in it was checked. `devices`: tables by id, with what their makers set; `store`: folder of the agent's
    store and control socket, with its quotas."""

    store: Path
    language: str | None
    zone: ZoneInfo
    devices: dict[str, dict[str, Any]]
    max_mb: int
    pictures_max_mb: int


def files_of(config: Path) -> list[Path]:
    """The main file, and those of `conf.d` beside it."""
    return [config, *sorted((config.parent / "conf.d").glob("*.toml"))]


def read_loosely(config: Path) -> Loose:
    """Never fails, also when there are no files."""
    store: dict[str, Any] = {}
    language: object = None
    zone: object = None
    devices: dict[str, dict[str, Any]] = {}
    for file in files_of(config):
        data = read(file).data
        here = data.get("store")
        store |= here if isinstance(here, dict) else {}
        language = data.get("language", language)
        zone = data.get("timezone", zone)
        devices |= {name: filled(one) for name, one in tables(data).items()}
    folder, usual = store.get("dir"), StoreSettings()
    return Loose(
        Path(folder if isinstance(folder, str) and folder else usual.dir),
        language if isinstance(language, str) else None,
        _zone(zone),
        devices,
        _number(store.get("max_mb"), usual.max_mb),
        _number(store.get("pictures_max_mb"), usual.pictures_max_mb),
    )


def _number(found: object, usual: int) -> int:
    return found if isinstance(found, int) else usual


def _zone(name: object) -> ZoneInfo:
    for each in (name, "Asia/Shanghai"):
        try:
            return ZoneInfo(str(each))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def tables(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The device tables of one file."""
    found = data.get("device")
    return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}
