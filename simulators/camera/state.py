"""What one camera knows and its services share: configuration, clock, properties, subscriptions, raised alarms."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from simulators.camera.config import CameraConfig
from simulators.camera.pullpoints import PullPoint, PullPoints
from simulators.camera.raised import Raised
from simulators.camera.times import CameraClock
from simulators.camera.topics import ALARMS, Notification, at_rest, notification

EVENT_PATH = "/onvif/event_service"
OTHER_HOST = "192.0.2.64:8106"
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
RESET_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


class CameraState:
    """No I/O; `port` and `rtsp_port` are filled in when the servers have them. The services call `on_reboot`
    when a client asks for one, `on_subscribe` when it gives an address to post to."""

    def __init__(self, config: CameraConfig) -> None:
        self.config = config
        self.port = 0
        self.rtsp_port = 0
        self.event_port = 0
        """Of the events only, with `other_port`; 0: they have none of their own."""
        self.started_s = 0.0
        """When it began to answer after its last start, in monotonic seconds."""
        self.boots = 1
        self.clock = CameraClock(config.clock_offset_s)
        self._begin_clock()
        self.pull_points = PullPoints(config.slots, self.monotonic_s)
        self.raised: list[Raised] = []
        self.active: dict[str, str] = {}
        self._sources = 0
        self.on_reboot: Callable[[], None] = lambda: None
        self.on_subscribe: Callable[[PullPoint, str], None] = lambda point, consumer: None
        self._properties = {n.identity: n for n in at_rest(self.clock.now())}

    def address(self, path: str) -> str:
        """An address as this camera announces it."""
        if path == EVENT_PATH and self.event_port:
            return self.subscription_address(path)
        return f"http://{OTHER_HOST if 'nat_address' in self.config.quirks else self._host()}{path}"

    def subscription_address(self, path: str) -> str:
        host = f"127.0.0.1:{self.event_port}" if self.event_port else self._host()
        return f"http://{OTHER_HOST if 'wrong_address' in self.config.quirks else host}{path}"

    def _host(self) -> str:
        if "loopback_address" in self.config.quirks:
            return "127.0.0.1:9"
        port = f"{self.port}:{self.port}" if "double_port" in self.config.quirks else str(self.port)
        return f"127.0.0.1:{port}"

    def monotonic_s(self) -> float:
        """The clock of subscriptions; setting the camera's clock does not move it."""
        return time.monotonic()

    def properties(self) -> list[Notification]:
        """Present state of all properties, as Initialized."""
        return [n.initialized() for n in self._properties.values()]

    def raise_alarm(self, kind: str, active: bool) -> Raised:
        """Turn an alarm on or off (a pulse is sent whatever `active` says). Raises KeyError for an unknown kind."""
        topics = ALARMS[kind]
        number = len(self.raised) + 1
        if active:
            object_id = str(number)
            self.active[kind] = object_id
        else:
            object_id = self.active.pop(kind, str(number))
        now = self.clock.now()
        sent = [notification(t, active=active, object_id=object_id, time=now, number=number) for t in topics]
        if any(topic.values is None for topic in topics):
            self.active.pop(kind, None)
        return self._record(kind, active, sent)

    def send_raw(self, sent: Notification) -> Raised:
        """Send anything; with an operation it is remembered as a property. The number is given here."""
        return self._record(sent.topic, True, [replace(sent, number=len(self.raised) + 1)])

    def count_pulled(self, taken: Sequence[Notification], step: int) -> None:
        """Note in the raised records that these were carried away (+1) or came back (-1)."""
        for number in {sent.number for sent in taken if sent.number}:
            self.raised[number - 1].pulled += step

    def restart(self, clock_offset_s: float | None) -> None:
        """What a power cycle does: subscriptions gone, properties keep what the world shows."""
        self.boots += 1
        self.pull_points.clear()
        self._begin_clock()
        if "reboot_resets_clock" in self.config.quirks:
            self.clock.offset_s = (RESET_MOMENT - datetime.now(UTC)).total_seconds()
        if clock_offset_s is not None:
            self.clock.offset_s = clock_offset_s

    def _begin_clock(self) -> None:
        if "clock_in_1970" in self.config.quirks:
            self.clock.offset_s = (FIRST_MOMENT - datetime.now(UTC)).total_seconds()

    def _record(self, kind: str, active: bool, sent: list[Notification]) -> Raised:
        for one in sent:
            self._remember(one)
        if "pulses" in self.config.quirks and not active:
            sent = []
        subscribed = self.pull_points.publish([copy for one in sent for copy in self._as_sent(one)])
        record = Raised(
            number=len(self.raised) + 1,
            kind=kind,
            topics=tuple(one.topic for one in sent),
            active=active,
            monotonic_s=time.monotonic(),
            time=datetime.now(UTC),
            subscribed=subscribed,
        )
        self.raised.append(record)
        return record

    def _remember(self, sent: Notification) -> None:
        # A keyed property lives only as long as its object: kept for ever, they would grow without end.
        gone = sent.operation == "Deleted" or (bool(sent.key) and sent.data[-1:] and sent.data[-1][1] == "false")
        if gone:
            self._properties.pop(sent.identity, None)
        elif sent.operation is not None:
            self._properties[sent.identity] = sent

    def _as_sent(self, sent: Notification) -> list[Notification]:
        quirks = self.config.quirks
        if "always_initialized" in quirks and sent.operation == "Changed":
            sent = replace(sent, operation="Initialized")
        if "pulses" in quirks:
            sent = replace(sent, data=(("ObjectId", str(sent.number)),), operation=None)
        if "endless_sources" in quirks:
            self._sources += 1
            sent = replace(sent, source=(("Source", f"Source_{self._sources}"), *sent.source[1:]))
        return [sent] * (3 if "repeats" in quirks else 1)
