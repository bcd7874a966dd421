"""`countyhub box add|replace`: one-time tokens, printed or as a file a box on a stick; beside the running hub.

Ends with 0 when it was done, 1 when the database or the stick cannot be written, 2 for boxes that are wrong.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from countyhub.ca import files, identities, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.identities import WrongIdentity
from countyhub.cli.ca import who
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store.engine import Store, locate, open_reader
from gridwire.enrolment import TICKET_SUFFIX, Ticket, Token
from gridwire.identifiers import check_box_id
from gridwire.problem import Language

OK = 0
_BOX, _NAME = ("box", "盒子"), ("name", "名称")


class BadList(WrongIdentity):
    code = "box.bad-list"
    en = "{path} cannot be used: {reason}"
    zh = "{path} 无法使用：{reason}"


class NoBoxes(WrongIdentity):
    code = "box.none-named"
    en = "say which boxes: countyhub box add CODE …, or --file CSV"
    zh = "请指明盒子：countyhub box add 编号……，或 --file 清单.csv"


class Wanted(NamedTuple):
    box: str
    name: str


async def add(config: Config, args: argparse.Namespace) -> int:
    """All of them, or none."""
    wanted = [Wanted(box, "") for box in args.box] + (read_list(args.file) if args.file else [])
    if not wanted:
        raise NoBoxes
    now = datetime.now(UTC)
    store, pin = await _ready(config, now)
    try:
        tickets = await _tokens(store, config, wanted, pin, now, again=args.again)
        async with store.read() as connection:
            doubtful = await identities.without_village(connection, [each.box for each in wanted])
    finally:
        await store.close()
    _hand_out(tickets, args, args.language)
    for box in doubtful:
        print(say(args.language, en=f"! {box}: the registry has no such village. Is the number right?",
                  zh=f"! {box}：登记表中没有这个村，编号对吗？"), file=sys.stderr)  # fmt: skip
    return OK


async def replace(config: Config, args: argparse.Namespace) -> int:
    """The next id of the village for the new machine."""
    now, days = datetime.now(UTC), config.enrol.leaving_days
    store, pin = await _ready(config, now)
    try:
        async with store.write() as connection:
            successor = await identities.replace(connection, args.box, by=who(), now=now, days=days)
            token = await identities.add(connection, successor, config.county, pin, by=who(), now=now,
                                         days=config.enrol.token_days, again=False)  # fmt: skip
    finally:
        await store.close()
    _hand_out([_ticket(config, Wanted(successor, ""), token, now)], args, args.language)
    if not args.json:
        print(_what_now(args.box, successor, now, days, args.language))
    return OK


def read_list(path: Path) -> list[Wanted]:
    """A CSV with a heading, UTF-8 or GBK. Raises `BadList`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadList(path=path, reason=error.strerror or error) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            rows = list(csv.DictReader(io.StringIO(raw.decode(encoding))))
            break
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise BadList(path=path, reason=error) from error
    else:
        raise BadList(path=path, reason="UTF-8 / GBK")
    found = [Wanted(box, _cell(row, _NAME)[:64]) for row in rows if (box := _cell(row, _BOX))]
    if not found:
        raise BadList(path=path, reason="box / 盒子: –")
    return found


def _cell(row: dict[str, str], names: Sequence[str]) -> str:
    """A cell, without the tab that keeps a spreadsheet from rewriting codes."""
    return next((str(row[name]).strip() for name in names if row.get(name)), "")


async def _ready(config: Config, now: datetime) -> tuple[Store, bytes]:
    """The database, and the fingerprint that tokens name. Raises the problems of both."""
    if not config.enrol.names:
        raise renewal.NoNames
    authority = Authority.open(renewal.ca_folder(config))
    return await open_reader(locate(config)), bytes.fromhex(authority.signing(now).pin)


async def _tokens(
    store: Store, config: Config, wanted: Sequence[Wanted], pin: bytes, now: datetime, *, again: bool
) -> list[Ticket]:
    for each in wanted:
        check_box_id(each.box)
    tickets = []
    async with store.write() as connection:
        for each in wanted:
            token = await identities.add(connection, each.box, config.county, pin, by=who(), now=now,
                                         days=config.enrol.token_days, again=again)  # fmt: skip
            tickets.append(_ticket(config, each, token, now))
    return tickets


def _ticket(config: Config, wanted: Wanted, token: Token, now: datetime) -> Ticket:
    until = now + timedelta(days=config.enrol.token_days)
    host = config.enrol.names[0]
    hub = f"[{host}]:{config.enrol.port}" if ":" in host else f"{host}:{config.enrol.port}"
    expires = until.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Ticket(box=wanted.box, hub=hub, token=token.text, name=wanted.name, expires=expires)


def _hand_out(tickets: Sequence[Ticket], args: argparse.Namespace, language: Language) -> None:
    if args.out is not None:
        if not args.out.exists():
            print(say(language, en=f"! there was no folder {args.out}, it was made: is the stick mounted?",
                      zh=f"! 原来没有文件夹 {args.out}，已新建：U 盘挂载了吗？"), file=sys.stderr)  # fmt: skip
        files.folder(args.out)
        for ticket in tickets:
            files.hand_out(args.out / f"{ticket.box}{TICKET_SUFFIX}", _as_file(ticket))
    for ticket in tickets:
        print(msgspec.json.encode(ticket).decode() if args.json else _told(ticket, args.out, language))
    if not args.json:
        print(say(language, en="Each works once. Whoever uses it first is that box: hand it over, do not send it.",
                  zh="每个令牌只能用一次，谁先使用，谁就成为该盒子：请当面交付，不要转发。"))  # fmt: skip


def _as_file(ticket: Ticket) -> bytes:
    """TOML, with line ends that every editor shows."""
    head = "# edgeagent enroll --token-file 本文件 / this file"
    lines = [head, *(f"{name} = {msgspec.json.encode(value).decode()}"
                     for name, value in msgspec.structs.asdict(ticket).items() if value)]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n").encode()


def _told(ticket: Ticket, folder: Path | None, language: Language) -> str:
    named = f"{ticket.box} {ticket.name}".strip()
    until = ticket.expires[:10]
    if folder is not None:
        file = folder / f"{ticket.box}{TICKET_SUFFIX}"
        return say(language, en=f"{named}: {file} (until {until})", zh=f"{named}：{file}（有效至 {until}）")
    order = f"sudo edgeagent enroll --hub {ticket.hub} --token {ticket.token}"
    return say(language, en=f"{named} (until {until}):\n  {order}", zh=f"{named}（有效至 {until}）：\n  {order}")


def _what_now(old: str, new: str, now: datetime, days: int, language: Language) -> str:
    today, until = f"{now.astimezone():%Y-%m-%d}", f"{now + timedelta(days=days):%Y-%m-%d}"
    return say(
        language,
        en=f"{old} may deliver what it still has until {until}, under its own name; connect it once more if you can.\n"
        f"In boxes.csv: {old} gets valid_to {today} and successor {new}; add a row for {new} with valid_from {today}.",
        zh=f"{old} 可在 {until} 之前以原编号继续上报剩余事件；条件允许时请再接通一次。\n"
        f"请在登记表 boxes.csv 中：{old} 填停用日期 {today}、更换为 {new}；新增 {new} 一行，启用日期 {today}。",
    )
