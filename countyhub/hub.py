"""The hub as one process: subscriber, cases, deadlines, messages, feeds, chores, console. `run` serves until a signal.

Several processes on one PostgreSQL share the work: each stores what it is given by the broker, whatever only one may do
at a time goes by leases, and whoever dies is followed by another.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import version
from types import TracebackType
from zoneinfo import ZoneInfo

from countyhub import escalation, feeds, lease
from countyhub.accounts import auditupkeep
from countyhub.ca import keeper
from countyhub.cases.book import Book
from countyhub.config import Config
from countyhub.downlink.boxconfigs import BoxConfigs
from countyhub.downlink.commands import Commands
from countyhub.downlink.notices import Notices
from countyhub.downlink.sender import Downlink
from countyhub.ingest.committed import Committed, either
from countyhub.ingest.inbox import Inbox, Outcome
from countyhub.ingest.replay import Replay
from countyhub.ingest.subscriber import Subscriber
from countyhub.lease import Lease
from countyhub.matters.follower import Follower
from countyhub.matters.windowfiles import WindowFiles
from countyhub.notify import loop as notify
from countyhub.registry.live import LiveRegistry, days_folder
from countyhub.rollup import checkins, sampling
from countyhub.store import upkeep
from countyhub.store.engine import UNAVAILABLE, Store, locate, open_store
from countyhub.store.problems import DatabaseUnreachable
from countyhub.web.metrics.vitals import Vitals
from gridwire.systemd import Notifier

log = logging.getLogger(__name__)

BUSY_CHORES_S = 2.0
SHARED_CHORES_S = 5.0
"""With several processes, orders and births may come to another one than does the chores: it looks by itself."""
WEB_RETRY_S = 30.0
DATABASE_RETRY_S = 2.0
END_S = 15.0
"""Longer than any work takes to end in good order: messages under way have ten seconds."""


class Hub:
    """Everything that runs, on an open store. `run()` until `stop()`."""

    def __init__(self, config: Config, store: Store) -> None:
        self.config = config
        self.store = store
        self.notifier = Notifier()
        self.committed = Committed(store)
        self.downlink = Downlink(config.county)
        self.commands = Commands(store, self.downlink)
        self.notices = Notices(store, self.downlink)
        self.box_configs = BoxConfigs(store, self.downlink)
        self.replay = Replay(store, config.replay)
        self.subscriber = Subscriber(config, Inbox(store), self.downlink, on_commit=self._on_commit, on_up=self._on_up)
        self.vitals = Vitals(lambda: self.subscriber.client.state, lambda: self.subscriber.trouble)
        zone = ZoneInfo(config.web.timezone)
        self.registry = LiveRegistry(store, zone, days_folder(config.calendar.days_dir))
        self.book = Book.configured(config, self.registry)
        windows = WindowFiles(config.calendar.windows_dir, zone)
        self.matters = Follower(store, self.committed, self.book, windows, config.language)
        self._born: set[str] = set()
        self._due = asyncio.Event()

    async def run(self) -> None:
        """Serve until `stop()`: then what is being committed is still acknowledged."""
        async with asyncio.TaskGroup() as tasks:
            around = {tasks.create_task(_steadily(name, work), name=name) for name, work in self._works()}
            self.notifier.ready(f"county {self.config.county}")
            await self.subscriber.run()
            self.notifier.stopping()
            await _end(around)

    def stop(self) -> None:
        self.subscriber.stop()

    def _works(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """All that runs beside the subscriber, by name."""
        store, config = self.store, self.config
        yield "the watchdog", lambda: self.notifier.feed(store.answers, self.subscriber.rounds.answers)
        yield "cases", self.matters.run
        yield "deadlines", lambda: escalation.run(store, self.book)
        yield "messages", lambda: notify.run(store, self.registry, config)
        yield "feeds", lambda: feeds.run(store, self.registry, config, self.vitals.held)
        if config.enrol.enabled:
            yield "enrolment", lambda: keeper.run(store, config)
        yield "chores", lambda: lease.hold(Lease(store, "chores"), self._all_chores)
        if config.web.enabled and importlib.util.find_spec("countyhub.web.app") is not None:
            yield "the console", self._serve_console

    async def _all_chores(self) -> None:
        """What boxes are told, and what the database needs: one process does it for all."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._chores())
            tasks.create_task(self.notices.watch())
            tasks.create_task(self.box_configs.watch())
            tasks.create_task(upkeep.run(self.store, self.config.retention))
            tasks.create_task(auditupkeep.run(self.store, self.config))
            zone = ZoneInfo(self.config.web.timezone)
            tasks.create_task(sampling.run(self.store, zone))
            tasks.create_task(checkins.run(self.store, zone))

    # What follows a commit.

    def _on_commit(self, outcome: Outcome) -> None:
        self.committed.tell(outcome.last_id)
        self.vitals.took(outcome)
        self._born |= outcome.born
        if outcome.born or outcome.reported or outcome.reused or (outcome.stored and self.replay.is_waiting):
            self._due.set()

    def _on_up(self) -> None:
        self._due.set()

    async def _chores(self) -> None:
        """Boards to boxes just born, requests for what is missing, orders that have not left yet."""
        while True:
            await self._until_due()
            born, self._born = self._born, set()
            try:
                await self.notices.send(born)
                await self.box_configs.send(born)
                await self.replay.check()
                await self.commands.send_waiting()
            except UNAVAILABLE as error:
                log.error("chores wait for the database: %s", error)
                self._born |= born
                await asyncio.sleep(BUSY_CHORES_S)

    async def _until_due(self) -> None:
        longest_s = SHARED_CHORES_S if self.config.broker.shared else 60.0
        timeout_s = min(self.config.replay.pause_s, BUSY_CHORES_S if self.replay.is_waiting else longest_s)
        await either(self._due, timeout_s)
        self._due.clear()

    # The console.

    async def _serve_console(self) -> None:
        """A console that cannot listen must not keep events from being stored: it tries again."""
        from countyhub.api.parts import ApiParts
        from countyhub.web.app import create
        from countyhub.web.metrics.gauges import GaugeParts
        from countyhub.web.serve import refused, serve, tls_of
        from countyhub.web.settings import console_settings

        web, settings = self.config.web, console_settings(self.config)
        problem = refused(self.config)
        if problem is not None:
            log.error("%s", problem)
            return
        api = ApiParts(config=self.config, book=self.book, on_order=self._due.set) if self.config.api.enabled else None
        measured = GaugeParts(
            config=self.config,
            version=version("gridwire"),
            vitals=self.vitals,
            calendar=lambda: self.book.calendar,
        )
        while True:
            try:
                app = create(self.store, self.committed, settings, api, measured, self.book)
                await serve(app, web.host, web.port, self._console_listens, tls_of(self.config))
            except OSError as error:
                log.error("the console cannot listen on %s:%d: %s", web.host, web.port, error)
            await asyncio.sleep(WEB_RETRY_S)

    def _console_listens(self, port: int) -> None:
        scheme = "https" if self.config.web.tls_cert else "http"
        log.info("console on %s://%s:%d/", scheme, self.config.web.host, port)


