"""The five steps 五步工作法 of an entry in a village's ledger: 议 核 报 结 晒, in order, each with its date. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import Name

Ledger = Literal["livelihood", "special_needs", "stability"]
LEDGERS: Final[dict[Ledger, Name]] = {
    "livelihood": Name("民生诉求", "livelihood requests"),
    "special_needs": Name("特需群众", "people with special needs"),
    "stability": Name("安全维稳", "safety and stability"),
}
FiveStep = Literal["discuss", "verify", "report", "settle", "publish"]
FIVE_STEPS: Final[dict[FiveStep, Name]] = {
    "discuss": Name("议帐", "discuss"),
    "verify": Name("核账", "verify"),
    "report": Name("报账", "report"),
    "settle": Name("结账", "settle"),
    "publish": Name("晒账", "publish"),
}


class OutOfOrder(Refused):
    code = "case.five-steps-order"
    en = "the next of the five steps is “{next_en}”"
    zh = "五步工作法的下一步是“{next_zh}”"


class AllDone(Refused):
    code = "case.five-steps-done"
    en = "all five steps are done"
    zh = "五步均已完成"


class BeforeTheLast(Refused):
    code = "case.five-steps-date"
    en = "{day} is before the step before it ({last})"
    zh = "{day} 早于上一步的日期（{last}）"


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`dates`: of the steps done so far, in order."""

    ledger: Ledger
    dates: tuple[date, ...] = ()

    @property
    def following(self) -> FiveStep | None:
        """The next step; None when all are done."""
        return None if len(self.dates) == len(FIVE_STEPS) else tuple(FIVE_STEPS)[len(self.dates)]


def take_step(entry: LedgerEntry, step: FiveStep, day: date) -> LedgerEntry | Refused:
    """The entry after the step, or why not."""
    following = entry.following
    if following is None:
        return AllDone()
    if step != following:
        name = FIVE_STEPS[following]
        return OutOfOrder(next_zh=name.zh, next_en=name.en)
    if entry.dates and day < entry.dates[-1]:
        return BeforeTheLast(day=day, last=entry.dates[-1])
    return replace(entry, dates=(*entry.dates, day))
