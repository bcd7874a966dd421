"""`edgeagent discover`: which cameras are there, do they give events and pictures, what is wrong; writes their tables.

Each driver that can find its devices does; cameras that the running agent watches are listed and left in peace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgeagent import control, plugins
from edgeagent.cli.logins import keep, logins
from edgeagent.cli.loose import Loose, read_loosely, tables
from edgeagent.cli.newdevices import Named, add, name_all, table_of, without_login
from edgeagent.cli.places import hosts, in_order
from edgeagent.cli.say import choose, say, table
from edgeagent.configfile import DriverBroken
from edgeagent.configfile.reader import read
from edgeagent.driver import Found, Login, Search
from gridwire.problem import Language, Problem


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when nothing was found or the file could not be written, 2 for wrong use."""
    loose = read_loosely(args.config)
    language = choose(args.language, loose.language)
    try:
        search = _search(args, loose, language)
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return 2
    try:
        print(_begins(args, language), file=sys.stderr, flush=True)
        named = _named(args, asyncio.run(find(search, language)), loose)
        print(_json(named) if args.json else _show(named, language))
        if args.write is not None:
            print(_write(args, named, language), file=sys.stderr)
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if named else 1


def _search(args: argparse.Namespace, loose: Loose, language: Language) -> Search:
    ranges = [host for text in args.range for host in hosts(text)]
    watched = loose.devices.values() if control.answers(loose.store) else ()
    return Search(
        interfaces=tuple(args.interface),
        hosts=tuple(dict.fromkeys(ranges)),
        ports=tuple(args.port),
        logins=logins(args, language),
        timeout_s=args.timeout,
        probe_port=args.probe_port,
        watched=frozenset(str(one["address"]) for one in watched if one.get("address") and one.get("enabled", True)),
    )


async def find(search: Search, language: Language, *, tell: bool = True) -> list[tuple[str, Found]]:
    """What all drivers find, sorted by address; `tell`: each as it is found."""
    found: list[tuple[str, Found]] = []
    for driver in plugins.available():
        try:
            discover = plugins.finder(driver)
        except DriverBroken as problem:
            print(problem.text(language), file=sys.stderr)
            continue
        if discover is not None:
            async for one in discover(search):
                found.append((driver, one))
                if tell:
                    print(say(language, en="found ", zh="找到 ") + one.address, file=sys.stderr, flush=True)
    return sorted(found, key=lambda pair: in_order(pair[1].address))


def _named(args: argparse.Namespace, found: list[tuple[str, Found]], loose: Loose) -> list[Named]:
    known: dict[str, Mapping[str, Any]] = dict(loose.devices)
    if args.write is not None:
        known |= tables(read(args.write).data)
    return name_all(found, known)


def _write(args: argparse.Namespace, named: list[Named], language: Language) -> str:
    """Add the new ones; says what was done. Raises `NotWritten`, `SecretNotKept`."""
    new = [one for one in named if one.known is None]
    late = _late(args.write, named)
    if not new and not late:
        return say(language, en=f"nothing new: {args.write} stays as it is", zh=f"没有新摄像机，{args.write} 未改动")
    kept: dict[Login, Login] = {}
    for one in (*new, *late):
        login = one.found.login
        if login is not None and login.username and not login.reference and login not in kept:
            kept[login] = keep(login, args.config.parent)
    tables_of_new = [table_of(_with_reference(one, kept), language) for one in new]
    add(args.write, tables_of_new, [_with_reference(one, kept) for one in late])
    ids = ", ".join(
        [one.id for one in new] + [say(language, en=f"{one.id} (login)", zh=f"{one.id}（登录）") for one in late]
    )
    check = f"edgeagent check --config {args.config}"
    take = "restart" if kept else "reload"  # systemd hands over what lies in `secrets/` at the start only
    return say(
        language,
        en=f"added to {args.write}: {ids}\nnow: {check}, then systemctl {take} edgeagent",
        zh=f"已写入 {args.write}：{ids}\n下一步：{check}，然后 systemctl {take} edgeagent",
    )


