"""From changes of matters to cases: opened, joined, merged, or standing for themselves again.

A matter that nothing explains opens a case, one that a larger one explains is merged into the larger one's. History and
what the county only wants shown open none. All within the caller's transaction; may be called again with the same.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import acting, rows
from countyhub.cases.book import Book
from countyhub.cases.joining import join_cases
from countyhub.cases.opening import Opening, open_case
from countyhub.correlate.matter import Changes, Handle, Matter
from countyhub.lifecycle import family
from countyhub.lifecycle.number import by_age
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import HUB, Act
from countyhub.matters import evidence, kinds, records
from countyhub.matters.records import Known
from countyhub.worktime.deadlines import LATE_ALARM
from gridwire.instants import instant, microseconds
from gridwire.problem import Language

log = logging.getLogger(__name__)

MAX_CASE_KEY: Final = 160
_RANK: Final = {"township": 0, "site": 1, "unstable": 2}


class Casework:
    """Writes the changes of one transaction. `signs`: events by the key that they are signs of."""

    def __init__(
        self,
        connection: AsyncConnection,
        book: Book,
        now: datetime,
        language: Language,
        signs: Mapping[str, Sequence[evidence.Sign]],
    ) -> None:
        self._connection = connection
        self._book = book
        self._now = now
        self._language = language
        self._signs = signs
        self._known: dict[Handle, Known] = {}
        self._numbers: dict[Handle, str | None] = {}
        self._matters: dict[Handle, Matter] = {}
        self._vanished: list[Matter] = []
        self._over: frozenset[Handle] = frozenset()
        self._closed: dict[str, datetime] = {}
        """When the cases of these matters were closed, of those that are."""
        self._moved: dict[Handle, str] = {}
        self._parts: list[tuple[str, str, str]] = []
        """Case of the larger matter, own case, and key: of what a larger one explains."""
        self._joins: dict[str, list[str]] = {}
        self._proofs: dict[tuple[str, int], None] = {}
        self._joined: dict[str, str] = {}
        """Matter key -> case that was opened or joined just now: several new pieces of one thing are one line there."""

    async def write(self, changes: Changes) -> None:
        """Matters and cases, as they are after these changes."""
        self._matters = {matter.handle: matter for matter in changes.now}
        self._over = frozenset(changes.gone)
        handles = {*self._matters, *self._over}
        self._known = await records.known(self._connection, handles)
        await self._know_parents(changes.now)
        self._numbers = {handle: known.number for handle, known in self._known.items()}
        self._closed = await rows.closed(self._connection, {number for number in self._numbers.values() if number})
        for handle in changes.gone:
            self._gone(handle)
        for matter in sorted(changes.now, key=_rank):
            await self._one(matter)
        for root, number, key in self._parts:
            if not await self._stands(key, number):
                self._joins.setdefault(root, []).append(number)
        for into, numbers in self._joins.items():
            await self._join(into, numbers)
        await records.prove(self._connection, self._proofs)
        await records.remove(self._connection, changes.gone)
        await records.write(self._connection, changes.now, self._numbers)
        for handle, number in self._moved.items():
            await records.renumber(self._connection, handle, number)
        for matter in self._vanished:  # last: by now it is written down which cases others stand on
            await self._withdraw(matter)

    async def _know_parents(self, matters: Iterable[Matter]) -> None:
        """Parents, and theirs: a device's site, and the site's township."""
        for _ in range(2):
            parents = {each.parent for each in matters if each.parent is not None}
            more = await records.known(self._connection, parents - self._known.keys())
            self._known |= more
            matters = [each.matter for handle, each in self._known.items() if handle in parents]
            matters += [self._matters[handle] for handle in parents & self._matters.keys()]

    def _matter(self, handle: Handle) -> Matter | None:
        if handle in self._matters:
            return self._matters[handle]
        return self._known[handle].matter if handle in self._known else None

    # One matter

    async def _one(self, matter: Matter) -> None:
        number = self._numbers.get(matter.handle)
        if matter.parent is not None:
            await self._part(matter, number)
        elif number is not None and self._had_parent(matter):
            await self._alone(matter, number)
        elif number is not None:
            self._prove(await self._again(matter, matter, number), matter)
        elif not matter.history:
            await self._open(matter)

    async def _part(self, matter: Matter, number: str | None) -> None:
        """What a larger one explains: its own case, if it has one already, goes under the larger one's."""
        found = self._root(matter)
        if found is None:
            return
        whole, root = found
        if self._opens(matter):
            root = await self._again(whole, matter, root)
        if number is not None and number != root and not self._was_part(matter):
            self._parts.append((root, number, matter.key))
        self._prove(root, matter)

    async def _stands(self, key: str, number: str) -> bool:
        """Whether a matter of this key that nothing explains has this case too: then it is not the larger one's."""
        named = [each for each in self._matters.values() if self._numbers.get(each.handle) == number]
        if any(each.parent is None for each in named):
            return True
        others = await records.alone(self._connection, key, number)
        return bool(others - self._matters.keys() - self._over)

    def _root(self, matter: Matter) -> tuple[Matter, str] | None:
        """The topmost matter that explains this one, or the highest that has a case, with it."""
        found: tuple[Matter, str] | None = None
        parent = matter.parent
        while parent is not None:
            above, number = self._matter(parent), self._numbers.get(parent)
            if above is not None and number is not None:
                found = above, number
            parent = above.parent if above is not None else None
        return found

    async def _again(self, matter: Matter, sign: Matter, number: str) -> str:
        """The case of a matter: another one when something began in it after its own was closed. `sign`: the part of
        it in which that is, or itself. What is over by then, or ended only, and what came late, opens nothing."""
        closed = self._closed.get(number)
        if closed is None or sign.history or sign.raised_us <= microseconds(closed):
            return number
        since_us = microseconds(closed) + 1
        piece = matter._replace(begin_us=since_us, end_us=max(matter.end_us, sign.raised_us), raised_us=sign.raised_us)
        await self._open(piece, former=(number, closed))
        opened = self._joined.get(matter.key)
        if opened is None:
            return number
        self._numbers[matter.handle] = self._moved[matter.handle] = opened
        return opened

    def _opens(self, matter: Matter) -> bool:
        return kinds.ruling(self._book.registry, kinds.what(matter).kind, self._book.day(self._now)).opens

    def _had_parent(self, matter: Matter) -> bool:
        known = self._known.get(matter.handle)
        return known is not None and known.matter.parent is not None

    def _was_part(self, matter: Matter) -> bool:
        """Of the same, which has not changed either: then its case is where it should be."""
        known = self._known.get(matter.handle)
        return known is not None and known.matter.parent == matter.parent and matter.parent not in self._matters

    async def _alone(self, matter: Matter, number: str) -> None:
        """What explained it is over and it goes on: its case stands for itself again, or is opened anew."""
        found = await rows.load(self._connection, [number])
        case = found[number].case if number in found else None
        if case is None or not found[number].open:
            return await self._open(matter)
        if case.stage != "merged":
            return None
        found |= await rows.load(self._connection, [case.parent])
        at = rows.instant(self._now, (found[number], found[case.parent]))
        life, text = self._book.life(at), self._goes_on(matter)
        done = family.split(life, found[case.parent].case, case, HUB, at, text=text)
        if isinstance(done, Refused):
            log.warning("case %s stays with %s: %s", number, case.parent, done)
            return None
        changes = {each.case.number: rows.Change(found[each.case.number], at) for each in done}
        for each in done:
            changes[each.case.number].take(each)
        return await rows.save(self._connection, self._book, list(changes.values()))

    async def _join(self, into: str, numbers: Sequence[str]) -> None:
        joined = await join_cases(self._connection, self._book, numbers, into, self._now)
        for other, why in joined.left:
            log.info("case %s stays for itself: %s", other, why)

    def _gone(self, handle: Handle) -> None:
        """It has become part of another matter of its key: what was known of it is that one's now."""
        number = self._numbers.pop(handle, None)
        known = self._known.get(handle)
        if number is None or known is None:
            return
        heir = next((each for each in self._matters.values() if _inherits(each, known.matter)), None)
        if heir is None:
            self._vanished.append(known.matter)
            return
        own = self._numbers.get(heir.handle)
        if own is None:
            self._numbers[heir.handle] = number
        elif own != number and {own, number} & self._closed.keys():  # what is still open, or was closed last, counts
            self._numbers[heir.handle] = max((own, number), key=lambda each: self._closed.get(each, self._now))
        elif own != number:
            older, newer = sorted((own, number), key=by_age)
            self._numbers[heir.handle] = older
            self._joins.setdefault(older, []).append(newer)

    async def _withdraw(self, matter: Matter) -> None:
        """What came late has shown that there was nothing, such as the end of an outage of four minutes: a case that
        nobody has begun with is taken back, any other is for a person to judge."""
        number = self._known[matter.handle].number
        if number is None or await records.is_named(self._connection, matter.key, number):
            return
        text = "后到的信号表明此事并未发生" if self._language == "zh" else "what came late shows that it did not happen"
        act = Act(name="withdraw", text=text)
        acted = await acting.act_within(self._connection, self._book, number, act, HUB, self._now)
        if isinstance(acted, Refused):
            log.info("case %s stays: %s", number, acted)

    # Opening

    async def _open(self, matter: Matter, former: tuple[str, datetime] | None = None) -> None:
        """`former`: the case that this matter had, and when that was closed; `matter` is what came since."""
        if matter.key in self._joined:
            self._numbers[matter.handle] = self._joined[matter.key]
            return
        found = kinds.what(matter)
        registry = self._book.registry
        day = self._book.day(self._now)
        ruling = kinds.ruling(registry, found.kind, day)
        if not ruling.opens:
            return
        happened = instant(matter.begin_us if former is None else matter.raised_us)
        long_ago = self._now - happened > LATE_ALARM  # and no history: it lasts still, and wants a light
        words = [self._since(happened)] * long_ago + ([] if former is None else [self._after(*former)])
        opening = Opening(
            key=case_key(matter.key),
            origin="machine",
            arrived=self._now,
            category=ruling.category,
            box=found.box,
            device=found.device,
            happened=None if long_ago else happened,
            title=kinds.title(registry, found, day, self._language),
            text="；".join(words) if self._language == "zh" else "; ".join(words),
            drill=found.drill,
            events=await evidence.of(self._connection, matter, found, self._signs),
            place=found.place,
        )
        opened = await open_case(self._connection, self._book, opening, self._now)
        self._joined[matter.key] = opened.number
        if former is None:
            self._numbers[matter.handle] = opened.number
        elif opened.is_new:
            await self._follows(former[0], opened.number)

    async def _follows(self, former: str, number: str) -> None:
        """The case that was closed says on its timeline where it goes on."""
        found = await rows.load(self._connection, [former])
        change = rows.Change(found[former], self._now)
        text = f"办结后再次发生，已另立案件 {number}" if self._language == "zh" else f"again after its end: {number}"
        change.line(rows.Line("joined", self._now, HUB, text))
        await rows.save(self._connection, self._book, [change])

    def _prove(self, number: str, matter: Matter) -> None:
        """The first events of a matter are what its case stands on."""
        signs = self._signs.get(matter.key, ())
        if matter.size <= evidence.MANY:
            near = [sign.event_id for sign in signs if matter.begin_us <= sign.at_us <= matter.end_us]
            self._proofs |= dict.fromkeys((number, event_id) for event_id in near[: evidence.MANY])

    # Words

    def _goes_on(self, matter: Matter) -> str:
        name = kinds.title(self._book.registry, kinds.what(matter), self._now, self._language)
        zh, en = f"上级事件已结束，此处仍未恢复：{name}", f"the larger one is over, this goes on: {name}"
        return zh if self._language == "zh" else en

    def _after(self, former: str, closed: datetime) -> str:
        at = f"{closed.astimezone(self._book.zone):%Y-%m-%d %H:%M}"
        zh = f"前案 {former} 已于 {at} 结束，此后再次发生"
        return zh if self._language == "zh" else f"case {former} was over at {at}; it happened again since"

    def _since(self, happened: datetime) -> str:
        at = f"{happened.astimezone(self._book.zone):%Y-%m-%d %H:%M}"
        return f"自 {at} 起持续至今" if self._language == "zh" else f"it has lasted since {at}"


def case_key(key: str) -> str:
    """The key of a matter's case: itself, or as much as fits and a digest."""
    if len(key) <= MAX_CASE_KEY:
        return key
    return f"{key[: MAX_CASE_KEY - 33]}~{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _rank(matter: Matter) -> int:
    return _RANK.get(matter.key.partition("/")[0], 3)


def _inherits(heir: Matter, gone: Matter) -> bool:
    return heir.key == gone.key and heir.begin_us <= gone.end_us and heir.end_us >= gone.begin_us
