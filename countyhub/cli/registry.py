"""`countyhub registry check|import|export|show`: the county's registry, from files and to files.

Beside the running hub, which takes an import up by itself. Ends with 0 when all is well, 1 when files hold mistakes or
the database takes nothing, 2 for wrong use, 78 for a wrong configuration.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.cli import registryreport, registryshow
from countyhub.cli.attempt import FAILED, OK, Trouble, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.registry import plan, stored
from countyhub.registry.content import Content
from countyhub.registry.folder import write_folder, write_workbook
from countyhub.registry.plan import Plan
from countyhub.registry.snapshot import Registry
from countyhub.registry.stored import RegistryMoved
from countyhub.registry.workbook import ENDING
from countyhub.store.engine import open_reader, open_store
from countyhub.store.problems import DatabaseAbsent
from gridwire.problem import Problem


class BadDay(Problem):
    code = "registry.no-day"
    en = "“{given}” is no day; e.g. 2026-03-16"
    zh = "“{given}”不是日期；例如 2026-03-16"


class NotWritten(Problem):
    code = "registry.not-written"
    en = "cannot write to {path}: {why}"
    zh = "无法写入 {path}：{why}"


_TROUBLE = Trouble("数据库无法使用", "the database cannot be used")


def execute(args: argparse.Namespace) -> int:
    work = {"check": _check, "import": _import, "export": _export, "show": _show}[args.action]
    return attempt(
        args.language,
        lambda: asyncio.run(work(args)),
        wrong_use=(BadDay,),
        failed=(RegistryMoved, NotWritten),
        database=_TROUBLE,
    )


# check and import


async def _check(args: argparse.Namespace) -> int:
    if args.county:
        today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
        found = plan.make(args.folder, Content.bare(()), revision=0, county=args.county, today=today)
    else:
        found = await _plan(args, configfile.load(args.config))
    return _tell(args, found, applied=None, changes=False)


async def _import(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    found = await _plan(args, config)
    applied = None
    if args.apply and not found.mistakes:
        applied = await _apply(args, config, found)
    return _tell(args, found, applied=applied, changes=True)


async def _plan(args: argparse.Namespace, config: Config) -> Plan:
    known, revision = await _stored(config)
    return plan.make(
        args.folder,
        known,
        revision=revision,
        county=config.county,
        today=_today(config),
        allow_ending=args.allow_ending,
    )


async def _stored(config: Config) -> tuple[Content, int]:
    """What is stored; nothing when the hub has never run."""
    try:
        store = await open_reader(config.database_url)
    except DatabaseAbsent:
        return Content.bare(()), 0
    try:
        async with store.read() as connection:
            return await stored.load(connection), await stored.revision(connection)
    finally:
        await store.close()


async def _apply(args: argparse.Namespace, config: Config, found: Plan) -> int:
    store = await open_store(config.database_url)
    try:
        return await plan.apply(store, found, by=args.by or _who(), now=datetime.now(UTC), zone=_zone(config))
    finally:
        await store.close()


def _tell(args: argparse.Namespace, found: Plan, *, applied: int | None, changes: bool) -> int:
    if args.json:
        print(registryreport.as_json(found, applied, args.shown, changes=changes))
    else:
        for line in registryreport.lines(found, args.language, args.shown, changes=changes):
            print(line)
        print(registryreport.summary(found, args.language, applied, changes=changes))
    return FAILED if found.mistakes else OK


# export and show


async def _export(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    content, revision = await _stored(config)
    try:
        if args.folder.suffix.lower() == ENDING:
            written = write_workbook(args.folder, content, args.language)
        else:
            written = write_folder(args.folder, content, args.language, shielded=args.spreadsheet)
    except OSError as error:
        raise NotWritten(path=error.filename or args.folder, why=error.strerror) from error
    print(say(args.language, en=f"{len(written)} files written to {args.folder} (revision {revision})",
              zh=f"已导出 {len(written)} 个文件到 {args.folder}（版本 {revision}）"))  # fmt: skip
    return OK


async def _show(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    content, revision = await _stored(config)
    registry = Registry(content, _zone(config), revision)
    day = _day(args.at) if args.at else _today(config)
    found = registryshow.facts(registry, args.code, day) if args.code else registryshow.totals(content, revision, day)
    if not found:
        print(
            say(args.language, en=f"the registry knows no “{args.code}”", zh=f"登记表中没有“{args.code}”"),
            file=sys.stderr,
        )
        return FAILED
    if args.json:
        print(msgspec.json.encode({fact.name: fact.value for fact in found}).decode())
    else:
        for fact in found:
            print(fact.line(args.language))
    return OK


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise BadDay(given=given) from error


def _zone(config: Config) -> ZoneInfo:
    return ZoneInfo(config.web.timezone)


def _today(config: Config) -> date:
    return datetime.now(UTC).astimezone(_zone(config)).date()


def _who() -> str:
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"cli/{user}"[:64]
