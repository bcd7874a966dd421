"""Texts of a case as an entry of a village's ledger: the five steps in which it is worked."""

from __future__ import annotations

from gridwire.problem import Both

TEXTS: dict[str, Both] = {
    "case.ledger": Both("{ledger}台账 · 五步工作法", "Ledger: {ledger} · five steps"),
    "act.step": Both("下一步：{step}", "The next step: {step}"),
    "act.day": Both("日期", "Day"),
    "hint.ledger_step": Both(
        "台账五步：议帐、核账、报账、结账、晒账，依次登记，办完一步记一步。登记后不能更改，归档后不能再登记。",
        "The five steps of the ledger, in order, each when it is done. What is written stays; archiving ends it.",
    ),
}
