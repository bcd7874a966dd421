"""The cameras: found, logged in to once for all of a kind, named, and which of them take pictures.

What the configuration has already stays; cameras that the running agent watches are left in peace.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from edgeagent import control
from edgeagent.cli.discover import find
from edgeagent.cli.newdevices import Named, added, name_all, table_of, without_login
from edgeagent.cli.places import hosts, place
from edgeagent.cli.say import Language, say, width
from edgeagent.cli.setup.basics import name_of_place, put, tomlbox
from edgeagent.cli.setup.plan import CAMERAS, Plan
from edgeagent.cli.setup.talk import Keys, Question, Talk, numbers
from edgeagent.configfile.makers import MAKERS, filled, recognised
from edgeagent.driver import Found, Login, Search
from gridwire.codes import check_grid_id, village_of
from gridwire.problem import Problem

_UNTRIED = frozenset({"discover.no-login", "discover.not-tried"})
_REFUSED = frozenset({"discover.wrong-password", "discover.needs-onvif-user"})
MAX_TRIES = 2
"""Logins at one camera: cameras lock the account."""
MAX_LOOKS = 8
MAX_SILENT = 3
"""So often a camera is asked that has answered the search and does not answer now: the line may be a bad one."""
OTHER, ALL = "other", "all"


def cameras(talk: Talk, plan: Plan, args: argparse.Namespace) -> None:
    """Find them, ask, and put what is new into the plan. Raises the problems of searching and of editing."""
    talk.tell(en="\n== 3/5 Cameras ==", zh="\n== 第 3 步（共 5 步）摄像机 ==")
    known = {name: filled(one) for name, one in plan.present.devices.items()}
    if known:
        talk.tell(en=f"Devices configured: {len(known)}; they stay.", zh=f"已配置 {len(known)} 台设备，保持不变。")
    if not talk.agrees((("search",),), en="Search for cameras now?", zh="现在查找摄像机？", default=True):
        return
    seen = _search(talk, plan, args)
    if not seen:
        return
    named = name_all(_logged_in(talk, args, seen), known)
    _show(talk, named)
    new = _wanted(talk, [one for one in named if one.known is None])
    late = [one for one in named if one.known is not None and one.found.login is not None]
    _moved(talk, plan, [one for one in named if one.moved])
    ready = [_named(talk, plan, one) for one in new]
    names = [one.found.name for one in ready] + [str(one.get("name", "")) for one in plan.present.devices.values()]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        talk.tell(en=f"! Several are named “{name}”; the county cannot tell them apart.",
                  zh=f"! 有多台名为“{name}”，县级将无法区分。")  # fmt: skip
    _write(talk, plan, ready, late)


# -- finding -------------------------------------------------------------------------------------------------------


def _search(talk: Talk, plan: Plan, args: argparse.Namespace) -> list[tuple[str, Found]]:
    """By multicast or address by address; again, elsewhere, while nobody answers and a person says where."""
    while True:
        where = talk.ask(Question(
            (("range",),), "Addresses to ask, e.g. 192.168.1.0/24; Enter: all that answer a multicast",
            "要询问的地址范围，如 192.168.1.0/24；直接回车：组播查找", _range, "",
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


# -- logging in ----------------------------------------------------------------------------------------------------


def kind_of(found: Found) -> str:
    """The maker's preset, or `other`."""
    return recognised(found.maker, found.model, found.name) or OTHER


def _logged_in(talk: Talk, args: argparse.Namespace, seen: list[tuple[str, Found]]) -> list[tuple[str, Found]]:
    """All of them again, those that want a login with the one of their kind."""
    done = {one.address: (driver, one) for driver, one in seen}
    kinds: dict[str, list[str]] = {}
    for _, one in seen:
        if _has(one, _UNTRIED):
            kinds.setdefault(kind_of(one), []).append(one.address)
    for kind in (*MAKERS, OTHER):
        left = kinds.get(kind, [])
        for number in range(MAX_TRIES if left else 0):
            login = _login(talk, kind, left, again=number > 0)
            if login is None:
                break
            done |= asyncio.run(_look_at([done[address] for address in left], login, args))
            left = [address for address in left if _has(done[address][1], _REFUSED)]
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
        _keys(kind, "username"), "  ONVIF user, e.g. admin; Enter: none now",
        "  ONVIF 用户名，如 admin；直接回车：暂不登录", lambda text: text, "",
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


