"""The cameras: found, logged in to once for all of a kind, named, and which of them take pictures.

What the configuration has already stays.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import msgspec

from edgeagent.cli.newdevices import Named, name_all
from edgeagent.cli.say import say, width
from edgeagent.cli.setup.basics import name_of_place, put, tomlbox
from edgeagent.cli.setup.cameras.numbered import answer_of, pick
from edgeagent.cli.setup.cameras.search import OTHER, UNTRIED, has, kind_of, logged_in, search
from edgeagent.cli.setup.cameras.write import write
from edgeagent.cli.setup.plan import Plan
from edgeagent.cli.setup.talk import Keys, Question, Talk
from edgeagent.configfile.makers import filled
from gridwire.identifiers import check_grid_id, village_of
from gridwire.problem import Language, Problem


def cameras(talk: Talk, plan: Plan, args: argparse.Namespace) -> None:
    """Find them, ask, and put what is new into the plan. Raises the problems of searching and of editing."""
    talk.tell(en="\n== 3/5 Cameras ==", zh="\n== 第 3 步（共 5 步）摄像机 ==")
    known = {name: filled(one) for name, one in plan.present.devices.items()}
    if known:
        talk.tell(en=f"Devices configured: {len(known)}; they stay.", zh=f"已配置 {len(known)} 台设备，保持不变。")
    if not talk.agrees((("search",),), en="Search for cameras now?", zh="现在查找摄像机？", default=True):
        return
    seen = search(talk, plan, args)
    if not seen:
        return
    named = name_all(logged_in(talk, args, seen), known)
    _show(talk, named)
    new = _wanted(talk, [one for one in named if one.known is None])
    late = [one for one in named if one.known is not None and one.found.login is not None]
    _moved(talk, plan, [one for one in named if one.moved])
    ready = [_named(talk, plan, one) for one in new]
    names = [one.found.name for one in ready] + [str(one.get("name", "")) for one in plan.present.devices.values()]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        talk.tell(en=f"! Several are named “{name}”; the county cannot tell them apart.",
                  zh=f"! 有多台名为“{name}”，县级将无法区分。")  # fmt: skip
    write(talk, plan, ready, late)


def _show(talk: Talk, named: Sequence[Named]) -> None:
    """One line a camera that fits into 80 columns, what is wrong with it below."""
    for number, one in enumerate(named, 1):
        found = one.found
        what = _cut(f"{found.maker} {found.model}".strip() or found.name or "-", 24)
        marks = _has_it(found.events, "事件", "events", talk.language) + _has_it(
            found.pictures, "图片", "pictures", talk.language
        )
        known = say(talk.language, en="known ", zh="已配置 ") if one.known is not None else ""
        line = f"{number:>3}  {_cut(found.address, 21):<21}  {what}  {known}{marks}"
        talk.tell(en=line, zh=line)
        if has(found, UNTRIED):
            talk.tell(en="       ! no login: not tried; call setup again once you know it",
                      zh="       ! 未登录，未测试；得知用户名和密码后再运行一次 setup 即可补上")  # fmt: skip
        for problem in (each for each in found.problems if each.code not in UNTRIED):
            talk.tell(en=f"       ! {_said(problem, 'en')}", zh=f"       ! {_said(problem, 'zh')}")


def _said(problem: Problem, language: Language) -> str:
    return "".join(char if char.isprintable() else "?" for char in problem.sentence(language))


def _has_it(what: bool | None, zh: str, en: str, language: Language) -> str:
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
        return [one for one in new if answer_of(answers, one, "take") is not False]
    lines = [f"  {number:>3}  {one.found.address}" for number, one in enumerate(new, 1)]
    talk.tell(en="New ones:\n" + "\n".join(lines), zh="新摄像机：\n" + "\n".join(lines))
    leave = pick(
        talk, len(new), "哪些不接入，如 2,4-5；直接回车：全部接入", "Which are not ours, e.g. 2,4-5; Enter: all are"
    )
    return [one for number, one in enumerate(new) if number not in leave]


def _named(talk: Talk, plan: Plan, one: Named) -> Named:
    """With its name and grid, the user's password by reference, and its maker's preset."""
    found = one.found
    talk.tell(en=f"\n{found.address}  {one.id}", zh=f"\n{found.address}  {one.id}")
    name = talk.ask(Question(
        _camera(one, "name"), "  名称，即安装地点，如 村口", "  Name, i.e. its place, e.g. village gate",
        name_of_place, _cut(found.name or f"{found.maker} {found.model}".strip(), 64), ascii=False,
    ))  # fmt: skip
    village = village_of(tomlbox(plan))
    grid = talk.ask(Question(
        _camera(one, "grid"), f"  网格编号，15 位或末 3 位，如 001 即 {village}001；直接回车：不填",
        f"  Grid, 15 digits or the last 3, e.g. 001 for {village}001; Enter: none",
        lambda text: grid_id(text, village), "",
    ))  # fmt: skip
    settings = dict(found.settings)
    kind = kind_of(found)
    if kind != OTHER:
        settings = {"preset": kind, **settings}
    if grid:
        settings["grid"] = grid
    if found.login is not None and found.login.password:
        settings["password"] = plan.keep_secret(f"cameras-{found.login.username}", found.login.password)
    problems = tuple(each for each in found.problems if each.code not in UNTRIED)
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
