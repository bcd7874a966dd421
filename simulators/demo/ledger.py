"""Reads the hub's committed database with SQLite itself, read-only: what is in there counts, whatever anybody says."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from gridwire.codec import Arrived, decode_up
from gridwire.events import Alarm, Checkin, DeviceState, Event, Picture, PictureRef
from simulators.demo.counting import CHECKIN, Blind, Key, Row

_EVENTS = "SELECT id, raw FROM event WHERE box = ? AND id > ? ORDER BY id"
_PICTURE = "SELECT 1 FROM media WHERE box = ? AND stream = ? AND seq = ?"


class Ledger:
    """Everything that the hub has committed of one box, as of the last `refresh`. `base`: the box's base topic.

    What was recorded before `since` is passed over: another broker than ours may still hold something of earlier.
    """

    def __init__(self, database: Path, base: str, since: datetime) -> None:
        self.rows: list[Row] = []
        self.blinds: list[Blind] = []
        self.pictured: Counter[str] = Counter()
        """Alarms whose picture is here too, by kind."""
        self._address = f"{database.absolute().as_uri()}?mode=ro"
        self._base, self._box, self._since = base, base.rpartition("/")[2], since
        self._last_id = 0
        self._ids: set[str] = set()
        self._kind_of: dict[str, str] = {}
        self._awaited: dict[PictureRef, str] = {}

    def refresh(self) -> None:
        """Read what is new. Raises sqlite3.OperationalError while there is no such database yet."""
        with closing(sqlite3.connect(self._address, uri=True, timeout=5)) as connection:
            for number, raw in connection.execute(_EVENTS, (self._box, self._last_id)):
                for arrived in decode_up(raw, source=self._base):
                    if isinstance(arrived, Arrived) and arrived.event.recordedtime >= self._since:
                        self._take(arrived.event)
                self._last_id = number
            for picture, kind in list(self._awaited.items()):
                if connection.execute(_PICTURE, (self._box, picture.stream, picture.seq)).fetchone():
                    self.pictured[kind] += 1
                    del self._awaited[picture]

    def await_unsent(self, events: Iterable[Event]) -> None:
        """What is on the box still: counted apart, unless the hub has it and has not said so yet. At the end."""
        for event in events:
            if event.id not in self._ids and event.recordedtime >= self._since:
                self._take(event, at_hub=False)

    def _take(self, event: Event, *, at_hub: bool = True) -> None:
        self._ids.add(event.id)
        match event.data:
            case Alarm() as alarm:
                self._kind_of[event.id] = alarm.kind
                self._add(event, Key(event.subject, alarm.kind, alarm.state, alarm.topic, alarm.object), at_hub)
                self._await(alarm.pictures, alarm.kind)
            case Checkin() as checkin:
                self._add(event, Key(event.subject, CHECKIN, "", checkin.person), at_hub)
            case Picture() as picture if picture.owner in self._kind_of:
                self._await(picture.pictures, self._kind_of[picture.owner])
            case DeviceState() as device if device.blind_from and device.blind_until:
                self.blinds.append(Blind(event.subject, device.blind_from, device.blind_until))

    def _add(self, event: Event, key: Key, at_hub: bool) -> None:
        self.rows.append(Row(key, event.time, (event.stream, event.seq), at_hub))

    def _await(self, pictures: tuple[PictureRef, ...], kind: str) -> None:
        self._awaited.update(dict.fromkeys(pictures, kind))
