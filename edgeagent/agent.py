"""The agent as a whole: what it is made of, how it starts, reloads and stops. As a process it is run by `cli.run`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edgeagent import plugins
from edgeagent.budget.meter import Meter
from edgeagent.clock import Clock
from edgeagent.config import Config
from edgeagent.configfile import BadConfig, Loaded, load
from edgeagent.control import ControlServer
from edgeagent.devices import Supervisor
from edgeagent.devices.sight import ALIVE_EVERY_S, mark_alive
from edgeagent.downlink import Downlink
from edgeagent.downlink.countyconfig import CountyPart
from edgeagent.downlink.replay import Replay
from edgeagent.driver import Observation, OutboxFull
from edgeagent.enrol.renewal import Renewal
from edgeagent.health import HealthReport
from edgeagent.hublink import HubLink, count_start
from edgeagent.intake import Intake
from edgeagent.intake.latepictures import LatePictures
from edgeagent.outbox import Limits, Outbox, hold
from edgeagent.outbox.draft import BOX, gap_draft
from edgeagent.outbox.housekeeping import keep_house
from edgeagent.rules import Rules
from edgeagent.status import StatusServer
from edgeagent.status.inquiry import Inquiry
from edgeagent.uplink import Uplink
from gridwire.events import DeviceState
from gridwire.systemd import Notifier
from gridwire.topics import base

log = logging.getLogger(__name__)


class Agent:
    """All parts of one running agent. `start` builds them in order, leaving the context stops them in reverse."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.config: Config = loaded.config
        self.clock = Clock()
        self.notifier = Notifier()
        self.stopping = asyncio.Event()
        self.reloading = asyncio.Event()
        self.again = False
        """Set with `stopping`: the county has changed what only a new start takes over."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Agent:
        """Open the outbox, then all that stands on it. Raises `OutboxInUse`, `OutboxNewer`, `NotAnOutbox`, OSError."""
        async with self._stack:  # what is open already is closed when the rest cannot be
            await self._open()
            self._stack = self._stack.pop_all()
        return self

    async def _open(self) -> None:
        config = self.config
        source = base(config.county_code, config.box)
        folder = Path(config.store.dir)
        self._stack.enter_context(hold(folder))
        self.outbox = await Outbox.open(
            folder,
            _limits(config),
            boot=self.clock.boot,
            machine=self.clock.machine,
            gap=lambda gap: gap_draft(source, self.clock, gap),
        )
        self._stack.push_async_callback(self.outbox.close)
        self.link = HubLink(config, self.clock, await count_start(self.outbox))
        tls = config.hub.tls
        self.renewal = Renewal(self.loaded.files[0], tls.cert if tls else "", self.link.trouble)
        self.meter = Meter(config, self.link.client, self.outbox, self.clock)
        self.intake = Intake(self.outbox, Rules.of(config), self.clock, source, self.meter.budget)
        self.supervisor = Supervisor(self.intake, self.outbox, folder / "devices", config.language)
        self.supervisor.place.zone = ZoneInfo(config.timezone)
        self.supervisor.place.online = lambda: self.link.client.connected
        self.late_pictures = LatePictures(self.supervisor.command)
        self.uplink = Uplink(self.outbox, self.link.client, self.link.county, config.box, config.hub.resend_after_s)
        replay = Replay(self.outbox, self.uplink, self.clock)
        self._listen(replay, folder)
        self.health = HealthReport(
            loaded=self.loaded,
            clock=self.clock,
            outbox=self.outbox,
            intake=self.intake,
            supervisor=self.supervisor,
            uplink=self.uplink,
            county=self.county,
            downlink=self.downlink,
            client=self.link.client,
        )
        self._join()
        inquiry = Inquiry(self.health, self.outbox, self.uplink)
        operations = {"ping": _pong, "replay": replay.carry_out, "device": self.supervisor.asked}
        self.control = ControlServer(folder, operations | inquiry.operations())
        await self.control.start()
        self._stack.push_async_callback(self.control.stop)
        self.status = StatusServer(self.health, config.language)
        await self.status.start(config.status)
        self._stack.push_async_callback(self.status.stop)

    def _listen(self, replay: Replay, folder: Path) -> None:
        """Who takes what the hub says."""
        self.county = CountyPart(
            self.loaded.files[0],
            folder,
            self.config.box,
            self.config.language,
            tell=self._tell_of_box,
            heard_s=lambda: self.uplink.heard_s,
        )
        self.downlink = Downlink(
            self.outbox,
            self.uplink,
            self.supervisor,
            replay,
            base=self.link.base,
            language=self.config.language,
            reply=self.link.reply,
            configure=self.county.take,
        )

    async def __aexit__(self, *_: object) -> None:
        self.supervisor.abandon()
        await self._stack.aclose()

    def _join(self) -> None:
        """Who hears of what."""
        self.link.on_up = self.uplink.connected
        self.link.on_down = self.uplink.disconnected
        self.link.on_message = self.downlink.handle
        self.link.birth = self.health.birth
        self.county.on_change = self._change
        self.meter.budget.on_change = self._spare
        self.intake.on_raised = self.late_pictures.want
        self.meter.budget.line_max_bytes = lambda: self.uplink.picture_max_bytes
        self._spare()

    def _spare(self) -> None:
        """As the data budget demands. What it says of pictures to come, intake and drivers ask for themselves."""
        self.uplink.hold_pictures(not self.meter.budget.pictures_wanted)

    async def run(self) -> None:
        """Watch, store and send until `stopping` is set; then stop in order: drivers, goodbye, outbox."""
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(work, name=name)
                for name, work in {
                    "link": self.link.run(),
                    "uplink": self.uplink.run(),
                    "uplink-tick": self.uplink.tick(),
                    "birth": self.link.tell_births(),
                    "health": self.health.run(self.link.tell_health),
                    "house": keep_house(self.outbox),
                    "reload": self._reload(),
                    "meter": self.meter.run(),
                    "renewal": self.renewal.run(),
                    "watchdog": self.notifier.feed(self.outbox.answers, self.uplink.rounds.answers),
                    "store": self.outbox.watch(),
                    "held": self.intake.run(),
                    "late-pictures": self.late_pictures.run(),
                    "county": self.county.run(self.loaded),
                }.items()
            ]
            await self.supervisor.apply(self.config.device)
            running.append(group.create_task(self._stay_alive(), name="alive"))
            self.notifier.ready(f"{len(self.supervisor.devices)} devices")
            await self.stopping.wait()
            if self.again:
                self.notifier.reloading()  # systemd would wait for the end of the process after `stopping`
            else:
                self.notifier.stopping()
            await self._mark_alive()
            await self.supervisor.stop()
            await self.link.stop("restart" if self.again else "stop")
            await self.meter.stop()
            for task in running:
                task.cancel()

    # -- what happens from time to time --------------------------------------------------------------------------

    async def _stay_alive(self) -> None:
        while True:
            await self._mark_alive()
            await asyncio.sleep(ALIVE_EVERY_S)

    async def _mark_alive(self) -> None:
        try:
            await mark_alive(self.outbox, datetime.now(UTC))
        except OutboxFull as problem:
            log.warning("no sign of life: %s", problem)

    async def _reload(self) -> None:
        """SIGHUP: read the files again. An invalid one keeps the running configuration, whatever it was."""
        while True:
            await self.reloading.wait()
            self.reloading.clear()
            self.notifier.reloading()
            try:
                loaded = load(self.loaded.files[0], plugins.resolve)
            except BadConfig as problem:
                log.error("configuration not reloaded, the old one stays:\n%s", problem.text(self.config.language))
            else:
                await self._apply(loaded)
            self.notifier.ready(f"{len(self.supervisor.devices)} devices")

    async def _change(self, loaded: Loaded) -> bool:
        """The county has changed something: nobody is there to restart the agent, so it does that itself."""
        if self._fixed(loaded):
            self.again = True
            self.stopping.set()
            return False
        await self._apply(loaded)
        return True

    async def _tell_of_box(self, state: DeviceState) -> None:
        try:
            await self.intake.take(BOX, None, Observation(data=state), {})
        except OutboxFull as problem:
            log.warning("%s not told: %s", state.reason, problem)

    def _fixed(self, loaded: Loaded) -> list[str]:
        """What differs and cannot change while running."""
        fixed = ("box", "county", "language", "hub", "store", "status")
        return [name for name in fixed if getattr(loaded.config, name) != getattr(self.config, name)]

    async def _apply(self, loaded: Loaded) -> None:
        """Take over what can change while running: devices and rules. The rest is said to need a restart."""
        changed = self._fixed(loaded)
        if changed:
            log.warning("these settings only change with a restart: %s", ", ".join(changed))
        self.loaded, self.config = loaded, loaded.config
        self.health.loaded = loaded
        self.intake.rules = Rules.of(loaded.config)
        self.meter.move(loaded.config.timezone)
        self.supervisor.place.zone = ZoneInfo(loaded.config.timezone)
        devices = await self.supervisor.apply(loaded.config.device)
        log.info("configuration reloaded; devices changed: %s", ", ".join(sorted(devices)) or "none")
        self.link.tell_birth()


def _limits(config: Config) -> Limits:
    store = config.store
    return Limits(store.max_mb, store.pictures_max_mb, store.retain_days, store.reading_linger_ms / 1000)


async def _pong(args: Mapping[str, object]) -> Mapping[str, object]:
    return {}
