"""The second rung: base notification. The camera posts what happens to our letterbox; we only keep it subscribed.

Nothing here proves that the camera can reach us until its first post has come: before that it counts as without
events. A camera whose Renew fails is unsubscribed and subscribed again instead. OASIS WS-BaseNotification 1.3.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from datetime import UTC, datetime
from typing import NoReturn
from xml.sax.saxutils import escape

from drivers.devicehttp.request import HttpProblem
from drivers.onvif.client import Client
from drivers.onvif.health import Health, NoEvents, SubscriptionLost
from drivers.onvif.ladder.letterbox import Letterbox, Post
from drivers.onvif.ladder.listener import Batch, Listener
from drivers.onvif.ladder.pullpoints import PullPoints
from drivers.onvif.ladder.slot import Slot
from drivers.onvif.soap import ADDRESSING, BW, WSNT, SoapFault
from drivers.safexml import Element
from gridwire.problem import Both

_SUBSCRIBE = f"{BW}/NotificationProducer/SubscribeRequest"
# Of the lifetime; so a Renew may fail once.
RENEW_AFTER = 0.4
# A camera that cannot renew gets a new subscription shortly before the old one ends.
RESUBSCRIBE_AFTER = 0.9
# Some cameras tell how everything stands only when they are asked to.
ASK_S = 2.0
# A new subscription is followed by how everything stands; what is not named by then is not there.
SYNC_S = 10.0
# So long after subscribing nothing has been heard at all: our address may not be reachable from there.
HEARD_WITHIN_S = 30.0
_log = logging.getLogger(__name__)


class NothingHeard(NoEvents):
    code = "onvif.nothing-heard"
    en = "the camera took our subscription, but nothing has arrived at {address}: {why}"
    zh = "摄像机接受了订阅，但没有任何通知到达 {address}：{why}"


class Notifying:
    """Keeps one camera posting into one letterbox. `check_s`: seconds between two signs of life."""

    def __init__(
        self, client: Client, slot: Slot, points: PullPoints, health: Health, listener: Listener, *, check_s: float
    ) -> None:
        self._client = client
        self._slot = slot
        self._points = points
        self._health = health
        self._listener = listener
        self._check_s = check_s
        self._renews = True
        self._heard = False
        self._posts = 0
        self._sync_until_s = math.inf
        self._ask_at_s = self._renew_at_s = 0.0

    async def subscribe(self, service_url: str, box: Letterbox) -> None:
        """A new subscription; the old one must have been ended. Raises what `Client.call` raises."""

        async def ask(termination: str) -> Element:
            body = (
                f'<Subscribe xmlns="{WSNT}"><ConsumerReference><Address xmlns="{ADDRESSING}">{escape(box.address)}'
                f"</Address></ConsumerReference><InitialTerminationTime>{termination}</InitialTerminationTime>"
                "</Subscribe>"
            )
            return await self._client.call(service_url, body, expect="SubscribeResponse", action=_SUBSCRIBE)

        await self._slot.open(ask, service_url)
        share = RENEW_AFTER if self._renews else RESUBSCRIBE_AFTER
        self._renew_at_s = time.monotonic() + share * self._slot.lifetime_s
        self._ask_at_s = time.monotonic() + ASK_S
        self._sync_until_s, self._posts = time.monotonic() + SYNC_S, 0
        self._listener.begin_sync()

    async def run(self, service_url: str, box: Letterbox) -> NoReturn:
        """Until the subscription is lost. Raises `SubscriptionLost`, `Refusal`, faults and transport problems."""
        begun_s = check_at_s = time.monotonic()
        while True:
            await self._take_posts(box, min(check_at_s, self._ask_at_s, self._renew_at_s, self._sync_until_s))
            now_s = time.monotonic()
            if now_s >= self._ask_at_s:
                self._ask_at_s = math.inf
                if not self._posts and self._slot.held is not None:
                    await self._points.synchronize(self._slot.held)
            if now_s >= self._sync_until_s:
                self._sync_until_s = math.inf
                if self._posts:
                    await self._listener.synced()
            if now_s >= check_at_s:
                check_at_s = now_s + self._check_s
                await self._check()
            if now_s >= self._renew_at_s:
                await self._prolong(service_url, box)
            if not self._heard and now_s - begun_s > HEARD_WITHIN_S:
                await self._health.degraded(NothingHeard(address=_place(box.address), why=Both("网络？", "network?")))

    async def _take_posts(self, box: Letterbox, until_s: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, until_s - time.monotonic())):
                post = await box.posts.get()
        except TimeoutError:
            return
        await self._take(post)

    async def _take(self, post: Post) -> None:
        arrived = datetime.now(UTC)
        self._heard, self._posts = True, self._posts + 1
        stored = False
        try:
            await self._health.up()
            if post.notifications:
                await self._listener.deliver(Batch(post.notifications, self._health.last_seen))
            stored = True
        finally:
            post.stored.set_result(stored)
        self._health.last_seen = arrived

    async def _check(self) -> None:
        """A sign of life; a camera that has been away is subscribed anew, for it may have been restarted."""
        try:
            await self._client.read_open_clock()
        except HttpProblem:
            await asyncio.sleep(1.0)
            await self._client.read_open_clock()
        if self._heard:
            await self._health.up()

    async def _prolong(self, service_url: str, box: Letterbox) -> None:
        if self._renews:
            try:
                await self._slot.renew()
            except SoapFault as fault:
                if not fault.not_supported:
                    self._slot.forget()
                    raise SubscriptionLost(why=str(fault)) from fault
                self._renews = False
            except HttpProblem as problem:
                self._renews = False
                _log.info("no Renew at %s any more: %s", self._client.device_url, problem)
                raise
            else:
                self._health.last_seen = datetime.now(UTC)
                self._renew_at_s = time.monotonic() + RENEW_AFTER * self._slot.lifetime_s
                return
        await self._slot.unsubscribe()
        await self.subscribe(service_url, box)


def _place(address: str) -> str:
    """Without the path: that is a secret."""
    return address.rpartition("/")[0]