def _late(file: Path, named: list[Named]) -> list[Named]:
    try:
        return without_login(file, named)
    except OSError:
        return []  # `add` says why


def _with_reference(one: Named, kept: Mapping[Login, Login]) -> Named:
    login = kept.get(one.found.login) if one.found.login is not None else None
    if login is None:
        return one
    settings = one.found.settings | {"password": login.reference}
    return one._replace(found=msgspec.structs.replace(one.found, settings=settings))


# -- what it shows -------------------------------------------------------------------------------------------------


def _begins(args: argparse.Namespace, language: Language) -> str:
    if args.range:
        where = ", ".join(args.range)
        return say(language, en=f"asking {where} …", zh=f"正在逐个询问 {where} ……")
    where = ", ".join(args.interface) or say(language, en="all interfaces", zh="全部网卡")
    return say(
        language, en=f"searching on {where}, {args.timeout:g} s …", zh=f"正在搜索（{where}），{args.timeout:g} 秒……"
    )


def _show(named: list[Named], language: Language) -> str:
    if not named:
        return say(
            language,
            en="no camera answered. Is it in the same network, is ONVIF enabled on it? "
            "Where multicast does not pass, search by address: edgeagent discover --range 192.168.1.0/24",
            zh="没有摄像机应答。是否在同一网段？摄像机上是否启用了 ONVIF？"
            "组播不通时可按地址搜索：edgeagent discover --range 192.168.1.0/24",
        )
    heads = (
        ("address", "maker", "model", "firmware", "events", "pictures", "id", "what is wrong"),
        ("地址", "厂商", "型号", "固件", "事件", "图片", "编号", "问题"),
    )
    rows: list[tuple[str, ...]] = [heads[language == "zh"]]
    rows += [_row(one, language) for one in named]
    return "\n".join(table(rows))


def _row(one: Named, language: Language) -> tuple[str, ...]:
    found = one.found
    cells = (found.address, found.maker, found.model, found.firmware)
    shown = [_cell(text) for text in cells]
    shown += [_yes(found.events, language), _yes(found.pictures, language), one.id]
    return (*shown, say(language, en="; ", zh="；").join(_remarks(one, language)))


def _cell(text: str) -> str:
    """A camera's own words, harmless on a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)[:40] or "-"


def _yes(what: bool | None, language: Language) -> str:
    if what is None:
        return "-"
    return say(language, en="yes", zh="有") if what else say(language, en="no", zh="无")


def _remarks(one: Named, language: Language) -> list[str]:
    found = one.found
    remarks = [_cell_long(problem.sentence(language)) for problem in found.problems]
    if found.also:
        remarks.append(say(language, en="also at ", zh="另有地址 ") + ", ".join(found.also))
    if one.moved:
        said = (one.known or {}).get("address")
        remarks.append(
            say(
                language,
                en=f"the configuration says {said}: change `address` of [device.{one.id}]",
                zh=f"配置中是 {said}：请修改 [device.{one.id}] 的 address",
            )
        )
    return remarks


def _cell_long(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _json(named: list[Named]) -> str:
    return json.dumps([_plain(one) for one in named], ensure_ascii=False, indent=2)


def _plain(one: Named) -> dict[str, object]:
    found = one.found
    return {
        "id": one.id,
        "new": one.known is None,
        "moved": one.moved,
        "driver": one.driver,
        "address": found.address,
        "also": found.also,
        "name": found.name,
        "maker": found.maker,
        "model": found.model,
        "firmware": found.firmware,
        "serial": found.serial,
        "keys": found.keys,
        "user": found.login.username if found.login is not None else None,
        "events": found.events,
        "pictures": found.pictures,
        "problems": [
            {"code": problem.code, "en": problem.text("en"), "zh": problem.text("zh")} for problem in found.problems
        ],
    }
