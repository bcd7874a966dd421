"""ONVIF cameras: events become alarms, snapshots pictures. `Config` is light; the rest is loaded when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.onvif.config import Config

if TYPE_CHECKING:
    from drivers.onvif.discovery.discovery import discover
    from drivers.onvif.driver import Driver

__all__ = ["Config", "Driver", "discover"]


def __getattr__(name: str) -> object:
    if name == "Driver":
        from drivers.onvif.driver import Driver

        return Driver
    if name == "discover":
        from drivers.onvif.discovery.discovery import discover

        return discover
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
