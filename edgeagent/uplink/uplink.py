"""Sends one message after the other, as far as window and broker allow, and hears what broker and hub say of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import NamedTuple

from edgeagent.driver import OutboxFull
from edgeagent.outbox import Outbox, Row
from edgeagent.uplink.message import Message
from edgeagent.uplink.pace import Pace
from edgeagent.uplink.packer import Packer
from edgeagent.uplink.queue import URGENT, Queue
from edgeagent.uplink.suspect import Suspect
from edgeagent.uplink.unheard import Unheard
from edgeagent.uplink.window import Flight, Window
from gridwire.events import EVENT_LANES, LANES, TYPE_OF, Gap, Lane
from gridwire.limits import MAX_EVENT_BYTES, MAX_PICTURE_BYTES
from gridwire.messages import Ack
from gridwire.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    MqttClient,
    NotConnected,
    PacketTooLarge,
    ReasonCode,
    Session,
    WindowFull,
)
from gridwire.ranges import RangeSet
from gridwire.systemd import Rounds

log = logging.getLogger(__name__)

_HEADER_BYTES = 300
"""Topic, properties and fixed header of a PUBLISH, generously."""
_REFUSED_FOR_GOOD = {0x95, 0x99}
"""Packet too large, Payload format invalid (MQTT 5, 2.4): another try of the same message changes nothing."""
_GAP = f'"{TYPE_OF[Gap]}"'.encode()
_HOLD_S = 30.0
"""Pause after a refusal that a person can mend (not authorised, quota): an ACL typo must not empty the outbox."""
_ABSENT_S = 5.0
"""Pause while nobody subscribes at the broker."""
_TICK_S = 0.5


class Refusal(NamedTuple):
    """Why nothing is being sent, for health and status page. `until`: monotonic seconds."""

    reason: str
    until: float


class Uplink:
    """One outbox to one broker. `connected` and `disconnected` come from the link, `acknowledged` from the downlink."""

    def __init__(self, outbox: Outbox, client: MqttClient, county: str, box: str, resend_after_s: float) -> None:
        self.queue = Queue()
        self._unheard = Unheard()
        self._packer = Packer(outbox, self.queue, self._unheard, county, box)
        self.window = Window(resend_after_s)
        self.pace = Pace()
        self.suspect = Suspect()
        self.refusal: Refusal | None = None
        self.heard_s: float | None = None
        """When the hub has last acknowledged anything; monotonic seconds."""
        self.counters = {"sent": 0, "resent": 0, "refused": 0, "parked": 0, "strange_acks": 0, "renewed": 0}
        self._outbox, self._client = outbox, client
        self._sent: dict[Lane, RangeSet] = {lane: RangeSet() for lane in LANES}
        self._payload_max_bytes = MAX_PICTURE_BYTES
        self._up = self._pictures_held = False
        self._accepted = True
        """Whether the broker has taken anything since a message was parked: else it is the broker that is odd."""
        self._wake = asyncio.Event()
        self._parking: set[asyncio.Task[None]] = set()
        self.rounds = Rounds(self._wake)
        outbox.on_commit = self._committed

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self.rounds.came()
            while self._up and not self._is_held() and await self._send_next():
                self.rounds.came()

    async def tick(self) -> None:
        """Look at the time, for ever: is a message to go again, is a pause over?"""
        while True:
            await asyncio.sleep(_TICK_S)
            self._packer.forget()  # rows that have been read may be deleted meanwhile
            flight = self.window.due(time.monotonic()) if self._up else None
            if flight is not None:
                self._send_again(flight)
            if flight is not None or self.refusal is not None:
                self._wake.set()
            if self._up and not self._is_held():
                self._try_suspect(time.monotonic())
            if self._up and self.window.urgent_is_stuck(time.monotonic()):
                self._renew()

    def _send_again(self, flight: Flight) -> None:
        """The hub has not answered; of pictures those behind it have their turn first."""
        self.window.remove(flight)
        n = flight.rows.first
        if flight.lane == "media" and n is not None and self._unheard.unanswered(n, flight.size):
            log.error("picture %d of %d bytes never reaches the hub: given up", n, flight.size)
            self._park("media", n)
            return
        self.counters["resent"] += 1
        self.queue.again(flight.lane, flight.rows.runs())

    def _renew(self) -> None:
        """On a new connection the call for help goes first."""
        log.warning("a call for help is stuck on this connection: beginning a new one")
        self.counters["renewed"] += 1
        now = time.monotonic()
        for flight in self.window.flights:
            if flight.lane == "media" and flight.puback_at is None:
                self.pace.note(flight.size, now - flight.sent_at)  # at most that fast
        self.suspect.forgive()
        self._client.renew()

    def _try_suspect(self, now: float) -> None:
        """All else has gone: is it this message that the broker ends the connection over?"""
        message = self.suspect.due(now)
        if message is None or self._client.free_slots == 0 or (message.lane == "media" and self._pictures_held):
            return
        settled = self._outbox.book.lanes[message.lane].settled
        if all(row.n in settled and row.n not in self.queue.asked[message.lane] for row in message.rows):
            self.suspect.forget(message)
        else:
            self._publish(message)
        self._wake.set()

    # -- what others tell ----------------------------------------------------------------------------------------

    def connected(self, session: Session) -> None:
        """A connection stands: whatever is unsettled goes, again if need be.

        A pause after a refusal goes on: some brokers disconnect whom they refuse, and would be asked without end.
        """
        self._payload_max_bytes = session.maximum_packet_size - _HEADER_BYTES
        self._packer.begin(self._payload_max_bytes)
        self.window.clear()
        self.queue.restart({lane: book.unsettled() for lane, book in self._outbox.book.lanes.items()})
        self.suspect.connected(time.monotonic())
        for held in self.suspect.held:
            self.queue.hold_back(held.lane, held.numbers().runs())
        self._up = True
        self._wake.set()

    def disconnected(self) -> None:
        self._up = False
        self.window.clear()
        message = self.suspect.broke(time.monotonic())
        if message is not None:
            flight = Flight(message.lane, message.numbers(), len(message.payload))
            why = "the broker ends the connection over its size"
            self._refused_for_good(message, flight, why, is_sure=True)

    def acknowledged(self, ack: Ack) -> None:
        """The hub has these. Honoured only for numbers that this process has sent: whoever else they belong to,

        a cloned disk or a file restored from a backup must not free what the hub has never seen. Numbers that do not
        exist are counted as strange; those that a process before this one has sent are not, they will go again.
        """
        self.heard_s = time.monotonic()
        settled: list[tuple[int, int]] = []
        for first, last in ack.ranges:
            rows = self._outbox.book.rows_of(ack.stream, ack.lane, first, last)
            known = RangeSet([rows] if rows is not None else [])
            self.counters["strange_acks"] += max(last - first + 1 - known.count(), 0)
            if rows is not None:
                for unsent in self._sent[ack.lane].missing_between(*rows).runs():
                    known.remove_range(*unsent)
            settled += known.runs()
        for low, high in settled:
            self._outbox.settle(ack.lane, low, high)
            self.queue.settled(ack.lane, low, high)
        for flight in self.window.flights if ack.lane == "media" else ():
            n = flight.rows.first
            if flight.lane == "media" and n is not None and any(low <= n <= high for low, high in settled):
                self._unheard.heard(n, flight.size)
        if settled and self.window.settled(ack.lane, settled, time.monotonic()):
            self.queue.demote()
        self._wake.set()

    def replay(self, stream: str, lane: Lane, ranges: Iterable[tuple[int, int]]) -> int:
        """The hub misses these: send again what is still kept. Gives how many rows that is at most."""
        rows = RangeSet()
        for first, last in ranges:
            found = self._outbox.book.rows_of(stream, lane, first, last)
            if found is not None:
                rows.add_range(*found)
        return self.again(lane, rows)

    def again(self, lane: Lane, rows: RangeSet) -> int:
        """Send these row numbers again as far as they are kept, now or with the next connection; gives how many."""
        gone, kept = self._outbox.book.lanes[lane].gone, RangeSet()
        for first, last in rows.runs():
            kept.merge(gone.missing_between(first, last))
        self.queue.ask(lane, kept)
        self._wake.set()
        return kept.count()

    def is_asked(self, lane: Lane, n: int) -> bool:
        """Whether a row is to go again by order, and the hub has not acknowledged it since."""
        return n in self.queue.asked[lane]

    @property
    def picture_max_bytes(self) -> int:
        """The largest picture that the line takes within seconds, and that the broker takes at all, as far as known."""
        limit = min(self.pace.picture_max_bytes, self._payload_max_bytes)
        known = self.suspect.too_large_bytes
        return limit if known is None else min(limit, known - 1)

    def hold_pictures(self, hold: bool) -> None:
        """Whether pictures stay here for now; all else goes as ever."""
        self._pictures_held = hold
        self._wake.set()

    def _committed(self, rows: list[Row]) -> None:
        if self._up:
            self.queue.offer(rows)
            self._wake.set()

    # -- sending -------------------------------------------------------------------------------------------------

    def _is_held(self) -> bool:
        if self.refusal is not None and time.monotonic() >= self.refusal.until:
            self.refusal = None
        return self.refusal is not None

    async def _send_next(self) -> bool:
        """Send one message; false when there is nothing to send or no room for it."""
        if self._client.free_slots == 0:
            return False
        lanes = EVENT_LANES if self.window.has_room(MAX_EVENT_BYTES) else URGENT
        if not self._packer.has_any(lanes, picture=self._has_room_for_a_picture()):
            return False
        message = await self._packer.next(lanes)
        if message is not None and self._up:  # the link may have gone while rows were read
            self._publish(message)
        return True

    def _has_room_for_a_picture(self) -> bool:
        """One at a time; none while they are held here, or one of them is suspect."""
        held = self._pictures_held or self.suspect.holds_pictures
        return not held and not self.window.has_picture() and self.window.has_room(MAX_PICTURE_BYTES)

    def _publish(self, message: Message) -> None:
        numbers = message.numbers()
        flight = Flight(message.lane, numbers, len(message.payload), time.monotonic())
        try:
            done = self._client.publish(message.topic, message.payload, content_type=message.content_type)
        except PacketTooLarge as error:
            self._refused_for_good(message, flight, str(error), is_sure=True)
            return
        except (NotConnected, WindowFull):
            self.queue.again(message.lane, numbers.runs())
            return
        self.counters["sent"] += len(message.rows)
        self._sent[message.lane].merge(numbers)
        self.window.add(flight)
        self.suspect.sent(message, flight.sent_at)
        done.add_done_callback(lambda future: self._answered(future, flight, message))

    def _answered(self, future: asyncio.Future[ReasonCode], flight: Flight, message: Message) -> None:
        """The broker's PUBACK, or the end of the connection (then the next one begins anew)."""
        if future.cancelled() or future.exception() is not None:
            return
        reason = future.result()
        self.suspect.answered(message)
        self._wake.set()
        if reason.value == NO_MATCHING_SUBSCRIBERS:
            # The broker takes it and throws it away: the hub has never been there, or its session has expired.
            self._hold(flight, "no hub is listening at this broker", _ABSENT_S)
            return
        if not reason.is_failure:
            self._accepted = True
            now = time.monotonic()
            self.window.arrived(flight, now)
            if flight.lane == "media":
                self.pace.note(flight.size, now - flight.sent_at)
            return
        self.counters["refused"] += 1
        self.window.remove(flight)
        if reason.value in _REFUSED_FOR_GOOD:
            self._refused_for_good(message, flight, str(reason), is_sure=False)
        else:
            self._hold(flight, str(reason), _HOLD_S)

    def _hold(self, flight: Flight, reason: str, pause_s: float) -> None:
        """Take it back and send nothing for a while."""
        if self.refusal is None:
            log.error("the broker refuses: %s; holding everything back for %.0f s", reason, pause_s)
        self.window.remove(flight)
        self.queue.again(flight.lane, flight.rows.runs())
        self.refusal = Refusal(reason, time.monotonic() + pause_s)

    def _refused_for_good(self, message: Message, flight: Flight, why: str, *, is_sure: bool) -> None:
        """A batch is tried again event by event; a single one that the broker will never take is parked, with a gap.

        A broker that takes nothing at all must not empty the outbox either, nor fill it with gaps about gaps: then
        everything is held back. `is_sure`: the broker's limit on size says so, not only its answer.
        """
        if len(message.rows) > 1:
            self._packer.send_singly(message.lane, message.numbers())
            self._wake.set()
            return
        if _GAP in message.rows[0].body or not (is_sure or self._accepted):
            self._accepted = True  # after the pause one more may be parked, so that none blocks the others for ever
            self._hold(flight, why, _HOLD_S)
            return
        self._accepted = is_sure
        log.error("parked for good: lane %s row %d: %s", message.lane, message.rows[0].n, why)
        self._park(message.lane, message.rows[0].n)

    def _park(self, lane: Lane, n: int) -> None:
        """Give a row up, with a gap."""
        self.counters["parked"] += 1
        self.queue.settled(lane, n, n)  # asked for again or not: it will not go
        task = asyncio.create_task(self._give_up(lane, n))
        self._parking.add(task)
        task.add_done_callback(self._parking.discard)

    async def _give_up(self, lane: Lane, n: int) -> None:
        try:
            await self._outbox.give_up(lane, [(n, n)], "refused")
        except OutboxFull as problem:  # unsettled as it is, it is tried again with the next connection
            log.error("parked, but not declared yet: %s", problem)
