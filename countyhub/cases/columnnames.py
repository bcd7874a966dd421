"""The columns of an exported table of cases, in order, and what they are called: on the page's table
(`countyhub.web.cases.casetable`) and on that of the command line (`countyhub.cli.caseexport`).

A column is a field of `cases.finding.Listed`, but for `ledger`, which its category says.
"""

from __future__ import annotations

from typing import Final

from gridwire.problem import Both

COLUMNS: Final[dict[str, Both]] = {
    "number": Both("案号", "Number"),
    "light": Both("灯色", "Light"),
    "stage": Both("环节", "Stage"),
    "title": Both("事项", "Matter"),
    "category": Both("分类", "Category"),
    "owner": Both("承办单位", "Owner"),
    "first_owner": Both("首个承办单位", "First owner"),
    "township": Both("乡镇", "Township"),
    "village": Both("村", "Village"),
    "grid": Both("网格", "Grid"),
    "happened": Both("发生时间", "Happened"),
    "arrived": Both("到达时间", "Arrived"),
    "registered": Both("备案时间", "Registered"),
    "closed": Both("办结时间", "Closed"),
    "first_limit": Both("首个时限", "First limit"),
    "first_due": Both("首个时限到期", "First limit due"),
    "due": Both("到期时间", "Due"),
    "supervised": Both("督办次数", "Supervised"),
    "returned": Both("退单次数", "Given back"),
    "reworked": Both("返工次数", "Reworked"),
    "escalated": Both("升级次数", "Escalated"),
    "receipt": Both("回执", "Receipt"),
    "score": Both("评价", "Rating"),
    "parent": Both("主案", "Part of"),
    "ledger": Both("台账", "Ledger"),
    "five_steps": Both("台账五步", "Five steps of the ledger"),
}
