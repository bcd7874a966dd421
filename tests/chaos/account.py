"""The account of a run in which also disks are damaged, set back, copied and replaced.

Every event that a driver was told is stored must be at the hub. Only what stood on a disk that was damaged or taken
away, and had not yet arrived, may be *destroyed*; then the hub must show it: a declared gap, a stream that has ended
with its tail unknown, or a storage that was set back. What nobody shows is `silent`. Everything else is *lost*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from gridwire.ranges import RangeSet
from tests.chaos.tally import name_of
from tests.hubs import HubProcess
from tests.processes import Ledger


class Result(NamedTuple):
    """One line of the table."""

    raised: int
    told: int
    stored: int
    untold: int
    lost: int
    twice: int
    destroyed: int
    silent: int
    gaps: int
    blind: int


class Account:
    """What was told by whom, what may be gone, and how often drivers may rightly have raised a number again."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.others: list[Ledger] = []
        self._doomed: dict[str, str] = {}
        self._silent: dict[str, str] = {}
        self._pruned: set[str] = set()
        self._set_back: list[int] = []
        self._again: dict[str, list[tuple[int, int]]] = {}

    def told(self) -> dict[str, tuple[str, str, int]]:
        """Id -> stream, lane, number."""
        return {event: at for ledger in (self.ledger, *self.others) for event, at in ledger.told_at.items()}

    def doom(self, events: Iterable[str], at_hub: set[str], why: str) -> None:
        """These stood on a disk that is damaged or gone; what had arrived is safe."""
        for event in set(events) - at_hub - self._pruned:
            self._doomed.setdefault(event, why)

    def on_its_way(self, at_hub: set[str]) -> set[str]:
        """What was told, stands on no disk that was damaged, and has not arrived yet."""
        return self.told().keys() - at_hub - self._pruned - self._doomed.keys()

    def unshown(self, hub: HubProcess, at_hub: set[str]) -> dict[str, str]:
        """What is doomed, has not arrived, and whose loss the hub does not show (yet): event -> why."""
        told, shown = self.told(), Shown(hub)
        gone = self._doomed.keys() - at_hub - self._pruned - self._silent.keys()
        return {event: self._doomed[event] for event in gone if not shown.covers(*told[event])}

    def give_up_on(self, events: dict[str, str]) -> None:
        """They are gone and nobody has said so in time."""
        self._silent |= events

    def prune(self, events: Iterable[str]) -> None:
        """The hub no longer keeps them: they must never be there again."""
        self._pruned |= set(events)

    def set_back(self) -> None:
        """What the driver remembers may be older from now on: it may then raise again what it has raised before."""
        text = self.ledger.path.read_text()
        self._set_back.append(text.count("\n"))

    def result(self, hub: HubProcess) -> tuple[Result, dict[str, Counter[str]]]:
        """The line, and which faults destroyed how much, in silence and not."""
        told = self.told()
        bodies = [msgspec.json.decode(raw) for (raw,) in hub.rows("SELECT raw FROM event")]
        emitted = {body["id"] for body in bodies if name_of(body)}
        ids = Counter(body["id"] for body in bodies)
        missing = told.keys() - ids.keys() - self._pruned
        destroyed = {event for event in missing if event in self._doomed}
        silent = destroyed & self._silent.keys()
        why = {
            "destroyed": Counter(self._doomed[event] for event in destroyed),
            "silent": Counter(self._doomed[event] for event in silent),
        }
        line = Result(
            raised=sum(ledger.tries for ledger in (self.ledger, *self.others)),
            told=len(told),
            stored=len(emitted | (self._pruned & told.keys())),
            untold=len(emitted - told.keys()),
            lost=len(missing - destroyed),
            twice=sum(ids.values()) - len(ids) + len(self._pruned & ids.keys()) + self._told_again(bodies),
            destroyed=len(destroyed),
            silent=len(silent),
            gaps=Shown(hub).gaps,
            blind=sum("blind_from" in body["data"] for body in bodies),
        )
        return line, why

    def _told_again(self, bodies: list[dict]) -> int:
        """What stands there under several ids, oftener than the drivers had reason to raise it."""
        seen = Counter(name for body in bodies if (name := name_of(body)))
        return sum(max(0, count - self._allowed(name)) for name, count in seen.items() if count > 1)

    def _allowed(self, name: str) -> int:
        """Once, and once more for each time that the storage was set back below it, or that a twin raised it too."""
        worker, _, n = name.partition("/")
        back = sum(low <= int(n) <= high for low, high in self._begun_again(worker))
        return 1 + back + sum((worker, int(n)) in ledger.raised for ledger in self.others)

    def _begun_again(self, worker: str) -> list[tuple[int, int]]:
        """For each time that the storage was set back: the first number raised after it, and the highest before."""
        if worker not in self._again:
            lines = [line.split() for line in self.ledger.path.read_text().splitlines()]
            raised = [(at, int(line[2])) for at, line in enumerate(lines) if line[:2] == ["raised", worker]]
            after = [next((n for at, n in raised if at >= back), 2**60) for back in self._set_back]
            before = [max((n for at, n in raised if at < back), default=0) for back in self._set_back]
            self._again[worker] = list(zip(after, before, strict=True))
        return self._again[worker]


class Shown:
    """What the hub shows of what it will never get."""

    def __init__(self, hub: HubProcess) -> None:
        self._gaps: dict[tuple[str, str], RangeSet] = {}
        for stream, lane, first, last in hub.rows('SELECT stream, lane, "first", "last" FROM gap'):
            self._gaps.setdefault((stream, lane), RangeSet()).add_range(first, last)
        ended = hub.rows("SELECT stream FROM stream WHERE ended IS NOT NULL AND tail = 'unknown'")
        self._ended = {stream for (stream,) in ended}
        self._back = {it for (it,) in hub.rows("SELECT about FROM identity_fault WHERE kind = 'rolled_back'")}

    @property
    def gaps(self) -> int:
        """Numbers declared lost."""
        return sum(numbers.count() for numbers in self._gaps.values())

    def covers(self, stream: str, lane: str, seq: int) -> bool:
        return seq in self._gaps.get((stream, lane), RangeSet()) or stream in self._ended or stream in self._back
