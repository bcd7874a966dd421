"""The five steps 五步工作法 in which a village works an entry of its ledger 台账: 议 核 报 结 晒, in order.

A case is an entry of the ledger that its kind belongs to. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from countyhub.lifecycle.refusals import InputWrong, NotNow, Refused
from gridwire.problem import Both

Ledger = Literal["livelihood", "special_needs", "stability"]
LEDGERS: Final[dict[Ledger, Both]] = {
    "livelihood": Both("民生诉求", "livelihood requests"),
    "special_needs": Both("特需群众", "people with special needs"),
    "stability": Both("安全维稳", "safety and stability"),
}
FiveStep = Literal["discuss", "verify", "report", "settle", "publish"]
FIVE_STEPS: Final[dict[FiveStep, Both]] = {
    "discuss": Both("议帐", "discuss"),
    "verify": Both("核账", "verify"),
    "report": Both("报账", "report"),
    "settle": Both("结账", "settle"),
    "publish": Both("晒账", "publish"),
}


class OutOfOrder(NotNow):
    code = "case.five-steps-order"
    en = "the next of the five steps is “{next_en}”"
    zh = "五步工作法的下一步是“{next_zh}”"


class AllDone(NotNow):
    code = "case.five-steps-done"
    en = "all five steps are done"
    zh = "五步均已完成"


class BeforeTheLast(InputWrong):
    code = "case.five-steps-date"
    en = "{day} is before the step before it ({last})"
    zh = "{day} 早于上一步的日期（{last}）"


class NoLedger(NotNow):
    code = "case.five-steps-unclassified"
    en = "the kind of a matter says into which ledger it goes: classify it first"
    zh = "事项按分类入台账：请先分类"


class DayMissing(InputWrong):
    code = "case.five-steps-no-date"
    en = "say on which day the step was done, e.g. 2026-06-01"
    zh = "请填写这一步的日期，例如 2026-06-01"


class InFuture(InputWrong):
    code = "case.five-steps-future"
    en = "{day} has not come yet: a step is written down when it is done"
    zh = "{day} 还没有到：办完一步再登记一步"


def following(done: Sequence[date]) -> FiveStep | None:
    """The next step after so many; None when all are done."""
    return None if len(done) >= len(FIVE_STEPS) else tuple(FIVE_STEPS)[len(done)]


def take_step(done: tuple[date, ...], step: str, day: date | None) -> tuple[date, ...] | Refused:
    """The days of the steps that are done then, in order, or why not."""
    wanted = following(done)
    if wanted is None:
        return AllDone()
    if step != wanted:
        return OutOfOrder(next_zh=FIVE_STEPS[wanted].zh, next_en=FIVE_STEPS[wanted].en)
    if day is None:
        return DayMissing()
    if done and day < done[-1]:
        return BeforeTheLast(day=day, last=done[-1])
    return (*done, day)


def steps_of(done: Sequence[date]) -> tuple[tuple[FiveStep, date], ...]:
    """Each step that is done, with its day."""
    return tuple(zip(FIVE_STEPS, done, strict=False))


def line(step: str, day: date, text: str) -> str:
    """What the timeline says of a step, in the words of the county's ledgers."""
    name = FIVE_STEPS[step].zh if step in FIVE_STEPS else step
    return " ".join(part for part in (name, str(day), text.strip()) if part)


def line_in_english(text: str) -> str:
    """The same line for who reads English; what somebody wrote into it stays as it is."""
    name, _, rest = text.partition(" ")
    return " ".join([next((each.en for each in FIVE_STEPS.values() if each.zh == name), name), rest])
