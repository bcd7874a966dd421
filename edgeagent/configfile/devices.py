"""Checks the tables of the devices: the settings that every device has, and beside them those of its driver."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edgeagent.config import DeviceSettings
from edgeagent.configfile.boxmistakes import BadDevice, BrokenDriver, UnknownDriver
from edgeagent.configfile.makers import DRIVERS, filled, makers_in
from gridwire.identifiers import DEVICE_PATTERN
from gridwire.problem import Both, Problem
from gridwire.settings.decode import Decoder, Fields, build, fields_of
from gridwire.settings.expected import found
from gridwire.settings.mistakes import Invalid, Mistake, WrongType
from gridwire.settings.mistakes import suggest as suggestion

Resolve = Callable[[str], type[msgspec.Struct]]
"""Driver name -> the Struct of its settings. Raises `NoSuchDriver` or `DriverBroken`."""

COMMON: Fields = {name: field for name, field in fields_of(DeviceSettings).items() if name != "options"}
"""What every device has. No driver's settings may have these names."""


class NoSuchDriver(Problem):
    code = "driver.unknown"
    en = "there is no driver “{name}”, there are: {known}"
    zh = "没有名为“{name}”的驱动，现有：{known}"

    def __init__(self, name: str, known: list[str]) -> None:
        self.name, self.known = name, known
        super().__init__(name=name[:64], known=", ".join(known) or "-")


class DriverBroken(Problem):
    code = "driver.broken"
    en = "driver “{name}” cannot be loaded: {reason}"
    zh = "驱动“{name}”无法加载：{reason}"

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(name=name, reason=reason)


class Devices:
    """Decodes all device tables. `warnings`: drivers that cannot be loaded."""

    def __init__(self, decoder: Decoder, resolve: Resolve) -> None:
        self._decoder, self._resolve = decoder, resolve
        self.warnings: list[Mistake] = []

    def decode(self, tables: Any) -> dict[str, dict[str, Any]]:
        """Device id -> its right settings, with `options` as a Struct; None when it could not be made."""
        if not isinstance(tables, dict):
            wanted = Both("若干个表 [device.名称]", "tables [device.NAME]")
            self._decoder.wrong(WrongType, ("device",), found=found(tables), expected=wanted)
            return {}
        return {name: self._device(name, table) for name, table in tables.items() if self._is_device(name, table)}

    def _is_device(self, name: str, table: Any) -> bool:
        path = ("device", name)
        if not isinstance(table, dict):
            hint = Both("：设备应写成表 [device.名称]", ": a device is a table [device.NAME]")
            self._decoder.wrong(WrongType, path, hint=hint, found=found(table), expected=Both("一个表", "a table"))
            return False
        if re.search(DEVICE_PATTERN, name) is None or name.endswith("\n"):
            plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-")
            hint = suggestion(plain) if plain else Both("", "")
            self._decoder.wrong(BadDevice, path, hint=hint, name=name[:64].replace("\n", " "))
        return True

    def _device(self, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
        path = ("device", name)
        driver = table.get("driver")
        struct = self._struct(driver, (*path, "driver")) if isinstance(driver, str) and driver else None
        if struct is None:  # its settings cannot be judged, those of every device can
            return self._decoder.table(COMMON, {key: table[key] for key in table if key in COMMON}, path)
        own = fields_of(struct)
        mistakes = len(self._decoder.mistakes)
        if makers_in(table.get("preset")) and driver not in DRIVERS:
            listed = ", ".join(DRIVERS)
            reason = Both(f"厂家预设只用于 {listed}", f"presets of makers are for {listed}")
            self._decoder.wrong(Invalid, (*path, "preset"), reason=reason)
        right = self._decoder.table({**own, **COMMON}, filled(table), path)
        settings = {key: value for key, value in right.items() if key in COMMON}
        if len(self._decoder.mistakes) == mistakes:
            options = {key: value for key, value in right.items() if key not in COMMON}
            settings["options"] = build(self._decoder, struct, options, path)
        return settings

    def _struct(self, driver: str, path: tuple[str, ...]) -> type[msgspec.Struct] | None:
        try:
            return self._resolve(driver)
        except NoSuchDriver as problem:
            close = difflib.get_close_matches(driver.lower()[:64], problem.known, n=1)
            listed = ", ".join(problem.known) or "-"
            hint = suggestion(close[0]) if close else Both(f"，现有：{listed}", f", there are: {listed}")
            self._decoder.wrong(UnknownDriver, path, hint=hint, name=driver[:64])
        except DriverBroken as problem:
            place = self._decoder.tree.place(path)
            self.warnings.append(BrokenDriver(place, ".".join(path), name=driver, reason=problem.reason))
        return None
