"""Review segments of one device and kind: marks no more than the gap apart (5 minutes, `matter.Limits.gap_us`), and a
state from its start to its end, or for as long as `signals.hold_us` takes it to last. What else must be the same, as
rule and drill: `correlator.CellKey`. What a box has merged into one alarm itself (`merge_gap_s`) is one mark here.

Marks are kept as runs (first, last, how many), for marks that are close together stay so whatever comes between. Only
from a START to the END after it can a longer time be bridged, and only that bridge can be broken again, by a mark that
arrives late and lies between. That is all there is to know for any order of arrival (R-CORR-01).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TypeAlias

from countyhub.correlate.matter import NO_CHANGES, Changes, Handle, Matter, compare
from countyhub.correlate.signals import END, START

Mark: TypeAlias = tuple[int, int, int]
"""Time in microseconds, number in its stream, and START, PULSE or END."""
RunRow: TypeAlias = tuple[Mark, Mark, int, bool, int]


class Run:
    """Marks that follow each other within the gap. `raised`: starts and pulses, the last of them at
    `raised_us` (0: none); `fresh`: one of them came in time."""

    __slots__ = ("first", "fresh", "last", "raised", "raised_us")

    def __init__(self, first: Mark, last: Mark, raised: int, fresh: bool, raised_us: int) -> None:
        self.first = first
        self.last = last
        self.raised = raised
        self.fresh = fresh
        self.raised_us = raised_us


def _first(run: Run) -> Mark:
    return run.first


class Segments:
    """All runs of one key, in order, and the matters they make. `due_us`: when its owner looks again; 0: never."""

    __slots__ = ("due_us", "gap_us", "hold_us", "key", "runs")

    def __init__(self, key: str, gap_us: int, hold_us: int, runs: list[Run] | None = None) -> None:
        self.key = key
        self.gap_us = gap_us
        self.hold_us = max(hold_us, gap_us)
        self.runs = runs or []
        self.due_us = 0

    def add(self, mark: Mark, late: bool, now_us: int) -> Changes:
        """Takes a mark that was not taken before."""
        runs, at_us = self.runs, mark[0]
        index = len(runs) - 1
        if index < 0 or mark < runs[index].first:
            index = bisect_right(runs, mark, key=_first) - 1
        joins = index >= 0 and at_us <= runs[index].last[0] + self.gap_us
        if joins and (index == len(runs) - 1 or mark < runs[index].last):  # the usual case: the runs stay as they are
            return self._grow_inside(index, mark, late, now_us)
        before = self._views(index - 1, index + 2, now_us)
        self._insert(index, mark, late, joins)
        return compare(before, self._views(index - 1, index + 3, now_us))

    def _grow_inside(self, index: int, mark: Mark, late: bool, now_us: int) -> Changes:
        _grow(self.runs[index], mark, late)
        begin = end = index
        while begin and self._bridged(begin - 1):
            begin -= 1
        while end + 1 < len(self.runs) and self._bridged(end):
            end += 1
        matter = self._view(begin, end, now_us)
        return Changes((matter,)) if matter is not None else NO_CHANGES

    def _insert(self, index: int, mark: Mark, late: bool, joins: bool) -> None:
        runs = self.runs
        follower = runs[index + 1] if index + 1 < len(runs) else None
        reaches = follower is not None and mark[0] >= follower.first[0] - self.gap_us
        if joins:
            _grow(runs[index], mark, late)
            if reaches and follower is not None:
                _unite(runs[index], follower)
                del runs[index + 1]
        elif reaches and follower is not None:
            _grow(follower, mark, late)
        else:
            begins = mark[2] != END
            runs.insert(index + 1, Run(mark, mark, int(begins), not late, mark[0] if begins else 0))

    def matters(self, now_us: int) -> Iterator[Matter]:
        """All of them, in order."""
        return iter(self._views(0, len(self.runs), now_us).values())

    def last_matter(self, now_us: int) -> tuple[Matter, ...]:
        """The last one; empty when it is none yet."""
        return tuple(self._views(len(self.runs) - 1, len(self.runs), now_us).values())

    def closes_us(self) -> int:
        """When the last of them closes, should nothing more come."""
        last = self.runs[-1].last
        return last[0] + (self.hold_us if last[2] == START else self.gap_us)

    def forget(self, before_us: int) -> None:
        """Drops the segments that ended before, whole ones only."""
        keep = len(self.runs)
        for begin, end in self._chains(0, len(self.runs)):
            if max(run.last[0] for run in self.runs[begin : end + 1]) + self.hold_us >= before_us:
                keep = begin
                break
        del self.runs[:keep]

    def _views(self, low: int, high: int, now_us: int) -> dict[Handle, Matter]:
        found: dict[Handle, Matter] = {}
        for begin, end in self._chains(low, high):
            matter = self._view(begin, end, now_us)
            if matter is not None:
                found[self.key, matter.begin_us] = matter
        return found

    def _chains(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """First and last run of every segment that has a run in low..high-1."""
        count = len(self.runs)
        begin = max(low, 0)
        while begin and begin < count and self._bridged(begin - 1):
            begin -= 1
        while begin < min(high, count):
            end = begin
            while end + 1 < count and self._bridged(end):
                end += 1
            yield begin, end
            begin = end + 1

    def _bridged(self, index: int) -> bool:
        """Whether a state goes on from this run to the next one."""
        last, first = self.runs[index].last, self.runs[index + 1].first
        return last[2] == START and first[2] == END and first[0] - last[0] <= self.hold_us

    def _view(self, begin: int, end: int, now_us: int) -> Matter | None:
        """None when nothing was raised: the end alone of something that was never seen to begin."""
        runs = self.runs
        if begin == end:
            raised, fresh, raised_us = runs[end].raised, runs[end].fresh, runs[end].raised_us
        else:
            raised = sum(run.raised for run in runs[begin : end + 1])
            fresh = any(run.fresh for run in runs[begin : end + 1])
            raised_us = max(run.raised_us for run in runs[begin : end + 1])
        if not raised:
            return None
        is_open = end == len(runs) - 1 and now_us <= self.closes_us()
        return Matter(self.key, runs[begin].first[0], runs[end].last[0], is_open, raised, not fresh, None, raised_us)

    def rows(self) -> list[RunRow]:
        """For storing."""
        return [(run.first, run.last, run.raised, run.fresh, run.raised_us) for run in self.runs]


def _grow(run: Run, mark: Mark, late: bool) -> None:
    if mark > run.last:
        run.last = mark
    elif mark < run.first:
        run.first = mark
    if mark[2] != END:
        run.raised += 1
        run.raised_us = max(run.raised_us, mark[0])
    if not late:
        run.fresh = True


def _unite(run: Run, follower: Run) -> None:
    run.last = max(run.last, follower.last)
    run.raised += follower.raised
    run.raised_us = max(run.raised_us, follower.raised_us)
    run.fresh = run.fresh or follower.fresh
