"""Why an alarm was stored or not: one table of stable words and their names for people."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Why = Literal["stored", "held", "dropped", "disarmed", "cooldown", "too-short", "merged", "not-started"]


class Reason(NamedTuple):
    """A short name, and what happened, in both languages."""

    zh: str
    en: str
    zh_text: str
    en_text: str


REASONS: Final[dict[Why, Reason]] = {
    "stored": Reason("上报", "stored", "已入库，将上报县级", "stored, goes to the county"),
    "held": Reason(
        "暂留",
        "held",
        "暂留待定：开始须满最短持续时间，结束须过合并间隔",
        "waits: a start for its minimum duration, an end for the gap in which it may go on",
    ),
    "dropped": Reason("始终不报", "always", "规则设为始终不上报", "a rule suppresses it always"),
    "disarmed": Reason("未布防", "not armed", "不在布防时段内", "outside the armed hours"),
    "cooldown": Reason("重复", "repeated too soon", "距上次报警太近", "too soon after the one before"),
    "too-short": Reason("过短", "too short", "未满最短持续时间就已结束", "ended before its minimum duration was over"),
    "merged": Reason("合并", "merged", "与正在持续的报警合并", "part of an alarm that goes on"),
    "not-started": Reason(
        "无对应开始", "end without start", "结束所对应的开始没有上报", "the end of an alarm that was not stored"
    ),
}
SUPPRESSIONS: Final[tuple[Why, ...]] = ("dropped", "disarmed", "cooldown", "too-short", "merged", "not-started")
"""Why an alarm was suppressed; the bounded labels under which suppressed alarms are counted, starts and ends each."""


def reason_name(why: str, language: str) -> str:
    """The short name; a word that is not known as it is."""
    found = next((reason for word, reason in REASONS.items() if word == why), None)
    if found is None:
        return why
    return found.zh if language == "zh" else found.en
