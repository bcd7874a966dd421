"""For tests of the hub: the real process, a plain MQTT client as a box, and a wire that can be cut one way."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Self

import msgspec

from gridwire import messages, topics
from gridwire.codec import decode_message, encode_batch, encode_event, encode_message
from gridwire.events import LANE_OF, Data, Event
from gridwire.mqtt import Message, MqttClient, MqttSettings, NotConnected
from tests import postgres
from tests.harness import until
from tests.instances import BOX, NOON, STREAM, event
from tests.ownprocess import PATIENCE_S, ROOT, OwnProcess

COUNTY = "431126"

_on_postgres: dict[Path, str] | None = None
"""Set while a test runs on PostgreSQL: the database of each folder."""


@contextlib.contextmanager
def on(kind: str) -> Iterator[None]:
    """Inside, hubs and stores have their database in a SQLite file or on the tests' PostgreSQL."""
    global _on_postgres  # noqa: PLW0603 - a choice for the length of one test
    before, _on_postgres = _on_postgres, {} if kind == "postgresql" else None
    try:
        yield
    finally:
        _on_postgres = before


def database_url(folder: Path) -> str:
    """The database of a hub whose folder this is, empty and in today's format; the same for the same folder."""
    if _on_postgres is None:
        file = folder / "hub.db"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_template(), file)
        return f"sqlite:///{file}"
    if folder not in _on_postgres:
        _on_postgres[folder] = postgres.cluster().fresh()
    return _on_postgres[folder]


@functools.cache
def _template() -> Path:
    """A file that was migrated once: every test's own migration would take a tenth of a second."""
    from countyhub.store.engine import open_store

    async def migrate() -> None:
        await (await open_store(f"sqlite:///{folder}/hub.db")).close()

    folder = tempfile.mkdtemp(prefix="hub-sqlite-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    postgres.in_thread(migrate())
    return Path(folder, "hub.db")


class HubProcess(OwnProcess):
    """`countyhub run` with a folder of its own. `port` is the broker's, or that of what stands before it. `database`:
    its URL, if not the one that the test runs on."""

    python, tree = sys.executable, ROOT
    """Whose code runs; `tests.releases` sets another release's."""

    def __init__(self, folder: Path, port: int, extra: str = "", *, database: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = folder / "hub.db"
        self.url = database or database_url(folder)
        if self.url.startswith("postgresql"):
            extra += f'\n[database]\nurl = "{self.url}"\n'
        self.config = folder / "countyhub.toml"
        self.config.write_text(
            f'county = "{COUNTY}"\ndata_dir = "{folder}"\nlanguage = "en"\n'
            f"[broker]\nport = {port}\nbackoff_max_s = 1\n[web]\nenabled = false\n{extra}"
        )
        self.words: tuple[str, ...] = ()
        """Further arguments of `countyhub run`."""

    def start(self) -> Self:
        with (self.folder / "hub.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.python, "-m", "countyhub.cli", "run", "--config", str(self.config), *self.words],
                stdout=log, stderr=log, cwd=self.tree, env={**os.environ, "LANG": "en_US.UTF-8"},
            )  # fmt: skip
        return self

    @property
    def log(self) -> str:
        return (self.folder / "hub.log").read_text()

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [self.python, "-m", "countyhub.cli", *words, "--config", str(self.config), "--language", "en"]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.tree, timeout=PATIENCE_S)

    def rows(self, query: str) -> list[tuple]:
        """What a query finds; nothing while there is no such table yet."""
        if self.url.startswith("postgresql"):
            return postgres.query(self.url, query)
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(self.database, timeout=10)) as connection:
            try:
                return list(connection.execute(query))
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []

    def execute(self, statement: str) -> None:
        """Change something behind the hub's back."""
        if self.url.startswith("postgresql"):
            postgres.query(self.url, statement)
            return
        with contextlib.closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute(statement)

    async def until_connected(self) -> None:
        """And subscribed, for the first time: what is said to a broker before that reaches nobody."""
        await until(lambda: "subscribed: " in self.log, PATIENCE_S)

    async def until_rows(self, query: str, expected: list[tuple]) -> None:
        await until(lambda: self.rows(query) == expected, PATIENCE_S)


