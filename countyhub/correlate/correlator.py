"""The correlator: takes signals one by one, in any order and any number of times, and tells what changed. Which of them
are one matter is decided by `segments` for one device, by `outages` for several.

Its state is bounded by what happened in the time that is kept, and can be stored (`dump`) and taken up again (`load`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from typing import Final, TypeAlias

import msgspec

from countyhub.correlate.matter import (
    DAY_US,
    FOREVER_US,
    NO_CHANGES,
    SECOND_US,
    Changes,
    Handle,
    Limits,
    Matter,
    alarm_key,
    compare,
    together,
)
from countyhub.correlate.outages import Outage, Site, StateMark, township_of, view_township
from countyhub.correlate.segments import Run, RunRow, Segments
from countyhub.correlate.signals import END, PICTURE_KINDS, Signal, hold_us
from countyhub.correlate.sites import NO_SITE, SiteState, local_day, places_of
from countyhub.correlate.windows import Windows
from gridwire.ranges import RangeSet

KEEP_US: Final = DAY_US + 2 * 3600 * SECOND_US
"""What ended so long ago is forgotten. What comes after a day is history (R-CORR-08); two hours are for disorder."""
KEEP_STREAM_US: Final = 8 * DAY_US
"""Numbers of a stream that was silent so long are forgotten: a box keeps nothing for longer than seven days."""

HELD_DOWN: Final = "held-down"
IN_WINDOW: Final = "offline-in-window"

CellKey: TypeAlias = tuple[str, str, str, str, bool]
"""Box, device, kind, rule, drill."""


class State(msgspec.Struct, frozen=True, array_like=True):
    """Everything that a correlator remembers, to be stored."""

    now_us: int
    seen: dict[str, tuple[int, tuple[tuple[int, int], ...]]]
    cells: list[tuple[CellKey, list[RunRow]]]
    marks: dict[str, dict[str, list[StateMark]]]
    counts: dict[str, int]


class Correlator:
    """See the package. `sites`: what the registry says of each box; a box that it does not know has no site rules."""

    def __init__(self, sites: Mapping[str, Site], windows: Windows | None = None, limits: Limits | None = None) -> None:
        self._places = sites
        self._windows = windows or Windows()
        self._limits = limits or Limits()
        self._now_us = 0
        self._cells: dict[CellKey, Segments] = {}
        self._sites: dict[str, SiteState] = {}
        self._towns: dict[str, list[Outage]] = {}
        self._town_matters: dict[str, dict[Handle, Matter]] = {}
        self._boxes_of: dict[str, set[str]] = {}
        self._seen: dict[str, RangeSet] = {}
        self._heard: dict[str, int] = {}
        self._timers: list[tuple[int, int, CellKey | str]] = []
        self._serial = 0
        self._counts: dict[str, int] = {}

    def take(self, signal: Signal) -> Changes:
        """What this signal changes; nothing when it is known."""
        seen = self._seen.get(signal.stream)
        if seen is None:
            seen = self._seen[signal.stream] = RangeSet()
        if signal.seq in seen:
            return NO_CHANGES
        seen.add(signal.seq)
        if signal.at_us > self._heard.get(signal.stream, 0):
            self._heard[signal.stream] = signal.at_us
        if signal.what == "alarm":
            return self._alarm(signal)
        state = self._site(signal.box)
        state.add(signal.device, (signal.at_us, signal.seq, signal.mark, signal.late))
        return self._look(state)

    def _alarm(self, signal: Signal) -> Changes:
        _, _, seq, box, device, kind, rule, mark, at_us, late, drill = signal
        if self._windows.given and not drill:
            places = places_of(self._places.get(box, NO_SITE), box, device)
            window = self._windows.covering(at_us, places, kind)
            if window is not None:
                self._count(f"window/{window.uid}")
                return NO_CHANGES
        key = (box, device, kind, rule, drill)
        cell = self._cells.get(key) or self._cell(key)
        changes = cell.add((at_us, seq, mark), late, self._now_us)
        self._wake_cell(cell, key)
        if mark != END and any(each.size > 1 and each.begin_us <= at_us <= each.end_us for each in changes.now):
            self._count("repeated")
        if kind in PICTURE_KINDS and not drill:
            return self._explained(changes, self._site(box))
        return changes

    def advance(self, now_us: int) -> Changes:
        """What time alone changes until `now_us`: segments close, devices count as offline, days end."""
        self._now_us = max(self._now_us, now_us)
        found = []
        while self._timers and self._timers[0][0] <= self._now_us:
            at_us, _, whom = heappop(self._timers)
            found.append(self._due(at_us, whom))
        return together(found) if found else NO_CHANGES

    def _due(self, at_us: int, whom: CellKey | str) -> Changes:
        if isinstance(whom, str):
            state = self._sites.get(whom)
            return self._look(state) if state is not None else NO_CHANGES
        cell = self._cells.get(whom)
        if cell is None or cell.due_us != at_us:  # forgotten, or woken earlier since
            return NO_CHANGES
        cell.due_us = 0
        if cell.closes_us() >= self._now_us:
            self._wake_cell(cell, whom)
            return NO_CHANGES
        changes = Changes(tuple(cell.last_matter(self._now_us)))
        return self._explained(changes, self._site(whom[0])) if whom[2] in PICTURE_KINDS and not whom[4] else changes

    def _look(self, state: SiteState) -> Changes:
        """Works out a site anew, then its township, then what both mean for the others in the township."""
        before = state.outages
        state.look(self._now_us, self._limits, self._windows)
        self._wake_site(state, state.due_us)
        township = state.site.township
        if before == state.outages or not township:
            return self._tell(state, anew=before != state.outages)
        self._boxes_of.setdefault(township, set()).add(state.box)
        outages = {box: self._sites[box].outages for box in self._boxes_of[township]}
        found, matters = view_township(township, outages, self._limits)
        changes = [compare(self._town_matters.get(township, {}), matters)]
        boxes = self._boxes_of[township] if found != self._towns.get(township, []) else {state.box}
        self._towns[township], self._town_matters[township] = found, matters
        changes += [self._tell(self._sites[box], anew=box == state.box) for box in sorted(boxes)]
        return together(changes)

    def _tell(self, state: SiteState, *, anew: bool) -> Changes:
        """The matters of a site with their places in the township's outages; `anew`: also its alarms with theirs."""
        before, after = state.matters, state.own
        if state.outages:
            after = dict(after)
            found = self._towns.get(state.site.township, [])
            for outage in state.outages:
                matter = after[f"site/{state.box}", outage.begin_us]
                place = township_of(matter, found, state.site.township, self._now_us, self._limits)
                after[matter.handle] = matter._replace(parent=place.parent)
                self._wake_site(state, place.until_us)
        state.matters = after
        changes = compare(before, after)
        if not anew:
            return changes
        alarms, state.alarms = state.alarms, state.explained(self._now_us, self._limits)
        return together([changes, compare(alarms, state.alarms)])

    def _explained(self, changes: Changes, state: SiteState) -> Changes:
        """Alarms that a site's outage explains name it."""
        now = tuple(matter._replace(parent=state.explains(matter, self._limits)) for matter in changes.now)
        for handle in changes.gone:
            state.alarms.pop(handle, None)
        for matter in now:
            state.alarms[matter.handle] = matter
        return Changes(now, changes.gone)

    def matters(self) -> Iterator[Matter]:
        """All matters that are remembered, open and closed."""
        for key, cell in self._cells.items():
            if key[2] not in PICTURE_KINDS or key[4]:
                yield from cell.matters(self._now_us)
        for state in self._sites.values():
            yield from state.matters.values()
            yield from state.alarms.values()
        for matters in self._town_matters.values():
            yield from matters.values()

    def counts(self) -> dict[str, int]:
        """What made no matter of its own, by reason: window/UID, offline-in-window, held-down; repeated: alarms
        that belong to a matter which is known already. The same signal twice is none."""
        states = self._sites.values()
        held_down = sum(state.held_down for state in states)
        in_window = sum(state.suppressed for state in states)
        return self._counts | {
            HELD_DOWN: self._counts.get(HELD_DOWN, 0) + held_down,
            IN_WINDOW: self._counts.get(IN_WINDOW, 0) + in_window,
        }

    def forget(self) -> None:
        """Drops what ended before the time that is kept. What was told stays true, and counted; nothing is told."""
        counted = self.counts()
        before_us = self._now_us - KEEP_US
        for key, cell in list(self._cells.items()):
            cell.forget(before_us)
            if not cell.runs:
                del self._cells[key]
        day_us = local_day(before_us, self._limits)
        for state in self._sites.values():
            state.trouble = [cell for cell in state.trouble if cell.runs]
            state.forget(day_us, self._towns.get(state.site.township, []), self._limits)
        for stream in [name for name, heard in self._heard.items() if heard < self._now_us - KEEP_STREAM_US]:
            del self._seen[stream], self._heard[stream]
        self._restore()
        left = self.counts()
        for reason in (HELD_DOWN, IN_WINDOW):
            if counted[reason] > left[reason]:
                self._counts[reason] = self._counts.get(reason, 0) + counted[reason] - left[reason]

    def dump(self) -> bytes:
        """Everything, as MessagePack. What was loaded is dumped as the same bytes."""
        return msgspec.msgpack.encode(
            State(
                self._now_us,
                {name: (self._heard.get(name, 0), numbers.to_pairs()) for name, numbers in self._seen.items()},
                [(key, cell.rows()) for key, cell in self._cells.items()],
                {box: state.marks for box, state in sorted(self._sites.items())},
                self._counts,
            )
        )

    def load(self, dumped: bytes) -> None:
        """Into a fresh correlator; sites and windows may have changed since. Raises msgspec.DecodeError."""
        state = msgspec.msgpack.decode(dumped, type=State)
        self._now_us = state.now_us
        self._counts = state.counts
        for name, (heard, pairs) in state.seen.items():
            self._seen[name], self._heard[name] = RangeSet.from_pairs(pairs), heard
        for key, rows in state.cells:
            self._cell(key).runs = [Run(*row) for row in rows]
        for box, marks in state.marks.items():
            self._site(box).marks = marks
        self._restore()

    def _restore(self) -> None:
        """Works everything out from what is remembered, without telling."""
        self._timers.clear()
        for key, cell in self._cells.items():
            cell.due_us = 0
            self._wake_cell(cell, key)
        for state in self._sites.values():
            state.woken_us = 0
            self._look(state)
            state.alarms = state.explained(self._now_us, self._limits)

    def _cell(self, key: CellKey) -> Segments:
        box, device, kind, rule, drill = key
        name = alarm_key(box, device, kind, rule, drill=drill)
        cell = self._cells[key] = Segments(name, self._limits.gap_us, hold_us(kind))
        if kind in PICTURE_KINDS and not drill:
            self._site(box).trouble.append(cell)
        return cell

    def _site(self, box: str) -> SiteState:
        state = self._sites.get(box)
        if state is None:
            state = self._sites[box] = SiteState(box, self._places.get(box, NO_SITE))
        return state

    def _wake_cell(self, cell: Segments, key: CellKey) -> None:
        due_us = cell.closes_us() + 1
        if due_us > self._now_us and (not cell.due_us or due_us < cell.due_us):
            cell.due_us = due_us
            self._wake(due_us, key)

    def _wake_site(self, state: SiteState, at_us: int) -> None:
        if self._now_us < at_us < FOREVER_US and at_us != state.woken_us:
            state.woken_us = at_us
            self._wake(at_us, state.box)

    def _wake(self, at_us: int, whom: CellKey | str) -> None:
        self._serial += 1
        heappush(self._timers, (at_us, self._serial, whom))

    def _count(self, reason: str) -> None:
        self._counts[reason] = self._counts.get(reason, 0) + 1
