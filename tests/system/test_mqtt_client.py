"""The MQTT client against a real mosquitto: what it promises when all is well, and when the broker dies or refuses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gridwire.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    SUCCESS,
    Message,
    MqttClient,
    MqttError,
    MqttSettings,
    NotConnected,
    PacketTooLarge,
    Session,
    SubscribeRefused,
    TlsSettings,
    Will,
    WindowFull,
)
from tests.certificates import Authority
from tests.mosquitto import Mosquitto, ServerTls, free_port

PATIENCE_S = 20.0


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what must happen; how long it takes is not what is tested."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


class Peer:
    """A client with everything that happened to it."""

    def __init__(self, port: int, client_id: str = "peer", *, will=None, manual_ack=False, **settings: Any) -> None:
        self.sessions: list[Session] = []
        self.downs: list[MqttError | None] = []
        self.messages: list[Message] = []
        self.order: list[str] = []
        given = {"host": "127.0.0.1", "backoff_min_s": 0.02, "backoff_max_s": 0.1, **settings}
        self.client = MqttClient(
            MqttSettings(port=port, client_id=client_id, **given),
            will=will,
            on_up=self._up,
            on_down=self._down,
            on_message=self._message,
            manual_ack=manual_ack,
        )
        self.task = asyncio.create_task(self.client.run())

    def _up(self, session: Session) -> None:
        self.sessions.append(session)
        self.order.append("up")

    def _down(self, error: MqttError | None) -> None:
        self.downs.append(error)
        self.order.append("down")

    def _message(self, message: Message) -> None:
        self.messages.append(message)
        self.order.append("message")

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]

    async def up(self, times: int = 1) -> Peer:
        await until(lambda: self.task.done() or len(self.sessions) >= times)
        if self.task.done():
            self.task.result()
        return self

    async def failed(self, code: str) -> MqttError:
        await until(lambda: self.client.state.last_error_code == code)
        return self.client._last_error

    async def stop(self) -> None:
        await self.client.stop()
        await self.task

    async def crash(self) -> None:
        """Gone without DISCONNECT."""
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@contextlib.asynccontextmanager
async def peer(broker: Mosquitto, client_id: str = "peer", **settings: Any) -> AsyncIterator[Peer]:
    one = Peer(broker.port, client_id, **settings)
    try:
        yield await one.up()
    finally:
        await one.crash()


_CONNACK = b"\x20\x03\x00\x00\x00"


@contextlib.asynccontextmanager
async def scripted_broker(answers: list[bytes]) -> AsyncIterator[int]:
    """For what mosquitto cannot be brought to say: each packet that comes is answered with the next of `answers`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readexactly(1)
            length = (await reader.readexactly(1))[0]  # our packets here are all shorter than 128 bytes
            await reader.readexactly(length)
            writer.write(answer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def broker(tmp_path: Path):
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_round_trip(broker: Mosquitto, protocol: str) -> None:
    async with peer(broker, protocol=protocol) as one:
        assert [code.value for code in await one.client.subscribe([("a/+", 1), ("b", 0)])] == [1, 0]
        code = await one.client.publish(
            "a/b", "你好".encode(), content_type="text/plain", expiry_s=60, user_properties=[("k", "v")]
        )
        assert code == SUCCESS
        await one.client.publish("b", b"zero", qos=0)
        await until(lambda: len(one.messages) == 2)
        first, second = sorted(one.messages, key=lambda message: message.topic)
        assert (first.topic, first.payload, first.qos, first.retain) == ("a/b", "你好".encode(), 1, False)
        v5 = protocol == "5"
        assert (first.content_type, first.user_properties) == (("text/plain", (("k", "v"),)) if v5 else (None, ()))
        assert (second.payload, second.qos) == (b"zero", 0)
        await one.client.unsubscribe(["a/+"])
        code = await one.client.publish("a/b", b"nobody hears")
        assert code.value == (NO_MATCHING_SUBSCRIBERS if v5 else 0)
        assert not code.is_failure
        state = one.client.state
        assert state.connected
        assert (state.messages_sent, state.messages_received) == (3, 2)
        assert state.bytes_sent > 0 < state.bytes_received
        await one.stop()
        assert one.order == ["up", "message", "message", "down"]
        assert one.downs == [None]


async def test_large_message_and_many_small_ones(broker: Mosquitto) -> None:
    async with peer(broker) as one:
        await one.client.subscribe([("t/#", 1)])
        picture = bytes(range(256)) * 2000
        await one.client.publish("t/picture", picture)
        codes = [one.client.publish("t/n", b"%d" % number) for number in range(100)]
        assert {code.value for code in await asyncio.gather(*codes)} == {0}
        await until(lambda: len(one.messages) == 101)
        assert one.payloads == [picture, *(b"%d" % number for number in range(100))]
        assert one.client.free_slots == one.client.session.receive_maximum


async def test_publish_while_disconnected_is_refused_at_once() -> None:
    one = Peer(free_port())
    with pytest.raises(NotConnected):
        one.client.publish("a", b"x")
    await one.failed("tcp_refused")
    with pytest.raises(NotConnected):
        one.client.publish("a", b"x")
    with pytest.raises(NotConnected):
        await one.client.subscribe([("a", 1)])
    assert one.client.free_slots == 0
    await one.stop()
    assert one.order == []


async def test_dead_broker_is_named_and_tried_again(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    one = Peer(broker.port)
    error = await one.failed("tcp_refused")
    assert str(broker.port) in str(error)
    assert error.retry_helps
    await until(lambda: one.client.state.attempts >= 3)
    assert one.client.state.counter == 0  # no CONNECT was ever sent
    with broker:
        await one.up()
        state = one.client.state
        assert (state.connected, state.counter, state.connects, state.last_error) == (True, 1, 1, None)
        await one.stop()


async def test_broker_killed_and_restarted(broker: Mosquitto) -> None:
    async with peer(broker, clean_start=True) as one:
        broker.pause()
        waiting = one.client.publish("a", b"never acknowledged")
        subscribing = asyncio.create_task(one.client.subscribe([("a", 1)]))
        await asyncio.sleep(0.05)
        broker.kill()
        with pytest.raises(NotConnected):
            await waiting
        with pytest.raises(NotConnected):
            await subscribing
        await until(lambda: not one.client.connected)
        assert one.client.state.last_error is not None
        broker.start()
        await one.up(2)
        assert one.sessions[1].counter > one.sessions[0].counter
        assert one.downs[0].code in ("lost", "broker_disconnect")
        assert await one.client.publish("a", b"again") is not None


async def test_nothing_is_sent_again_behind_our_back(broker: Mosquitto) -> None:
    """paho would repeat what was not acknowledged after a reconnect; the caller's store does that, and only it."""
    async with peer(broker, "listener", session_expiry_s=60) as listener, peer(broker, "sender") as sender:
        await listener.client.subscribe([("a", 1)])
        broker.pause()
        futures = [sender.client.publish("a", b"old %d" % number) for number in range(10)]
        await asyncio.sleep(0.05)
        broker.kill()  # with what it had received and not yet read
        for future in futures:
            with pytest.raises(NotConnected):
                await future
        broker.start()
        await listener.up(2)
        await sender.up(2)
        await listener.client.subscribe([("a", 1)])
        await sender.client.publish("a", b"new")
        await sender.client.publish("a", b"last")
        await until(lambda: b"last" in listener.payloads)
        assert listener.payloads == [b"new", b"last"]


async def test_will_fires_on_a_crash_and_not_on_stop(broker: Mosquitto) -> None:
    def will(counter: int) -> Will:
        return Will(topic="status", payload=b"lost %d" % counter, content_type="text/plain")

    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        stopped = await Peer(broker.port, "box", will=will).up()
        await stopped.stop()
        crashed = await Peer(broker.port, "box", will=will).up()
        await crashed.crash()
        await until(lambda: watcher.messages)
        await watcher.client.publish("status", b"end")
        await until(lambda: b"end" in watcher.payloads)
        assert watcher.payloads == [b"lost 1", b"end"]
        assert watcher.messages[0].content_type == "text/plain"
        assert crashed.downs == [None]


async def test_will_is_computed_for_each_connection(broker: Mosquitto) -> None:
    def will(counter: int) -> Will:
        return Will(topic="status", payload=b"%d" % counter, retain=True)

    async with peer(broker, "box", will=will) as box:
        broker.restart()
        await box.up(2)
        await box.crash()
        async with peer(broker, "watcher") as watcher:
            await watcher.client.subscribe([("status", 1)])
            await until(lambda: watcher.messages)
            assert watcher.payloads == [b"%d" % box.sessions[1].counter]
            assert watcher.messages[0].retain


@pytest.mark.slow
async def test_will_delay_outlasts_a_short_gap(broker: Mosquitto) -> None:
    def will(counter: int) -> Will:
        return Will(topic="status", payload=b"lost %d" % counter, delay_s=2)

    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        first = await Peer(broker.port, "box", will=will).up()
        await first.crash()
        second = await Peer(broker.port, "box", will=will).up()  # back within the delay
        await asyncio.sleep(3)
        assert watcher.messages == []
        await second.crash()
        await until(lambda: watcher.messages)
        assert watcher.payloads == [b"lost 1"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_session_keeps_what_comes_while_we_are_away(broker: Mosquitto, protocol: str) -> None:
    async with peer(broker, "sender") as sender:
        one = await Peer(broker.port, "away", protocol=protocol, session_expiry_s=60).up()
        assert not one.sessions[0].session_present
        await one.client.subscribe([("a", 1)])
        await one.stop()
        for number in range(30):
            await sender.client.publish("a", b"%d" % number)
        again = await Peer(broker.port, "away", protocol=protocol, session_expiry_s=60).up()
        assert again.sessions[0].session_present
        await until(lambda: len(again.messages) == 30)
        assert again.payloads == [b"%d" % number for number in range(30)]
        assert again.order[0] == "up"
        await again.stop()
        fresh = await Peer(broker.port, "away", protocol=protocol, clean_start=True).up()
        assert not fresh.sessions[0].session_present
        await fresh.stop()


async def test_session_expiry_zero_keeps_nothing(broker: Mosquitto) -> None:
    for _ in range(2):
        one = await Peer(broker.port, "short", session_expiry_s=0).up()
        assert not one.sessions[0].session_present
        await one.client.subscribe([("a", 1)])
        await one.stop()


async def test_packet_too_large_is_refused_before_sending(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", max_packet_size=2000) as broker:
        async with peer(broker) as one:
            assert one.client.session.maximum_packet_size == 2000
            header_bytes = 1 + 2 + 2 + len("topic") + 2 + 1  # type, length, topic, packet id, no properties
            with pytest.raises(PacketTooLarge) as caught:
                one.client.publish("topic", bytes(2001 - header_bytes))
            assert (caught.value.size_bytes, caught.value.limit_bytes) == (2001, 2000)
            await one.client.publish("topic", bytes(2000 - header_bytes))
            assert len(one.sessions) == 1
            assert one.downs == []


async def test_receive_maximum_bounds_the_window(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", extra="max_inflight_messages 5") as broker:
        async with peer(broker) as one:
            assert one.client.session.receive_maximum == 5
            assert one.client.free_slots == 5
            futures = [one.client.publish("a", b"x") for _ in range(5)]
            assert one.client.free_slots == 0
            with pytest.raises(WindowFull):
                one.client.publish("a", b"one too many")
            one.client.publish("a", b"not counted", qos=0)
            await asyncio.gather(*futures)
            assert one.client.free_slots == 5
            assert one.downs == []


async def test_own_window_is_smaller(broker: Mosquitto) -> None:
    async with peer(broker, max_inflight=2) as one:
        first, second = one.client.publish("a", b"1"), one.client.publish("a", b"2")
        first.cancel()  # who no longer waits still has a message under way
        with pytest.raises(WindowFull):
            one.client.publish("a", b"3")
        await second
        await until(lambda: one.client.free_slots == 2)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_wrong_password_is_named_and_not_hammered(tmp_path: Path, protocol: str) -> None:
    with Mosquitto(tmp_path / "broker", users={"box": "secret"}) as broker:
        good = await Peer(broker.port, "good", protocol=protocol, username="box", password="secret").up()
        bad = Peer(broker.port, "bad", protocol=protocol, username="box", password="wrong")
        error = await bad.failed("connect_refused")
        # mosquitto 2.0 says "not authorized" to a bad password under both versions
        assert error.reason.value in (0x86, 0x87)
        assert error.reason.name in str(error)
        assert not error.retry_helps
        assert not bad.client.state.retry_helps
        assert bad.client.state.attempts == 1
        bad.client.retry_now()
        await until(lambda: bad.client.state.attempts == 2)
        await bad.stop()
        assert bad.order == []
        await good.stop()


async def test_forbidden_publish_fails_by_reason_code(tmp_path: Path) -> None:
    acl = "user box\ntopic write allowed/#\ntopic read allowed/#\n"
    with Mosquitto(tmp_path / "broker", users={"box": "secret"}, acl=acl) as broker:
        async with peer(broker, username="box", password="secret") as one:
            await one.client.subscribe([("allowed/#", 1)])
            refused = await one.client.publish("forbidden", b"x")
            assert refused.is_failure
            assert (refused.value, refused.name) == (0x87, "Not authorized")
            assert (await one.client.publish("allowed/a", b"x")) == SUCCESS
            assert one.downs == []


async def test_refused_subscription_is_named() -> None:
    # mosquitto 2.0 grants whatever is asked and delivers nothing, so another broker's answer stands here.
    suback = b"\x90\x05\x00\x01\x00\x01\x87"
    async with scripted_broker([_CONNACK, suback]) as port:
        one = await Peer(port).up()
        with pytest.raises(SubscribeRefused) as caught:
            await one.client.subscribe([("good", 1), ("forbidden/#", 1)])
        assert [(topic, code.value) for topic, code in caught.value.refused] == [("forbidden/#", 0x87)]
        assert "forbidden/#: Not authorized" in str(caught.value)
        await one.stop()


async def test_forbidden_subscription_is_granted_and_empty(tmp_path: Path) -> None:
    acl = "user box\ntopic write #\ntopic read allowed/#\n"
    with Mosquitto(tmp_path / "broker", users={"box": "secret"}, acl=acl) as broker:
        async with peer(broker, username="box", password="secret") as one:
            assert [code.value for code in await one.client.subscribe([("other/#", 1), ("allowed/#", 1)])] == [1, 1]
            await one.client.publish("other/a", b"never arrives")
            await one.client.publish("allowed/a", b"arrives")
            await until(lambda: one.messages)
            assert one.payloads == [b"arrives"]


async def test_manual_ack_comes_again_until_acknowledged(broker: Mosquitto) -> None:
    async with peer(broker, "sender") as sender:
        hub = await Peer(broker.port, "hub", manual_ack=True, session_expiry_s=60).up()
        await hub.client.subscribe([("a", 1)])
        for payload in (b"1", b"2", b"3"):
            await sender.client.publish("a", payload)
        await until(lambda: len(hub.messages) == 3)
        hub.client.ack(hub.messages[0])
        hub.client.ack(hub.messages[0])  # twice
        assert hub.client.state.stale_acks == 1
        old = hub.messages[1]
        await hub.stop()

        again = await Peer(broker.port, "hub", manual_ack=True, session_expiry_s=60).up()
        await until(lambda: len(again.messages) == 2)
        assert again.payloads == [b"2", b"3"]
        assert all(message.dup for message in again.messages)
        broker.restart()  # without persistence: the session is gone, and so is what was in it
        await again.up(2)
        again.client.ack(again.messages[0])
        again.client.ack(old)
        assert again.client.state.stale_acks >= 1
        await again.stop()


async def test_broker_stops_at_our_receive_maximum(broker: Mosquitto) -> None:
    async with (
        peer(broker, "sender") as sender,
        peer(broker, "hub", manual_ack=True, inbound_receive_maximum=3) as hub,
    ):
        await hub.client.subscribe([("a", 1)])
        for number in range(10):
            await sender.client.publish("a", b"%d" % number)
        await until(lambda: len(hub.messages) >= 3)
        await asyncio.sleep(0.1)
        assert len(hub.messages) == 3
        for count in range(10):
            await until(lambda count=count: len(hub.messages) > count)
            hub.client.ack(hub.messages[count])
        assert hub.payloads == [b"%d" % number for number in range(10)]


async def test_take_over_pauses_longer_and_longer(broker: Mosquitto) -> None:
    first = await Peer(broker.port, "same", backoff_min_s=60.0, backoff_max_s=60.0).up()
    second = await Peer(broker.port, "same").up()
    await until(lambda: first.downs)  # mosquitto 2.0.11 does not say why
    await asyncio.sleep(0.05)
    assert second.client.connected
    assert not first.client.connected
    await first.stop()
    await second.stop()


async def test_disconnect_by_the_broker_is_named() -> None:
    taken_over = b"\xe0\x01\x8e"
    async with scripted_broker([_CONNACK, taken_over]) as port:
        one = await Peer(port, backoff_min_s=60.0).up()
        with pytest.raises(NotConnected, match="Session taken over"):
            await one.client.subscribe([("a", 1)])
        await until(lambda: one.downs)
        assert (one.downs[0].code, one.downs[0].reason.name) == ("broker_disconnect", "Session taken over")
        assert one.client.state.last_error == str(one.downs[0])
        await one.stop()
    async with scripted_broker([_CONNACK + taken_over]) as port:
        at_once = Peer(port, backoff_min_s=60.0)
        assert (await at_once.failed("broker_disconnect")).reason.value == 0x8E
        await at_once.stop()
        assert at_once.order == []  # it never stood


async def test_silent_broker_is_noticed_by_keepalive(broker: Mosquitto) -> None:
    async with peer(broker, keepalive_s=1) as one:
        broker.pause()
        await until(lambda: one.downs)
        assert one.downs[0].code == "keepalive"
        broker.resume()
        await one.up(2)


async def test_broker_that_does_not_answer_connect(broker: Mosquitto) -> None:
    broker.pause()
    one = Peer(broker.port, connect_timeout_s=0.2)
    await one.failed("no_connack")
    broker.resume()
    await one.up()
    await one.stop()


async def test_something_else_listens_there() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\x00 hello")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    one = Peer(server.sockets[0].getsockname()[1], backoff_min_s=60.0)
    await one.failed("protocol")
    await one.stop()
    server.close()


async def test_unknown_host_is_named() -> None:
    one = Peer(1883, host="no-such-host.invalid")
    error = await one.failed("dns")
    assert "no-such-host.invalid" in str(error)
    await one.stop()


async def test_stop_flushes_what_was_published(broker: Mosquitto) -> None:
    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("a", 1)])
        one = await Peer(broker.port, "box", will=lambda _: Will(topic="a", payload=b"lost")).up()
        futures = [one.client.publish("a", b"%d" % number + bytes(20000)) for number in range(100)]
        await one.stop()
        with pytest.raises(NotConnected):
            one.client.publish("a", b"too late")
        await until(lambda: len(watcher.messages) >= 100)
        assert [payload.rstrip(b"\0") for payload in watcher.payloads] == [b"%d" % number for number in range(100)]
        assert {(await future).value for future in futures} == {0}


async def test_error_in_a_callback_comes_out_of_run(broker: Mosquitto) -> None:
    def explode(_: object) -> None:
        raise ZeroDivisionError

    downs: list[MqttError | None] = []
    settings = MqttSettings(host="127.0.0.1", port=broker.port, client_id="bad")
    client = MqttClient(settings, on_up=explode, on_down=downs.append)
    with pytest.raises(ZeroDivisionError):
        await client.run()
    assert downs == [None]
    async with peer(broker, "sender") as sender:
        subscribing: list[asyncio.Task[Any]] = []
        client = MqttClient(
            settings,
            on_up=lambda _: subscribing.append(asyncio.create_task(client.subscribe([("a", 1)]))),
            on_message=explode,
        )
        running = asyncio.create_task(client.run())
        await until(lambda: subscribing and subscribing[0].done())
        await sender.client.publish("a", b"x")
        with pytest.raises(ZeroDivisionError):
            await running
        assert not client.connected


async def test_stop_before_connack_does_not_fire_the_will(broker: Mosquitto) -> None:
    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        broker.pause()
        one = Peer(broker.port, "box", will=lambda _: Will(topic="status", payload=b"lost"))
        await until(lambda: one.client.state.counter == 1)
        stopping = asyncio.create_task(one.stop())
        await asyncio.sleep(0.05)
        broker.resume()
        await stopping
        assert one.order == []
        await watcher.client.publish("status", b"end")
        await until(lambda: watcher.messages)
        assert watcher.payloads == [b"end"]


@pytest.mark.slow
async def test_broker_that_never_acknowledges_cannot_hold_up_a_stop(broker: Mosquitto) -> None:
    one = await Peer(broker.port).up()
    broker.pause()
    waiting = one.client.publish("a", b"x")
    await one.stop()
    with pytest.raises(NotConnected):
        await waiting
    broker.resume()


async def test_cancellation_leaves_nothing_behind(broker: Mosquitto, count_sockets: Callable[[], int]) -> None:
    tasks, sockets = len(asyncio.all_tasks()), count_sockets()
    for delay_s in (0, 0.0005, 0.001, 0.002, 0.005, 0.05):  # in DNS, TCP, CONNECT, and connected
        one = Peer(broker.port)
        await asyncio.sleep(delay_s)
        await one.crash()
    backing_off = Peer(free_port(), backoff_min_s=60.0)
    await backing_off.failed("tcp_refused")
    await backing_off.crash()
    assert len(asyncio.all_tasks()) == tasks
    assert count_sockets() == sockets


async def test_stop_at_any_moment(broker: Mosquitto, count_sockets: Callable[[], int]) -> None:
    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        sockets = count_sockets()
        for delay_s in (0, 0.0005, 0.001, 0.002, 0.005, 0.05):
            one = Peer(broker.port, "box", will=lambda _: Will(topic="status", payload=b"lost"))
            await asyncio.sleep(delay_s)
            await one.stop()
        assert count_sockets() == sockets
        await watcher.client.publish("status", b"end")
        await until(lambda: watcher.messages)
        assert watcher.payloads == [b"end"]


@pytest.fixture
def count_sockets() -> Callable[[], int]:
    def count() -> int:
        names = []
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                names.append(str(link.readlink()))
        return sum(name.startswith("socket:") for name in names)

    return count


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def tls_broker(tmp_path: Path, authority: Authority):
    server = authority.issue("broker", names=("DNS:localhost", "IP:127.0.0.1"))
    with Mosquitto(tmp_path / "broker", tls=ServerTls(authority.ca, server.certificate, server.key)) as running:
        yield running


async def test_tls_round_trip(tls_broker: Mosquitto, authority: Authority) -> None:
    async with peer(tls_broker, host="localhost", tls=TlsSettings(ca_file=str(authority.ca))) as one:
        await one.client.subscribe([("a", 1)])
        large = bytes(range(256)) * 1500
        futures = [one.client.publish("a", large), *(one.client.publish("a", b"%d" % n) for n in range(50))]
        await asyncio.gather(*futures)
        await until(lambda: len(one.messages) == 51)
        assert one.payloads == [large, *(b"%d" % n for n in range(50))]
        await one.stop()


async def test_tls_wrong_ca_is_named(tls_broker: Mosquitto, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other-ca")
    one = Peer(tls_broker.port, tls=TlsSettings(ca_file=str(other.ca)))
    error = await one.failed("tls_wrong_ca")
    assert not error.retry_helps
    await one.stop()


async def test_tls_wrong_host_is_named(tls_broker: Mosquitto, authority: Authority) -> None:
    ca_file = str(authority.ca)
    one = Peer(tls_broker.port, tls=TlsSettings(ca_file=ca_file, server_name="other.example"))
    error = await one.failed("tls_host_mismatch")
    assert "other.example" in str(error)
    await one.stop()
    unchecked = TlsSettings(ca_file=ca_file, server_name="other.example", check_hostname=False)
    async with peer(tls_broker, tls=unchecked) as careless:
        assert careless.client.connected


async def test_tls_expired_is_named(tmp_path: Path, authority: Authority) -> None:
    server = authority.issue("expired", names=("IP:127.0.0.1",), days=-1)
    with Mosquitto(tmp_path / "broker", tls=ServerTls(authority.ca, server.certificate, server.key)) as broker:
        one = Peer(broker.port, tls=TlsSettings(ca_file=str(authority.ca)))
        error = await one.failed("tls_expired")
        assert error.retry_helps  # our clock may be the one that is wrong
        await one.stop()


async def test_tls_client_certificate(tmp_path: Path, authority: Authority) -> None:
    server = authority.issue("server", names=("IP:127.0.0.1",))
    tls = ServerTls(authority.ca, server.certificate, server.key, require_certificate=True)
    acl = "pattern readwrite up/%u/#\n"
    with Mosquitto(tmp_path / "broker", tls=tls, acl=acl) as broker:
        without = Peer(broker.port, "without", tls=TlsSettings(ca_file=str(authority.ca)))
        await without.failed("tls_client_refused")
        await without.stop()
        mine = authority.issue("330106001001")
        settings = TlsSettings(
            ca_file=str(authority.ca), cert_file=str(mine.certificate), key_file=str(mine.key), minimum="1.3"
        )
        async with peer(broker, tls=settings) as one:
            assert not (await one.client.publish("up/330106001001/event", b"x")).is_failure
            assert (await one.client.publish("up/330106001002/event", b"x")).is_failure


async def test_tls_files_are_named(tls_broker: Mosquitto, authority: Authority, tmp_path: Path) -> None:
    missing = Peer(tls_broker.port, tls=TlsSettings(ca_file=str(tmp_path / "missing.crt")))
    assert "missing.crt" in str(await missing.failed("tls_files"))
    await missing.stop()
    garbage = tmp_path / "garbage.crt"
    garbage.write_text("not a certificate")
    broken = Peer(tls_broker.port, tls=TlsSettings(ca_file=str(authority.ca), cert_file=str(garbage)))
    assert "garbage.crt" in str(await broken.failed("tls_files"))
    await broken.stop()


async def test_tls_against_a_plain_port_and_the_reverse(
    broker: Mosquitto, tls_broker: Mosquitto, authority: Authority
) -> None:
    one = Peer(broker.port, tls=TlsSettings(ca_file=str(authority.ca)), connect_timeout_s=2.0)
    await until(lambda: one.client.state.last_error is not None)
    assert one.client.state.last_error_code in ("tls", "tls_version", "timeout")
    await one.stop()
    other = Peer(tls_broker.port, connect_timeout_s=2.0)
    await until(lambda: other.client.state.last_error is not None)
    assert other.client.state.last_error_code in ("lost", "protocol", "no_connack")
    await other.stop()


async def test_port_that_accepts_and_says_nothing(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = {"connect_timeout_s": 0.1, "tls": TlsSettings(ca_file=str(authority.ca))}
        one = Peer(mute.getsockname()[1], **settings)
        await one.failed("timeout")
        started = time.monotonic()
        await one.stop()
        assert one.task.done(), time.monotonic() - started
