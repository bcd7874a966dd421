"""Events on over MQTT, through a real mosquitto that goes away, refuses, or is the boxes' own."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import jsonschema
import msgspec
import pytest

from countyhub import lease
from countyhub.feeds import mqtt
from countyhub.feeds.mqtt import MqttFeed
from countyhub.store import cursors
from countyhub.store.engine import Store
from gridwire.events import Alarm, PictureRef, Sos
from tests.feedparts import ALARM, TOWNSHIP, Listener, commit, config, live, running, step
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S, ROOT, BoxClient, HubProcess
from tests.instances import BOX, STREAM, event
from tests.mosquitto import Mosquitto

DOCUMENT = msgspec.json.decode((ROOT / "docs/schema/hub-asyncapi.json").read_bytes())
PICTURE = PictureRef(stream=STREAM, seq=1, sha256="0" * 64, bytes=10)


def feed(store: Store, folder: Path, port: int, **settings: object) -> MqttFeed:
    broker = {"port": port, "backoff_max_s": 1}
    own = {"enabled": True, "broker": broker, "from_beginning": True} | settings
    return MqttFeed(store, live(store), config(folder, {"mqtt": own, "public_url": "https://hub.example"}))


def cursor(folder: Path) -> int:
    with sqlite3.connect(folder / "hub.db") as connection:
        rows = connection.execute("SELECT value FROM cursor WHERE name = 'feed-mqtt-event'").fetchall()
    return rows[0][0] if rows else -1


async def has_come_to(store: Store, row: int) -> bool:
    async with store.read() as connection:
        return await cursors.position(connection, "feed-mqtt-event") == row


async def test_everything_once_in_order_as_the_document_says(store: Store, tmp_path: Path) -> None:
    await commit(store, 1, data=Alarm(kind="fire", state="start", pictures=(PICTURE,)))
    with Mosquitto(tmp_path / "mqtt") as broker:
        async with Listener(broker.port) as listener, running(feed(store, tmp_path, broker.port).run()):
            await listener.until_seqs(1)
            await commit(store, *range(2, 251))
            await commit(store, 251, data=Sos(drill=True))
            await step(store, "431126-20260501-0001", "opened", text="新报")
            await listener.until_seqs(*range(1, 252))
            await until(lambda: len(listener.got) == 252, PATIENCE_S)
    assert listener.seqs == list(range(1, 252))
    (first_topic, first), (last_topic, last) = (
        next(each for each in listener.got if each[1].get("seq") == seq) for seq in (1, 251)
    )
    assert first_topic == f"hub/1/{COUNTY}/event/{TOWNSHIP}/{BOX}/alarm"
    assert first["data"]["pictures"][0]["dataref"] == f"https://hub.example/api/1/pictures/{BOX}/{STREAM}/1"
    assert (last_topic.endswith("/sos"), last["drill"]) == (True, True)
    case_topic, case = next((topic, got) for topic, got in listener.got if got["type"] == "cn.gridwire.case.v1")
    assert case_topic == f"hub/1/{COUNTY}/case/{TOWNSHIP}/431126-20260501-0001"
    assert set(listener.types) == {"application/cloudevents+json; charset=utf-8"}
    for name, got in (("alarm", first), ("sos", last), ("case", case)):
        ref = DOCUMENT["components"]["messages"][name]["payload"]
        jsonschema.validate(got, {**ref, "components": DOCUMENT["components"]})


async def test_the_first_start_begins_now_and_the_next_where_it_ended(store: Store, tmp_path: Path) -> None:
    await commit(store, 1, 2)
    with Mosquitto(tmp_path / "mqtt") as broker:
        async with Listener(broker.port) as listener:
            first = feed(store, tmp_path, broker.port, from_beginning=False)
            async with running(first.run()):
                await until(lambda: first.connected, PATIENCE_S)
                await commit(store, 3)
                await listener.until_seqs(3)
                await until(lambda: has_come_to(store, 3), PATIENCE_S)  # else it would be sent again
            await commit(store, 4, 5)
            async with running(feed(store, tmp_path, broker.port, from_beginning=False).run()):
                await listener.until_seqs(3, 4, 5)
    assert listener.seqs == [3, 4, 5]


async def test_only_what_is_wanted(store: Store, tmp_path: Path) -> None:
    await commit(store, *range(1, 300))
    await commit(store, 300, data=Sos())
    with Mosquitto(tmp_path / "mqtt") as broker:
        async with (
            Listener(broker.port) as listener,
            running(feed(store, tmp_path, broker.port, types=["sos", "case"]).run()),
        ):
            await listener.until_seqs(300)


@pytest.mark.slow
@pytest.mark.parametrize("window", [1, 50])
async def test_a_broker_that_goes_away_is_waited_for(store: Store, tmp_path: Path, window: int) -> None:
    with Mosquitto(tmp_path / "mqtt", persistence=True) as broker:
        sending = feed(store, tmp_path, broker.port, window=window)
        async with Listener(broker.port) as listener, running(sending.run()):
            await commit(store, *range(1, 11))
            await listener.until_seqs(*range(1, 11))
            broker.stop()
            await commit(store, *range(11, 200))
            assert not sending.connected
            broker.start()
            await listener.until_seqs(*range(1, 200))
            broker.pause()
            await commit(store, *range(200, 301))
            broker.resume()
            await listener.until_seqs(*range(1, 301))


@pytest.mark.sqlite_only
async def test_what_a_broker_refuses_holds_all_behind_it_until_it_takes_it(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    everything = f"topic readwrite hub/1/{COUNTY}/#\n"
    no_sos = f"topic read hub/1/#\ntopic write hub/1/{COUNTY}/event/{TOWNSHIP}/{BOX}/alarm\n"
    with Mosquitto(tmp_path / "mqtt", acl=no_sos) as broker:
        async with Listener(broker.port) as listener, running(feed(store, tmp_path, broker.port).run()):
            await commit(store, 1, 2)
            await commit(store, 3, data=Sos())
            await commit(store, 4)
            await until(lambda: "the feed is held" in caplog.text, PATIENCE_S)
            assert "Not authorized" in caplog.text
            assert f"{BOX}/sos" in caplog.text
            assert listener.once == [1, 2]
            await until(lambda: cursor(tmp_path) == 2, PATIENCE_S)
            (broker.folder / "acl").write_text(everything)
            os.kill(broker.pid, signal.SIGHUP)
            await listener.until_seqs(1, 2, 3, 4)


async def test_of_several_processes_one_sends_and_another_follows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "AGAIN_S", 0.1)
    with Mosquitto(tmp_path / "mqtt") as broker:
        first, second = (feed(store, tmp_path, broker.port) for _ in range(2))
        async with Listener(broker.port) as listener, running(second.run()):
            async with running(first.run()):
                await until(lambda: first.connected or second.connected, PATIENCE_S)
                await commit(store, *range(1, 31))
                await listener.until_seqs(*range(1, 31))
                assert not (first.connected and second.connected)
            await commit(store, *range(31, 61))
            await listener.until_seqs(*range(1, 61))
    assert listener.seqs == list(range(1, 61))


@pytest.mark.sqlite_only
async def test_a_crash_between_acknowledgement_and_note_repeats_and_loses_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "PAGE_S", 0.0)
    await commit(store, *range(1, 6))
    with Mosquitto(tmp_path / "mqtt") as broker:
        async with Listener(broker.port) as listener:
            async with running(feed(store, tmp_path, broker.port).run()):
                await listener.until_seqs(1, 2, 3, 4, 5)
                await until(lambda: cursor(tmp_path) == 5, PATIENCE_S)
            with sqlite3.connect(tmp_path / "hub.db") as connection:
                connection.execute("UPDATE cursor SET value = 2 WHERE name = 'feed-mqtt-event'")
            await commit(store, 6)
            async with running(feed(store, tmp_path, broker.port).run()):
                await listener.until_seqs(1, 2, 3, 4, 5, 6)
    assert listener.seqs == [1, 2, 3, 4, 5, 3, 4, 5, 6]
    ids = [got["id"] for _, got in listener.got]
    assert len(set(ids)) == 6


# -- the consumer of the page, and a hub that dies


class Consumer:
    """The program that docs/feeds.md shows, as a process."""

    def __init__(self, folder: Path, port: int) -> None:
        page = (ROOT / "docs/feeds.md").read_text(encoding="utf-8")
        (program,) = re.findall(r"<!-- consumer -->\n```python\n(.*?)```", page, re.DOTALL)
        self.program, self.database, self.port = folder / "consumer.py", folder / "got.db", port
        self.program.write_text(program, encoding="utf-8")
        self.lines = program.count("\n")

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, self.program, "127.0.0.1", str(self.port), self.database])

    def got(self) -> list[dict]:
        if not self.database.exists():
            return []
        with sqlite3.connect(self.database, timeout=10) as connection:
            try:
                rows = connection.execute("SELECT event FROM got ORDER BY n").fetchall()
            except sqlite3.OperationalError:
                return []
        return [msgspec.json.decode(row[0]) for row in rows]


@pytest.mark.slow
async def test_the_page_s_consumer_gets_all_once_in_order_while_hub_and_consumer_are_killed(
    tmp_path: Path, counted
) -> None:
    settings = "[feeds.mqtt]\nenabled = true\nfrom_beginning = true\n"
    with Mosquitto(tmp_path / "mqtt", persistence=True) as broker, HubProcess(tmp_path, broker.port, settings) as hub:
        consumer = Consumer(tmp_path, broker.port)
        assert consumer.lines <= 35
        receiving = consumer.start()
        try:
            await until(lambda: "Sending SUBACK to my-system" in broker.log, PATIENCE_S)
            await hub.until_connected()
            async with BoxClient(broker.port) as box:
                for first in range(1, 601, 50):
                    await box.events(*(event(ALARM, seq) for seq in range(first, first + 50)))
                    if first % 150 == 1:
                        await until(lambda first=first: len(consumer.got()) > first // 2, PATIENCE_S)
                        hub.kill()
                        hub.start()
                    if first == 301:
                        receiving.kill()
                        receiving.wait()
                        receiving = consumer.start()
                await until(lambda: len(consumer.got()) >= 600, PATIENCE_S)
            got = consumer.got()
        finally:
            receiving.kill()
            receiving.wait()
        sequences = [each["sequence"] for each in got]
        assert sorted(each["seq"] for each in got) == list(range(1, 601))
        assert sequences == sorted(sequences)
        stored = [row[0] for row in hub.rows("SELECT seq FROM event ORDER BY id")]
        assert [each["seq"] for each in got] == stored
        sent = len(re.findall(r"Received PUBLISH from countyhub-431126-feed", broker.log))
        counted(f"600 events through 4 kills of the hub and one of the consumer: {sent} messages, each event once")
