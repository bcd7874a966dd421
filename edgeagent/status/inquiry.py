"""What the running agent tells about itself on the control socket: how it is, its settings, whether the hub answers.

For `edgeagent check`, `config diff` and `support-bundle`. Changes nothing; nothing that it tells is secret.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from edgeagent.control import Operation
from edgeagent.health import HealthReport
from edgeagent.outbox import Outbox
from edgeagent.status.scrub import Scrub
from edgeagent.status.state import snapshot
from edgeagent.uplink import Uplink
from gridwire.events import EVENT_LANES, Lane
from gridwire.ranges import RangeSet

LOOK_EVERY_S = 0.05


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """One event to the hub and its acknowledgement back. `tried` is false where there is no event yet."""

    tried: bool
    acknowledged: bool = False
    took_s: float = 0.0
    connected: bool = True


class RoundTripQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for the acknowledgement."""

    timeout_s: Annotated[float, Meta(ge=0.1, le=120)] = 20.0


class Inquiry:
    """Answers from the parts of the agent."""

    def __init__(self, report: HealthReport, outbox: Outbox, uplink: Uplink) -> None:
        self._report, self._outbox, self._uplink = report, outbox, uplink

    def operations(self) -> dict[str, Operation]:
        """By the names under which the control socket knows them."""
        return {"status": self.status, "config": self.config, "round_trip": self.round_trip}

    async def status(self, args: Mapping[str, object]) -> Mapping[str, object]:
        """`status`: the same as `/status.json`. `heard_s`: seconds since the hub's last acknowledgement, null: none."""
        report = self._report
        status = await snapshot(report, Scrub(report.loaded))
        heard_s = self._uplink.heard_s
        return {
            "status": msgspec.to_builtins(status),
            "heard_s": None if heard_s is None else round(time.monotonic() - heard_s, 1),
        }

    async def config(self, args: Mapping[str, object]) -> Mapping[str, object]:
        """The settings that are in force, secrets hidden, and the files that they are from."""
        loaded = self._report.loaded
        return {"config": loaded.redacted(), "hash": loaded.hash, "files": [str(file) for file in loaded.files]}

    async def round_trip(self, args: Mapping[str, object]) -> Mapping[str, object]:
        """Have one event go to the hub and wait until it is acknowledged.

        The newest that the hub has already goes once more: the hub knows it by its number, stores nothing, and
        acknowledges again. Where everything still waits, the oldest of that is on its way anyway.
        """
        asked = msgspec.convert(args, RoundTripQuestion)
        if not self._report.link.connected:
            return _plain(RoundTrip(tried=False, connected=False))
        found = self._event()
        if found is None:
            return _plain(RoundTrip(tried=False))
        started_s = time.monotonic()
        acknowledged = await self._wait(*found, asked.timeout_s)
        took_s = round(time.monotonic() - started_s, 2)
        return _plain(RoundTrip(tried=True, acknowledged=acknowledged, took_s=took_s))

    def _event(self) -> tuple[Lane, int] | None:
        """Lane and row of the event to watch; one that the hub has is sent again."""
        for lane in EVENT_LANES:
            unsettled = self._outbox.book.lanes[lane].unsettled()
            if unsettled:
                return lane, unsettled[0][0]
        for lane in EVENT_LANES:
            book = self._outbox.book.lanes[lane]
            kept = list(book.gone.missing_between(1, book.next - 1).runs())
            if kept:
                newest = kept[-1][1]
                self._uplink.again(lane, RangeSet([(newest, newest)]))
                return lane, newest
        return None

    async def _wait(self, lane: Lane, n: int, timeout_s: float) -> bool:
        book = self._outbox.book.lanes[lane]
        try:
            async with asyncio.timeout(timeout_s):
                # Looked at while a person waits: not worth an event of its own in the uplink.
                while n not in book.settled or self._uplink.is_asked(lane, n):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            return False
        return True


def _plain(trip: RoundTrip) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(trip)
    return plain
