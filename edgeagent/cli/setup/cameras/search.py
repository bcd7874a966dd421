"""Finds the cameras, and logs in to those that want it: once for all of a maker, twice at most.

Cameras that the running agent watches are left in peace.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from edgeagent import control
from edgeagent.cli.discover import find
from edgeagent.cli.places import hosts, place
from edgeagent.cli.setup.plan import Plan
from edgeagent.cli.setup.talk import Keys, Question, Talk
from edgeagent.configfile.makers import MAKERS, filled, recognised
from edgeagent.driver import Found, Login, Search
from gridwire.problem import Problem

UNTRIED = frozenset({"discover.no-login", "discover.not-tried"})
REFUSED = frozenset({"discover.wrong-password", "discover.needs-onvif-user"})
MAX_TRIES = 2
"""Logins at one camera: cameras lock the account."""
MAX_LOOKS = 8
MAX_SILENT = 3
"""So often a camera is asked that has answered the search and does not answer now: the line may be a bad one."""
OTHER, ALL = "other", "all"


def search(talk: Talk, plan: Plan, args: argparse.Namespace) -> list[tuple[str, Found]]:
    """By multicast or address by address; again, elsewhere, while nobody answers and a person says where."""
    while True:
        where = talk.ask(Question(
            (("range",),), "要询问的地址范围，如 192.168.1.0/24；直接回车：组播查找",
            "Addresses to ask, e.g. 192.168.1.0/24; Enter: all that answer a multicast", _range, "",
        ))  # fmt: skip
        asked = _asked(plan, args, hosts(where) if where else ())
        talk.tell(en="searching …", zh="正在查找……")
        try:
            found = asyncio.run(find(asked, talk.language))
        except Problem as problem:
            if talk.alone:
                raise
            talk.tell(en=f"  ✗ {problem.sentence('en')}", zh=f"  ✗ {problem.sentence('zh')}")
            found = []
        if found:
            return found
        talk.tell(
            en="No camera answered. Is it in the same network, is ONVIF enabled on it? Try its address.",
            zh="没有摄像机应答。是否在同一网段？是否已启用 ONVIF？可以按地址再试。",
        )
        if talk.alone or not talk.agrees((), en="Search again?", zh="再找一次？", default=False):
            return []


def _range(text: str) -> str:
    if text:
        hosts(text)
    return text


def _asked(plan: Plan, args: argparse.Namespace, asked: Sequence[str], *logins: Login, port: int = 0) -> Search:
    watched: Iterable[dict[str, Any]] = ()
    if control.answers(plan.present.store):
        watched = [filled(one) for one in plan.present.devices.values() if one.get("enabled", True)]
    return Search(
        interfaces=() if asked else tuple(args.interface),
        hosts=tuple(asked),
        ports=(port,) if port else (),
        logins=logins,
        timeout_s=args.timeout,
        probe_port=args.probe_port,
        watched=frozenset(str(one["address"]) for one in watched if one.get("address")),
    )


def kind_of(found: Found) -> str:
    """The maker's preset, or `other`."""
    return recognised(found.maker, found.model, found.name) or OTHER


def logged_in(talk: Talk, args: argparse.Namespace, seen: list[tuple[str, Found]]) -> list[tuple[str, Found]]:
    """All of them again, those that want a login with the one of their kind."""
    done = {one.address: (driver, one) for driver, one in seen}
    kinds: dict[str, list[str]] = {}
    for _, one in seen:
        if has(one, UNTRIED):
            kinds.setdefault(kind_of(one), []).append(one.address)
    for kind in (*MAKERS, OTHER):
        left = kinds.get(kind, [])
        for number in range(MAX_TRIES if left else 0):
            login = _login(talk, kind, left, again=number > 0)
            if login is None:
                break
            done |= asyncio.run(_look_at([done[address] for address in left], login, args))
            left = [address for address in left if has(done[address][1], REFUSED)]
            if not left or talk.alone:
                break
    return list(done.values())


def _login(talk: Talk, kind: str, addresses: Sequence[str], *, again: bool) -> Login | None:
    maker = next((one for name, one in MAKERS.items() if name == kind), None)
    zh, en = (maker.zh_name, maker.en_name) if maker else ("其他厂家", "other makers")
    many = len(addresses)
    if again:
        talk.tell(en=f"✗ {many} of {en} refuse this login: {', '.join(addresses)}. One more try; a third wrong one "
                  "might lock the account.",
                  zh=f"✗ {zh}有 {many} 台拒绝此登录：{'、'.join(addresses)}。"
                  "还可再试一次；再错可能锁定账号。")  # fmt: skip
    else:
        talk.tell(en=f"{many} × {en}: {', '.join(addresses)}", zh=f"{zh} {many} 台：{'、'.join(addresses)}")
        if maker is not None:
            talk.tell(en=f"  {maker.en}", zh=f"  {maker.zh}")
    user = talk.ask(Question(
        _keys(kind, "username"), "  ONVIF 用户名，如 admin；直接回车：暂不登录",
        "  ONVIF user, e.g. admin; Enter: none now", lambda text: text, "",
    ))  # fmt: skip
    if not user:
        return None
    return Login(user, talk.secret(_keys(kind, "password"), en="  Password (not shown)", zh="  密码（不显示）"))


def _keys(kind: str, what: str) -> Keys:
    return (("login", kind, what), ("login", ALL, what))


async def _look_at(
    ones: list[tuple[str, Found]], login: Login, args: argparse.Namespace
) -> dict[str, tuple[str, Found]]:
    """The same cameras by address, asked with that login, a few at a time."""
    gate = asyncio.Semaphore(MAX_LOOKS)

    async def look(one: tuple[str, Found]) -> tuple[str, Found]:
        async with gate:
            return await _look(one, login, args)

    looked = await asyncio.gather(*map(look, ones))
    return {before.address: after for (_, before), after in zip(ones, looked, strict=True)}


async def _look(one: tuple[str, Found], login: Login, args: argparse.Namespace) -> tuple[str, Found]:
    """What only the multicast told is kept."""
    driver, before = one
    at = place(before.address)
    assert at is not None
    asked = Search(hosts=(at[0],), ports=(at[1],), logins=(login,), timeout_s=args.timeout)
    found: Found | None = None
    for _ in range(MAX_SILENT):
        again = [each for name, each in await find(asked, "en", tell=False) if name == driver]
        found = next((each for each in again if place(each.address) == at), None)
        if found is not None:
            break
    if found is None:
        return one
    return driver, msgspec.structs.replace(
        found, name=found.name or before.name, keys=_all_keys(found, before), also=before.also or found.also
    )


def _all_keys(found: Found, before: Found) -> tuple[str, ...]:
    """Strongest first; an address only where there is nothing else."""
    keys = dict.fromkeys((*found.keys, *before.keys))
    lasting = tuple(key for key in keys if not key.startswith("address:"))
    return lasting or tuple(keys)


def has(found: Found, codes: Iterable[str]) -> bool:
    """Whether one of these problems was found."""
    return any(problem.code in codes for problem in found.problems)
