"""The loop of a case, act by act. The ids in the docstrings are those of docs/county-rules.md."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from countyhub.lifecycle import family
from countyhub.lifecycle.fivesteps import FIVE_STEPS, line, line_in_english, steps_of
from countyhub.lifecycle.number import case_number
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import HUB, LEVELS, STAGES, Act, Actor, Case, Office
from countyhub.lifecycle.step import Done, Lifecycle, allowed_acts
from countyhub.lifecycle.table import TABLE
from countyhub.worktime import calendarfile
from countyhub.worktime.deadlines import GREEN, GREY, RED, Budget, Budgets, case_light
from gridwire.persons import is_resident_number
from tests.foreseen import next_instant

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "calendar"
CALENDAR = calendarfile.read({path.name: path.read_bytes() for path in SHIPPED.iterdir()}).calendar
HOUR = timedelta(hours=1)
T0 = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # a Friday, 09:00 in the county
GRID, VILLAGE = Office("grid", "430181001001001"), Office("village", "430181001001")
TOWNSHIP, COUNTY = Office("township", "430181001"), Office("county", "430181")
STATION, DEPARTMENT = Office("station", "430181001-land"), Office("department", "land")
BUDGETS = Budgets(
    {
        ("", ""): (Budget(name="decide", amount=24, unit="calendar_hours"),),
        ("", "village"): (
            Budget(name="decide", amount=3, unit="working_days"),
            Budget(name="pass", amount=4, unit="working_hours", until="pass_on"),
            Budget(name="stop", amount=2, unit="working_hours", until="met"),
            Budget(name="answer", amount=8, unit="working_hours", until="feedback"),
        ),
    }
)
LIFE = Lifecycle(BUDGETS, CALENDAR)
WORKER = Actor("worker", "grid_worker", frozenset({GRID}))
CLERK = Actor("clerk", "village_clerk", frozenset({VILLAGE}))
MAYOR = Actor("mayor", "township", frozenset({TOWNSHIP}))
DESK = Actor("desk", "dispatcher", frozenset({COUNTY}))
HEAD = Actor("head", "county", frozenset({COUNTY}))
LAND = Actor("land", "department", frozenset({DEPARTMENT}))
LAND_STATION = Actor("land-station", "township", frozenset({STATION}))
RESIDENT, INSPECTOR = Actor("somebody", "resident"), Actor("inspector", "inspector", frozenset({COUNTY}))
AUDITOR = Actor("auditor", "auditor", frozenset({GRID, VILLAGE, TOWNSHIP, COUNTY}))


def new(**facts) -> Case:
    given = {
        "number": "430181-20261120-0001",
        "category": "0103",
        "route": (GRID, VILLAGE, TOWNSHIP, COUNTY),
        "origin": "person",
        "handling": "within_limit",
        "arrived": T0,
        "happened": T0,
    }
    return Case(**given | facts)


def go(case, *steps, now=T0):
    """`steps`: (actor, act name or Act); every one must be possible."""
    for actor, act in steps:
        done = LIFE.step(case, act if isinstance(act, Act) else Act(name=act, text="because"), actor, now)
        assert isinstance(done, Done), done
        assert done.case.version == case.version + 1 == done.entry.version
        assert (done.entry.before, done.entry.after) == (case.stage, done.case.stage)
        case = done.case
    return case


def refused(case, actor, act, now=T0) -> str:
    done = LIFE.step(case, act if isinstance(act, Act) else Act(name=act, text="because"), actor, now)
    assert isinstance(done, Refused)
    assert done.text("zh") != done.text("en")
    return done.code


def to(target: Office) -> Act:
    return Act(name="assign", target=target)


def at_county(**facts) -> Case:
    return go(new(**facts), (CLERK, "register"), (CLERK, "pass_up"), (MAYOR, "pass_up"))


def test_the_whole_loop():
    """R-LIFE-01: found, registered, reported, assigned, handled, fed back, closed, archived."""
    case = at_county()
    seen = ["found", "filed", case.stage]
    for actor, act in (
        (DESK, to(DEPARTMENT)),
        (LAND, "begin"),
        (LAND, "feed_back"),
        (DESK, "close"),
    ):
        case = go(case, (actor, act))
        seen.append(case.stage)
    case = go(case, (HUB, "archive"), now=T0 + timedelta(days=8))
    assert [*seen, case.stage] == [
        "found",
        "filed",
        "reported",
        "assigned",
        "handling",
        "feedback",
        "closed",
        "archived",
    ]
    assert set(allowed_acts(case, HEAD, T0).values()).isdisjoint({None})


def test_villages_go_up_level_by_level_and_towns_straight_to_the_county():
    """R-LIFE-02"""
    case = go(new(), (WORKER, "register"))
    owners = [case.owner]
    for actor in (WORKER, CLERK, MAYOR):
        case = go(case, (actor, "pass_up"))
        owners.append(case.owner)
    assert owners == [GRID, VILLAGE, TOWNSHIP, COUNTY]
    assert refused(case, DESK, "pass_up") == "case.nobody-above"
    town = go(new(route=(GRID, COUNTY)), (WORKER, "register"), (WORKER, "pass_up"))
    assert town.owner == COUNTY


def test_a_township_brings_in_its_department_and_closes_itself():
    """R-LIFE-02: small matters do not leave the village, large ones not the township."""
    case = go(new(), (CLERK, "register"), (CLERK, "pass_up"), (MAYOR, to(STATION)), (LAND_STATION, "begin"))
    case = go(case, (LAND_STATION, "feed_back"), (MAYOR, "close"))
    assert (case.stage, case.handler) == ("closed", STATION)
    village = go(new(), (CLERK, "register"), (CLERK, "begin"), (CLERK, "feed_back"), (CLERK, "close"))
    assert village.stage == "closed"


def test_assigning_goes_downwards_only():
    """R-LIFE-03"""
    case = at_county()
    assert refused(case, DESK, "assign") == "case.target-missing"
    assert refused(case, DESK, to(STATION)) == "case.target-foreign"
    low = go(new(), (CLERK, "register"))
    assert refused(low, CLERK, to(TOWNSHIP)) == "case.target-foreign"
    assert refused(low, CLERK, to(DEPARTMENT)) == "case.target-foreign"
    assert refused(go(low, (CLERK, to(GRID))), WORKER, to(GRID)) == "case.nobody-below"


def test_feedback_climbs_the_chain_that_assigned_it_and_goes_down_again_when_not_fixed():
    """R-LIFE-04: who assigned first closes; "closed" is not "fixed"."""
    case = go(at_county(), (DESK, to(TOWNSHIP)), (MAYOR, to(STATION)), (LAND_STATION, "begin"))
    case = go(case, (LAND_STATION, "feed_back"))
    assert (case.stage, case.owner) == ("feedback", TOWNSHIP)
    assert refused(case, MAYOR, "close") == "case.feedback-first"
    case = go(case, (MAYOR, "feed_back"))
    assert case.owner == COUNTY
    assert refused(case, DESK, "feed_back") == "case.feedback-done"
    again = go(case, (DESK, "redo"))
    assert (again.stage, again.owner, again.givers) == ("handling", STATION, (COUNTY, TOWNSHIP))
    assert go(again, (LAND_STATION, "feed_back"), (MAYOR, "feed_back"), (DESK, "close")).stage == "closed"


def test_false_feedback_gains_no_time():
    """R-LIFE-04"""
    case = go(new(), (CLERK, "register"), (CLERK, "begin"))
    before = {clock.name: clock for clock in case.clocks}
    again = go(go(case, (CLERK, "feed_back")), (CLERK, "redo"), now=T0 + HOUR)
    assert {clock.name: clock for clock in again.clocks} == before


def test_settled_at_once():
    """R-LIFE-05"""
    case = go(new(handling="at_once"), (WORKER, "register"), (WORKER, "settle"))
    assert (case.stage, case.handler) == ("closed", GRID)
    assert refused(go(new(), (WORKER, "register")), WORKER, "settle") == "case.not-at-once"
    assert refused(go(new(handling="at_once"), (WORKER, "register")), WORKER, Act(name="settle")) == "case.text-missing"


def test_what_must_be_passed_up_is_not_handled_in_the_village():
    """R-LIFE-06"""
    case = go(new(handling="pass_upward"), (CLERK, "register"))
    assert refused(case, CLERK, "begin") == "case.must-pass-up"
    assert go(case, (CLERK, "pass_up"), (MAYOR, "begin")).stage == "handling"


def test_modes_of_services():
    """R-LIFE-07"""
    assert refused(go(new(mode="proxy"), (CLERK, "register")), CLERK, "begin") == "case.proxy-needs-office"
    carried = at_county(mode="proxy")
    assert go(carried, (DESK, to(DEPARTMENT)), (LAND, "begin"), (LAND, "feed_back"), (DESK, "close")).stage == "closed"
    spot = go(new(mode="proxy", handling="at_once"), (CLERK, "register"))
    assert refused(spot, CLERK, "settle") == "case.proxy-needs-office"
    authorised = go(new(mode="authorised", handling="at_once"), (CLERK, "register"))
    assert refused(authorised, CLERK, "settle") == "case.authority-missing"
    assert go(authorised, (CLERK, Act(name="settle", text="done", target=DEPARTMENT))).stage == "closed"
    assert go(new(mode="direct", handling="at_once"), (CLERK, "register"), (CLERK, "settle")).stage == "closed"


def test_given_back_with_a_reason_and_at_most_twice():
    """R-LIFE-08"""
    case = at_county()
    for count in (1, 2):
        case = go(case, (DESK, to(DEPARTMENT)))
        assert refused(case, LAND, Act(name="give_back", text="  ")) == "case.text-missing"
        case = go(case, (LAND, "give_back"))
        assert (case.owner, case.returned, case.stage) == (COUNTY, count, "reported")
    case = go(case, (DESK, to(DEPARTMENT)))
    assert refused(case, LAND, "give_back") == "case.returned-twice"
    mine = go(new(), (CLERK, "register"))
    assert refused(mine, CLERK, "give_back") == "case.wrong-stage"


def test_suspended_only_when_one_level_up_agrees():
    """R-LIFE-09"""
    case = go(new(), (CLERK, "register"), (CLERK, "begin"), (CLERK, "ask_pause"))
    assert case_light(case.clocks, T0) == GREEN
    assert refused(case, CLERK, "agree_pause") == "case.not-yours"
    assert refused(case, DESK, "agree_pause") == "case.not-yours"
    assert refused(case, CLERK, "ask_pause") == "case.pause-asked"
    both = Actor("clerk", "township", frozenset({TOWNSHIP, VILLAGE}))
    assert refused(case, both, "agree_pause") == "case.same-person"
    assert go(case, (MAYOR, "refuse_pause")).pause == ""
    paused = go(case, (MAYOR, "agree_pause"), now=T0 + HOUR)
    assert case_light(paused.clocks, T0 + 999 * HOUR) == GREY
    assert next_instant(paused, T0 + HOUR) is None
    assert refused(paused, CLERK, "feed_back") == "case.paused"
    assert refused(case, CLERK, "resume") == "case.not-paused"
    again = go(paused, (CLERK, "resume"), now=T0 + timedelta(days=7))
    assert again.first_due == case.first_due == paused.first_due
    assert again.clocks[0].due > case.clocks[0].due


def test_at_the_county_its_head_agrees():
    """R-LIFE-09"""
    case = go(at_county(), (DESK, "begin"), (DESK, "ask_pause"))
    assert refused(case, DESK, "agree_pause") == "case.not-yours"
    assert go(case, (HEAD, "agree_pause")).pause == "agreed"


def closed(**facts) -> Case:
    return go(new(**facts), (CLERK, "register"), (CLERK, "begin"), (CLERK, "feed_back"), (CLERK, "close"))


def test_a_resident_has_seven_days_to_say_not_solved():
    """R-LIFE-10"""
    case = closed()
    week = timedelta(days=7)
    assert refused(case, HUB, "archive", T0 + week) == "case.too-early"
    again = go(case, (RESIDENT, "rework"), now=T0 + week)
    assert (again.stage, again.owner, again.reworked, again.closed_at) == ("handling", VILLAGE, 1, None)
    assert again.first_due == case.first_due
    assert again.clocks[: len(case.clocks)] == case.clocks
    assert refused(case, RESIDENT, "rework", T0 + week + HOUR) == "case.too-late"
    assert refused(case, CLERK, Act(name="rework")) == "case.text-missing"
    assert refused(closed(origin="machine"), RESIDENT, "rework") == "case.not-a-residents"
    assert go(closed(origin="machine"), (CLERK, "archive")).stage == "archived"
    assert next_instant(case, T0) == T0 + week
    assert refused(case, RESIDENT, "close") == "case.wrong-stage"


def test_children_close_with_their_parent():
    """R-LIFE-11"""
    parent, child = go(new(), (CLERK, "register")), go(new(number="430181-20261120-0002"), (CLERK, "register"))
    merged = family.merge(LIFE, parent, child, CLERK, T0)
    assert not isinstance(merged, Refused)
    parent, child = merged[0].case, merged[1].case
    assert (parent.children, child.parent, child.stage) == ((child.number,), parent.number, "merged")
    parent = go(parent, (CLERK, "begin"), (CLERK, "feed_back"))
    steps = family.step(LIFE, parent, [child], Act(name="close", text="done"), CLERK, T0)
    assert [done.case.stage for done in steps] == ["closed", "closed"]
    assert all(clock.ended for clock in steps[1].case.clocks)
    with pytest.raises(ValueError, match="children"):
        family.step(LIFE, parent, [], Act(name="close", text="done"), CLERK, T0)
    voided = family.step(LIFE, merged[0].case, [child], Act(name="void", text="leaf"), CLERK, T0)
    assert [done.case.stage for done in voided] == ["void", "void"]
    assert len(family.step(LIFE, merged[0].case, [child], Act(name="begin"), CLERK, T0)) == 1


def test_a_family_has_two_generations():
    """R-LIFE-11"""
    one, two, three = (go(new(number=str(number)), (CLERK, "register")) for number in (1, 2, 3))
    top, below = (done.case for done in family.merge(LIFE, one, two, CLERK, T0))
    assert family.merge(LIFE, below, three, CLERK, T0).code == "case.parent-ended"
    assert family.merge(LIFE, three, top, CLERK, T0).code == "case.has-children"
    assert family.merge(LIFE, three, three, CLERK, T0).code == "case.parent-missing"
    assert family.merge(LIFE, closed(number="9"), three, CLERK, T0).code == "case.parent-ended"
    out = family.split(LIFE, top, below, CLERK, T0, text="another matter")
    assert [done.case for done in out] == [
        msgspec.structs.replace(one, version=3),
        msgspec.structs.replace(two, version=3, before_merge="filed"),
    ]
    assert family.split(LIFE, top, three, CLERK, T0, text="x").code == "case.wrong-stage"
    assert refused(top, HUB, Act(name="adopt", child=below.number)) == "case.not-a-child"
    assert refused(one, HUB, Act(name="release", child=below.number)) == "case.not-a-child"


def test_false_alarm():
    """R-LIFE-12"""
    case = go(new(origin="machine"), (HUB, "register"))
    assert case.owner == GRID
    assert refused(case, LAND, "void") == "case.not-yours"
    assert go(case, (CLERK, "void")).stage == "void"
    assert refused(go(case, (CLERK, "void")), CLERK, "begin") == "case.wrong-stage"


def test_supervising_is_counted_and_changes_nothing_else():
    """R-LIFE-13"""
    case = go(new(), (CLERK, "register"))
    told = go(case, (INSPECTOR, "supervise"), (HEAD, "supervise"), (MAYOR, "supervise"))
    assert told == msgspec.structs.replace(case, supervised=3, version=case.version + 3)
    assert refused(case, CLERK, "supervise") == "case.not-yours"
    assert refused(case, INSPECTOR, "begin") == "case.not-yours"


def test_escalation_moves_the_owner_and_keeps_the_first():
    """R-LIFE-14"""
    case = go(new(), (CLERK, "register"), (CLERK, "begin"))
    assert refused(case, HUB, "escalate") == "case.not-over"
    over = case.first_due
    up = go(case, (HUB, "escalate"), now=over)
    assert (up.owner, up.first_owner, up.first_due, up.escalated) == (TOWNSHIP, VILLAGE, over, 1)
    assert case_light(up.clocks, over) == RED
    assert {clock.level for clock in up.clocks} == {"village", "township"}
    assert refused(up, HUB, "escalate", over) == "case.not-over"
    assert refused(go(up, (MAYOR, to(VILLAGE)), now=over), HUB, "escalate", over) == "case.not-over"
    again = go(up, (HUB, "escalate"), now=over + timedelta(days=9))  # the township's own limit
    assert (again.owner, again.escalated) == (COUNTY, 2)
    assert refused(at_county(), DESK, "escalate") == "case.nobody-above"


def test_the_first_level_with_a_limit_sets_the_first_deadline():
    """R-LIGHT-05: a grid has none in most counties; from then on it never changes."""
    life = Lifecycle(
        Budgets({("", "village"): BUDGETS.of("", "village"), ("", "township"): BUDGETS.of("", "")}), CALENDAR
    )
    case = new()
    found = []
    for actor, act in ((WORKER, "register"), (WORKER, "pass_up"), (CLERK, "pass_up")):
        done = life.step(case, Act(name=act, text="because"), actor, T0)
        assert isinstance(done, Done), done
        case = done.case
        found.append(case.first_due)
    at_village = min(clock.first_due for clock in case.clocks if clock.level == "village")
    assert found == [None, at_village, at_village]


def test_reassigning_keeps_the_first_deadline():
    """R-LIFE-15"""
    case = go(at_county(), (DESK, to(DEPARTMENT)), (LAND, "begin"))
    other = Office("department", "water")
    moved = go(case, (DESK, Act(name="reassign", target=other, text="not theirs")))
    assert (moved.owner, moved.givers, moved.stage) == (other, (COUNTY,), "assigned")
    assert (moved.first_due, moved.first_owner) == (case.first_due, case.first_owner)
    assert refused(case, LAND, Act(name="reassign", target=other, text="x")) == "case.not-yours"


def test_clocks_of_a_level_begin_once_and_end_where_they_should():
    """R-LIFE-16"""
    case = go(new(), (CLERK, "register"))
    assert [clock.name for clock in case.clocks] == ["decide", "pass", "stop", "answer"]
    met = go(case, (CLERK, Act(name="meet", clock="stop", text="stopped")))
    assert [clock.ended for clock in met.clocks] == [None, None, T0, None]
    assert refused(met, CLERK, Act(name="meet", clock="stop", text="again")) == "case.no-such-clock"
    up = go(case, (CLERK, "pass_up"))
    assert [clock.ended for clock in up.clocks] == [None, T0, None, None, None]
    down = go(up, (MAYOR, to(VILLAGE)), (CLERK, "give_back"))
    assert len(down.clocks) == len(up.clocks)


def test_who_hands_it_on_in_time_does_not_turn_red_because_the_next_one_is_slow():
    """R-LIFE-16: the limit of taking it on ends; not when the hub takes away what nobody has taken on."""
    take_on = Budget(name="take on", amount=10, unit="minutes", until="begin")
    life = Lifecycle(Budgets({("", "grid"): (take_on,), ("", "village"): (take_on,)}), CALENDAR)

    def step(case, actor, act, minute):
        done = life.step(case, act, actor, T0 + timedelta(minutes=minute))
        assert isinstance(done, Done), done
        return done.case

    case = step(new(), WORKER, Act(name="register"), 0)
    up = step(case, WORKER, Act(name="pass_up", text="too large"), 9)
    up = step(step(up, CLERK, Act(name="pass_up", text="still"), 18), MAYOR, Act(name="begin"), 60)
    assert [(clock.level, clock.ended - T0, clock.on_time) for clock in up.clocks] == [
        ("grid", timedelta(minutes=9), True),
        ("village", timedelta(minutes=9 + 9), True),
    ]
    taken = step(case, HUB, Act(name="escalate", text="over"), 11)
    assert [clock.ended for clock in taken.clocks] == [None, None]
    down = step(step(taken, CLERK, Act(name="assign", target=GRID), 12), WORKER, Act(name="begin"), 13)
    assert [clock.on_time for clock in down.clocks] == [False, True]


def test_what_is_of_no_known_kind_must_be_classified_within_a_limit():
    """R-LIFE-23"""
    bare = Budgets({("0103", ""): (Budget(name="decide", amount=24, unit="calendar_hours"),)})
    life = Lifecycle(bare, CALENDAR)

    def step(case, actor, act, now=T0):
        done = life.step(case, act, actor, now)
        assert isinstance(done, Done), done
        return done.case

    case = step(new(category=""), WORKER, Act(name="register"))
    (clock,) = case.clocks
    assert (clock.level, clock.until, clock.due) == ("grid", "classify", T0 + timedelta(hours=6, minutes=30))  # 15:30
    assert case.first_due is None
    assert case_light(case.clocks, clock.due) == RED
    up = step(case, HUB, Act(name="escalate", text="over"), clock.due)
    assert up.owner == VILLAGE
    assert refused(up, CLERK, Act(name="classify")) == "case.category-missing"
    assert refused(up, WORKER, Act(name="classify", category="0103")) == "case.not-yours"
    late = clock.due + HOUR
    known = step(up, CLERK, Act(name="classify", category="0103", handling="at_once"), late)
    assert (known.category, known.handling, known.stage) == ("0103", "at_once", "reported")
    assert [(each.name, each.ended) for each in known.clocks] == [("分类", late), ("decide", None)]
    assert known.first_due == known.clocks[1].due == late + 24 * HOUR
    assert refused(known, CLERK, Act(name="classify", category="0103")) == "case.classified"
    assert step(new(category="", origin="machine"), HUB, Act(name="register")).clocks == ()
    slow = Budgets({("", ""): (Budget(name="sort", amount=2, unit="calendar_hours", until="classify"),)})
    done = Lifecycle(slow, CALENDAR).step(new(category=""), Act(name="register"), WORKER, T0)
    assert [(each.name, each.due) for each in done.case.clocks] == [("sort", T0 + 2 * HOUR)]
    done = Lifecycle(slow, CALENDAR).step(new(), Act(name="register"), WORKER, T0)
    assert done.case.clocks == ()


def test_an_old_alarm_has_no_light_and_a_late_report_has():
    """R-LIGHT-07, R-LIGHT-08"""
    ago = T0 - timedelta(days=3)
    old = go(new(origin="machine", happened=ago), (HUB, "register"))
    assert (old.history, old.clocks, old.first_due) == (True, (), None)
    assert go(old, (WORKER, "pass_up")).clocks == ()
    late = go(new(happened=ago), (CLERK, "register"), now=T0 + HOUR)
    assert (late.history, late.registered, late.happened) == (False, T0 + HOUR, ago)
    assert late.clocks[0].started == T0 + HOUR


def test_who_comes_second_is_told():
    """R-LIFE-17"""
    case = go(new(), (CLERK, "register"))
    assert refused(case, CLERK, Act(name="begin", expected=0)) == "case.stale"
    assert go(case, (CLERK, Act(name="begin", expected=1))).version == 2


def test_every_grey_button_says_why():
    """R-LIFE-18: and what is not grey is possible, what is grey is refused with the same words."""
    case = go(new(), (CLERK, "register"))
    for actor in (WORKER, CLERK, MAYOR, DESK, HEAD, LAND, RESIDENT, INSPECTOR, AUDITOR, HUB):
        for name, grey in allowed_acts(case, actor, T0).items():
            done = LIFE.step(case, Act(name=name, text="x"), actor, T0)
            if grey is not None:
                assert isinstance(done, Refused)
                assert done.text("zh") == grey.text("zh")
    assert refused(case, CLERK, "dance") == "case.unknown-act"


def test_an_auditor_changes_nothing():
    """R-LIFE-19"""
    for case in (new(), go(new(), (WORKER, "register")), closed()):
        assert None not in allowed_acts(case, AUDITOR, T0).values()


def test_a_case_number_never_passes_as_an_identity_number():
    """R-LIFE-20"""
    number = case_number("430181", date(2026, 11, 22), 1)
    assert number == "430181-20261122-0001"
    without = [f"43018120261122{serial:04}" for serial in range(1, 3000)]
    assert any(is_resident_number(text) for text in without)
    for serial in (*range(1, 3000), 10_000):
        assert not is_resident_number(case_number("430181", date(2026, 11, 22), serial))
        assert not re.search(r"\d{15}|\d{17}", case_number("430181", date(2026, 11, 22), serial))
    with pytest.raises(ValueError, match="serial"):
        case_number("430181", date(2026, 11, 22), 0)


def ledger(step: str, day: int | None = 20) -> Act:
    return Act(name="ledger_step", step=step, day=day and date(2026, 11, day))


def test_five_steps_of_a_ledger_in_order_each_with_its_date():
    """R-LIFE-21"""
    found = new()
    assert refused(found, CLERK, ledger("discuss")) == "case.wrong-stage"
    case = go(found, (CLERK, "register"))
    for act, code in (
        (ledger("settle"), "order"), (ledger(""), "order"), (ledger("discuss", None), "no-date"),
    ):  # fmt: skip
        assert refused(case, CLERK, act) == f"case.five-steps-{code}"
    for actor in (WORKER, RESIDENT, LAND, INSPECTOR, AUDITOR, HUB):
        assert refused(case, actor, ledger("discuss")) == "case.not-yours"
    case = go(case, (CLERK, ledger("discuss", 18)), (MAYOR, ledger("verify", 18)))
    assert refused(case, CLERK, ledger("report", 17)) == "case.five-steps-date"
    before = (case.owner, case.stage, case.clocks, case.supervised)
    case = go(case, (DESK, ledger("report", 19)))
    assert (case.owner, case.stage, case.clocks, case.supervised) == before
    case = go(case, (CLERK, "begin"), (CLERK, "ask_pause"), (MAYOR, "agree_pause"), (CLERK, ledger("settle", 20)))
    case = go(case, (CLERK, "resume"), (CLERK, "feed_back"), (CLERK, "close"))
    assert (
        refused(go(case, (HUB, "archive"), now=T0 + timedelta(days=8)), CLERK, ledger("publish")) == "case.wrong-stage"
    )
    case = go(case, (CLERK, ledger("publish", 20)))
    assert [name for name, _ in steps_of(case.five_steps)] == list(FIVE_STEPS)
    assert [day.day for day in case.five_steps] == [18, 18, 19, 20, 20]
    assert refused(case, CLERK, ledger("publish")) == "case.five-steps-done"
    for category in ("", "01"):
        unknown = go(new(category=category), (CLERK, "register"))
        assert refused(unknown, CLERK, ledger("discuss")) == "case.five-steps-unclassified"
    text = line("verify", date(2026, 11, 18), "票据齐全")
    assert (text, line_in_english(text)) == ("核账 2026-11-18 票据齐全", "verify 2026-11-18 票据齐全")


def test_a_case_is_a_value():
    case = go(new(), (CLERK, "register"))
    assert msgspec.json.decode(msgspec.json.encode(case), type=Case) == case
    assert not {STAGES[stage].zh for stage in STAGES} & {LEVELS[level].zh for level in LEVELS}
    assert {stage for row in TABLE.values() for stage in row.since} <= set(STAGES)
    with pytest.raises(ValueError, match="county"):
        new(route=(GRID,))
