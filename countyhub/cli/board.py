"""`countyhub board …`: notices, answers and grid workers of one box, beside the running hub, which sends the change.

Ends with 0 when it was done, 1 when the database cannot be used or the board would be too large, 2 for arguments that
are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select

from countyhub import configfile
from countyhub.cli.attempt import OK, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.downlink import notices
from countyhub.gridworkers import roster
from countyhub.store.engine import Store, locate, open_reader
from countyhub.store.tables import event
from gridwire import instants
from gridwire.identifiers import BadBoxId, check_box_id, new_ulid
from gridwire.messages import Answer, Board, Notice
from gridwire.problem import Language, Problem

Edit = Callable[[Board], Board]
T = TypeVar("T")
_RECEIPT = re.compile(r"[0-9A-Z._-]{1,32}")
_PERSON = re.compile(r"[0-9a-f]{64}")
_REQUEST = "cn.gridwire.request.v1"


class WrongUse(Problem):
    """Base of what the caller can put right."""


class BadTime(WrongUse):
    code = "board.bad-time"
    en = "“{given}” is no time to come; e.g. 2026-12-31 or 2026-12-31T18:00"
    zh = "“{given}”不是将来的时间；例如 2026-12-31 或 2026-12-31T18:00"


class BadReceipt(WrongUse):
    code = "board.bad-receipt"
    en = "this is no receipt number: R and letters or digits, as printed"
    zh = "这不是回执编号：应为小票上印的 R 开头的字母数字"


class BadPerson(WrongUse):
    code = "board.bad-person"
    en = "--person is a keyed hash of 64 hex digits, never a number"
    zh = "--person 应为 64 位十六进制的哈希，不能填证件号码"


class TooLong(WrongUse):
    code = "board.too-long"
    en = "too long: {why}"
    zh = "内容过长：{why}"


class NotThere(WrongUse):
    code = "board.not-there"
    en = "there is no such thing on the board of {box}; see countyhub board show {box}"
    zh = "盒子 {box} 的公示栏中没有这一项；请查看 countyhub board show {box}"


_FAILURES = (notices.BoardTooLarge, roster.RosterRefused, roster.RosterUnreadable)


class _Request(msgspec.Struct):
    receipt: str = ""
    person: str = ""


class _Raw(msgspec.Struct):
    """Of a stored event, what matters here."""

    data: _Request


_raw = msgspec.json.Decoder(_Raw)


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)

    def work() -> int:
        check_box_id(args.box)
        return asyncio.run(_work(config, args))

    return attempt(args.language, work, wrong_use=(WrongUse, BadBoxId), failed=_FAILURES)


async def _work(config: Config, args: argparse.Namespace) -> int:
    store = await open_reader(locate(config))
    try:
        if args.action == "show":
            async with store.read() as connection:
                board = await notices.read(connection, args.box)
                at_box = await notices.revision_at_box(connection, args.box)
            _show(board, at_box, args, ZoneInfo(config.web.timezone))
            return OK
        edit = await _edit(store, config, args)
        board = await notices.change(store, args.box, edit)
    finally:
        await store.close()
    if args.json:
        print(msgspec.json.encode(board).decode())
    else:
        print(say(args.language, en=f"board of {args.box} is now revision {board.revision}; the hub sends it",
                  zh=f"盒子 {args.box} 的公示栏已更新为第 {board.revision} 版，由汇聚端下发"))  # fmt: skip
    return OK


# -- changes ---------------------------------------------------------------------------------------------------------


async def _edit(store: Store, config: Config, args: argparse.Namespace) -> Edit:
    """What is to be done with the board. Raises what `_EXPECTED` names."""
    match args.action:
        case "notice":
            return _notice(args, ZoneInfo(config.web.timezone))
        case "answer":
            return await _answer(store, args)
        case "workers":
            workers = tuple(roster.read_hashed(roster.read_file(args.file), args.file))
            return lambda board: msgspec.structs.replace(board, workers=workers)
    return _remove(args)


def _notice(args: argparse.Namespace, zone: ZoneInfo) -> Edit:
    expires = _time(args.expires, zone) if args.expires else None
    values = {"id": args.id or new_ulid(), "title": args.title, "text": args.text, "expires": expires}
    fresh = _valid(values, Notice)

    def edit(board: Board) -> Board:
        if any(notice.id == fresh.id for notice in board.notices):
            shown = tuple(fresh if notice.id == fresh.id else notice for notice in board.notices)
        else:
            shown = (fresh, *board.notices)  # the newest first: a terminal prints only some
        return msgspec.structs.replace(board, notices=shown)

    return edit


async def _answer(store: Store, args: argparse.Namespace) -> Edit:
    receipt = _receipt(args.receipt)
    person = args.person.lower()
    if person and not _PERSON.fullmatch(person):
        raise BadPerson  # it may be somebody's number: not quoted
    request = await _find_request(store, args.box, receipt)
    if request is None:
        told = say(args.language, en=f"note: the hub knows no request with receipt {receipt} from this box",
                   zh=f"注意：汇聚端没有收到过该盒子回执为 {receipt} 的受理记录")  # fmt: skip
        print(told, file=sys.stderr)
    who = person or (request.person if request is not None else "")
    fresh = _valid({"receipt": receipt, "person": who, "text": args.text}, Answer)

    def edit(board: Board) -> Board:
        others = (answer for answer in board.answers if answer.receipt != receipt)
        return msgspec.structs.replace(board, answers=(*others, fresh))

    return edit


def _remove(args: argparse.Namespace) -> Edit:
    def edit(board: Board) -> Board:
        after = board
        if args.workers:
            after = msgspec.structs.replace(board, workers=())
        elif args.notice:
            kept = tuple(notice for notice in board.notices if notice.id != args.notice)
            after = msgspec.structs.replace(board, notices=kept)
        else:
            answers = tuple(answer for answer in board.answers if answer.receipt != _receipt(args.receipt))
            after = msgspec.structs.replace(board, answers=answers)
        if after == board:
            raise NotThere(box=args.box)
        return after

    return edit


async def _find_request(store: Store, box: str, receipt: str) -> _Request | None:
    """The request that has this receipt, from the newest on."""
    query = select(event.c.raw).where(event.c.box == box, event.c.type == _REQUEST).order_by(event.c.id.desc())
    async with store.read() as connection:
        for (raw,) in await connection.execute(query):
            data = _raw.decode(raw).data
            if data.receipt.upper() == receipt:
                return data
    return None


def _receipt(given: str) -> str:
    """As printed, also when the whole code was scanned."""
    text = given.strip().upper().removeprefix("GW:RECEIPT:")
    if not _RECEIPT.fullmatch(text):
        raise BadReceipt
    return text


def _time(given: str, zone: ZoneInfo) -> datetime:
    try:
        aware = instants.typed(given, zone)
    except ValueError as error:
        raise BadTime(given=given) from error
    if aware <= datetime.now(UTC):
        raise BadTime(given=given)
    return aware


def _valid(values: dict[str, object], kind: type[T]) -> T:
    """Raises `TooLong`."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise TooLong(why=error) from error


