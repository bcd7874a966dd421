"""The table of cases as it is taken away, with all its columns: their names stand in `countyhub.cases.columnnames`,
their values in `cases.finding.Listed`. The command line writes the same ones: `countyhub.cli.caseexport`.

The page shows seven of them, with marks and limits that live: their heads stand in `templates/cases.html`, a row in
`templates/_caserow.html`. A column that people are to see on the page is added there too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from countyhub.cases.finding import Listed
from countyhub.web.desk import Visit
from countyhub.web.export.tables import Column, Kind, Table, Value
from countyhub.web.texts.words import Words


def _own(name: str, width: int = 17, kind: Kind = "text") -> Column[Listed]:
    return Column(title=f"column.{name}", width=width, kind=kind, value=lambda _, case: getattr(case, name))


def _said(name: str, width: int, say: Callable[[Visit, Listed], Value]) -> Column[Listed]:
    return Column(title=f"column.{name}", width=width, value=say)


def _place(name: str, width: int) -> Column[Listed]:
    def say(visit: Visit, case: Listed) -> str:
        code = getattr(case, name)
        return visit.words.place(code) if code else ""

    return _said(name, width, say)


CASES: Final[Table[Listed]] = Table(
    title="nav.cases",
    columns=(
        _own("number", 22),
        _said("light", 10, lambda visit, case: visit.words.lightname(case.light)),
        _said("stage", 10, lambda visit, case: visit.words.stage(case.stage)),
        _own("title", 40),
        _said("category", 24, lambda visit, case: visit.words.category(case.category)),
        _said("owner", 24, lambda visit, case: visit.words.office(case.level, case.owner)),
        _said("first_owner", 24, lambda visit, case: visit.words.office(case.first_level, case.first_owner)),
        _place("township", 14),
        _place("village", 14),
        _place("grid", 18),
        *(_own(name, kind="time") for name in ("happened", "arrived", "registered", "closed")),
        _said("first_limit", 12, lambda visit, case: visit.words.limit(case.first_limit) if case.first_limit else ""),
        *(_own(name, kind="time") for name in ("first_due", "due")),
        *(_own(name, 9, "number") for name in ("supervised", "returned", "reworked", "escalated")),
        _own("receipt", 14),
        _own("score", 8, "number"),
        _own("parent", 22),
        _said("ledger", 14, lambda visit, case: visit.words.ledger_of(case.category)),
        _said("five_steps", 44, lambda visit, case: _steps(visit.words, case)),
    ),
)


def _steps(words: Words, case: Listed) -> str:
    """The steps of its ledger that are done, with their days."""
    return " ".join(f"{name} {day}" for name, day in words.steps(case.five_steps) if day)
