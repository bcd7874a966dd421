"""`addresses`: no two devices have one address; only one of them would be watched."""

from __future__ import annotations

from collections.abc import Iterable

from edgeagent.checks.check import Check
from edgeagent.checks.devices import address_of
from edgeagent.checks.scene import Scene
from edgeagent.config import DeviceSettings
from gridwire.verdict import Fault, Line, found, passed


class Same(Fault):
    code = "check.address-twice"
    level = "warn"
    en = "{names} have one address ({address}): only the first is watched; correct the address, or remove one"
    zh = "{names} 的地址相同（{address}），只有第一台会被监测：请改正地址，或删除其中一台"


def _look(scene: Scene) -> Iterable[Line]:
    by_place: dict[str, list[str]] = {}
    for name, device in scene.config.device.items():
        place = _place(device) if device.enabled else None
        if place is not None:
            by_place.setdefault(place, []).append(name)
    shared = {place: names for place, names in by_place.items() if len(names) > 1}
    for place, names in shared.items():
        yield found(Same(names=", ".join(names), address=place), names[0])
    if not shared:
        yield passed(f"共 {len(by_place)} 个地址，互不相同", f"{len(by_place)} addresses, all different")


def _place(device: DeviceSettings) -> str | None:
    """Of a picture's URL also the path: one recorder has many channels."""
    place = address_of(device)
    if place is not None:
        url = getattr(device.options, "url", "")
        return url or f"{place[0]}:{place[1]}"
    path = getattr(device.options, "path", None)
    port = getattr(device.options, "port", None)
    return f"{port}{path}" if path and isinstance(port, int) else None


CHECK = Check("addresses", "没有两台设备使用同一地址", "no two devices have one address", _look, (Same,))
