"""The whole way: a button in a village, the broker, the hub's process, its case, and telephones that ring in order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from countyhub import notify
from countyhub.registry import plan
from countyhub.registry.content import Content
from countyhub.registry.forms import Area, Box, Duty, Person
from countyhub.store.engine import open_store
from gridwire.events import Sos
from tests.gateways import Gateway, Says
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S, BoxClient, HubProcess
from tests.instances import BOX, STREAM, event
from tests.mosquitto import Mosquitto
from tests.registries import ZONE, small

TOWNSHIP, VILLAGE = f"{COUNTY}001", f"{COUNTY}001001"
ROWS = (
    Area(code=COUNTY, name="宁远县", level="county"),
    Area(code=TOWNSHIP, name="文庙乡", level="township", parent=COUNTY),
    Area(code=VILLAGE, name="东山村", level="village", parent=TOWNSHIP),
    Box(box=BOX, name="东山村盒子", village=VILLAGE),
    Person(code="V1", name="甲", phone="13900000001"),
    Person(code="T1", name="乙", phone="13900000002"),
    Person(code="C1", name="丙", phone="13900000003"),
    Duty(person="V1", role="village_clerk", place=VILLAGE),
    Duty(person="T1", role="township", place=TOWNSHIP),
    Duty(person="C1", role="county", place=COUNTY),
)


async def prepare(url: str, folder: Path) -> None:
    store = await open_store(url)
    made = plan.make(small(folder, ROWS), Content.bare(()), revision=0, county=COUNTY, today=date(2026, 6, 1))
    assert not made.mistakes, made.mistakes
    await plan.apply(store, made, by="test", now=datetime.now(UTC), zone=ZONE)
    await store.close()


async def test_a_button_rings_telephones_until_somebody_answers(tmp_path: Path) -> None:
    """R-WAKE-10, R-WAKE-11, R-WAKE-12."""
    async with Gateway(Says()).open() as gateway:
        sms = f'[notify]\npass_on_s = 5\n[notify.sms]\nurl = "{gateway.url}"\n'
        with Mosquitto(tmp_path / "broker") as broker:
            hub = HubProcess(tmp_path / "hub", broker.port, sms)
            await prepare(hub.url, tmp_path / "registry")
            with hub:
                async with BoxClient(broker.port) as box:
                    await hub.until_connected()
                    now = datetime.now(UTC)
                    await box.events(event(Sos(), time=now, recordedtime=now))
                    await box.until_acked(1, lane="urgent", stream=STREAM)
                    for number in (1, 2):
                        await until(lambda number=number: len(gateway.asked) >= number, PATIENCE_S)
                    first, second = (asked.json for asked in gateway.asked[:2])
                    assert (first["phone"], second["phone"]) == ("13900000001", "13900000002")
                    assert first["content"].startswith("[SOS] Call for help: 东山村 ")
                    ((case,),) = hub.rows("SELECT number FROM notify_alert")
                    store = await open_store(hub.url)
                    await notify.acknowledge(store, case, "test", datetime.now(UTC))
                    await store.close()
                    told = len(gateway.asked)
                    assert hub.rows("SELECT ended_by FROM notify_alert") == [("test",)]
                    assert hub.stop() == 0
                    assert len(gateway.asked) == told
