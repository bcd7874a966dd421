"""ONVIF cameras: events become alarms, snapshots pictures. `Config` is light; `Driver` is loaded when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.onvif.config import Config

if TYPE_CHECKING:
    from drivers.onvif.driver import Driver

__all__ = ["Config", "Driver"]


def __getattr__(name: str) -> object:
    if name == "Driver":
        from drivers.onvif.driver import Driver

        return Driver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
