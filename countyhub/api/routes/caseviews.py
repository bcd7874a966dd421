"""Cases as this interface shows them: what is in an answer, and how it is made of what `cases.finding` found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.api.call import Call
from countyhub.api.problems import NotFound
from countyhub.api.shapes import Input, Output
from countyhub.cases import finding
from countyhub.cases.finding import Listed, Whole
from countyhub.lifecycle import fivesteps
from countyhub.lifecycle.fivesteps import FiveStep
from countyhub.lifecycle.number import CASE_NUMBER
from countyhub.lifecycle.state import Office
from gridwire.identifiers import END

NUMBER_PATTERN: Final = f"^{CASE_NUMBER}{END}"
Number = Annotated[str, Meta(pattern=NUMBER_PATTERN, description="number of a case")]


class CasePath(Input, frozen=True, kw_only=True):
    number: Number


class OfficeView(Output, frozen=True, kw_only=True):
    """Who can own a case."""

    level: Annotated[str, Meta(description="grid, village, station, township, department or county")]
    code: str


class CaseView(Output, frozen=True, kw_only=True):
    """A case in a list."""

    number: str
    version: Annotated[int, Meta(description="rises with every act: its ETag")]
    open: Annotated[bool, Meta(description="neither closed nor archived nor void")]
    stage: Annotated[str, Meta(description="where it stands: docs/reference/lifecycle.md")]
    light: Annotated[str, Meta(description="green, yellow (running short), red (over), grey (suspended) or none")]
    title: str
    category: Annotated[str, Meta(description="code of the kind of matter; empty: not classified")]
    handling: Annotated[str, Meta(description="at_once, within_limit or pass_upward")]
    mode: Annotated[str, Meta(description="of a service: direct, proxy or authorised; empty: a matter")]
    origin: Annotated[str, Meta(description="machine or person")]
    urgent: Annotated[bool, Meta(description="a call for help")]
    drill: Annotated[bool, Meta(description="an exercise")]
    history: Annotated[bool, Meta(description="it was a day old when it arrived: no light")]
    owner: Annotated[OfficeView | None, Meta(description="who has it now")]
    first_owner: Annotated[OfficeView | None, Meta(description="who had it first: assessment goes by it")]
    grid: Annotated[str, Meta(description="where it arose, by the codes of then; empty: unknown")]
    village: str
    township: str
    box: str
    device: str
    receipt: Annotated[str, Meta(description="number on the resident's receipt")]
    happened: Annotated[datetime | None, Meta(description="when it happened; null: unknown")]
    arrived: Annotated[datetime, Meta(description="when the hub had it: lists are in this order")]
    registered: datetime | None
    closed: datetime | None
    due: Annotated[datetime | None, Meta(description="the nearest deadline that runs")]
    first_due: Annotated[datetime | None, Meta(description="the first deadline, which never changes")]
    guessed: Annotated[bool, Meta(description="a deadline was reckoned without the calendar of its year")]
    supervised: Annotated[int, Meta(description="how often it was supervised")]
    returned: int
    reworked: int
    escalated: int
    parent: Annotated[str, Meta(description="the case that it was merged into")]
    score: Annotated[int | None, Meta(description="the resident's last rating, 1 to 5")]
    changed: datetime


class ClockView(Output, frozen=True, kw_only=True):
    """One deadline of a case."""

    name: str
    level: Annotated[str, Meta(description="for which level it is")]
    until: Annotated[str, Meta(description="what ends it: close, feedback, begin, pass_on, met or classify")]
    due: Annotated[datetime, Meta(description="when it is over")]
    first_due: datetime
    ended: Annotated[datetime | None, Meta(description="null: it runs")]


class StepView(Output, frozen=True, kw_only=True):
    """One of the five steps in which a village works an entry of its ledger."""

    step: FiveStep
    day: Annotated[date, Meta(description="when it was done")]


class AttachmentView(Output, frozen=True, kw_only=True):
    """A file that somebody added."""

    id: int
    name: str
    media_type: str
    size: Annotated[int, Meta(description="bytes")]
    sha256: str
    by: str
    at: datetime


class OneCase(Output, frozen=True, kw_only=True):
    """All about one case but its timeline."""

    case: CaseView
    text: str
    route: Annotated[tuple[OfficeView, ...], Meta(description="the offices by which it goes up")]
    clocks: tuple[ClockView, ...]
    pause: Annotated[str, Meta(description="asked or agreed: suspended; empty: neither")]
    children: Annotated[tuple[str, ...], Meta(description="cases that were merged into it")]
    events: Annotated[tuple[int, ...], Meta(description="events that it stands on: `id` of /events")]
    attachments: tuple[AttachmentView, ...]
    five_steps: Annotated[tuple[StepView, ...], Meta(description="of its ledger, those that are done")]
    also: Annotated[tuple[str, ...], Meta(description="after an act: other cases that changed with it")] = ()


async def look(call: Call, connection: AsyncConnection, number: str, also: tuple[str, ...] = ()) -> OneCase:
    """The case as it is, with its version as the ETag. Raises `NotFound`."""
    found = await finding.one(connection, number, call.scope)
    if found is None:
        raise NotFound(what="case 案件")
    call.version(found.case.version)
    title = call.shown(found.listed.title)
    shown = replace(found, text=call.shown(found.text), listed=replace(found.listed, title=title))
    return _whole(shown, also)


def listed(row: Listed) -> CaseView:
    """A case in a list."""
    own = {name: getattr(row, name) for name in CaseView.__struct_fields__ if name not in ("owner", "first_owner")}
    first = office(Office(row.first_level, row.first_owner) if row.first_owner else None)  # type: ignore[arg-type]  # from its column
    now = office(Office(row.level, row.owner) if row.owner else None)  # type: ignore[arg-type]  # from its column
    return CaseView(**own, owner=now, first_owner=first)


def office(given: Office | None) -> OfficeView | None:
    return None if given is None else OfficeView(level=given.level, code=given.id)


def _whole(found: Whole, also: tuple[str, ...]) -> OneCase:
    case = found.case
    names = ("name", "level", "until", "due", "first_due", "ended")
    return OneCase(
        case=listed(found.listed),
        text=found.text,
        route=tuple(OfficeView(level=each.level, code=each.id) for each in case.route),
        clocks=tuple(ClockView(**{name: getattr(clock, name) for name in names}) for clock in case.clocks),
        pause=case.pause,
        children=case.children,
        events=found.events,
        attachments=tuple(msgspec.convert(each._asdict(), AttachmentView) for each in found.attachments),
        five_steps=tuple(StepView(step=step, day=day) for step, day in fivesteps.steps_of(case.five_steps)),
        also=also,
    )
