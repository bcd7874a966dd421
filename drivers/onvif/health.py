"""Says how the camera is, once for each change, and since when nobody watched it; a camera that flaps says less.

When it is down, `ladder` knows: while it is asked `pulling._endure`, where it has no subscription `ladder`.

The first changes are told at once. A camera that goes down again and again is called `up` only after it has been
steady for a while, so that a loose plug makes a few events and one long interval instead of thousands of short ones;
the interval begins where the first one began, so nothing that may have been missed is left out.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from drivers.onvif.client import Refusal
from edgeagent.driver import Device, DriverProblem, OutboxFull, State

_log = logging.getLogger(__name__)
MAX_DETAIL_CHARS = 512
# So many ways down within this time are flapping.
FLAPS = 3
FLAP_WINDOW_S = 600.0
# So long a flapping camera must be steady before it counts as up; twice as long each time it was not, up to the most.
HOLD_S = 60.0
MAX_HOLD_S = 600.0
# A camera that starts is refused, then silent, then odd: only a reason that lasts is told after another one.
SETTLED_S = 120.0
# Codes that say the same to a person.
_SAME_REASON = {"hung-up": "unreachable", "bad-http": "not-onvif", "bad-xml": "not-onvif", "too-large": "not-onvif",
                "fault": "no-events", "no-slot": "no-events", "nothing-heard": "no-events"}  # fmt: skip
# What comes and goes with a loose plug, a weak supply or a bad firmware; everything else is told at once.
_COMING_AND_GOING = frozenset({"refused", "timeout", "unreachable", "subscription-lost", "cut-short", "not-onvif"})


class NoEvents(DriverProblem):
    code = "onvif.no-events"
    en = "the camera offers no events to subscribe to: {why}"
    zh = "摄像机不提供可订阅的事件：{why}"


class NoSlot(DriverProblem):
    code = "onvif.no-slot"
    en = "all event subscriptions of the camera are taken (by other recorders?): {why}"
    zh = "摄像机的事件订阅名额已满（可能被其他录像机占用）：{why}"


class CutShort(DriverProblem):
    code = "onvif.cut-short"
    en = "the camera's answer stopped half-way: an event may be lost"
    zh = "摄像机的应答中途断开：可能丢失了事件"


class SubscriptionLost(DriverProblem):
    code = "onvif.subscription-lost"
    en = "the camera forgot our subscription (restarted?), subscribing again: {why}"
    zh = "摄像机丢失了订阅（可能重启过），正在重新订阅：{why}"


class Steadiness:
    """How long a camera must be well before that is believed. Pure: monotonic seconds come in."""

    def __init__(self) -> None:
        self._downs: deque[float] = deque(maxlen=FLAPS)
        self._hold_s = 0.0
        self._well_since_s: float | None = None

    def well(self, now_s: float) -> bool:
        """It answers; whether that is to be believed."""
        if self._well_since_s is None:
            self._well_since_s = now_s
        if now_s - self._well_since_s >= FLAP_WINDOW_S:
            self._hold_s = 0.0
        return now_s - self._well_since_s >= self._hold_s

    def ill(self, now_s: float) -> None:
        """It does not. Several of these without a `well` in between are one."""
        if self._well_since_s is None and self._downs:
            return
        self._well_since_s = None
        self._downs.append(now_s)
        if len(self._downs) == FLAPS and now_s - self._downs[0] < FLAP_WINDOW_S + self._hold_s:
            self._hold_s = min(MAX_HOLD_S, max(HOLD_S, 2 * self._hold_s))

    @property
    def doubted(self) -> bool:
        return self._hold_s > 0


class Health:
    """`last_seen`: the last moment at which the subscription was surely alive."""

    def __init__(self, device: Device, clock: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._clock = clock
        self._steadiness = Steadiness()
        self._said: tuple[str, str] | None = None
        self._said_s = 0.0
        self.last_seen: datetime | None = None

    async def up(self) -> None:
        """It is watched. Call it again and again: that is how a camera in doubt is believed at last."""
        if self._steadiness.well(self._clock()):
            await self._say("up", "", "")

    async def degraded(self, problem: DriverProblem) -> None:
        """It lives and gives pictures, but no events. The same holds."""
        if self._steadiness.well(self._clock()):
            await self._say("degraded", "no-events", self._detail(problem))

    async def down(self, problem: DriverProblem) -> None:
        now_s, reason = self._clock(), reason_of(problem)
        self._steadiness.ill(now_s)
        if self._merged(reason, now_s):
            return
        await self._say("down", reason, self._detail(problem))

    def _merged(self, reason: str, now_s: float) -> bool:
        """Whether another reason of the same coming and going is not worth an event of its own."""
        if self._said is None or self._said[0] != "down":
            return False
        if reason == "subscription-lost":
            return True
        same = {reason, self._said[1]} <= _COMING_AND_GOING
        return same and now_s - self._said_s < (MAX_HOLD_S if self._steadiness.doubted else SETTLED_S)

    def _detail(self, problem: DriverProblem) -> str:
        return problem.text(self._device.language)[:MAX_DETAIL_CHARS]

    async def _say(self, state: State, reason: str, detail: str) -> None:
        if self._said == (state, reason):
            return
        _log.info("%s: %s %s %s", self._device.id, state, reason, detail)
        try:
            if state == "down":
                await self._device.report("down", reason, detail, last_seen=self.last_seen)
            else:
                await self._device.report(state, reason, detail)
        except OutboxFull as full:
            # Not said, so it is said again at the next occasion.
            _log.warning("%s: %s", self._device.id, full)
            return
        self._said, self._said_s = (state, reason), self._clock()


def reason_of(problem: DriverProblem) -> str:
    """Stable reason for machines."""
    if isinstance(problem, Refusal):
        return problem.reason
    name = problem.code.rpartition(".")[2]
    return _SAME_REASON.get(name, name)
