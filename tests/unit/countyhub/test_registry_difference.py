"""What an import would change: added, changed with old and new, ended; never deleted, and nothing the second time."""

from __future__ import annotations

from datetime import date

import pytest

from countyhub.registry.content import Content
from countyhub.registry.difference import as_data, counts, difference, touches_past
from countyhub.registry.folder import read_folder
from countyhub.registry.forms import Area, Box, Camera, Day, Household
from simulators.county.build import SMALL, Plan, build
from tests.registries import TODAY, VILLAGES, add, change, codes, planned, small

A = VILLAGES[0]


@pytest.fixture
def known():
    return Content.bare(build(SMALL))


def lines(found, kind):
    return [(change.what, change.fields()) for change in found.changes[kind]]


def test_the_first_import_adds_everything(tmp_path):
    found = planned(small(tmp_path))
    assert {what for each in counts(found.changes).values() for what in each if each[what]} == {"added"}
    assert found.size == len(build(SMALL))


def test_the_same_again_changes_nothing(tmp_path, known):
    found = planned(small(tmp_path), known)
    assert (found.size, found.said, found.past) == (0, [], 0)


def test_a_change_shows_old_and_new(tmp_path, known):
    change(small(tmp_path) / "boxes.csv", "雁河村盒子", "雁河村一号盒子")
    found = planned(tmp_path, known)
    assert lines(found, Box) == [("changed", {"name": ("雁河村盒子", "雁河村一号盒子")})]
    assert as_data(found.changes)["boxes"]["changed"] == [
        {"box": A, "valid_from": date(2024, 1, 1), "fields": {"name": ["雁河村盒子", "雁河村一号盒子"]}}
    ]
    assert found.past == 1, "it rewrites what the box was called before today"


def test_what_is_left_out_ends_today_and_is_kept(tmp_path, known):
    boxes = small(tmp_path) / "cameras.csv"
    line = boxes.read_text("utf-8-sig").splitlines()[1]
    change(boxes, line + "\n", "")
    found = planned(tmp_path, known)
    assert lines(found, Camera) == [("ended", {"valid_to": (date.max, TODAY)})]
    assert len(found.result.of(Camera)) == len(known.of(Camera))
    assert found.past == 0
    again = planned(tmp_path, Content.bare(found.result.rows()), today=date(2026, 7, 1))
    assert again.size == 0, "what has ended need not stand in the file"


def test_what_had_not_begun_never_was(tmp_path, known):
    future = Box(box=f"{A}-2", name="新盒子", village=A, valid_from=date(2027, 1, 1))
    found = planned(small(tmp_path), Content.bare([*known.rows(), future]))
    assert lines(found, Box) == [("ended", {"valid_to": (date.max, date(2027, 1, 1))})]
    assert planned(tmp_path, Content.bare(found.result.rows())).size == 0


def test_a_first_day_that_was_wrong_is_put_right(tmp_path, known):
    change(small(tmp_path) / "boxes.csv", "2024-01-01", "2024-02-01")
    found = planned(tmp_path, known)
    assert lines(found, Box) == [("changed", {"valid_from": (date(2024, 1, 1), date(2024, 2, 1))})]
    assert set(codes(found)) == {"not-then"}, "its devices began before"


def test_a_file_that_is_not_there_changes_nothing(tmp_path, known):
    small(tmp_path)
    for path in tmp_path.iterdir():
        if path.name != "boxes.csv":
            path.unlink()
    change(tmp_path / "boxes.csv", "雁河村盒子", "一号")
    found = planned(tmp_path, known)
    assert list(found.changes) == [Box]
    assert (found.said, found.size) == ([], 1)


def test_a_file_that_was_cut_off_is_not_taken_for_an_order(tmp_path):
    known = Content.bare(build(Plan(townships=1, villages=5, grids=12, cameras=60, departments=5)))
    small(tmp_path, known.rows())
    cameras = tmp_path / "cameras.csv"
    cameras.write_bytes(b"".join(cameras.read_bytes().splitlines(keepends=True)[:30]))
    assert codes(planned(tmp_path, known)) == ["many-ended"]
    assert planned(tmp_path, known, allow_ending=True).mistakes == []


def test_rows_that_cannot_be_read_are_not_taken_as_left_out(tmp_path):
    known = Content.bare(build(Plan(townships=1, villages=5, grids=12, cameras=60, departments=5)))
    change(small(tmp_path, known.rows()) / "cameras.csv", ",cam-", ",CAM_", count=100)
    assert set(codes(planned(tmp_path, known))) == {"bad-code"}


def test_a_merger_is_shown_as_two_ends_and_a_beginning(tmp_path, known):
    areas = small(tmp_path) / "areas.csv"
    for village in VILLAGES[-2:]:
        old = next(line for line in areas.read_text("utf-8-sig").splitlines() if line.startswith(village))
        change(areas, old, old.removesuffix(",,,") + ",990126100299,,2026-07-16")
    add(areas, "990126100299,合村,village,990126100,,2026-07-16,")
    found = planned(tmp_path, known)
    assert [what for what, _ in lines(found, Area)] == ["ended", "ended", "added"]
    assert found.past == 0


def test_what_is_only_stored_is_told_by_its_key(tmp_path, known):
    """A file of villages alone may hurt boxes that no file names."""
    areas = small(tmp_path) / "areas.csv"
    for path in tmp_path.iterdir():
        if path != areas:
            path.unlink()
    old = next(line for line in areas.read_text("utf-8-sig").splitlines() if line.startswith(A))
    change(areas, old, old + "2026-07-16")
    shown = [each.text("en") for each in planned(tmp_path, known).mistakes]
    assert any(f"boxes {A} (registered): “{A}” is not in force on 2026-07-16" in line for line in shown)


def test_days_of_a_year_that_the_file_does_not_tell_stay():
    known = Content.bare([Day(day=date(2026, 10, 1), kind="holiday"), Day(day=date(2027, 1, 1), kind="holiday")])
    told = Content.bare([Day(day=date(2027, 1, 2), kind="holiday")])
    found = difference(known, told, TODAY)
    assert [(each.what, (each.new or each.old).day) for each in found.changes[Day]] == [
        ("added", date(2027, 1, 2)), ("ended", date(2027, 1, 1)),
    ]  # fmt: skip
    assert {row.day for row in found.result.of(Day)} == {date(2026, 10, 1), date(2027, 1, 2)}


def test_many_rows_of_one_thing_in_time():
    first = Household(code="H-1", grid="990126100200001", kind="poor", every_days=10, valid_to=date(2025, 1, 1))
    second = Household(code="H-1", grid="990126100200001", kind="poor", every_days=20, valid_from=date(2025, 1, 1))
    known = Content.bare([first, second])
    assert difference(known, Content.bare([first, second]), TODAY).size == 0
    found = difference(known, Content({Household: [Content.bare([second]).placed(Household)[0]]}), TODAY)
    assert found.size == 0, "the past row need not be repeated"
    assert list(touches_past(found.changes, TODAY)) == []


def test_a_folder_without_mistakes_gives_places_to_all_rows(tmp_path):
    placed = read_folder(small(tmp_path)).content.placed(Box)
    assert [each.place.row for each in placed] == [2, 3, 4, 5, 6]
