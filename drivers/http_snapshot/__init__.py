"""Cameras without ONVIF: one address, a picture now and then. `Config` is light, `Driver` loaded when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.http_snapshot.config import Config

if TYPE_CHECKING:
    from drivers.http_snapshot.driver import Driver

__all__ = ["Config", "Driver"]


def __getattr__(name: str) -> object:
    if name == "Driver":
        from drivers.http_snapshot.driver import Driver

        return Driver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
