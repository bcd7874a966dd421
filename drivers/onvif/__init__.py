"""ONVIF cameras: events become alarms, snapshots pictures. `Config` is light; the rest is loaded when it is needed.

what runs one camera → `driver`; how it is heard → `ladder`; found → `discovery`
what it says → `notifications`, what we call that → `vocabulary` (by the table in `topics`)
whether it is a change → `states`, stored → `alarms`
up, down and why → `health`; another camera in its place → `identity`; asked what it is → `setup`
when an alarm happened, by a camera whose clock is wrong → `alarms`; how wrong it is, the offset → `client`
SOAP → `soap`; logins, a wrong password in words → `client`, of a camera just found `discovery.faults`
tried again when → `ladder.backoff`, after a refused login `drivers.devicehttp.auth`; a person looks on → `tap`
"""

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
