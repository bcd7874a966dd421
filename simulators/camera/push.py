"""Base notification (WS-BaseNotification 1.3, Subscribe and Notify): the camera posts to its consumer's address.

The same slots, queues and subscription addresses as pull points; only the camera does the carrying.
"""

import asyncio
from urllib.parse import urlsplit

from simulators.camera.eventxml import notification_message
from simulators.camera.pullpoints import PullPoint
from simulators.camera.soap import CONTENT_TYPE, element, envelope, leaf
from simulators.camera.state import CameraState

NOTIFY_ACTION = "http://docs.oasis-open.org/wsn/bw-2/NotificationConsumer/Notify"
POST_TIMEOUT_S = 5.0
RETRY_S = 1.0
_AT_ONCE = 20


class NotLoopback(Exception):
    """The consumer is not on this machine: a simulator posts nowhere else."""


def check_consumer(address: str) -> None:
    """Raise NotLoopback unless it is an http address on 127.0.0.1."""
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1" or not parts.port:
        raise NotLoopback(address)


async def keep_pushing(state: CameraState, point: PullPoint, consumer: str, thawed: asyncio.Event) -> None:
    """Post what is queued, in order, until the subscription ends; what fails is tried again."""
    while not point.ended:
        left_s = point.expires_s - state.monotonic_s()
        if left_s <= 0:
            state.pull_points.live()  # takes the expired one away
            return
        # Not through wait(): pushing does not keep a subscription alive, Renew does.
        await point.arrival(left_s)
        await thawed.wait()
        taken = point.take(_AT_ONCE)
        if not taken:
            continue
        body = element("wsnt:Notify", *(notification_message(sent, state.config.quirks) for sent in taken))
        try:
            await _post(consumer, envelope(body, leaf("wsa:Action", NOTIFY_ACTION) + leaf("wsa:To", consumer)))
        except (OSError, TimeoutError, EOFError):
            point.put_back(taken)
            await asyncio.sleep(RETRY_S)
        else:
            state.count_pulled(taken, 1)


async def _post(address: str, body: bytes) -> None:
    """Raises OSError, TimeoutError or EOFError when it was not taken with a 2xx."""
    parts = urlsplit(address)
    head = (
        f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    async with asyncio.timeout(POST_TIMEOUT_S):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(head.encode() + body)
            status = await reader.readline()
        finally:
            writer.close()
    if not status.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
        raise EOFError("the consumer did not take it")
