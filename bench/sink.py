"""The far end of every sending contender, a process of its own: counts the events that arrive, whatever wraps them.

It subscribes at QoS 1, counts numbers (`"seq":N`) so that repeats do not help, acknowledges ours as the hub would
(`down/ack`, after each read of the socket), and answers ThingsBoard's question for its limits as a server does by
default. Prints `ready`, a line at the first event and one when all have arrived; ends when stdin is closed, telling
stderr how far it came.

It reads MQTT by itself, 3 µs a message, so that it holds nobody up. With `client` it is what a county really runs:
the hub's MQTT client, with its cost for each message.

    python -m bench.sink PORT COUNT [client]
"""

from __future__ import annotations

import asyncio
import json
import re
import select
import socket
import sys
import time

import zstandard

from bench import mqttbytes
from gridwire.compression import MAGIC
from gridwire.mqtt import Message, MqttClient, MqttSettings
from gridwire.ranges import RangeSet

TOPICS = ("grid/#", "v1/#", "bench/#")
TB_LIMITS = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}, "gatewayRateLimits": {}}
"""What ThingsBoard's server answers to getSessionLimits when no limits are set for the tenant."""
_TB_REQUEST = "v1/devices/me/rpc/request/"
_SEQ = re.compile(rb'"seq":\s?(\d+)')
_STREAM = re.compile(rb'"stream":"([0-9A-Z]{26})"')
_READ_BYTES = 1 << 20


class Tally:
    """What has arrived. Pure but for the time that it is told."""

    def __init__(self, expected: int) -> None:
        self.seen = bytearray(expected + 1)
        self.expected, self.distinct, self.messages, self.payload_bytes = expected, 0, 0, 0
        self.first = self.last = 0.0
        self._unpacker = zstandard.ZstdDecompressor()

    def take(self, payload: bytes, now: float) -> list[int]:
        """The numbers in this payload."""
        self.messages += 1
        self.payload_bytes += len(payload)
        if payload[:4] == MAGIC:
            payload = self._unpacker.decompress(payload)
        numbers = [int(number) for number in _SEQ.findall(payload)]
        for number in numbers:
            if number <= self.expected and not self.seen[number]:
                self.seen[number] = 1
                self.distinct += 1
                self.first, self.last = self.first or now, now
        return numbers

    @property
    def complete(self) -> bool:
        return self.distinct >= self.expected

    def found(self) -> dict[str, float]:
        return {"first": self.first, "last": self.last, "messages": self.messages, "bytes": self.payload_bytes}


class Answers:
    """What goes back, gathered until the next write."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self._messages: list[tuple[str, bytes]] = []
        self._mid = 0
        self._box = ""
        self._stream = ""
        self._numbers = RangeSet()

    def publish(self, topic: str, payload: object) -> None:
        self._messages.append((topic, json.dumps(payload, separators=(",", ":")).encode()))

    def stored(self, topic: str, payload: bytes, numbers: list[int]) -> None:
        """Ours is to be told, by number, once what was read has been dealt with."""
        if not self._stream:
            plain = zstandard.ZstdDecompressor().decompress(payload) if payload[:4] == MAGIC else payload
            if (found := _STREAM.search(plain)) is None:
                return
            self._stream, self._box = found[1].decode(), topic.partition("/up/")[0]
        self._numbers.merge(RangeSet((number, number) for number in numbers))

    def ready(self) -> list[tuple[str, bytes]]:
        """Topics and payloads, an acknowledgement of all numbers since the last call among them."""
        if self._numbers:
            ranges = self._numbers.to_pairs()
            self.publish(f"{self._box}/down/ack", {"stream": self._stream, "lane": "alarm", "ranges": ranges})
            self._numbers = RangeSet()
        ready, self._messages = self._messages, []
        return ready

    def flush(self) -> bytes:
        """The same as packets, and the PUBACKs before them."""
        for topic, payload in self.ready():
            self._mid = self._mid % 65535 + 1
            self.bytes += mqttbytes.publish(topic, payload, self._mid)
        packets, self.bytes = bytes(self.bytes), bytearray()
        return packets


def handle(found: mqttbytes.Packet, tally: Tally, answers: Answers) -> None:
    """One packet from the broker."""
    if found.kind & 0xF0 != mqttbytes.PUBLISH:
        return
    topic, payload, mid = mqttbytes.published(found)
    if mid:
        answers.bytes += mqttbytes.puback(mid)
    take(topic, payload, tally, answers)


def take(topic: str, payload: bytes, tally: Tally, answers: Answers) -> None:
    """One message, whoever received it."""
    if topic.startswith(_TB_REQUEST):
        answers.publish(topic.replace("request", "response"), TB_LIMITS)
    elif "/down/" not in topic and "/response/" not in topic:
        numbers = tally.take(payload, time.monotonic())
        if numbers and topic.startswith("grid/"):
            answers.stored(topic, payload, numbers)


def serve(port: int, expected: int) -> None:
    tally, answers, cutter = Tally(expected), Answers(), mqttbytes.Cutter()
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(mqttbytes.connect("bench-sink") + mqttbytes.subscribe(1, *TOPICS))
    teller = Teller(tally)
    while True:
        ready, _, _ = select.select([link, sys.stdin], [], [])
        if sys.stdin in ready:
            print(f"{tally.distinct} of {expected} events in {tally.messages} messages", file=sys.stderr)
            return
        data = link.recv(_READ_BYTES)
        if not data:
            sys.exit("the broker has gone")
        for found in cutter.feed(data):
            if found.kind == mqttbytes.SUBACK:
                say(ready=True)
            handle(found, tally, answers)
        if reply := answers.flush():
            link.sendall(reply)
        teller.look()


async def serve_as_client(port: int, expected: int) -> None:
    """The same, through the client that the hub uses, acknowledging each message by hand as the hub does."""
    tally, answers, up = Tally(expected), Answers(), asyncio.Event()
    teller = Teller(tally)

    def hear(message: Message) -> None:
        take(message.topic, message.payload, tally, answers)
        client.ack(message)
        for topic, payload in answers.ready():
            client.publish(topic, payload)
        teller.look()

    settings = MqttSettings(host="127.0.0.1", port=port, client_id="bench-sink", inbound_receive_maximum=200)
    client = MqttClient(settings, on_message=hear, on_up=lambda _: up.set(), manual_ack=True)
    running = asyncio.create_task(client.run())
    await up.wait()
    await client.subscribe([(topic, 1) for topic in TOPICS])
    say(ready=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    await asyncio.wait([ended, running], return_when=asyncio.FIRST_COMPLETED)
    print(f"{tally.distinct} of {expected} events in {tally.messages} messages; {client.state}", file=sys.stderr)
    await client.stop()
    await running


class Teller:
    """Tells the parent of the first event and of the last, once each."""

    def __init__(self, tally: Tally) -> None:
        self._tally, self._told = tally, 0

    def look(self) -> None:
        if self._told == 0 and self._tally.distinct:
            self._told = 1
            say(first=self._tally.first)
        if self._told == 1 and self._tally.complete:
            self._told = 2
            say(**self._tally.found())


def say(**found: float) -> None:
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    if "client" in sys.argv:
        asyncio.run(serve_as_client(int(sys.argv[1]), int(sys.argv[2])))
    else:
        serve(int(sys.argv[1]), int(sys.argv[2]))
