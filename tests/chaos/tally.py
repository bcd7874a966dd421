"""Counts what the hub's database holds against what drivers were told, devices raised, and the box declared."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from drivers.terminal.idnumber import load_village_key
from gridwire.ranges import RangeSet
from tests.chaos.world import World
from tests.drivers_for_tests.emitter_driver import jpeg_of

SAME_MACHINE = timedelta(milliseconds=5)
"""Wall clocks of one machine, read at slightly different moments."""
_EMITTED = re.compile(r"^(sos|alarm|checkin|reading|picture)-\d+/\d+$")


class Line(NamedTuple):
    """One line of the table."""

    what: str
    raised: int
    told: int
    at_hub: int
    lost: int
    twice: int


class Tally:
    """Everything that is at the hub, read once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._events = [
            (subject, kind, msgspec.json.decode(raw))
            for subject, kind, raw in world.hub.rows("SELECT subject, type, raw FROM event")
        ]
        self._media = {
            (stream, seq): (sha256, jpeg)
            for stream, seq, sha256, jpeg in world.hub.rows("SELECT stream, seq, sha256, jpeg FROM media")
        }
        self._gaps: dict[tuple[str, str], RangeSet] = {}
        for stream, lane, first, last in world.hub.rows('SELECT stream, lane, "first", "last" FROM gap'):
            self._gaps.setdefault((stream, lane), RangeSet()).add_range(first, last)

    @property
    def gaps(self) -> int:
        """Numbers declared lost."""
        return sum(numbers.count() for numbers in self._gaps.values())

    def _data(self, subject: str, kind: str) -> list[dict[str, Any]]:
        return [
            body["data"] for device, type_, body in self._events if (device, type_.split(".")[2]) == (subject, kind)
        ]

    def emitted(self) -> list[Line]:
        """Per worker: every id that was told is there, each number once, no hole before the last."""
        raised, told = self._world.ledger.raised, self._world.ledger.told_ids
        numbers: dict[str, Counter[int]] = {worker: Counter() for worker, _ in raised}
        for device, _, body in self._events:
            if device == "pond" and (name := name_of(body)):
                worker, n = name.split("/")
                numbers[worker][int(n)] += 1
        ids = {body["id"] for *_, body in self._events}
        return [
            Line(
                worker,
                raised=sum(who == worker for who, _ in raised),
                told=sum(who == worker for who, _ in told.values()),
                at_hub=len(here),
                lost=sum(who == worker and event not in ids for event, (who, _) in told.items())
                + len(set(range(1, max(here, default=0) + 1)) - here.keys()),
                twice=here.total() - len(here),
            )
            for worker, here in sorted(numbers.items())
        ]

    def ids_twice(self) -> int:
        """Events that stand twice in the hub's inbox under one id."""
        return sum(count - 1 for count in Counter(body["id"] for *_, body in self._events).values())

    def blind(self, device: str) -> list[tuple[datetime, datetime]]:
        """The intervals in which nobody watched, as the device's events say."""
        return [
            (datetime.fromisoformat(data["blind_from"]), datetime.fromisoformat(data["blind_until"]))
            for data in self._data(device, "device")
            if "blind_from" in data
        ]

    def camera(self, name: str) -> tuple[Line, int]:
        """The line, and how many alarms were raised while nobody watched and are not there."""
        raised = {record.number: record.time for record in self._world.farm[name].raised}
        at_hub = Counter(int(data["object"]) for data in self._data(name, "alarm"))
        blind = self.blind(name)
        missing = [number for number in raised if number not in at_hub]
        excused = [n for n in missing if any(a - SAME_MACHINE <= raised[n] <= b + SAME_MACHINE for a, b in blind)]
        twice = sum(at_hub.values()) - len(at_hub)
        line = Line(name, len(raised), len(raised) - len(excused), len(at_hub), len(missing) - len(excused), twice)
        return line, len(excused)

    def terminal(self) -> Line:
        """Whoever heard "done" is at the hub; nobody twice; nobody who was not there."""
        key = load_village_key(self._world.key_file)
        shown = {key.hash_number(card.what).digest for card in self._world.terminal.shown}
        done = sum((beep.times, beep.units) == (1, 2) for beep in self._world.terminal.beeps)
        stored = Counter(data["person"] for data in self._data("desk", "checkin"))
        assert stored.keys() <= shown
        return Line("desk", len(shown), done, len(stored), max(0, done - len(stored)), stored.total() - len(stored))

    def pictures(self) -> Line:
        """Each picture that an event names is there, whole, or declared lost."""
        named = [ref for *_, body in self._events for ref in body["data"].get("pictures", ())]
        numbers = Counter((ref["stream"], ref["seq"]) for ref in named)
        missing = [ref for ref in named if not self._is_here(ref) and not self._is_declared(ref)]
        here = sum(map(self._is_here, named))
        return Line("pictures", len(named), len(named), here, len(missing), numbers.total() - len(numbers))

    def pictures_altered(self) -> int:
        """Pictures of the emitter that are not what it emitted."""
        altered = 0
        for who, kind, body in self._events:
            if (who, kind) == ("pond", "cn.gridwire.picture.v1"):
                worker, n = body["data"]["owner"].split("/")
                (ref,) = body["data"]["pictures"]
                _, jpeg = self._media.get((ref["stream"], ref["seq"]), ("", b""))
                altered += jpeg != jpeg_of(worker, int(n), 12000)
        return altered

    def _is_here(self, ref: dict[str, Any]) -> bool:
        sha256, jpeg = self._media.get((ref["stream"], ref["seq"]), ("", b""))
        return ref["sha256"] == sha256 == hashlib.sha256(jpeg).hexdigest()

    def _is_declared(self, ref: dict[str, Any]) -> bool:
        return ref["seq"] in self._gaps.get((ref["stream"], "media"), RangeSet())


def name_of(event: dict[str, Any]) -> str:
    """Worker and number of an emitted event; empty for others."""
    data = event["data"]
    values = {
        "sos": data.get("point"),
        "alarm": data.get("source"),
        "checkin": data.get("person"),
        "reading": f"{data.get('unit')}/{int(data.get('value') or 0)}",
        "picture": data.get("owner"),
    }
    found = values.get(event["type"].split(".")[2]) or ""
    return found if _EMITTED.match(found) else ""
