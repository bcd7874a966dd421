"""Whatever happens to a family of cases, in any order: no path breaks the rules, none leads into a dead end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from countyhub.lifecycle import family
from countyhub.lifecycle.guards import MAX_RETURNS
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import ENDED, HUB, Act, Actor, Case, Office
from countyhub.lifecycle.step import Lifecycle, allowed_acts
from countyhub.lifecycle.table import TABLE
from countyhub.worktime import calendarfile
from countyhub.worktime.deadlines import Budget, Budgets
from tests.foreseen import next_instant

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "calendar"
CALENDAR = calendarfile.read({path.name: path.read_bytes() for path in SHIPPED.iterdir()}).calendar
GRID, VILLAGE, TOWNSHIP = Office("grid", "g"), Office("village", "v"), Office("township", "t")
COUNTY, STATION, DEPARTMENT = Office("county", "c"), Office("station", "s"), Office("department", "d")
OFFICES = (GRID, VILLAGE, TOWNSHIP, COUNTY, STATION, DEPARTMENT)
PEOPLE = {
    office: Actor(office.id, role, frozenset({office}))
    for office, role in zip(
        OFFICES,
        ("grid_worker", "village_clerk", "township", "county", "township", "department"),
        strict=True,
    )
}
SECOND = {office: actor._replace(id=actor.id + "2") for office, actor in PEOPLE.items()}
ACTORS = (
    *PEOPLE.values(),
    *SECOND.values(),
    HUB,
    Actor("r", "resident"),
    Actor("i", "inspector", frozenset({COUNTY})),
    Actor("a", "auditor", frozenset(OFFICES)),
)
LIFE = Lifecycle(
    Budgets(
        {
            ("", ""): (
                Budget(name="decide", amount=2, unit="working_days"),
                Budget(name="stop", amount=3, unit="working_hours", until="met"),
                Budget(name="answer", amount=30, unit="minutes", until="feedback"),
            )
        }
    ),
    CALENDAR,
)
acts = st.builds(
    Act,
    name=st.sampled_from(sorted(set(TABLE) - {"merge", "split", "adopt", "release"})),
    text=st.sampled_from(["because", "because", "because", ""]),
    target=st.sampled_from((*OFFICES, None)),
    clock=st.sampled_from(["stop", "decide", ""]),
    category=st.sampled_from(["0101", ""]),
)


class Loop(RuleBasedStateMachine):
    """A parent that may take in two children, and people who try everything."""

    @initialize(
        route=st.sampled_from([(GRID, VILLAGE, TOWNSHIP, COUNTY), (VILLAGE, TOWNSHIP, COUNTY), (GRID, COUNTY)]),
        origin=st.sampled_from(["machine", "person"]),
        handling=st.sampled_from(["at_once", "within_limit", "pass_upward"]),
        mode=st.sampled_from(["", "direct", "proxy", "authorised"]),
        category=st.sampled_from(["01", ""]),
    )
    def begin(self, route, origin, handling, mode, category):
        self.now = datetime(2026, 3, 2, 1, tzinfo=UTC)
        self.cases = {
            number: Case(
                number=number,
                category=category,
                route=route,
                origin=origin,
                handling=handling,
                mode=mode,
                arrived=self.now,
                happened=self.now,
            )
            for number in ("p", "c1", "c2")
        }

    def take(self, number, act, actor):
        """A step of one case as it would be stored: with its children, or not at all."""
        case = self.cases[number]
        done = family.step(LIFE, case, [self.cases[child] for child in case.children], act, actor, self.now)
        if isinstance(done, Refused):
            assert done.text("zh") != done.text("en")
            return False
        for each in done:
            self.store(each)
        if done[0].case.stage in ("closed", "void") and case.stage not in ("closed", "void"):
            for child in case.children:
                assert self.cases[child].stage != "merged"
        return True

    def store(self, done):
        before, after = self.cases[done.case.number], done.case
        assert after.version == before.version + 1
        if before.first_owner is not None:
            assert after.first_owner == before.first_owner
        if before.first_due is not None:
            assert after.first_due == before.first_due
        firsts = [(clock.name, clock.level, clock.started, clock.first_due) for clock in before.clocks]
        assert [(clock.name, clock.level, clock.started, clock.first_due) for clock in after.clocks][
            : len(firsts)
        ] == firsts
        self.cases[after.number] = after

    @rule(number=st.sampled_from(["p", "c1", "c2"]), act=acts, actor=st.sampled_from(ACTORS))
    def try_anything(self, number, act, actor):
        before = self.cases[number]
        grey = allowed_acts(before, actor, self.now)[act.name]
        done = self.take(number, act, actor)
        assert not (done and grey is not None)
        assert actor.role != "auditor" or not done

    @rule(
        number=st.sampled_from(["p", "c1", "c2"]),
        pick=st.integers(0, 999),
        whom=st.sampled_from(OFFICES),
    )
    def do_something_possible(self, number, pick, whom):
        case = self.cases[number]
        possible = [
            (name, actor)
            for actor in ACTORS
            for name, grey in allowed_acts(case, actor, self.now).items()
            if grey is None and name not in ("merge", "split", "adopt", "release")
        ]
        assert possible or case.stage in ENDED
        if possible:
            name, actor = possible[pick % len(possible)]
            self.take(number, Act(name=name, text="because", target=whom, clock="stop", category="0101"), actor)

    @rule(child=st.sampled_from(["c1", "c2"]), parent=st.sampled_from(["p", "c2"]), actor=st.sampled_from(ACTORS))
    def merge(self, child, parent, actor):
        done = family.merge(LIFE, self.cases[parent], self.cases[child], actor, self.now)
        if not isinstance(done, Refused):
            for each in done:
                self.store(each)

    @rule(child=st.sampled_from(["c1", "c2"]), actor=st.sampled_from(ACTORS))
    def split(self, child, actor):
        parent = self.cases.get(self.cases[child].parent)
        if parent is not None:
            done = family.split(LIFE, parent, self.cases[child], actor, self.now, text="another")
            if not isinstance(done, Refused):
                for each in done:
                    self.store(each)

    @rule(hours=st.integers(1, 100))
    def wait(self, hours):
        self.now += timedelta(hours=hours)

    @rule(number=st.sampled_from(["p", "c1", "c2"]))
    def wait_for_what_comes(self, number):
        self.now = next_instant(self.cases[number], self.now) or self.now

    @invariant()
    def the_rules_hold(self):
        for case in getattr(self, "cases", {}).values():
            assert case.returned <= MAX_RETURNS
            assert (case.owner is None) == (case.stage == "found" or case.registered is None)
            if case.stage == "merged":
                assert self.cases[case.parent].stage not in ("closed", "archived", "void")
            assert not (case.parent and case.children and case.stage == "merged")
            assert case.pause != "agreed" or all(clock.suspended or clock.ended for clock in case.clocks)
            assert case.pause == "agreed" or not any(clock.suspended for clock in case.clocks)
            if case.stage in ("closed", "archived", "void"):
                assert all(clock.ended for clock in case.clocks)

    def teardown(self):
        """From wherever it came to, every case can be brought to its end by the people in charge."""
        for number in ("p", "c1", "c2"):
            for _ in range(30):
                if not hasattr(self, "cases") or self.cases[number].stage in ENDED:
                    break
                self.bring_on(number)
            else:
                raise AssertionError(f"a dead end: {self.cases[number]}")

    def bring_on(self, number):
        """One sensible step towards the end."""
        self.now += timedelta(days=8)
        case = self.cases[number]
        if case.stage == "merged":
            done = family.split(LIFE, self.cases[case.parent], case, HUB, self.now, text="x")
            assert not isinstance(done, Refused)
            for each in done:
                self.store(each)
            return
        wanted = ("resume", "archive", "close", "feed_back", "settle", "begin", "pass_up", "register", "escalate")
        for name in wanted:
            for actor in ACTORS:
                if self.take(number, Act(name=name, text="so", target=DEPARTMENT), actor):
                    return
        raise AssertionError(f"nobody can go on: {case}")


Loop.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class TestLoop(Loop.TestCase):
    """R-LIFE-22: first owner and first deadline never change, children close with their parent, no dead ends."""
