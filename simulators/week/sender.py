"""One box as the hub hears it: its events numbered as a box numbers them, its pictures, status, birth and health.

Everything goes through the wire's own encoder and the hub's own reader. Ids come of the seed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Final

from countyhub.ingest import intake
from countyhub.ingest.intake import Intake
from gridwire import topics
from gridwire.codec import encode_event, encode_message, encode_single
from gridwire.events import LANE_OF, TYPE_OF, Data, Envelope, Event, Lane, PictureRef
from gridwire.identifiers import UlidMaker
from gridwire.messages import Birth, DeviceHealth, DeviceInfo, Health, LaneNumbers, Message, Status, StreamNumbers
from simulators.county.build import COUNTY
from simulators.week.places import Village

VERSION: Final = "0.1.0"
DELAY: Final = timedelta(seconds=1)
"""From the box to the hub, when the line is good."""


class Sender:
    """Says what its box says; each answer is what the hub has read of it. `began`: when the box was switched on."""

    def __init__(self, village: Village, began: datetime, random: Random) -> None:
        self.village = village
        self.box = village.box
        self.down: dict[str, tuple[str, datetime]] = {}
        """Devices that do not answer: the reason, and since when."""
        self.is_away = False
        """Its line is down: nothing that happens there reaches the hub."""
        self._began, self._random, self._make = began, random, UlidMaker().make
        self._stream = self._ulid(began)
        self._boot = f"boot-{self.box[-4:]}-{random.randrange(16**8):08x}"
        self._seqs: Counter[Lane] = Counter()
        self._unsent: Counter[Lane] = Counter()
        self._connection = 0

    # What happened

    def says(self, data: Data, at: datetime, device: str, *, received: datetime | None = None) -> Intake:
        """An event that happened at `at`, and came a moment later or at `received`."""
        return self._read("event", encode_single(encode_event(self.event(data, at, device))), received or at + DELAY)

    def event(self, data: Data, at: datetime, device: str) -> Event:
        """The next of its lane, numbered: what is made and never read is missing at the hub."""
        lane = LANE_OF[type(data)]
        self._seqs[lane] += 1
        return Envelope(
            specversion="1.0",
            id=self._ulid(at),
            source=topics.base(COUNTY, self.box),
            type=TYPE_OF[type(data)],
            subject=device,
            time=at,
            recordedtime=at,
            monotonic=f"{(at - self._began).total_seconds():.3f}",
            clock="synced",
            stream=self._stream,
            lane=lane,
            seq=self._seqs[lane],
            grid=self.village.grid_of(device),
            data=data,
        )

    def picture(self, jpeg: bytes, at: datetime) -> tuple[PictureRef, Intake]:
        """Its name, to stand in an event, and the picture itself, which follows."""
        self._seqs["media"] += 1
        seq = self._seqs["media"]
        ref = PictureRef(stream=self._stream, seq=seq, sha256=hashlib.sha256(jpeg).hexdigest(), bytes=len(jpeg))
        topic = topics.media_topic(COUNTY, self.box, self._stream, seq)
        return ref, intake.read(topic, jpeg, received=at + 3 * DELAY)

    def rubbish(self, payload: bytes, at: datetime) -> Intake:
        """What nobody can read."""
        return self._read("event", payload, at + DELAY)

    def keeps(self, data: Data, at: datetime, device: str) -> None:
        """Stored on the box and not sent: the line is down."""
        self._unsent[LANE_OF[type(data)]] += 1
        self.event(data, at, device)

    # How it is

    def online(self, at: datetime) -> Intake:
        self._connection += 1
        self.is_away = False
        said = Status(state="online", boot=self._boot, connection=self._connection, version=VERSION, at=at)
        return self._message("status", said, at)

    def lost(self, at: datetime) -> Intake:
        """Its last will, which the broker publishes."""
        self.is_away = True
        said = Status(state="lost", boot=self._boot, connection=self._connection, version=VERSION)
        return self._message("status", said, at)

    def birth(self, at: datetime, *, current: bool = True) -> Intake:
        said = Birth(
            box=self.box, name=self.village.name, version=VERSION, boot=self._boot, started=self._began,
            config_hash=hashlib.sha256(self.box.encode()).hexdigest(), devices=tuple(self._devices()),
            streams=(self._numbers(current),),
        )  # fmt: skip
        return self._message("birth", said, at)

    def health(self, at: datetime) -> Intake:
        return self._message("health", self.how_it_is(at), at)

    def how_it_is(self, at: datetime) -> Health:
        devices = tuple(
            DeviceHealth(
                id=device, state="down" if device in self.down else "up",
                reason=self.down[device][0] if device in self.down else "",
                since=self.down[device][1] if device in self.down else self._began,
            )
            for device in self.village.devices
        )  # fmt: skip
        return Health(
            at=at, uptime_s=(at - self._began).total_seconds(), clock="synced", offset_s=0.0,
            streams=(self._numbers(True),), devices=devices, waiting=dict(self._unsent),
            oldest_waiting_s=240.0 if self._unsent else 0.0, data_bytes=self._seqs.total() * 1800,
        )  # fmt: skip

    def _devices(self) -> list[DeviceInfo]:
        return [
            DeviceInfo(id=device, name=name, driver="terminal" if device in self.village.terminals else "onvif",
                       grid=self.village.grid_of(device))
            for device, name in self.village.devices.items()
        ]  # fmt: skip

    def _numbers(self, current: bool) -> StreamNumbers:
        """Everything that was sent is acknowledged, what waits is not."""
        lanes = {}
        for lane, last in self._seqs.items():
            free = last + 1 - self._unsent[lane]
            lanes[lane] = LaneNumbers(oldest_kept=max(1, free - 200), oldest_unacked=free, next=last + 1)
        return StreamNumbers(stream=self._stream, boot=self._boot, current=current, booted=self._began, lanes=lanes)

    def _message(self, name: str, said: Message, at: datetime) -> Intake:
        return self._read(name, encode_message(said), at)

    def _read(self, name: str, payload: bytes, received: datetime) -> Intake:
        return intake.read(topics.topic(COUNTY, self.box, name), payload, received=received)

    def _ulid(self, at: datetime) -> str:
        return self._make(int(at.timestamp() * 1000), self._random.randbytes(10))
