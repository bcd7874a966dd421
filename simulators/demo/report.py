"""What the demo says that stays on the screen: addresses, how it went, the count, why it ended early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from edgeagent.cli.say import say
from gridwire.problem import Language
from simulators.demo.account import Accounts
from simulators.demo.children import ChildDied
from simulators.demo.counting import Blind, Count, Key
from simulators.demo.screen import count_lines, name_of
from simulators.demo.stage import Stage
from simulators.demo.village import PLACES

_LISTED = 10
_WHY = {
    "told": ("", ""),
    "open": ("  尚未结束：设备恢复时上报", "  still open: told when the device is back"),
    "end": ("  村盒停止前的几秒：下次启动时上报", "  the seconds before the box stopped: told at its next start"),
}


def addresses(stage: Stage, *, is_kept: bool) -> list[str]:
    """Where to look, in both languages: whoever starts it the first time has not chosen one yet."""
    kept = "保留 / kept" if is_kept else "结束后删除 / removed at the end"
    return [
        "",
        f"  县级页面 / console       http://127.0.0.1:{stage.console_port}/",
        f"  村盒状态 / box status    http://127.0.0.1:{stage.status_port}/",
        f"  配置与日志 / files       {stage.folder.path}  ({kept})",
        "  结束并计数 / end, count  Ctrl-C",
        "",
        "  正在启动… / starting…",
    ]


def login(stage: Stage, accounts: Accounts, language: Language) -> list[str]:
    """How to get in, how to become somebody else, and under whose names the demo itself acts."""
    address = f"http://127.0.0.1:{stage.console_port}"
    return [
        f"  登录（一次性链接） / log in, once   {address}{accounts.link}",
        "",
        say(
            language,
            zh=f"  换角色：退出后用以下用户名登录，密码都是 {accounts.password}",
            en=f"  another role: log out, log in as one of these, password {accounts.password}",
        ),
        *(f"    {each.user.name:<12}{each.about}" for each in accounts.users),
        "",
        *_company((", " if language == "en" else "、").join(accounts.staff), language),
    ]


def _company(names: str, language: Language) -> list[str]:
    if not names:
        return []
    lines = (
        (
            f"  演示程序也在禄桥村办事，用这些人的名字：{names}。",
            f"  The demo acts too, in Luqiao village, under these names: {names}.",
        ),
        (
            "  他们只办演示开始后新立的报警案件，一两分钟后动手；您或任何人动过的案件，他们不再碰。",
            "  They see to new alarms alone, after a minute or two, and to nothing that anybody else has touched.",
        ),
    )
    return [*(say(language, zh=zh, en=en) for zh, en in lines), ""]


def death(problem: ChildDied) -> list[str]:
    """A child process that ended by itself: its last words, and where all of them are."""
    return [
        f"进程 {problem.name} 意外结束（{problem.code}）/ process {problem.name} died ({problem.code}); {problem.log}:",
        *(f"  | {line}" for line in problem.tail),
    ]


def not_ready(stage: Stage, why: str) -> list[str]:
    logs = ", ".join(str(child.log) for child in stage.children)
    return [f"未能就绪 / not ready: {why}", f"  {logs}"]


def counted(count: Count, blinds: Iterable[Blind], language: Language) -> list[str]:
    """The count, and whatever there is to say about it. The last line is the same in both languages."""
    table, total = count_lines(count, language)
    lines = ["", *table, ""]
    if count.total.waiting:
        zh = f"{count.total.waiting} 条已存在村盒里、还没有发到县级：没有丢失，村盒会在再启动时补发；演示到此为止。"
        en = f"{count.total.waiting} stored on the box, not yet at the hub: not lost, a box sends them when it starts."
        lines += [say(language, zh=zh, en=en), ""]
    lines += _blind_lines(count, list(blinds), language)
    lines += [_one(say(language, zh="丢失", en="lost"), one.key, one.time, language) for one in count.lost[:_LISTED]]
    lines += [_one(say(language, zh="重复", en="twice"), row.key, row.time, language) for row in count.twice[:_LISTED]]
    return [*lines, total]


def _blind_lines(count: Count, blinds: list[Blind], language: Language) -> list[str]:
    """Each interval that the box has reported or will, with how many it did not see in it. Of the last seconds only
    those that hid something."""
    shown = [(blind, _unseen(count, blind)) for blind in blinds]
    shown = [(blind, unseen) for blind, unseen in shown if unseen or blind.state != "end"]
    if not shown:
        return []
    head = say(
        language,
        zh="村盒记录的盲区（其间发生、无人能看到的不算丢失）：",
        en="blind intervals by the box's own record (what nobody could see in them is not lost):",
    )
    lines = []
    for blind, unseen in shown[-_LISTED:]:
        span = f"{_clock(blind.since)}–{_clock(blind.until) if blind.state == 'told' else ''}"
        why = _WHY[blind.state]
        lines.append(f"  {_device(blind.device, language)}  {span}  {unseen}{say(language, zh=why[0], en=why[1])}")
    return [head, *lines, ""]


def _unseen(count: Count, blind: Blind) -> int:
    return sum(one.key.device == blind.device and blind.since <= one.time <= blind.until for one in count.unseen)


def _one(what: str, key: Key, time: datetime, language: Language) -> str:
    words = (_device(key.device, language), name_of(key.kind, language), key.state, key.mark, key.object)
    return f"  {what}: {_clock(time)} {' '.join(word for word in words if word)}"


def _device(device: str, language: Language) -> str:
    return next((place.name(language) for place in PLACES if place.id == device), device)


def _clock(time: datetime) -> str:
    return f"{time.astimezone():%H:%M:%S}"
