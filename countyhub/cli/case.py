"""`countyhub case …`: cases by hand, beside the running hub: look, open, act, merge, attach, export.

Ends with 0 when it was done, 1 when it was refused or the database cannot be used, 2 for arguments that are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple, get_args
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.cases import finding
from countyhub.cases.acting import Acted, act, merge
from countyhub.cases.attaching import MAX_BYTES, Attached, attach
from countyhub.cases.book import Book
from countyhub.cases.listing import Filter
from countyhub.cases.opening import Opening, open_case
from countyhub.cases.refusals import NotThere, NotTheRole
from countyhub.cases.retrying import retried
from countyhub.cli import caseexport
from countyhub.cli.attempt import OK, Trouble, attempt
from countyhub.cli.caseshow import Shown
from countyhub.config import Config
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import Act, Actor, Role
from countyhub.lifecycle.step import allowed_acts
from countyhub.registry.live import LiveRegistry
from countyhub.sight.scope import WHOLE, Scope
from countyhub.store.engine import Store, locate, open_reader
from gridwire.identifiers import new_ulid
from gridwire.problem import Problem


class WrongUse(Problem):
    """Base of what the caller can put right."""


class UnknownCode(WrongUse):
    code = "case.unknown-code"
    en = "“{given}” is nothing in the registry today; see countyhub registry show {given}"
    zh = "今日登记表中没有“{given}”；请查看 countyhub registry show {given}"


class BadDay(WrongUse):
    code = "case.bad-day"
    en = "“{given}” is no day; e.g. 2026-06-01"
    zh = "“{given}”不是日期；例如 2026-06-01"


class FileUnreadable(WrongUse):
    code = "case.file-unreadable"
    en = "{path} cannot be used: {reason}"
    zh = "{path} 无法使用：{reason}"


class Desk(NamedTuple):
    """What a command needs."""

    store: Store
    book: Book
    args: argparse.Namespace
    now: datetime
    shown: Shown

    def print(self, zh: str, en: str) -> None:
        print(self.shown.say(zh, en))

    def json(self, value: object) -> None:
        print(msgspec.json.encode(value).decode())

    @property
    def scope(self) -> Scope:
        return self.book.scope(self.args.by, self.now) if self.args.by else WHOLE

    @property
    def actor(self) -> Actor:
        role: Role | None = self.args.role
        if role is not None and role not in get_args(Role):
            raise NotTheRole(person=self.args.by, role=role, day=self.book.day(self.now))
        return self.book.actor(self.args.by, self.now, role)


_TROUBLE = Trouble("数据库无法使用", "the database takes nothing")


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    return attempt(
        args.language,
        lambda: asyncio.run(_work(config, args)),
        wrong_use=(WrongUse, finding.BadPage),
        failed=(Refused,),
        database=_TROUBLE,
    )


async def _work(config: Config, args: argparse.Namespace) -> int:
    store = await open_reader(locate(config))
    try:
        live = LiveRegistry(store, ZoneInfo(config.web.timezone))
        await live.refresh()
        now = datetime.now(UTC)
        book = Book.configured(config, live)
        desk = Desk(store, book, args, now, Shown(live.current, book.zone, args.language, now))
        return await _ACTIONS[args.action](desk)
    finally:
        await store.close()


# -- looking -----------------------------------------------------------------------------------------------------------


async def _list(desk: Desk) -> int:
    args = desk.args
    async with desk.store.read() as connection:
        page = await finding.find(
            connection, _filter(desk), desk.scope, after=args.after, limit=args.limit, order=args.order
        )
    if args.json:
        desk.json(page)
        return OK
    for row in page.cases:
        print(desk.shown.line(row))
    if not page.cases:
        desk.print("没有符合条件的案件", "no such cases")
    if page.after:
        desk.print(f"还有更多：--after {page.after}", f"more: --after {page.after}")
    return OK


async def _show(desk: Desk) -> int:
    number = desk.args.number
    async with desk.store.read() as connection:
        whole = await finding.one(connection, number, desk.scope)
        entries = await finding.timeline(connection, number) if whole else ()
    if whole is None:
        raise NotThere(number=number)
    if desk.args.json:
        desk.json({"case": whole, "timeline": entries})
        return OK
    for line in desk.shown.whole(whole, entries):
        print(line)
    if desk.args.by:
        actor = desk.book.actor(desk.args.by, desk.now)
        for line in desk.shown.buttons(allowed_acts(whole.case, actor, desk.now)):
            print(line)
    return OK


async def _export(desk: Desk) -> int:
    path: Path = desk.args.out
    if path.suffix not in (".csv", ".jsonl"):
        raise FileUnreadable(
            path=path, reason=desk.shown.say("须以 .csv 或 .jsonl 结尾", "must end with .csv or .jsonl")
        )
    try:
        count = await caseexport.write(desk.store, path, _filter(desk), desk.scope, desk.shown)
    except FileExistsError as error:
        raise FileUnreadable(path=path, reason=desk.shown.say("文件已存在", "it exists already")) from error
    desk.print(f"已导出 {count} 件到 {path}", f"{count} cases in {path}")
    return OK


def _filter(desk: Desk) -> Filter:
    args, book = desk.args, desk.book
    owner = book.office(args.owner, desk.now) if args.owner else None
    if args.owner and owner is None:
        raise UnknownCode(given=args.owner)
    if args.area and book.office(args.area, desk.now) is None:
        raise UnknownCode(given=args.area)
    return Filter(
        open=True if args.open else False if args.closed else None,
        area=book.scope_of(args.area, desk.now) if args.area else None,
        owners=frozenset({owner} if owner else ()),
        categories=_categories(args.category),
        box=args.box,
        receipt=args.receipt,
        lights=frozenset(args.light),
        stages=frozenset(args.stage),
        urgent=args.urgent,
        supervised=args.supervised,
        since=_day(args.since, book.zone),
        until=_day(args.until, book.zone),
    )


def _categories(code: str) -> frozenset[str]:
    """All kinds that a group may have."""
    if not code:
        return frozenset()
    return frozenset({code, *(f"{code}{kind:02}" for kind in range(100))}) if len(code) == 2 else frozenset({code})


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(_date(text), time(), zone) if text else None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadDay(given=text) from error


# -- acting ------------------------------------------------------------------------------------------------------------


async def _open(desk: Desk) -> int:
    args, actor = desk.args, desk.actor
    place, box = _place(desk, args.place)
    if desk.book.registry.category(args.category, desk.book.day(desk.now)) is None:
        raise UnknownCode(given=args.category)
    opening = Opening(
        key=args.key or f"hand/{new_ulid()}", origin="person", category=args.category, box=box, place=place,
        happened=None, arrived=desk.now, title=args.title, text=args.text, urgent=args.urgent, drill=args.drill,
        receipt=args.receipt,
    )  # fmt: skip
    opened = await retried(desk.store, lambda here: open_case(here, desk.book, opening, desk.now, actor))
    if desk.args.json:
        desk.json(opened._asdict())
    elif opened.is_new:
        desk.print(f"已立案：{opened.number}", f"opened: {opened.number}")
    else:
        desk.print(f"已并入在办案件 {opened.number}", f"joined the open case {opened.number}")
    return OK


def _place(desk: Desk, code: str) -> tuple[str, str]:
    """A place or a box: `Opening.place`, `Opening.box`."""
    if desk.book.registry.ancestors(code, desk.book.day(desk.now)):
        return code, ""
    if code in desk.book.registry.boxes():
        return "", code
    raise UnknownCode(given=code)


async def _act(desk: Desk) -> int:
    args = desk.args
    target = desk.book.office(args.to, desk.now) if args.to else None
    if args.to and target is None:
        raise UnknownCode(given=args.to)
    wanted = Act(
        name=args.act, text=args.text, target=target, clock=args.clock, category=args.category, step=args.step,
        day=_date(args.day) if args.day else None, expected=args.version,
    )  # fmt: skip
    return await _done(desk, await act(desk.store, desk.book, args.number, wanted, desk.actor, desk.now))


async def _merge(desk: Desk) -> int:
    args = desk.args
    done = await merge(desk.store, desk.book, args.into, args.number, desk.actor, desk.now, text=args.text,
                       expected=args.version)  # fmt: skip
    return await _done(desk, done)


async def _done(desk: Desk, done: Acted | Refused) -> int:
    if isinstance(done, Refused):
        raise done
    numbers = [done.case.number, *(case.number for case in done.also)]
    async with desk.store.read() as connection:
        page = await finding.find(connection, Filter(numbers=frozenset(numbers)))
    for row in sorted(page.cases, key=lambda row: numbers.index(row.number)):
        desk.json(row) if desk.args.json else print(desk.shown.line(row))
    return OK


async def _attach(desk: Desk) -> int:
    path: Path = desk.args.file
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnreadable(path=path, reason=error.strerror or error) from error
    done = await attach(desk.store, desk.book, desk.args.number, path.name, content, desk.actor, desk.now)
    if not isinstance(done, Attached):
        raise done
    if desk.args.json:
        desk.json(done._asdict())
    elif done.is_new:
        desk.print(f"已添加附件 {done.id}（{done.media_type}）", f"added as file {done.id} ({done.media_type})")
    else:
        desk.print(f"此案已有该文件：{done.id}", f"the case has this file already: {done.id}")
    return OK


_ACTIONS: dict[str, Callable[[Desk], Coroutine[Any, Any, int]]] = {
    "list": _list,
    "show": _show,
    "open": _open,
    "act": _act,
    "merge": _merge,
    "attach": _attach,
    "export": _export,
}