# -- show ------------------------------------------------------------------------------------------------------------


def _show(board: Board, at_box: int, args: argparse.Namespace, zone: ZoneInfo) -> None:
    if args.json:
        print(msgspec.json.encode({**msgspec.to_builtins(board), "at_box": at_box}).decode())
        return
    language: Language = args.language
    told = say(language, en=f"box {args.box}: revision {board.revision}, the box said {at_box} when it last connected",
               zh=f"盒子 {args.box}：第 {board.revision} 版；盒子上次连接时报告第 {at_box} 版")  # fmt: skip
    print(told)
    for notice in board.notices:
        until = f"  ≤ {notice.expires.astimezone(zone):%Y-%m-%d %H:%M}" if notice.expires else ""
        print(f"{say(language, en='notice', zh='公示')}  {notice.id}{until}  {notice.title}")
        print("".join(f"    {line}\n" for line in notice.text.splitlines()), end="")
    for answer in board.answers:
        way = say(language, en="by receipt or card", zh="凭回执或刷卡") if answer.person else say(
            language, en="by receipt only", zh="仅凭回执")  # fmt: skip
        print(f"{say(language, en='answer', zh='答复')}  {answer.receipt}  {way}  {answer.text}")
    for worker in board.workers:
        # The hash's begin is enough to tell two apart.
        print(f"{say(language, en='worker', zh='网格员')}  {worker.person[:12]}…  {worker.grid or '-'}  {worker.name}")