def _has(found: Found, codes: Iterable[str]) -> bool:
    return any(problem.code in codes for problem in found.problems)


# -- showing and asking --------------------------------------------------------------------------------------------


def _show(talk: Talk, named: Sequence[Named]) -> None:
    """One line a camera that fits into 80 columns, what is wrong with it below."""
    for number, one in enumerate(named, 1):
        found = one.found
        what = _cut(f"{found.maker} {found.model}".strip() or found.name or "-", 24)
        marks = _has_it(found.events, "events", "事件", talk.language) + _has_it(
            found.pictures, "pictures", "图片", talk.language
        )
        known = say(talk.language, en="known ", zh="已配置 ") if one.known is not None else ""
        line = f"{number:>3}  {_cut(found.address, 21):<21}  {what}  {known}{marks}"
        talk.tell(en=line, zh=line)
        if _has(found, _UNTRIED):
            talk.tell(en="       ! no login: not tried; call setup again once you know it",
                      zh="       ! 未登录，未测试；得知用户名和密码后再运行一次 setup 即可补上")  # fmt: skip
        for problem in (each for each in found.problems if each.code not in _UNTRIED):
            talk.tell(en=f"       ! {_said(problem, 'en')}", zh=f"       ! {_said(problem, 'zh')}")


def _said(problem: Problem, language: Language) -> str:
    return "".join(char if char.isprintable() else "?" for char in problem.sentence(language))


def _has_it(what: bool | None, en: str, zh: str, language: Language) -> str:
    if what is None:
        return ""
    name = say(language, en=en, zh=zh)
    return f"{name} ✓  " if what else f"{name} ✗  "


def _cut(text: str, columns: int) -> str:
    plain = "".join(char if char.isprintable() else "?" for char in text)
    while width(plain) > columns:
        plain = plain[:-1]
    return plain


def _wanted(talk: Talk, new: list[Named]) -> list[Named]:
    if not new:
        talk.tell(en="No new camera.", zh="没有新摄像机。")
        return []
    if talk.alone:
        answers = talk.given("camera")
        return [one for one in new if _of(answers, one, "take") is not False]
    lines = [f"  {number:>3}  {one.found.address}" for number, one in enumerate(new, 1)]
    talk.tell(en="New ones:\n" + "\n".join(lines), zh="新摄像机：\n" + "\n".join(lines))
    leave = _pick(
        talk, len(new), "Which are not ours, e.g. 2,4-5; Enter: all are", "哪些不接入，如 2,4-5；直接回车：全部接入"
    )
    return [one for number, one in enumerate(new) if number not in leave]


def _of(answers: Any, one: Named, name: str) -> Any:
    """What the file of answers says of a camera, by its address or its id."""
    found = next((answers[key] for key in (one.found.address, one.id) if key in answers), None)
    return getattr(found, name, None)


def _pick(talk: Talk, count: int, en: str, zh: str, default: str = "none") -> list[int]:
    """Places from 0 that a person names by number."""

    def check(text: str) -> str:
        numbers(text, count)
        return text

    return numbers(talk.ask(Question((), en, zh, check, default)), count)


def _named(talk: Talk, plan: Plan, one: Named) -> Named:
    """With its name and grid, the user's password by reference, and its maker's preset."""
    found = one.found
    talk.tell(en=f"\n{found.address}  {one.id}", zh=f"\n{found.address}  {one.id}")
    name = talk.ask(Question(
        _camera(one, "name"), "  Name, i.e. its place, e.g. village gate", "  名称，即安装地点，如 村口",
        name_of_place, _cut(found.name or f"{found.maker} {found.model}".strip(), 64), ascii=False,
    ))  # fmt: skip
    village = village_of(tomlbox(plan))
    grid = talk.ask(Question(
        _camera(one, "grid"), f"  Grid, 15 digits or the last 3, e.g. 001 for {village}001; Enter: none",
        f"  网格编号，15 位或末 3 位，如 001 即 {village}001；直接回车：不填", lambda text: grid_id(text, village), "",
    ))  # fmt: skip
    settings = dict(found.settings)
    kind = kind_of(found)
    if kind != OTHER:
        settings = {"preset": kind, **settings}
    if grid:
        settings["grid"] = grid
    if found.login is not None and found.login.password:
        settings["password"] = plan.keep_secret(f"cameras-{found.login.username}", found.login.password)
    problems = tuple(each for each in found.problems if each.code not in _UNTRIED)
    return one._replace(found=msgspec.structs.replace(found, name=name, settings=settings, problems=problems))


