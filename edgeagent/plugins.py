"""Driver name -> its module: `drivers.<name>` in this tree, or an entry point of the group `edgeagent.drivers`.

Only modules that are asked for are imported; one that fails says so by name and leaves the others alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import AsyncIterator, Callable
from importlib import metadata
from types import ModuleType
from typing import Any, Protocol

import msgspec

from edgeagent.configfile import DriverBroken, NoSuchDriver
from edgeagent.configfile.devices import COMMON
from edgeagent.driver import DeviceConfig, Driver, Found, Search

GROUP = "edgeagent.drivers"
SHARED = frozenset({"devicehttp", "modbus", "picture", "safexml", "seriallink", "snapshot"})
"""What lies beside the drivers and is none: parts that several of them use."""

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
# What the import of foreign code may reasonably raise.
_FAILURES = (
    ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, LookupError, OSError, RuntimeError,
    ArithmeticError, AssertionError,
)  # fmt: skip


def resolve(name: str) -> type[DeviceConfig]:
    """The settings of a driver's devices. Raises `NoSuchDriver`, `DriverBroken`."""
    config = _member(name, "Config")
    if not (isinstance(config, type) and issubclass(config, DeviceConfig)):
        raise DriverBroken(name, "it has no `Config` that is a DeviceConfig")
    taken = sorted({field.encode_name for field in msgspec.structs.fields(config)} & set(COMMON))
    if taken:
        raise DriverBroken(name, f"its settings have the names of what every device has: {', '.join(taken)}")
    return config


def load(name: str) -> Callable[[DeviceConfig], Driver]:
    """The driver's class, to be called with its settings. Raises `NoSuchDriver`, `DriverBroken`."""
    driver: Callable[[DeviceConfig], Driver] = _member(name, "Driver")
    if not (isinstance(driver, type) and callable(getattr(driver, "run", None))):
        raise DriverBroken(name, "it has no class `Driver` with `run`")
    return driver


Discover = Callable[[Search], AsyncIterator[Found]]


def finder(name: str) -> Discover | None:
    """What finds this driver's devices; None if it cannot. Raises `NoSuchDriver`, `DriverBroken`."""
    found: Discover | None = _member(name, "discover")
    return found if callable(found) else None


class Part(Protocol):
    """What a driver says that hangs on a port."""

    @property
    def protocol(self) -> str: ...

    @property
    def baud(self) -> int: ...


def identifier(name: str) -> Callable[[str], Part | None] | None:
    """What asks a serial port what hangs on it, by its device file; None if the driver cannot. Raises `NoSuchDriver`,
    `DriverBroken`."""
    found: Callable[[str], Part | None] | None = _member(name, "identify")
    return found if callable(found) else None


def available() -> list[str]:
    """The names of all drivers that are installed, whether they can be loaded or not. Imports none of them."""
    return sorted(_in_tree() | {entry.name for entry in metadata.entry_points(group=GROUP)})


def _in_tree() -> set[str]:
    spec = importlib.util.find_spec("drivers")
    folders = spec.submodule_search_locations if spec else None
    names = {module.name for module in pkgutil.iter_modules(folders)} if folders else set()
    return {name for name in names - SHARED if _NAME.fullmatch(name)}


def _member(name: str, member: str) -> Any:
    """A name of the driver's module, None if it has none. A module may import its `Driver` only when it is asked."""
    try:
        module = _import(name)
        found = getattr(module, member, None)
    except _FAILURES as error:
        raise DriverBroken(name, f"{type(error).__name__}: {error}") from error
    if module is None:
        raise NoSuchDriver(name, available())
    return found


def _import(name: str) -> ModuleType | None:
    if name in _in_tree():
        return importlib.import_module(f"drivers.{name}")
    for entry in metadata.entry_points(group=GROUP, name=name):
        module = entry.load()
        if not isinstance(module, ModuleType):
            raise TypeError(f"entry point {entry.value} is no module")
        return module
    return None
