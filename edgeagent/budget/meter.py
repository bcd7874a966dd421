"""Reads the meter of the link for the data budget, and has the account outlive this process; rarely, for the flash."""

from __future__ import annotations

import asyncio
import logging
import time
from zoneinfo import ZoneInfo

from edgeagent.budget.account import Plan, Traffic
from edgeagent.budget.budget import DataBudget
from edgeagent.clock import Clock
from edgeagent.config import Config
from edgeagent.driver import OutboxFull
from edgeagent.outbox import Outbox
from gridwire.mqtt import MqttClient

log = logging.getLogger(__name__)

MEMORY_KEY = "data"
COUNT_EVERY_S = 10.0
SAVE_EVERY_S = 300.0
_MIB = 2**20


class Meter:
    """Owns the budget. `run` counts until cancelled; `stop` counts and saves a last time."""

    def __init__(self, config: Config, client: MqttClient, outbox: Outbox, clock: Clock) -> None:
        hub = config.hub
        plan = Plan(hub.data_mb_per_month * _MIB, hub.data_reset_day, ZoneInfo(config.timezone))
        self._client, self._outbox, self._clock = client, outbox, clock
        self.budget = DataBudget(plan, hub.keepalive_s, outbox.recall(MEMORY_KEY), self._traffic())
        self._saved, self._saved_s = self.budget.account, time.monotonic()

    def move(self, timezone: str) -> None:
        """Months are those of another time zone."""
        self.budget.plan = self.budget.plan._replace(zone=ZoneInfo(timezone))

    def count(self) -> None:
        self.budget.count(self._traffic(), self._clock.stamp(), connected=self._client.connected)

    async def run(self) -> None:
        while True:
            self.count()
            if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
                await self._save()
            await asyncio.sleep(COUNT_EVERY_S)

    async def stop(self) -> None:
        self.count()
        await self._save()

    async def _save(self) -> None:
        self._saved_s = time.monotonic()
        account = self.budget.account
        if account == self._saved:
            return
        try:
            await self._outbox.remember({MEMORY_KEY: self.budget.to_bytes()})
        except OutboxFull as problem:
            log.warning("the data account is not saved: %s", problem)
        else:
            self._saved = account

    def _traffic(self) -> Traffic:
        state = self._client.state
        return Traffic(
            state.bytes_sent + state.bytes_received, state.messages_sent + state.messages_received, state.counter
        )
