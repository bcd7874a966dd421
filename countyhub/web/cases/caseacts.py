"""The buttons of a case: which acts its viewer may do now, what each asks for, and why the others are grey. Pure.

Whether an act is possible the lifecycle says; here it only becomes a form, and a form becomes an act again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, cast

from countyhub.cases.book import Book
from countyhub.lifecycle import fivesteps, guards
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import Act, Actor, Case, Level, Office, above
from countyhub.lifecycle.step import allowed_acts
from countyhub.lifecycle.table import PEOPLES, TABLE
from countyhub.registry.forms import Department

_FIRST: Final = (
    "register", "classify", "begin", "settle", "pass_up", "assign", "feed_back", "close", "give_back", "redo", "rework",
    "meet", "note", "ledger_step", "ask_pause", "agree_pause", "refuse_pause", "resume", "escalate", "reassign",
    "supervise",
)  # fmt: skip
_LAST: Final = ("merge", "split", "archive", "void")
ORDER: Final = (*_FIRST, *(name for name in PEOPLES if name not in (*_FIRST, *_LAST)), *_LAST)
"""As they stand on the page: the way forward first, the way out last."""
CHOSEN: Final = frozenset({"target", "clock", "category"})
GRAVE: Final = frozenset({"void", "merge", "archive"})
REMARKED: Final = frozenset(
    {"register", "begin", "archive", "agree_pause", "resume", "assign", "classify", "ledger_step"}
)
"""Which need no text, and may have one."""
EXPLAINED: Final = frozenset(
    {"pass_up", "escalate", "assign", "reassign", "feed_back", "give_back", "close", "classify", "ledger_step", "void"}
)
"""Whose form says what it does: two of them may look alike, or cannot be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What an act asks for. `kind`: text, target, authority, clock, category, step or parent; `choices`: value and
    Office or text; of a step the next one, and today."""

    kind: str
    choices: tuple[tuple[str, Office | str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An act; `refused`: why it is grey; `to`: to whom it goes, where nobody chooses."""

    name: str
    fields: tuple[Field, ...] = ()
    refused: Refused | None = None
    grave: bool = False
    to: Office | None = None

    @property
    def explained(self) -> bool:
        return self.name in EXPLAINED


def buttons(book: Book, case: Case, actor: Actor | None, now: datetime) -> tuple[list[Button], list[Button]]:
    """Those that are possible, and the grey ones. Nobody acts for who only looks."""
    if actor is None:
        return [], []
    allowed = allowed_acts(case, actor, now)
    able, grey = [], []
    for name in ORDER:
        refused = allowed[name]
        if refused is not None:
            grey.append(Button(name=name, refused=refused))
            continue
        fields = tuple(_fields(book, name, case, actor, now))
        if all(each.choices or each.kind not in CHOSEN for each in fields):
            able.append(Button(name=name, fields=fields, grave=name in GRAVE, to=_to(name, case)))
    return able, grey


def names() -> frozenset[str]:
    """Of all acts of people."""
    return frozenset(PEOPLES)


def _fields(book: Book, name: str, case: Case, actor: Actor, now: datetime) -> Iterator[Field]:
    needs = {need.__name__ for need in TABLE[name].needs}
    if "target" in needs:
        yield Field(kind="target", choices=_targets(book, name, case, actor, now))
    if "clock" in needs:
        running = (each.name for each in case.clocks if each.until == "met" and each.ended is None)
        yield Field(kind="clock", choices=tuple((each, each) for each in running))
    if "authority" in needs and guards.authority(case, Act(name=name), actor) is not None:
        yield Field(kind="authority", choices=tuple((code_of(each), each) for each in _departments(book, now)))
    if "category" in needs:
        kinds = book.registry.kinds(now)
        yield Field(kind="category", choices=tuple((row.code, f"{row.code} {row.name}") for row in kinds))
    if "step" in needs:
        yield Field(kind="step", choices=((fivesteps.following(case.five_steps) or "", str(book.day(now))),))
    if "parent" in needs:
        yield Field(kind="parent")
    if "text" in needs or name in REMARKED:
        yield Field(kind="text" if "text" in needs else "remark")


def _to(name: str, case: Case) -> Office | None:
    """The office that has it then, as `effects` has it."""
    if name in ("pass_up", "escalate"):
        return above(case)
    return case.givers[-1] if name in ("feed_back", "give_back") and case.givers else None


def _targets(book: Book, name: str, case: Case, actor: Actor, now: datetime) -> tuple[tuple[str, Office], ...]:
    """The offices that the lifecycle and the registry would let this actor give it to: those on its way first."""
    found = []
    for office in _candidates(book, case, now):
        act = Act(name=name, target=office, text="-")
        if guards.target(case, act, actor) is None and book.target_refused(case, act, actor, now) is None:
            found.append((code_of(office), office))
    return tuple(dict(found).items())


def _candidates(book: Book, case: Case, now: datetime) -> Iterator[Office]:
    yield from reversed(case.route)
    yield from _departments(book, now)
    for township in book.registry.children(book.county, now):
        yield Office("township", township)


def _departments(book: Book, now: datetime) -> Iterator[Office]:
    """Departments of the county and queues of townships; a centre is the county or township itself."""
    for row in book.registry.in_force(Department, now):
        office = book.office(row.code, now)
        if office is not None and office.level in ("department", "station"):
            yield office


def code_of(office: Office) -> str:
    """As it stands in a form."""
    return f"{office.level}/{office.id}"


def office_of(said: str) -> Office | None:
    """An office that a form names; None for none."""
    level, _, code = said.partition("/")
    return Office(cast(Level, level), code) if level and code else None


def act_of(form: Mapping[str, str]) -> Act:
    """What a form asks for. A name that is none, and an office that is none, the lifecycle refuses."""
    expected = form.get("expected", "")
    return Act(
        name=form.get("act", "") if form.get("act", "") in names() else "",
        text=form.get("text", "").strip()[:4000],
        target=office_of(form.get("target", "")),
        parent=form.get("parent", "").strip()[:24],
        clock=form.get("clock", "")[:64],
        category=form.get("category", "").strip()[:4],
        step=form.get("step", "")[:16],
        day=_day(form.get("day", "").strip()),
        expected=int(expected) if expected.isascii() and expected.isdigit() and len(expected) < 10 else None,
    )


def _day(said: str) -> date | None:
    """None for what is none, which the lifecycle refuses."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None
