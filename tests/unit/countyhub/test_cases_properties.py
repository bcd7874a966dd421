"""Whatever people do with kept cases, in any order: what is stored is what the pure lifecycle says, line for line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select

from countyhub import escalation
from countyhub.cases import acting, duedates
from countyhub.cases.acting import Acted
from countyhub.cases.finding import Whole, one, timeline
from countyhub.lifecycle import family
from countyhub.lifecycle.fivesteps import following
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import ENDED, HUB, Act, Actor, Case, Office
from countyhub.lifecycle.step import Done, allowed_acts
from countyhub.lifecycle.table import TABLE
from countyhub.store.casetables import cases
from countyhub.store.engine import Store
from countyhub.worktime.deadlines import case_light
from simulators.county.build import COUNTY
from tests.casebooks import GRID, MORNING, RUBBISH, VILLAGE, book, fresh_store, opened, opening, people
from tests.foreseen import next_instant
from tests.registries import TOWNSHIP, VILLAGES

OF = book()
ACTORS = (*people(OF).values(), HUB, Actor("r", "resident"), OF.actor("P00011", MORNING))
TARGETS = (
    Office("grid", GRID), Office("village", VILLAGE), Office("village", VILLAGES[2]), Office("township", TOWNSHIP),
    Office("station", "T100-services"), Office("department", "D04"), Office("county", COUNTY), None,
)  # fmt: skip
NUMBERS = range(3)
HUBS_OWN = {"adopt", "release", "close_with_parent", "void_with_parent", "archive", "escalate"}
ACTS = sorted(set(TABLE) - HUBS_OWN)
SELDOM = {"void", "supervise", "note"}
OTHER_LINES = {"opened", "turned_yellow", "turned_red"}
WAITS = (1, 20, 90, 60 * 5, 60 * 24 * 2, 60 * 24 * 8)
EXAMPLES, LENGTH = {"sqlite": 12, "postgresql": 30}, 40


class World:
    """Three cases twice: in the database, and as pure values."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = MORNING
        self.numbers: list[str] = []
        self.pure: dict[str, Case] = {}
        self.done: Counter[str] = Counter()

    async def begin(self, turn: int, origins: list[str]) -> None:
        for index, origin in enumerate(origins):
            wanted = opening(f"{turn}/{index}", origin=origin, category=RUBBISH)
            self.numbers.append((await opened(self.store, OF, wanted)).number)
            self.pure[self.numbers[-1]] = (await self.stored(self.numbers[-1])).case

    async def stored(self, number: str) -> Whole:
        async with self.store.read() as connection:
            found = await one(connection, number)
        assert found is not None
        return found

    async def act(self, index: int, name: str, actor: Actor, target: Office | None, text: str, other: int) -> None:
        number, parent = self.numbers[index], self.numbers[other]
        step, day = following(self.pure[number].five_steps) or "publish", OF.day(self.now)
        act = Act(name=name, text=text, target=target, parent=parent if name == "merge" else "", clock="办结",
                  step=step, day=day)  # fmt: skip
        expected = self.purely(self.pure[number], act, actor)
        done = await acting.act(self.store, OF, number, act, actor, self.now)
        assert isinstance(done, Acted) == (not isinstance(expected, Refused)), (done, expected)
        if isinstance(done, Acted):
            self.done[name] += 1
            self.take(expected)
        else:
            assert done.code == expected.code

    async def possible(self, index: int, dice: Random, target: Office) -> None:
        """Something that a button offers; what ends a case or leads nowhere seldom."""
        case = self.pure[self.numbers[index]]
        offered: dict[str, list[Actor]] = defaultdict(list)
        for actor in ACTORS:
            for name, grey in allowed_acts(case, actor, self.now).items():
                if grey is None and name not in HUBS_OWN:
                    offered[name].append(actor)
        names = sorted(offered.keys() - SELDOM) or sorted(offered)
        if names:
            name = dice.choice(names if dice.random() < 0.8 else sorted(offered))
            await self.act(index, name, dice.choice(offered[name]), target, "因为", dice.choice(NUMBERS))

    def purely(self, case: Case, act: Act, actor: Actor) -> list[Done] | tuple[Done, Done] | Refused:
        life = OF.life(self.now)
        if act.name == "merge":
            return family.merge(life, self.pure[act.parent], case, actor, self.now, text=act.text)
        if act.name == "split":
            return family.split(life, self.pure.get(case.parent, case), case, actor, self.now, text=act.text)
        children = [self.pure[child] for child in case.children]
        return family.step(life, case, children, act, actor, self.now)

    def take(self, done) -> None:
        for each in done:
            self.pure[each.case.number] = each.case

    async def hub(self) -> None:
        """The hub's own steps: whatever the table allows it, as often as it does."""
        await escalation.once(self.store, OF, self.now)
        for number in self.numbers:
            for name in ("register", "archive", "escalate") * 2:
                case = self.pure[number]
                waits = case.stage == "found" and self.now < case.arrived + OF.registers_after
                early = name == "archive" and case.closed_at and self.now <= case.closed_at + timedelta(days=7)
                done = OF.life(self.now).step(case, Act(name=name, text="x"), HUB, self.now)
                if isinstance(done, Done) and not waits and not early:
                    self.take([done])

    async def compare(self) -> None:
        for number in self.numbers:
            found, case = await self.stored(number), self.pure[number]
            assert found.case == case
            assert (found.listed.version, found.listed.stage) == (case.version, case.stage)
            assert found.listed.open == (case.stage not in ("closed", "archived", "void"))
            async with self.store.read() as connection:
                told = await timeline(connection, number)
                columns = (cases.c.next_instant, cases.c.changed, cases.c.told)
                coming, changed, marks = (
                    await connection.execute(select(*columns).where(cases.c.number == number))
                ).one()
            lines = [each for each in told if each.act not in OTHER_LINES]
            assert [each.version for each in lines] == list(range(1, case.version + 1))
            assert [each.at for each in lines] == sorted(each.at for each in lines)
            turns = [(each.act, each.text) for each in told if each.act.startswith("turned_")]
            assert sum(mark != "-" for mark in marks) + marks.count("r") == len(turns)
            assert found.listed.light == case_light(case.clocks, changed).colour
            self.look_ahead(case, coming, changed)

    def look_ahead(self, case: Case, coming: datetime | None, changed: datetime) -> None:
        """Nothing that the pure lifecycle foresees is missed."""
        foreseen = None if case.stage in ENDED else next_instant(case, changed)
        if foreseen is not None:
            assert coming is not None
            assert coming <= max(foreseen, duedates.archive_at(case) or foreseen)