def grid_id(text: str, village: str) -> str:
    """15 digits of this text. Raises `BadGridId`."""
    return check_grid_id(village + text if len(text) == 3 and text.isdecimal() else text) if text else ""


def _camera(one: Named, what: str) -> Keys:
    return (("camera", one.found.address, what), ("camera", one.id, what))


def _moved(talk: Talk, plan: Plan, moved: Sequence[Named]) -> None:
    """A known camera at another address: the address is changed where a person, or the file of answers, agrees."""
    for one in moved:
        old, new = (one.known or {}).get("address"), one.found.address
        en, zh = f"{one.id}: the file says {old}, it answers at {new}.", f"{one.id}：文件中为 {old}，现在 {new} 应答。"
        if talk.agrees((("change_existing",),), en=f"{en} Change it?", zh=f"{zh}是否改动？", default=False):
            put(talk, plan, ("device", one.id, "address"), new)


# -- into the plan -------------------------------------------------------------------------------------------------


def _write(talk: Talk, plan: Plan, new: list[Named], late: list[Named]) -> None:
    file = plan.present.folder / "conf.d" / CAMERAS
    late = [_with_secret(plan, one) for one in late]
    filled_in = without_login(file, late) if file.exists() else []
    for one in late:
        if one.id not in {each.id for each in filled_in} and not (one.known or {}).get("username"):
            for key in ("username", "password"):
                put(talk, plan, ("device", one.id, key), one.found.settings[key])
    if not new and not filled_in:
        return
    if filled_in:
        names = ", ".join(one.id for one in filled_in)
        talk.tell(en=f"logins that failed before are filled in: {names}", zh=f"补上此前失败的登录：{names}")
    text = plan.text(file).encode()
    if filled_in:
        text = added(file, text, (), filled_in)
        plan.replace(file, text.decode())
    blocks = [table_of(one, talk.language) for one in new]
    if blocks:
        plan.append(CAMERAS, "\n".join(blocks))
        _pictures(talk, plan, new)


def _with_secret(plan: Plan, one: Named) -> Named:
    login = one.found.login
    if login is None or not login.password:
        return one
    settings = dict(one.found.settings)
    settings["password"] = plan.keep_secret(f"cameras-{login.username}", login.password)
    return one._replace(found=msgspec.structs.replace(one.found, settings=settings))


def _pictures(talk: Talk, plan: Plan, new: Sequence[Named]) -> None:
    """A rule for those that take none."""
    if talk.alone:
        all_of_them = talk.given("pictures") is not False
        answers = talk.given("camera")
        said = [_of(answers, one, "pictures") for one in new]
        without = [one.id for one, own in zip(new, said, strict=True) if not (all_of_them if own is None else own)]
    else:
        lines = [f"  {number:>3}  {one.found.name}  {one.found.address}" for number, one in enumerate(new, 1)]
        talk.tell(en="\n" + "\n".join(lines), zh="\n" + "\n".join(lines))
        takes = _pick(talk, len(new), "Which take a picture with each alarm, e.g. 1,3-4; all; none",
                      "哪些在报警时附图片，如 1,3-4；all 全部；none 都不附", "all")  # fmt: skip
        without = [one.id for number, one in enumerate(new) if number not in takes]
    if without:
        note = say(talk.language, en="# alarms of these come without a picture", zh="# 以下摄像机报警不附图片")
        listed = ", ".join(f'"{each}"' for each in without)
        plan.append(CAMERAS, f"{note}\n[[rule]]\ndevices = [{listed}]\npicture = false\n")
