"""What belonged where when: villages merged in mid-month, townships redrawn, grids renumbered, boxes moved."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest

from countyhub.registry.forms import Area, Box, Category, Deadline, Duty, Grid, Household, Person, Terminal
from countyhub.registry.lineage import Lives, Period, first_outside, joined
from countyhub.registry.within import NOTHING_WITHIN, Belonging, Span
from simulators.county.build import COUNTY, SMALL, build, merge
from tests.registries import NEW, TODAY, TOWNSHIP, VILLAGES, registry

A, B, C = VILLAGES[3], VILLAGES[4], NEW
BEFORE, DAY, AFTER = date(2026, 3, 15), date(2026, 3, 16), date(2026, 3, 17)
ALWAYS, OPEN = date.min, date.max
FOUNDED = date(2024, 1, 1)


@pytest.fixture
def merged():
    into = Area(code=C, name="合村", level="village", parent=TOWNSHIP, valid_from=DAY)
    return registry(merge(build(SMALL), (A, B), into))


def replaced(kind, code, *new):
    """The county with other rows for one thing."""
    return [*(row for row in build(SMALL) if not (type(row) is kind and row.key[0] == code)), *new]


def test_a_box_belongs_by_the_day(merged):
    assert merged.belongs(A, BEFORE).village == A
    assert merged.belongs(A, DAY) == Belonging(C, "合村", TOWNSHIP, "石垸镇", COUNTY, "澄禾县")
    assert merged.belongs(B, AFTER).village == C
    assert merged.belongs("990126999999", AFTER) == Belonging()


def test_the_day_begins_at_midnight_in_the_county(merged):
    """15:59 UTC is one minute before midnight in China."""
    assert merged.belongs(A, datetime(2026, 3, 15, 15, 59, tzinfo=UTC)).village == A
    assert merged.belongs(A, datetime(2026, 3, 15, 16, 0, tzinfo=UTC)).village == C
    with pytest.raises(ValueError, match="zone"):
        merged.belongs(A, datetime(2026, 3, 15, 16, 0))  # noqa: DTZ001 - that is what is refused


def test_rights_follow_the_tree_of_the_time(merged):
    assert merged.scope(A, BEFORE).boxes == {A}
    assert merged.scope(C, BEFORE) == NOTHING_WITHIN
    assert merged.scope(C, DAY).boxes == {A, B}
    assert merged.scope(C, DAY).areas == {C}
    assert merged.scope(A, DAY) == merged.scope(C, DAY), "who had A has what became of it"
    assert merged.scope(TOWNSHIP, BEFORE).boxes == merged.scope(COUNTY, AFTER).boxes == set(VILLAGES)
    grids = merged.scope(A, BEFORE).grids | merged.scope(B, BEFORE).grids
    assert merged.scope(C, DAY).grids == grids


def test_the_merged_village_keeps_the_history(merged):
    assert merged.history(C) == [Span(A, FOUNDED, OPEN), Span(B, FOUNDED, OPEN)]
    assert merged.history(A) == [Span(A, FOUNDED, DAY)]


def test_the_clerks_of_both_become_clerks_of_the_new_one(merged):
    clerks = {each.code for village in (A, B) for each in merged.workers(village, BEFORE, "village_clerk")}
    assert len(clerks) == 2
    assert {each.code for each in merged.workers(C, DAY, "village_clerk")} == clerks
    assert merged.workers(A, DAY, "village_clerk") == []
    clerk = clerks.pop()
    assert [duty.place for duty in merged.duties(clerk, DAY)] == [C]


def test_who_had_both_has_the_new_one_once():
    rows = merge(build(SMALL), (A, B), Area(code=C, name="合村", level="village", parent=TOWNSHIP, valid_from=DAY))
    both = [Duty(person="P9", role="village_clerk", place=village) for village in (A, B)]
    found = registry([*rows, Person(code="P9", name="甲"), *both])
    assert [len(found.duties("P9", day)) for day in (BEFORE, DAY)] == [2, 1]
    assert [each.code for each in found.workers(C, DAY, "village_clerk")].count("P9") == 1


def test_names_of_the_time(merged):
    assert merged.name(A, BEFORE) == merged.name(A, AFTER) == "桥洞村", "what has ended keeps its last name"
    assert merged.area(A, AFTER).name == "合村"
    assert merged.children(TOWNSHIP, BEFORE) == tuple(VILLAGES)
    assert merged.children(TOWNSHIP, DAY) == (*VILLAGES[:3], C)


def test_a_renamed_village():
    old = Area(code=A, name="旧名", level="village", parent=TOWNSHIP, valid_to=DAY)
    found = registry(replaced(Area, A, old, msgspec.structs.replace(old, name="新名", valid_from=DAY, valid_to=OPEN)))
    assert (found.name(A, BEFORE), found.name(A, DAY)) == ("旧名", "新名")
    assert found.history(A) == [Span(A, FOUNDED, OPEN)], "without a seam"


def test_a_village_that_moves_to_another_township_keeps_its_code():
    other = f"{COUNTY}200"
    old = Area(code=A, name="甲村", level="village", parent=TOWNSHIP, valid_to=DAY)
    rows = replaced(Area, A, old, msgspec.structs.replace(old, parent=other, valid_from=DAY, valid_to=OPEN))
    found = registry([*rows, Area(code=other, name="新乡", level="township", parent=COUNTY)])
    assert found.belongs(A, BEFORE).township == TOWNSHIP
    assert found.belongs(A, DAY).township == other, "not by the first nine digits"
    assert found.history(TOWNSHIP)[-2] == Span(A, FOUNDED, DAY)
    assert found.scope(other, DAY).boxes == {A}


def test_a_box_that_moves_and_one_that_is_replaced():
    here = Box(box=A, name="盒子", village=A, valid_from=FOUNDED, valid_to=DAY)
    moved = registry(replaced(Box, A, here, msgspec.structs.replace(here, village=B, valid_from=DAY, valid_to=OPEN)))
    assert (moved.belongs(A, BEFORE).village, moved.belongs(A, DAY).village) == (A, B)
    assert moved.ancestors(A, DAY)[0] == A, "the village of that code stays what it was"
    gone = msgspec.structs.replace(here, successor=f"{A}-2")
    new = Box(box=f"{A}-2", name="新盒子", village=A, valid_from=DAY)
    found = registry(replaced(Box, A, gone, new))
    assert found.successor(A) == f"{A}-2"
    assert found.belongs(A, DAY) == Belonging()
    assert found.history(A) == [Span(A, FOUNDED, DAY), Span(f"{A}-2", DAY, OPEN)]
    assert found.box_name(A, DAY) == "盒子"


def test_grids_that_become_one():
    two = next(row.code for row in build(SMALL) if isinstance(row, Grid) and row.code.endswith("002"))
    one = two[:-1] + "1"
    village = two[:-3]
    row = next(row for row in build(SMALL) if isinstance(row, Grid) and row.code == one)
    found = registry(replaced(Grid, one, msgspec.structs.replace(row, valid_to=DAY, successor=two)))
    camera = next(row for row in found.devices(village, BEFORE) if row.grid == one)
    assert found.grid_of(village, camera.device, BEFORE) == one
    assert found.grid_of(village, camera.device, DAY) == two
    assert len(found.workers(two, DAY)) == len(found.workers(two, BEFORE)) + len(found.workers(one, BEFORE))
    assert {each.grid for each in found.households(two, DAY)} >= {one, two}


def test_mergers_follow_each_other():
    first = Area(code=A, name="甲", level="village", parent=TOWNSHIP, valid_to=BEFORE, successor=B)
    second = Area(code=B, name="乙", level="village", parent=TOWNSHIP, valid_to=DAY, successor=C)
    third = Area(code=C, name="丙", level="village", parent=TOWNSHIP, valid_from=DAY)
    rows = [row for row in build(SMALL) if not (isinstance(row, Area) and row.code in (A, B))]
    found = registry([*rows, first, second, third])
    assert [found.belongs(A, day).village for day in (date(2026, 3, 14), BEFORE, DAY)] == [A, B, C]
    assert {span.box for span in found.history(C)} == {A, B}


def test_a_circle_ends():
    first = Area(code=A, name="甲", level="village", parent=TOWNSHIP, valid_to=DAY, successor=B)
    second = Area(code=B, name="乙", level="village", parent=TOWNSHIP, valid_to=DAY, successor=A)
    rows = [row for row in build(SMALL) if not (isinstance(row, Area) and row.code in (A, B))]
    found = registry([*rows, first, second])
    assert found.belongs(A, DAY).village in ("", A, B)
    assert found.lineage.lives.is_circle(A)


def test_who_owns_and_how_long():
    found = registry(build(SMALL))
    assert found.owner("0101", TODAY).area == COUNTY
    assert found.owner("9999", TODAY) is None
    budgets = found.budgets(TODAY)
    assert {each.name: each.amount for each in budgets.of("0201", "village")} == {"接办": 5, "办结": 2}
    assert {each.name: each.amount for each in budgets.of("0101", "village")} == {"转办": 30, "办结": 3}
    assert {each.unit for each in budgets.of("0101", "department")} == {"working_hours", "working_days"}
    assert {each.unit for each in budgets.of("0201", "department")} == {"minutes", "calendar_hours"}, "at once"
    assert found.calendar.is_working_day(date(2026, 10, 1)).value is False
    assert found.calendar.is_working_day(date(2026, 10, 10)).value is True, "a Saturday that is worked"
    assert found.calendar.is_working_day(date(2031, 1, 6)).problems, "a year that nobody told"
    modes = [each.mode for each in found.services(TODAY)]
    assert [modes.count(mode) for mode in ("direct", "proxy", "authorised")] == [21, 21, 3]


def test_a_deadline_that_changes_holds_from_its_day():
    old = Deadline(category="99", level="village", name="办结", amount=3, unit="working_days", valid_to=DAY)
    new = msgspec.structs.replace(old, amount=2, valid_from=DAY, valid_to=OPEN)
    found = registry([Category(code="99", name="其他"), old, new])
    assert [found.budgets(day).of("9901", "village")[0].amount for day in (BEFORE, DAY)] == [3, 2]


def test_devices_people_and_cards():
    card = "c" * 64
    rows = [*build(SMALL), Person(code="P9", name="甲", card=card), Duty(person="P9", role="village_clerk", place=A)]
    found = registry(rows)
    assert found.by_card(card, TODAY).code == "P9"
    assert found.by_card("", TODAY) is None
    assert isinstance(found.device(A, "station-terminal", TODAY), Terminal)
    assert found.device(A, "nothing", TODAY) is None
    assert found.grid_of(A, "nothing", TODAY) is None
    assert found.polygon(f"{A}001", TODAY) is not None
    assert all(isinstance(each, Household) for each in found.households(f"{A}001", TODAY))


def test_lives_cover_what_they_say():
    assert joined([Period(DAY, OPEN), Period(ALWAYS, DAY), Period(DAY, DAY)]) == [Period(ALWAYS, OPEN)]
    assert first_outside(Period(BEFORE, AFTER), [Period(BEFORE, DAY)]) == DAY
    assert first_outside(Period(BEFORE, AFTER), [Period(ALWAYS, OPEN)]) is None
    row = Area(code=A, name="甲", level="village", valid_to=DAY, successor=C)
    lives = Lives([row, Area(code=C, name="丙", level="village", valid_from=AFTER)])
    assert lives.of(A) == [Period(ALWAYS, DAY), Period(AFTER, OPEN)]
    assert lives.predecessors(C) == {A, C}
