"""What is done with cases: reporting one, every act of the loop, merging and splitting.

Acts are done in the name of the token's person, with the offices that this person has today. A machine's token may
report, and nothing more.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.api.call import Call
from countyhub.api.problems import ApiProblem, Changed, NoPerson, NotFound, answer_of, version_of
from countyhub.api.route import Route
from countyhub.api.routes.cases import UnknownPlace
from countyhub.api.routes.caseviews import CasePath, Number, OneCase, look
from countyhub.api.shapes import PLAIN, BoxId, CategoryCode, DeviceId, Input, Output, Page, Place, Time
from countyhub.cases import acting, finding
from countyhub.cases.acting import Acted
from countyhub.cases.opening import Opening, open_case
from countyhub.cases.refusals import CategoryUnknown, KeyTaken, TargetElsewhere, TargetUnknown
from countyhub.cases.retrying import retried
from countyhub.lifecycle import fivesteps, refusals
from countyhub.lifecycle.fivesteps import FiveStep
from countyhub.lifecycle.refusals import Refused, Stale
from countyhub.lifecycle.state import HUB, Act
from countyhub.lifecycle.step import allowed_acts
from countyhub.lifecycle.table import PEOPLES, TABLE
from gridwire.identifiers import END, new_ulid
from gridwire.problem import Problem

if TYPE_CHECKING:
    ActName = str
else:
    ActName = Literal[tuple(name for name in PEOPLES if name not in ("merge", "split"))]
"""Every act of people, but merging and splitting, which need another case."""
EARLY = timedelta(minutes=5)
REFUSALS = (
    Stale, Changed, NoPerson, refusals.NotYours, refusals.WrongStage, refusals.Paused, refusals.NotPaused,
    refusals.PauseAsked, refusals.PauseNotAsked, refusals.SamePerson, refusals.TextMissing, refusals.TargetMissing,
    refusals.TargetForeign, refusals.NobodyAbove, refusals.NobodyBelow, refusals.ReturnedTwice,
    refusals.NobodyAssigned, refusals.FeedbackFirst, refusals.FeedbackDone, refusals.MustPassUp, refusals.NotAtOnce,
    refusals.ProxyNeedsOffice, refusals.AuthorityMissing, refusals.NotAResidents, refusals.TooLate,
    refusals.TooEarly, refusals.NotOver, refusals.NoSuchClock, refusals.CategoryMissing,
    refusals.Classified, fivesteps.NoLedger, fivesteps.OutOfOrder, fivesteps.AllDone, fivesteps.DayMissing,
    fivesteps.BeforeTheLast, fivesteps.InFuture, CategoryUnknown, TargetUnknown, TargetElsewhere, KeyTaken,
)  # fmt: skip


class UnknownCategory(ApiProblem):
    status = 422
    code = "api.unknown-category"
    en = "the registry knows no kind of matter {category} today; see /categories"
    zh = "今日登记表中没有事项 {category}；请查看 /categories"


class InFuture(ApiProblem):
    status = 422
    code = "api.in-future"
    en = "`happened` lies in the future: is the clock right?"
    zh = "happened 是将来的时间：时钟是否准确？"


class Outside(ApiProblem):
    status = 403
    code = "api.outside"
    en = "the place lies outside what this token sees"
    zh = "地点不在此令牌的范围内"


class CaseIn(Input, frozen=True, kw_only=True):
    """What is reported."""

    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN, description="in one line; names nobody")]
    text: Annotated[str, Meta(max_length=4000, pattern=PLAIN, description="what there is to say")] = ""
    category: Annotated[CategoryCode | UnsetType, Meta(description="kind of matter; see /categories")] = UNSET
    place: Annotated[Place | UnsetType, Meta(description="grid, village or township where it is")] = UNSET
    box: Annotated[BoxId | UnsetType, Meta(description="or the box where it is")] = UNSET
    device: Annotated[DeviceId | UnsetType, Meta(description="and the device")] = UNSET
    happened: Annotated[Time | UnsetType, Meta(description="when; without it unknown")] = UNSET
    origin: Annotated[
        Literal["person", "machine"],
        Meta(description="machine: a sensor or program found it, nobody waits for an answer"),
    ] = "person"
    drill: Annotated[bool, Meta(description="an exercise: shown, never counted")] = False
    receipt: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9A-Z._-]{1,32}" + END)] | UnsetType,
        Meta(description="number by which the resident asks for the answer"),
    ] = UNSET
    about: Annotated[
        Annotated[str, Meta(pattern=r"^[!-~]{1,100}" + END)] | UnsetType,
        Meta(description="your own name for the matter: while a case about it is open, reporting it again joins that"),
    ] = UNSET


class ActIn(Input, frozen=True, kw_only=True):
    """What is to be done."""

    act: Annotated[ActName, Meta(description="see docs/reference/lifecycle.md")]
    text: Annotated[str, Meta(max_length=4000, pattern=PLAIN, description="reason or result; most acts need it")] = ""
    target: Annotated[
        Place | UnsetType,
        Meta(description="code of the office to assign to, or of the department whose authority it is"),
    ] = UNSET
    clock: Annotated[str, Meta(max_length=64, pattern=PLAIN, description="meet: name of the deadline")] = ""
    category: Annotated[CategoryCode | UnsetType, Meta(description="classify: kind of matter; see /categories")] = UNSET
    step: Annotated[FiveStep | UnsetType, Meta(description="ledger_step: the next of the five steps")] = UNSET
    day: Annotated[date | UnsetType, Meta(description="ledger_step: when it was done")] = UNSET
    expected: Annotated[
        Annotated[int, Meta(ge=0, le=2**31)] | UnsetType, Meta(description="the version that was seen, as If-Match too")
    ] = UNSET


class MergeIn(Input, frozen=True, kw_only=True):
    """Where it is to go."""

    into: Number
    text: Annotated[str, Meta(max_length=4000, pattern=PLAIN)] = ""
    expected: Annotated[Annotated[int, Meta(ge=0, le=2**31)] | UnsetType, Meta(description="the version seen")] = UNSET


class SplitIn(Input, frozen=True, kw_only=True):
    """Why it goes its own way again."""

    text: Annotated[str, Meta(min_length=1, max_length=4000, pattern=PLAIN)]
    expected: Annotated[Annotated[int, Meta(ge=0, le=2**31)] | UnsetType, Meta(description="the version seen")] = UNSET


class ActView(Output, frozen=True, kw_only=True):
    """An act, and whether it is possible now."""

    act: str
    zh: str
    en: str
    possible: bool
    needs: Annotated[
        tuple[str, ...], Meta(description="what must be given: text, target, authority, clock, category, step, parent")
    ]
    code: Annotated[str, Meta(description="why it is not possible; empty: it is")] = ""
    why_zh: str = ""
    why_en: str = ""


async def report(call: Call, *, body: CaseIn) -> OneCase:
    """Opens a case by hand. What a person's token reports is registered in that person's name; what comes from a
    resident by a machine's token waits for an office to register it; what a machine found is registered at once. With
    `about` a second report while the case is open joins it, and is answered with it.
    """
    if body.happened is not UNSET and body.happened > call.now + EARLY:
        raise InFuture
    opening = _opening(call, body)
    opener = call.actor if call.token.person else HUB

    async def work(connection: AsyncConnection) -> OneCase:
        opened = await open_case(connection, call.book, opening, call.now, opener)
        if await finding.one(connection, opened.number, call.scope) is None:
            raise Outside
        view = await look(call, connection, opened.number)
        call.headers["location"] = f"/api/1/cases/{opened.number}"
        await _keep(call, connection, view)
        return view

    return await retried(call.store, work)


async def acts(call: Call, *, path: CasePath) -> Page[ActView]:
    """Every act, with the reason where it is not possible for this token now: for buttons that say why they are grey.
    For a machine's token none is.
    """
    async with call.store.read() as connection:
        found = await finding.one(connection, path.number, call.scope)
    if found is None:
        raise NotFound(what="case 案件")
    actor = call.actor if call.token.person else None
    may = allowed_acts(found.case, actor, call.now) if actor is not None else dict.fromkeys(TABLE, NoPerson())
    return Page(items=tuple(_act_view(name, may[name]) for name in PEOPLES))


async def act(call: Call, *, path: CasePath, body: ActIn) -> OneCase:
    """One step of the loop, in the name of the token's person. Of two who act on what they both saw, the second is
    told `case.stale` and the version that is in force now. The answer is the case after it.
    """
    wanted = Act(
        name=body.act,
        text=body.text,
        target=None if body.target is UNSET else call.book.office(body.target, call.now),
        clock=body.clock,
        category="" if body.category is UNSET else body.category,
        step="" if body.step is UNSET else body.step,
        day=None if body.day is UNSET else body.day,
        expected=_expected(call, body.expected),
    )
    if body.target is not UNSET and wanted.target is None:
        raise TargetUnknown(target=body.target)
    actor = call.actor

    async def work(connection: AsyncConnection) -> OneCase:
        await look(call, connection, path.number)
        done = await acting.act_within(connection, call.book, path.number, wanted, actor, call.now)
        if isinstance(done, Refused):
            _refuse(call, done)
        view = await look(call, connection, path.number, tuple(each.number for each in done.also))
        await _keep(call, connection, view)
        return view

    return await retried(call.store, work)


async def merge(call: Call, *, path: CasePath, body: MergeIn) -> OneCase:
    """Puts the case under another one, with which it closes from then on."""
    async with call.store.read() as connection:
        for number in (path.number, body.into):
            await look(call, connection, number)
    expected = _expected(call, body.expected)
    done = await acting.merge(
        call.store, call.book, body.into, path.number, call.actor, call.now, text=body.text, expected=expected
    )
    return await _after(call, path.number, done)


async def split(call: Call, *, path: CasePath, body: SplitIn) -> OneCase:
    """Takes the case out of the one that it was merged into: it stands where it stood before."""
    async with call.store.read() as connection:
        await look(call, connection, path.number)
    expected = _expected(call, body.expected)
    done = await acting.split(
        call.store, call.book, path.number, call.actor, call.now, text=body.text, expected=expected
    )
    return await _after(call, path.number, done)


async def _after(call: Call, number: str, done: Acted | Refused) -> OneCase:
    if isinstance(done, Refused):
        _refuse(call, done)
    async with call.store.read() as connection:
        return await look(call, connection, number, tuple(each.number for each in done.also))


def _opening(call: Call, body: CaseIn) -> Opening:
    """Raises `UnknownCategory`, `UnknownPlace`."""
    category = "" if body.category is UNSET else body.category
    if category and call.registry.category(category, call.now) is None:
        raise UnknownCategory(category=category)
    place = "" if body.place is UNSET else body.place
    if place and not call.registry.ancestors(place, call.now):
        raise UnknownPlace(place=place)
    box = "" if body.box is UNSET else body.box
    if box and not call.registry.box_path(box, call.now):
        raise UnknownPlace(place=box)
    return Opening(
        key=f"hand/{new_ulid()}" if body.about is UNSET else f"api/{call.token.id}/{body.about}",
        origin=body.origin,
        arrived=call.now,
        category=category,
        box=box,
        device="" if body.device is UNSET else body.device,
        happened=None if body.happened is UNSET else body.happened,
        title=body.title,
        text=body.text,
        drill=body.drill,
        receipt="" if body.receipt is UNSET else body.receipt,
        place=place,
    )


def _expected(call: Call, given: int | UnsetType) -> int | None:
    """The version that the caller saw, by If-Match or the body."""
    if call.seen is not None:
        return call.seen
    return None if given is UNSET else given


def _refuse(call: Call, refused: Refused) -> NoReturn:
    """A version that If-Match named is a condition that failed, and is answered as such."""
    version = version_of(refused)
    if version is not None:
        call.version(version)
        if call.seen is not None:
            raise Changed(version=version)
    raise refused


def _act_view(name: str, refused: Problem | None) -> ActView:
    row = TABLE[name]
    needs = tuple(need.__name__ for need in row.needs)
    if refused is None:
        return ActView(act=name, zh=row.name.zh, en=row.name.en, possible=True, needs=needs)
    why = answer_of(refused, zh=True)
    return ActView(
        act=name,
        zh=row.name.zh,
        en=row.name.en,
        possible=False,
        needs=needs,
        code=why.code,
        why_zh=why.zh,
        why_en=why.en,
    )


async def _keep(call: Call, connection: AsyncConnection, view: OneCase) -> None:
    if call.keep is not None:
        await call.keep(connection, view)


ROUTES = (
    Route(method="POST", path="/cases", call=report, scope="cases:open", tag="cases", status=201, versioned=True,
          problems=(UnknownCategory, UnknownPlace, InFuture, Outside), zh="上报案件", en="Report a case"),
    Route(method="GET", path="/cases/{number}/acts", call=acts, scope="cases:read", tag="cases",
          zh="当前可用操作及不可用原因", en="What can be done with it now, and why the rest cannot"),
    Route(method="POST", path="/cases/{number}/acts", call=act, scope="cases:act", tag="cases", versioned=True,
          conditional=True,
          problems=REFUSALS, zh="办理案件", en="Act on a case"),
    Route(method="POST", path="/cases/{number}/merge", call=merge, scope="cases:act", tag="cases", versioned=True,
          conditional=True,
          problems=(*REFUSALS, refusals.ParentMissing, refusals.ParentEnded, refusals.HasChildren, refusals.NotAChild),
          zh="并案", en="Merge a case into another"),
    Route(method="POST", path="/cases/{number}/split", call=split, scope="cases:act", tag="cases", versioned=True,
          conditional=True,
          problems=(*REFUSALS, refusals.NotAChild), zh="撤销并案", en="Split a case off again"),
)  # fmt: skip
