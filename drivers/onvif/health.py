"""Says how the camera is, once for each change, and since when nobody watched it."""

from __future__ import annotations

import logging
from datetime import datetime

from drivers.onvif.client import Refusal
from edgeagent.driver import Device, DriverProblem, OutboxFull

_log = logging.getLogger(__name__)
MAX_DETAIL_CHARS = 512
# Codes that say the same to a person.
_SAME_REASON = {"hung-up": "unreachable", "bad-http": "not-onvif", "bad-xml": "not-onvif", "too-large": "not-onvif",
                "fault": "no-events", "no-slot": "no-events"}  # fmt: skip


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


class Health:
    """`last_seen`: the last moment at which the subscription was surely alive."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._said: tuple[str, str] | None = None
        self.last_seen: datetime | None = None

    @property
    def is_up(self) -> bool:
        return self._said == ("up", "")

    async def up(self) -> None:
        await self._say("up", "", "")

    async def down(self, problem: DriverProblem) -> None:
        detail = problem.text(self._device.language)[:MAX_DETAIL_CHARS]
        await self._say("down", reason_of(problem), detail)

    async def _say(self, state: str, reason: str, detail: str) -> None:
        if self._said == (state, reason):
            return
        _log.info("%s: %s %s %s", self._device.id, state, reason, detail)
        try:
            if state == "up":
                await self._device.report("up")
            else:
                await self._device.report("down", reason, detail, last_seen=self.last_seen)
        except OutboxFull as full:
            # Not said, so it is said again at the next occasion.
            _log.warning("%s: %s", self._device.id, full)
            return
        self._said = (state, reason)


def reason_of(problem: DriverProblem) -> str:
    """Stable reason for machines."""
    if isinstance(problem, Refusal):
        return problem.reason
    name = problem.code.rpartition(".")[2]
    return _SAME_REASON.get(name, name)
