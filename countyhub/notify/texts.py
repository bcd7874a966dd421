"""What people are told, in Chinese and English: place, kind of matter, number, limit. Never a name, nor what somebody
wrote: messages go through other people's machines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from countyhub.lifecycle.table import TABLE
from gridwire.problem import Language

_WHAT: Final[dict[str, tuple[str, str]]] = {
    "register": ("新事项", "New"),
    "pass_up": ("下级上报", "Passed up to you"),
    "assign": ("交办给您", "Assigned to you"),
    "give_back": ("被退单", "Given back"),
    "feed_back": ("已反馈，请审核", "Fed back, please check"),
    "redo": ("退回重办", "To be done again"),
    "rework": ("群众反映未解决，返工", "Not solved, says the resident"),
    "escalate": ("超时升级到您处", "Escalated to you"),
    "reassign": ("改派给您", "Reassigned to you"),
    "split": ("撤销并案，恢复办理", "Split off, open again"),
    "supervise": ("督办", "Supervised"),
    "agree_pause": ("已同意挂起", "Suspension agreed"),
    "refuse_pause": ("未同意挂起", "Suspension refused"),
    "ask_pause": ("申请挂起，请审批", "Suspension asked, please decide"),
    "turned_yellow": ("即将超时（黄灯）", "Running short (yellow)"),
    "turned_red": ("已超时（红灯）", "Overdue (red)"),
}


class Facts(NamedTuple):
    """What a text may say of a case."""

    number: str
    category: str
    place: str
    due: datetime | None = None
    happened: datetime | None = None


def line(kind: str, facts: Facts, zone: ZoneInfo, language: Language, *, drill: bool = False) -> str:
    """One matter in one line."""
    told = _line(kind, facts, zone, language)
    mark = "【演练】" if language == "zh" else "[DRILL] "
    return f"{mark}{told}" if drill else told


def _line(kind: str, facts: Facts, zone: ZoneInfo, language: Language) -> str:
    zh, en = _WHAT.get(kind) or (TABLE[kind].name if kind in TABLE else (kind, kind))
    parts = [part for part in (facts.place, facts.category) if part]
    if language == "zh":
        limit = [f"限 {facts.due.astimezone(zone):%m-%d %H:%M}"] if facts.due else []
        return f"{zh}：{'，'.join([*parts, *limit, f'案号 {facts.number}'])}"
    limit = [f"due {facts.due.astimezone(zone):%m-%d %H:%M}"] if facts.due else []
    return f"{en}: {', '.join([*parts, *limit, f'case {facts.number}'])}"


def sos(facts: Facts, zone: ZoneInfo, language: Language, *, drill: bool, pass_on_s: float) -> str:
    """A call for help."""
    at = f" {facts.happened.astimezone(zone):%H:%M}" if facts.happened else ""
    place = facts.place or ("地点不明" if language == "zh" else "place unknown")
    count, (zh, en) = (pass_on_s / 60, ("分钟", "min")) if pass_on_s >= 60 else (pass_on_s, ("秒", "s"))
    if language == "zh":
        if drill:
            return f"【演练】紧急求助测试：{place}{at}，案号 {facts.number}。无须出动。"
        return (
            f"【SOS 紧急求助】{place}{at}，案号 {facts.number}。请立即响应并在系统中开始处置；"
            f"{count:.3g} {zh}内无人响应将继续通知下一级。"
        )
    if drill:
        return f"[DRILL] Test of a call for help: {place}{at}, case {facts.number}. Nobody need go."
    return (
        f"[SOS] Call for help: {place}{at}, case {facts.number}. Respond at once and begin the case; "
        f"without an answer in {count:.3g} {en} the next in line is woken."
    )


def taken(facts: Facts, zone: ZoneInfo, language: Language, *, by: str) -> str:
    """That a call for help was answered. `by`: an office, never a name; empty: it is over without anybody's answer."""
    at = f" {facts.happened.astimezone(zone):%H:%M}" if facts.happened else ""
    if language == "zh":
        place, end = facts.place or "地点不明", f"已由{by}接手" if by else "案件已结束"
        return f"【SOS 紧急求助】{place}{at}，案号 {facts.number}：{end}，不再继续通知。"
    place, end = facts.place or "place unknown", f"taken over by {by}" if by else "the case is over"
    return f"[SOS] {place}{at}, case {facts.number}: {end}; nobody else is woken."


def subject(county: str, lines: Sequence[str], language: Language, *, urgent: bool) -> str:
    """For channels that have one."""
    if len(lines) == 1:
        text = lines[0] if urgent else f"[{county}] {lines[0]}"
    else:
        text = f"[{county}] {len(lines)} 件事项有变化" if language == "zh" else f"[{county}] {len(lines)} matters"
    return text if len(text) <= 120 else text[:119] + "…"


def together(lines: Sequence[str], fits: Callable[[str], bool], language: Language) -> str:
    """Several matters in one text, and how many more there are where they do not all go in."""
    if len(lines) == 1:
        return lines[0]
    head = f"{len(lines)} 件事项有变化：" if language == "zh" else f"{len(lines)} matters:"
    whole = "\n".join([head, *(f"{number}. {each}" for number, each in enumerate(lines, 1))])
    if fits(whole):
        return whole
    text = head
    for number, each in enumerate(lines, 1):
        longer = f"{text}\n{number}. {each}"
        if not fits(f"{longer}\n{_more(len(lines) - number, language)}"):
            return f"{text}\n{_more(len(lines) - number + 1, language)}"
        text = longer
    return text


def test(county: str, language: Language) -> str:
    if language == "zh":
        return f"测试消息：{county}的通知渠道工作正常。无须处理。"
    return f"Test: the notifications of {county} work. Nothing to do."


def _more(count: int, language: Language) -> str:
    return f"另有 {count} 件，请登录平台查看。" if language == "zh" else f"and {count} more: see the console."