async def _end(works: set[asyncio.Task[None]]) -> None:
    """Cancel them, and once more what does not end: it may have met with the cancellation and another error at once."""
    while works:
        for task in works:
            task.cancel()
        _, works = await asyncio.wait(works, timeout=END_S)
        for task in works:
            log.warning("%s does not end, it is told once more", task.get_name())


async def _steadily(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """A work that only waits for the database when that is away."""
    while True:
        try:
            await work()
        except UNAVAILABLE as error:
            log.error("%s: the database is awaited: %s", name, getattr(error, "orig", None) or error)
            await asyncio.sleep(DATABASE_RETRY_S)
        else:
            return


class Signals:
    """While inside, SIGTERM and SIGINT stop the hub in good order."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._hub.stop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.remove_signal_handler(number)


async def run(config: Config) -> int:
    """Serve until a signal; returns 0. Raises the problems of `open_store` and `mqtt_settings` before anything runs;
    a server that cannot be reached yet, as after a power cut, is waited for."""
    store = await _open(config)
    try:
        hub = Hub(config, store)
        with Signals(hub):
            await hub.run()
    finally:
        await store.close()
    return 0


async def _open(config: Config) -> Store:
    while True:
        try:
            return await open_store(locate(config))
        except DatabaseUnreachable as problem:
            log.error("%s", problem)
            Notifier().status(str(problem))
            await asyncio.sleep(DATABASE_RETRY_S)
