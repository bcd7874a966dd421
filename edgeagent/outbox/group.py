"""Plans one group commit: gives the numbers and makes the bytes. Pure: a failed commit leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from edgeagent.driver import Stored
from edgeagent.outbox.draft import Draft
from edgeagent.outbox.numbers import Book
from edgeagent.outbox.pictures import PictureFile
from edgeagent.outbox.transactions import Group, dump
from gridwire.events import Lane, PictureRef
from gridwire.problem import Problem

UNFIT = (Problem, TypeError, ValueError, OverflowError, AttributeError, RecursionError)
"""What data can do to its encoding that is not as declared. It must hurt nobody else who waits for the commit."""


class Pending(NamedTuple):
    """Somebody who waits: an event with its pictures, values to remember, or only the wish that a commit happens."""

    draft: Draft | None
    files: tuple[PictureFile, ...]
    remember: dict[str, bytes | None]
    done: asyncio.Future[Stored | None]


class Plan(NamedTuple):
    """What to write, and what to answer when it is written. `pictures`: by row number."""

    group: Group
    answers: list[tuple[Pending, Stored | None]]
    pictures: dict[int, PictureFile]


def plan_group(book: Book, waiting: Iterable[Pending], dirty: Iterable[Lane]) -> Plan:
    """Number the events of a group. One that cannot be encoded gets its error at once and takes no number."""
    rows: dict[Lane, list[tuple[int, bytes]]] = {}
    remember: dict[str, bytes | None] = {}
    answers: list[tuple[Pending, Stored | None]] = []
    pictures: dict[int, PictureFile] = {}
    stream = book.current

    def next_n(lane: Lane) -> int:
        taken = rows.get(lane)
        return taken[-1][0] + 1 if taken else book.lanes[lane].next

    for pending in waiting:
        if pending.done.done() and not pending.done.cancelled():
            continue  # told already that it cannot be encoded; one whose driver was cancelled is stored all the same
        stored: Stored | None = None
        if pending.draft is not None:
            first = next_n("media")
            refs = tuple(
                PictureRef(stream=stream.id, seq=n - stream.bases["media"], sha256=file.sha256, bytes=file.bytes)
                for n, file in enumerate(pending.files, first)
            )
            lane = pending.draft.lane
            n = next_n(lane)
            seq = n - stream.bases[lane]
            try:
                body = pending.draft.build(stream.id, seq, refs)
            except UNFIT as error:
                if not pending.done.done():
                    pending.done.set_exception(error)
                continue
            rows.setdefault(lane, []).append((n, body))
            for number, file in enumerate(pending.files, first):
                rows.setdefault("media", []).append((number, msgspec.json.encode(file)))
                pictures[number] = file
            stored = Stored(pending.draft.id, stream.id, lane, seq)
        remember.update(pending.remember)
        answers.append((pending, stored))
    return Plan(
        Group(rows, remember, {lane: dump(book.lanes[lane].settled, book.lanes[lane].gone) for lane in dirty}),
        answers,
        pictures,
    )
