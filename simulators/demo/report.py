"""What the demo says that stays on the screen: addresses, how it went, the count, why it ended early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from edgeagent.cli.say import Language, say
from simulators.demo.account import Accounts
from simulators.demo.children import ChildDied
from simulators.demo.counting import Blind, Count, Key
from simulators.demo.screen import count_lines, name_of
from simulators.demo.stage import Stage
from simulators.demo.village import PLACES

_LISTED = 10


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
    """How to get in, and how to become somebody else."""
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
    ]


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
    lines += _blind_lines(count, list(blinds), language)
    lines += [_one(say(language, zh="丢失", en="lost"), one.key, one.time, language) for one in count.lost[:_LISTED]]
    lines += [_one(say(language, zh="重复", en="twice"), row.key, row.time, language) for row in count.twice[:_LISTED]]
    return [*lines, total]


def _blind_lines(count: Count, blinds: list[Blind], language: Language) -> list[str]:
    """Each interval that the box has reported, with how many it did not see in it."""
    if not blinds:
        return []
    head = say(
        language,
        zh="村盒已上报的盲区（其间发生、无人能看到的不算丢失）：",
        en="blind intervals that the box has reported (what nobody could see in them is not lost):",
    )
    lines = []
    for blind in blinds[-_LISTED:]:
        unseen = sum(one.key.device == blind.device and blind.since <= one.time <= blind.until for one in count.unseen)
        span = f"{_clock(blind.since)}–{_clock(blind.until)}"
        lines.append(f"  {_device(blind.device, language)}  {span}  {unseen}")
    return [head, *lines, ""]


def _one(what: str, key: Key, time: datetime, language: Language) -> str:
    words = (_device(key.device, language), name_of(key.kind, language), key.state, key.mark, key.object)
    return f"  {what}: {_clock(time)} {' '.join(word for word in words if word)}"


def _device(device: str, language: Language) -> str:
    return next((place.name(language) for place in PLACES if place.id == device), device)


def _clock(time: datetime) -> str:
    return f"{time.astimezone():%H:%M:%S}"