async def play(world: World, turn: int, dice: Random) -> None:
    await world.begin(turn, dice.choices(["machine", "person"], k=3))
    for _ in range(LENGTH):
        index, target, text = dice.choice(NUMBERS), dice.choice(TARGETS), dice.choice(["因为", ""])
        match dice.choice(["any", "possible", "possible", "possible", "wait", "hub"]):
            case "any":
                await world.act(index, dice.choice(ACTS), dice.choice(ACTORS), target, text, dice.choice(NUMBERS))
            case "possible":
                await world.possible(index, dice, target)
            case "wait":
                world.now += timedelta(minutes=dice.choice(WAITS))
            case "hub":
                await world.hub()
        await world.compare()
    async with world.store.write() as connection:  # the next example begins in the morning again
        await connection.execute(cases.update().values(next_instant=None))


async def test_what_is_stored_is_what_the_lifecycle_says(
    database: str, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    """R-CASE-10: as many lines as the version says, and every light told once."""
    store = await fresh_store(database, tmp_path)
    done: Counter[str] = Counter()
    for seed in range(EXAMPLES[database]):
        world = World(store)
        await play(world, seed, Random(seed))
        done += world.done
    await store.close()
    assert len(done) >= 14, "too few kinds of acts were possible"
    counted(f"{database}: {done.total()} acts of {len(done)} kinds")
