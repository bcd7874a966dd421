"""`countyhub config set|show|history`: the county's part of boxes' configuration. The running hub sends it.

Here only the form is looked at; whether it fits a box, the box decides and says: `show` tells.
Ends with 0 when it was done, 1 when the database cannot be used, 2 for arguments or a file that are wrong, 78 without a
CA.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.ca import configkey, files, identities, renewal
from countyhub.ca.authority import Authority
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.downlink import boxconfigs
from countyhub.downlink.boxconfigs import Standing
from countyhub.store.engine import UNAVAILABLE, Store, locate, open_reader
from gridwire.identifiers import BadBoxId, check_box_id
from gridwire.problem import Language, Problem
from gridwire.signing import sign

OK, FAILED, WRONG_USE = 0, 1, 2
MAX_BYTES = 64 * 1024


class BadFile(Problem):
    code = "box-config.bad-file"
    en = "{path} cannot be given to a box: {reason}"
    zh = "{path} 无法下发：{reason}"


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    try:
        for box in args.boxes:
            check_box_id(box)
        return asyncio.run(_work(config, args))
    except UNAVAILABLE as error:
        told = say(args.language, en=f"the database cannot be used: {error}", zh=f"数据库无法使用：{error}")
        print(told, file=sys.stderr)
        return FAILED
    except files.NotWritten as problem:
        print(problem.text(args.language), file=sys.stderr)
        return FAILED
    except (BadFile, BadBoxId) as problem:
        print(problem.text(args.language), file=sys.stderr)
        return WRONG_USE


async def _work(config: Config, args: argparse.Namespace) -> int:
    toml = _read(args.file) if args.action == "set" else ""
    store = await open_reader(locate(config))
    try:
        if args.action == "set":
            return await _set(store, config, args, toml)
        if args.action == "history":
            return await _history(store, config, args)
        async with store.read() as connection:
            found = await boxconfigs.standing(connection)
        _show([each for each in found if not args.boxes or each.box in args.boxes], args)
    finally:
        await store.close()
    return OK


async def _set(store: Store, config: Config, args: argparse.Namespace, toml: str) -> int:
    folder = Authority.open(renewal.ca_folder(config)).folder  # boxes get the key from this CA: none, none
    key = configkey.key(folder)
    given = [
        await boxconfigs.put(
            store, box, toml, lambda *what: sign(key, *what), by=f"cli/{_who()}", now=datetime.now(UTC)
        )
        for box in args.boxes
    ]
    async with store.read() as connection:
        unknown = await identities.strangers(connection, args.boxes)
    if args.json:
        print(msgspec.json.encode([{"box": each.box, "revision": each.revision} for each in given]).decode())
        return OK
    for each in given:
        print(say(args.language, en=f"{each.box}: revision {each.revision}, signed; the hub sends it",
                  zh=f"{each.box}：第 {each.revision} 版已签名，由汇聚端下发"))  # fmt: skip
    for box in unknown:
        print(say(args.language, en=f"! {box}: never heard of it, is the number right? It gets it when it reports",
                  zh=f"! {box}：汇聚端从未听说过这个盒子，编号对吗？报到后才会下发"), file=sys.stderr)  # fmt: skip
    print(say(args.language, en="whether it was taken: countyhub config show", zh="是否生效：countyhub config show"))
    return OK


async def _history(store: Store, config: Config, args: argparse.Namespace) -> int:
    async with store.read() as connection:
        found = await boxconfigs.history(connection, args.boxes[0])
    if args.json:
        rows = [{"revision": number, "made": made, "by": by, "toml": toml} for number, made, by, toml in found]
        print(msgspec.json.encode(rows).decode())
        return OK
    zone = ZoneInfo(config.web.timezone)
    for number, made, by, toml in found:
        print(f"# {number}  {made.astimezone(zone):%Y-%m-%d %H:%M:%S}  {by}\n{toml}")
    return OK


def _show(found: Sequence[Standing], args: argparse.Namespace) -> None:
    if args.json:
        print(msgspec.json.encode([each._asdict() for each in found]).decode())
        return
    for each in found:
        print(_line(each, args.language))
    if not found:
        print(say(args.language, en="no box was given any", zh="没有向任何盒子下发过配置"))


def _line(each: Standing, language: Language) -> str:
    if each.at_box == each.revision:
        word = say(language, en="in force", zh="已生效")
    elif each.state == "degraded":
        word = say(language, en="not taken", zh="未生效")
    else:
        word = say(language, en="not there yet", zh="尚未送达")
    why = f"  {each.reason}: {each.detail}" if each.state == "degraded" else ""
    return f"{each.box}  {each.revision} ({each.at_box})  {word}{why}"


def _read(path: Path) -> str:
    """Raises `BadFile`."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
        tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadFile(path=path, reason=error) from error
    if len(raw) > MAX_BYTES:
        raise BadFile(path=path, reason=f"{len(raw)} > {MAX_BYTES} bytes")
    return text if text.strip() else ""


def _who() -> str:
    """Who runs it; with sudo, who stands behind root."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "?"