class BoxClient:
    """A box's MQTT connection and what the hub has told it."""

    def __init__(self, port: int, box: str = BOX) -> None:
        self.box = box
        self.acked: dict[tuple[str, str], set[int]] = {}
        self.commands: list[messages.Command] = []
        self.boards: list[messages.Board] = []
        self._up = asyncio.Event()
        settings = MqttSettings(
            host="127.0.0.1", port=port, client_id=f"box-{box}", backoff_min_s=0.05, backoff_max_s=0.2
        )
        self.client = MqttClient(settings, on_message=self._on_message, on_up=lambda _: self._up.set())
        self._tasks: list[asyncio.Task] = []

    async def __aenter__(self) -> BoxClient:
        self._tasks.append(asyncio.create_task(self.client.run()))
        await self._up.wait()
        await self.client.subscribe([(name, 1) for name in topics.box_filters(COUNTY, self.box)])
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.client.stop()
        await asyncio.gather(*self._tasks)

    def _on_message(self, message: Message) -> None:
        name = message.topic.rpartition("/")[2]
        if name == "ack":
            ack = decode_message(message.payload, messages.Ack, topic=name)
            numbers = self.acked.setdefault((ack.stream, ack.lane), set())
            numbers.update(number for first, last in ack.ranges for number in range(first, last + 1))
        elif name == "cmd":
            self.commands.append(decode_message(message.payload, messages.Command, topic=name))
        elif name == "board":
            self.boards.append(decode_message(message.payload, messages.Board, topic=name))

    async def publish(self, name: str, payload: bytes, *, retain: bool = False) -> None:
        await self.client.publish(topics.topic(COUNTY, self.box, name), payload, retain=retain)

    async def events(self, *events: Event) -> None:
        await self.raw([encode_event(event) for event in events])

    async def raw(self, raws: list[bytes]) -> None:
        await self.publish("event" if len(raws) == 1 else "batch", raws[0] if len(raws) == 1 else encode_batch(raws))

    async def say(self, name: str, message: msgspec.Struct) -> None:
        await self.publish(name, encode_message(message), retain=topics.TOPICS[name].retain)

    async def send_until_acked(self, data: Data, total: int) -> int:
        """As a box does: events 1 to `total`, and again whatever the hub has not acknowledged within a second.
        Returns how many were sent in all."""
        done, sent = self.acked.setdefault((STREAM, LANE_OF[type(data)]), set()), 0
        while len(done) < total:
            waiting = [number for number in range(1, total + 1) if number not in done][:200]
            with contextlib.suppress(NotConnected):
                for start in range(0, len(waiting), 20):
                    some = waiting[start : start + 20]
                    await self.events(*(event(data, number) for number in some))
                    sent += len(some)
            with contextlib.suppress(TimeoutError):  # then it goes again
                await until(lambda waiting=waiting: done.issuperset(waiting), 1.0)
        return sent

    async def until_acked(self, *numbers: int, stream: str = STREAM, lane: str = "alarm") -> None:
        await until(lambda: set(numbers) <= self.acked.get((stream, lane), set()), PATIENCE_S)


def status(state: str = "online", connection: int = 1, boot: str = "boot-1") -> messages.Status:
    return messages.Status(state=state, boot=boot, connection=connection, version="0.1.0")


def birth(
    *,
    streams: tuple[messages.StreamNumbers, ...] = (),
    devices: tuple[messages.DeviceInfo, ...] = (),
    board_revision: int = 0,
) -> messages.Birth:
    return messages.Birth(
        box=BOX, name="东山村", version="0.1.0", boot="boot-1", started=NOON, config_hash="0" * 64,
        board_revision=board_revision, streams=streams, devices=devices,
    )  # fmt: skip


def numbers(
    kept: int, unacked: int, next_: int, *, stream: str = STREAM, lane: str = "alarm", current: bool = True
) -> messages.StreamNumbers:
    """One stream with one lane."""
    at = messages.LaneNumbers(oldest_kept=kept, oldest_unacked=unacked, next=next_)
    return messages.StreamNumbers(stream=stream, boot="boot-1", current=current, lanes={lane: at})


class Wire:
    """A TCP relay to the broker. While `deaf` is set, what the client says does not reach the broker."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.deaf = False
        self.port = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Wire]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pump(reader, far_writer, True), self._pump(far_reader, writer, False))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upward: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if not (upward and self.deaf):
                    writer.write(data)
                    await writer.drain()
        writer.close()
