"""What one value alone does not show: hours, time zone, devices that rules name, certificate files, ports.

Works on the settings that were found right, so that all mistakes come at once.
"""

from __future__ import annotations

import zoneinfo
from typing import Any

from edgeagent.configfile.boxmistakes import (
    BadTimeZone,
    GridElsewhere,
    NeverHeld,
    NoDevices,
    NoSuchDevice,
    OpenLink,
    PlainSecret,
    PortAndTls,
    TlsPair,
    UnknownKind,
)
from edgeagent.configfile.ownfile import OwnFiles, open_to_others
from edgeagent.configfile.rulecheck import check_rules, never_held
from gridwire.fullwidth import to_ascii
from gridwire.kinds import KINDS
from gridwire.problem import Both
from gridwire.settings.decode import Decoder
from gridwire.settings.locator import Path
from gridwire.settings.mistakes import Mistake, did_you_mean
from gridwire.settings.reader import show

_LOCAL = ("127.", "localhost", "::1")


class CrossCheck:
    """Collects mistakes into the decoder's list, and warnings of its own."""

    def __init__(self, decoder: Decoder, settings: dict[str, Any], files: OwnFiles) -> None:
        self._decoder, self._settings, self._files = decoder, settings, files
        self.warnings: list[Mistake] = []

    def run(self, *, complete: bool) -> None:
        """All checks. `complete`: no part of the files was unreadable, so that what is not there is missing."""
        self._time_zone()
        check_rules(self._decoder)
        for path in never_held(self._decoder.tree.data):
            self._warn(NeverHeld, path)
        self._kinds()
        self._tls()
        self._plain_secrets()
        self._grids()
        if complete:
            self._devices_of_rules()
            self._link()
            if not self._device_ids():
                self._warn(NoDevices, ())

    def _warn(self, problem: type[Mistake], path: Path, *, hint: Both | None = None, **facts: object) -> None:
        place = self._decoder.tree.place(path)
        self.warnings.append(problem(place, show(path), hint=hint or Both("", ""), **facts))

    def _device_ids(self) -> list[str]:
        devices = self._decoder.tree.data.get("device")
        return list(devices) if isinstance(devices, dict) else []

    def _time_zone(self) -> None:
        name = self._settings.get("timezone")
        if name is None:
            return
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            hint = did_you_mean(to_ascii(name), sorted(zoneinfo.available_timezones()))
            self._decoder.wrong(BadTimeZone, ("timezone",), hint=hint, name=name[:64])

    def _entries(self, key: str) -> list[tuple[Path, str]]:
        """Path and text of each entry of a list of texts in the rules, also of those in a wrong list."""
        rules = self._decoder.tree.data.get("rule")
        entries: list[tuple[Path, str]] = []
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            values = rule.get(key) if isinstance(rule, dict) else None
            for number, value in enumerate(values if isinstance(values, list) else ()):
                if isinstance(value, str):
                    entries.append((("rule", index, key, number), value))
        return entries

    def _kinds(self) -> None:
        for path, kind in self._entries("kinds"):
            if kind not in KINDS:
                self._warn(UnknownKind, path, hint=did_you_mean(kind, KINDS), name=kind[:64])

    def _devices_of_rules(self) -> None:
        ids = self._device_ids()
        for path, name in self._entries("devices"):
            if name not in ids:
                self._decoder.wrong(NoSuchDevice, path, hint=did_you_mean(name, ids), name=name[:64])

    def _tls(self) -> None:
        tls = self._settings.get("hub", {}).get("tls")
        if not tls:
            return
        for key, find in (
            ("ca", self._files.public_file),
            ("cert", self._files.public_file),
            ("key", self._files.key_file),
        ):
            path = ("hub", "tls", key)
            if tls.get(key):
                try:
                    tls[key] = find(tls[key], self._decoder.tree.place(path), show(path))
                except Mistake as mistake:
                    self._decoder.mistakes.append(mistake)
        raw = self._decoder.tree.data["hub"]["tls"]
        missing = [key for key in ("cert", "key") if not raw.get(key)]
        if len(missing) == 1:
            self._decoder.wrong(TlsPair, ("hub", "tls"), missing=missing[0])

    def _link(self) -> None:
        hub = self._settings.get("hub", {})
        host, port = hub.get("host", ""), hub.get("port", 8883)
        encrypted = isinstance(self._decoder.tree.data.get("hub", {}).get("tls"), dict) if hub else True
        without, with_tls = Both("不用 TLS", "without TLS"), Both("使用 TLS", "with TLS")
        if hub and encrypted and port == 1883:
            self._warn(PortAndTls, ("hub", "port"), port=port, usual=without, here=with_tls)
        if hub and not encrypted and port == 8883:
            self._warn(PortAndTls, ("hub", "port"), port=port, usual=with_tls, here=without)
        if host and not encrypted and not host.startswith(_LOCAL):
            self._warn(OpenLink, ("hub", "host"), host=host[:64])

    def _plain_secrets(self) -> None:
        for path in self._decoder.plain_secrets:
            mode = open_to_others(self._decoder.tree.place(path).path)
            if mode:
                self._warn(PlainSecret, path, mode=mode)

    def _grids(self) -> None:
        box = self._settings.get("box")
        for name, device in self._settings.get("device", {}).items():
            grid = device.get("grid")
            if box and grid and grid[:12] != box[:12]:
                self._warn(GridElsewhere, ("device", name, "grid"), grid=grid, village=box[:12])
