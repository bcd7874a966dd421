"""A hub that runs as a process on a county with a week behind it, with a broker, and people who log in at its console.

Promise: whatever the pages show came over MQTT or by the hub's own works; nothing is written beside the hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from countyhub.audit import trail
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import open_store
from gridwire import topics
from gridwire.codec import encode_event, encode_single
from gridwire.events import Data
from gridwire.mqtt import MqttClient, MqttSettings
from gridwire.problem import Language
from simulators.county.build import COUNTY_NAME
from simulators.week import places, users
from simulators.week.county import BOX, COUNTY, ZONE
from simulators.week.fill import fill
from simulators.week.places import Village
from simulators.week.sender import Sender
from tests.browser.driver import Chromium
from tests.harness import until
from tests.hubs import PATIENCE_S, HubProcess
from tests.logins import CHEAP, PASSWORD
from tests.mosquitto import Mosquitto
from tests.ports import free_port

if TYPE_CHECKING:
    from playwright.async_api import Page


@dataclass(frozen=True)
class Past:
    """A filled database, to be copied. `village`: where the tests happen. Users: `simulators.week.users`."""

    folder: Path
    village: Village


def past(folder: Path, language: Language = "zh") -> Past:
    """A week that ends now; titles of cases are in this language."""
    return asyncio.run(_past(folder, language))


async def _past(folder: Path, language: Language) -> Past:
    now = datetime.now(UTC)
    store = await open_store(f"sqlite:///{folder}/hub.db")
    try:
        await fill(store, now=now, windows=folder / "windows", language=language)
        registry = LiveRegistry(store, ZONE)
        await registry.refresh()
        hashed = await CHEAP.hash(PASSWORD)
        with trail.as_(trail.Asker("test")):
            async with store.write() as connection:
                await users.make(connection, registry.current, hashed, now, language)
        return Past(folder, next(each for each in places.read(registry.current, now).villages if each.box == BOX))
    finally:
        await store.close()


class Running:
    """`hub` may be stopped and started; its console keeps its address."""

    def __init__(self, hub: HubProcess, broker: Mosquitto, port: int, village: Village) -> None:
        self.hub, self.broker, self.village = hub, broker, village
        self.url = f"http://127.0.0.1:{port}"

    async def up(self) -> None:
        """Until it hears boxes and shows pages, as often as it was started."""
        await until(lambda: "subscribed: " in self._last_log and f"{self.url}/" in self._last_log, PATIENCE_S)

    @property
    def camera(self) -> str:
        """One of the first grid: that of the user `worker`."""
        return next(device for device in self.village.cameras if self.village.grid_of(device) == f"{BOX}001")

    @property
    def _last_log(self) -> str:
        return self.hub.log[self._from :]

    _from = 0

    async def down(self) -> None:
        assert await asyncio.to_thread(self.hub.stop) == 0
        self._from = len(self.hub.log)

    async def again(self) -> None:
        self.hub.start()
        await self.up()

    async def login(self, browser: Chromium, name: str, path: str = "/", **screen: object) -> Page:
        """A person who opens a page, is asked who he is, and says it."""
        page = await browser.person(self.url + path, **screen)  # type: ignore[arg-type] # as `person` has them
        await page.locator("[name=name]").fill(name)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("form.login button").click()
        await page.locator("#main h1").wait_for()
        return page

    @contextlib.asynccontextmanager
    async def box(self) -> AsyncIterator[Box]:
        """The village's box, newly switched on."""
        box = Box(self.village, self.broker.port)
        running = asyncio.create_task(box.client.run())
        try:
            await box.up.wait()
            yield box
        finally:
            await box.client.stop()
            await running


class Box:
    """What it says reaches the hub by the broker."""

    def __init__(self, village: Village, port: int) -> None:
        self.up = asyncio.Event()
        self.sender = Sender(village, datetime.now(UTC), Random())
        settings = MqttSettings(host="127.0.0.1", port=port, client_id=f"box-{village.box}")
        self.client = MqttClient(settings, on_message=lambda _: None, on_up=lambda _: self.up.set())

    async def happens(self, data: Data, device: str) -> None:
        """An event of a device, now."""
        event = self.sender.event(data, datetime.now(UTC), device)
        await self._publish("event", encode_single(encode_event(event)))

    async def _publish(self, name: str, payload: bytes) -> None:
        await self.client.publish(topics.topic(COUNTY, self.sender.box, name), payload)


@contextlib.asynccontextmanager
async def running(folder: Path, of: Past) -> AsyncIterator[Running]:
    """On a copy of this past."""
    port = free_port()
    shutil.copytree(of.folder, folder, dirs_exist_ok=True)
    with Mosquitto(folder / "broker") as broker:
        hub = HubProcess(folder, broker.port, database=f"sqlite:///{folder}/hub.db")
        hub.config.write_text(
            f'county = "{COUNTY}"\nname = "{COUNTY_NAME}"\ndata_dir = "{folder}"\n'
            f"[broker]\nport = {broker.port}\nbackoff_max_s = 1\n[web]\nport = {port}\n"
            f'[calendar]\nwindows_dir = "{folder}/windows"\n'
        )
        with hub:
            here = Running(hub, broker, port, of.village)
            await here.up()
            yield here
