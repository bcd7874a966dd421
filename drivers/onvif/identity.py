"""Which camera hangs at an address: no camera is watched twice, and another one in the old one's place is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from drivers.devicehttp.request import Place
from drivers.onvif.client import Client
from drivers.onvif.health import Health
from drivers.onvif.soap import TDS
from drivers.safexml import first_text
from edgeagent.driver import DriverProblem

# How often a device that must not run looks whether it may.
AGAIN_S = 60.0
MAX_CHARS = 128
INFORMATION = f'<GetDeviceInformation xmlns="{TDS}"/>'
_PLACEHOLDERS = frozenset({"unknown", "default", "serialnumber", "undefined", "123456", "12345678", "1234567890"})
_watched: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Place, str]] = WeakKeyDictionary()
"""Place -> id of the device that watches it, in this process."""


class SameAddress(DriverProblem):
    code = "onvif.same-address"
    en = "device {other} has the same address and watches this camera already: correct the address, or remove one"
    zh = "设备 {other} 的地址相同，已在监测这台摄像机：请改正地址，或删除其中一个"


@asynccontextmanager
async def alone(url: str, device_id: str, health: Health) -> AsyncIterator[None]:
    """Waits until no other device watches the camera there: each alarm would be told twice, and cost two slots."""
    place = Place.of(url)
    watched = _watched.setdefault(asyncio.get_running_loop(), {})
    while (other := watched.get(place, device_id)) != device_id:
        await health.down(SameAddress(other=other))
        await asyncio.sleep(AGAIN_S)
    watched[place] = device_id
    try:
        yield
    finally:
        watched.pop(place, None)


async def information(client: Client, timeout_s: float) -> dict[str, str]:
    """Texts of GetDeviceInformation by element name. Raises what `Client.call` raises."""
    answer = await client.call(
        client.device_url, INFORMATION, expect="GetDeviceInformationResponse", timeout_s=timeout_s
    )
    names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
    return {name: _plain(first_text(answer, name)) for name in names}


def another(before: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether two (model, serial) are those of two cameras. What is not told, or by all of a batch, says nothing.

    Nor do blanks: what set-up keeps has the camera's own, what `information` gives has not.
    """
    before, now = (_plain(before[0]), _plain(before[1])), (_plain(now[0]), _plain(now[1]))
    if telling(before[1]) and telling(now[1]):
        return before[1] != now[1]
    return bool(before[0] and now[0]) and before[0] != now[0]


def telling(text: str) -> bool:
    """Whether it can be somebody's own: not empty, not `0000`, `123456` or `N/A`."""
    plain = "".join(char for char in text.lower() if char.isalnum())
    return len(plain) >= 6 and len(set(plain)) > 2 and plain not in _PLACEHOLDERS and not "123456789".startswith(plain)


def _plain(text: str) -> str:
    return " ".join(text.split())[:MAX_CHARS]
