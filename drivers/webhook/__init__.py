"""Recorders, cameras and panels that POST their alarms to the box. `Config` is light, `Driver` loaded when needed.

the port that all share → `door`, who may post `login`; what came → `bodies`, by maker `hikvision`, `dahua`
what we call it → `vocabulary`; on or off → `states`; stored → `alarms`, pictures `pictures`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.webhook.config import Config

if TYPE_CHECKING:
    from drivers.webhook.driver import Driver

__all__ = ["Config", "Driver"]


def __getattr__(name: str) -> object:
    if name == "Driver":
        from drivers.webhook.driver import Driver

        return Driver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
