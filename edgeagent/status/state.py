"""What `/status.json` says: the one snapshot that page and metrics are made of too. No secrets, no personal data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edgeagent.budget import LEVEL_NAMES, DataBudget, LevelName
from edgeagent.enrol.identity import Identity
from edgeagent.health import HealthReport
from edgeagent.outbox.use import StoreUse
from edgeagent.status.scrub import Scrub
from gridwire.events import LANES, TYPES, ClockState, Lane, kind_of
from gridwire.messages import DeviceHealth, DeviceInfo, Health, LaneNumbers, StreamNumbers

KIND_OF = {data.__name__.lower(): kind_of(name) for name, data in TYPES.items()}
"""Name under which the intake counts -> kind of event as on the wire."""

DeviceStateName = Literal["starting", "up", "degraded", "down", "disabled"]
_UNUSED = LaneNumbers(oldest_kept=1, oldest_unacked=1, next=1)


class LaneStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One lane. The numbers are those of the current stream."""

    waiting: Annotated[int, Meta(description="events of all streams that the hub has not acknowledged")]
    oldest_kept: Annotated[int, Meta(description="lowest number that is kept; `next` when none is")]
    oldest_unacked: Annotated[int, Meta(description="lowest number not acknowledged; `next` when all are")]
    next: Annotated[int, Meta(description="number that the next event will get")]


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One configured device."""

    id: str
    name: Annotated[str, Meta(description="name for people")]
    driver: str
    state: Annotated[DeviceStateName, Meta(description="disabled: configured, but not watched")]
    reason: Annotated[str, Meta(description="stable reason, empty when all is well")] = ""
    detail: Annotated[str, Meta(description="for people")] = ""
    since: Annotated[datetime | None, Meta(description="since when, by the box's wall clock")] = None
    restarts: Annotated[int, Meta(description="how often its driver ended and was started again")] = 0
    info: Annotated[dict[str, str], Meta(description="maker, model, firmware … as the device says")] = {}


class DataStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The link's data in this month, and what is done to stay within the budget."""

    used_bytes: Annotated[int, Meta(description="bytes this month, TLS and TCP included, by estimate")]
    budget_bytes: Annotated[int, Meta(description="bytes a month; 0: no budget")]
    level: Annotated[LevelName, Meta(description="what is done without; each level includes those before it")]
    since: Annotated[datetime | None, Meta(description="since when, by the box's wall clock; null: always")] = None
    resets: Annotated[datetime | None, Meta(description="when it begins anew; null: the clock has never told")] = None


class BoxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole box at one moment."""

    box: Annotated[str, Meta(description="box id")]
    name: Annotated[str, Meta(description="name of the place")]
    version: Annotated[str, Meta(description="version of the agent")]
    at: Annotated[datetime, Meta(description="now, by the box's wall clock")]
    started: Annotated[datetime, Meta(description="when the agent started, by the box's wall clock")]
    uptime_s: Annotated[float, Meta(description="seconds since the agent started")]
    hub: Annotated[str, Meta(description="host:port of the broker")]
    connected: Annotated[bool, Meta(description="whether a connection to the broker stands")]
    connected_since: Annotated[datetime, Meta(description="since when it stands, or does not")]
    connects: Annotated[int, Meta(description="connections since the agent started")]
    last_error: Annotated[str, Meta(description="why the last attempt failed, 中文 / English; empty once connected")]
    last_error_code: Annotated[str, Meta(description="the same as a stable code")]
    held: Annotated[str, Meta(description="refusal of the broker over which everything is held back; empty: none")]
    in_flight: Annotated[int, Meta(description="messages sent and not acknowledged by the hub")]
    sent_bytes: Annotated[int, Meta(description="MQTT bytes sent, without TLS and TCP")]
    received_bytes: Annotated[int, Meta(description="MQTT bytes received, without TLS and TCP")]
    clock: Annotated[ClockState, Meta(description="whether the machine's clock is synchronised")]
    offset_s: Annotated[float | None, Meta(description="true time minus wall clock; null: unknown")]
    stream: Annotated[str, Meta(description="current stream, ULID")]
    streams_kept: Annotated[int, Meta(description="streams of which something is kept")]
    oldest_waiting_s: Annotated[float, Meta(description="age of the oldest event that waits, seconds; 0: none waits")]
    lanes: dict[Lane, LaneStatus]
    store: StoreUse
    emitted: Annotated[dict[str, int], Meta(description="events stored since the start, by kind")]
    suppressed: Annotated[dict[str, int], Meta(description="alarms that the rules suppressed, by reason")]
    evicted: Annotated[dict[str, int], Meta(description="rows deleted by age or for want of room, by lane")]
    counters: Annotated[dict[str, int], Meta(description="sent, resent, refused, parked, strange_acks, renewed")]
    board_revision: Annotated[int, Meta(description="revision of the notice board; 0: none yet")]
    config_hash: Annotated[str, Meta(description="SHA-256 of the configuration, without secrets")]
    devices: tuple[DeviceStatus, ...]
    data: Annotated[DataStatus | None, Meta(description="null: of an agent that does not count")] = None
    certificate_ends: Annotated[
        datetime | None,
        Meta(description="when the certificate that the hub gave it ends; null: it has none of the hub's"),
    ] = None


async def snapshot(report: HealthReport, scrub: Scrub) -> BoxStatus:
    """How the box is now. Raises what the store raises when it does not answer: sqlite3.Error, ValueError."""
    use = await report.store_use()
    birth, health = report.birth(), await report.health()
    link, tally = report.link, report.tally()
    current = next(stream for stream in health.streams if stream.current)
    return BoxStatus(
        box=birth.box,
        name=birth.name,
        version=birth.version,
        at=health.at,
        started=birth.started,
        uptime_s=health.uptime_s,
        hub=link.broker,
        connected=link.connected,
        connected_since=link.since,
        connects=link.connects,
        last_error=scrub(link.last_error or ""),
        last_error_code=link.last_error_code or "",
        held=scrub(report.held),
        in_flight=report.in_flight,
        sent_bytes=link.bytes_sent,
        received_bytes=link.bytes_received,
        clock=health.clock,
        offset_s=health.offset_s,
        stream=current.stream,
        streams_kept=len(health.streams),
        oldest_waiting_s=health.oldest_waiting_s,
        lanes={lane: _lane(lane, health, current) for lane in LANES},
        store=use,
        emitted={KIND_OF.get(name, name): count for name, count in tally.emitted.items()},
        suppressed=dict(tally.suppressed),
        evicted={lane: count for lane, count in tally.evicted.items() if count},
        counters=dict(tally.uplink),
        board_revision=birth.board_revision,
        config_hash=birth.config_hash,
        data=_data(report.budget),
        certificate_ends=_certificate_ends(report),
        devices=_devices(report, birth.devices, health.devices, scrub),
    )


def _lane(lane: Lane, health: Health, current: StreamNumbers) -> LaneStatus:
    numbers = current.lanes.get(lane, _UNUSED)
    return LaneStatus(
        waiting=health.waiting.get(lane, 0),
        oldest_kept=numbers.oldest_kept,
        oldest_unacked=numbers.oldest_unacked,
        next=numbers.next,
    )


def _certificate_ends(report: HealthReport) -> datetime | None:
    record = Identity.of_store(Path(report.loaded.config.store.dir)).record()
    return record.expires if record is not None else None


def _data(budget: DataBudget) -> DataStatus:
    account = budget.account
    return DataStatus(
        used_bytes=account.used_bytes,
        budget_bytes=budget.plan.budget_bytes,
        level=LEVEL_NAMES[account.level],
        since=account.since,
        resets=budget.resets,
    )


def _devices(
    report: HealthReport, infos: tuple[DeviceInfo, ...], healths: tuple[DeviceHealth, ...], scrub: Scrub
) -> tuple[DeviceStatus, ...]:
    """Those that run, and those that are configured and switched off: a dark camera may simply be disabled."""
    restarts = report.tally().restarts
    health_of = {health.id: health for health in healths}
    running = [
        DeviceStatus(
            id=info.id,
            name=info.name,
            driver=info.driver,
            state=health.state,
            reason=health.reason,
            detail=scrub(health.detail),
            since=health.since,
            restarts=restarts.get(info.id, 0),
            info={key: scrub(value) for key, value in info.info.items()},
        )
        for info in infos
        if (health := health_of.get(info.id)) is not None  # a reload may come in between
    ]
    off = [
        DeviceStatus(id=device, name=settings.name, driver=settings.driver, state="disabled")
        for device, settings in report.loaded.config.device.items()
        if not settings.enabled
    ]
    return (*running, *off)
