"""Every mistake that files can hold together: each is made once in the small county, and told with file and row."""

from __future__ import annotations

from datetime import date

import pytest

from countyhub.registry import mistakes, plan
from countyhub.registry.content import Content
from countyhub.registry.mistakes import Mistake, Warned
from gridwire.problem import Both, declared
from tests.registries import NEW, TODAY, TOWNSHIP, VILLAGES, add, change, codes, planned, small

V0, V1 = VILLAGES[:2]
GRID = V0 + "001"


def _outline(path, coordinates):
    lines = path.read_text().splitlines()
    at = next(index for index, line in enumerate(lines) if GRID in line)
    lines[at] = (
        f'{{"type":"Feature","properties":{{"code":"{GRID}"}},"geometry":{{"type":"Polygon","coordinates":{coordinates}}}}},'
    )
    path.write_text("\n".join(lines))


def _swap(path):
    _outline(path, "[[[25,110],[25.1,110],[25.1,110.1],[25,110]]]")


CASES = [
    ("unknown-code", "boxes.csv", lambda p: change(p, f",{V0},", f",{TOWNSHIP}999,")),
    ("unknown-code", "duties.csv", lambda p: change(p, f"grid_worker,{GRID}", f"grid_worker,{V0}099")),
    ("unknown-code", "cameras.csv", lambda p: change(p, f",{GRID},", f",{V0}077,")),
    ("wrong-level", "boxes.csv", lambda p: change(p, f",{V0},", f",{TOWNSHIP},")),
    ("wrong-level", "areas.csv", lambda p: change(p, f"village,{TOWNSHIP}", "village,990126")),
    ("wrong-length", "areas.csv", lambda p: change(p, "village", "township")),
    ("empty", "areas.csv", lambda p: change(p, f"village,{TOWNSHIP}", "village,")),
    ("double-row", "boxes.csv", lambda p: add(p, f"{V0},again,{V0},,2024-01-01,")),
    ("overlap", "boxes.csv", lambda p: add(p, f"{V0},again,{V1},,2025-01-01,")),
    ("backwards", "boxes.csv", lambda p: change(p, "2024-01-01,", "2024-01-01,2023-01-01")),
    ("not-then", "boxes.csv", lambda p: change(p.with_name("areas.csv"), f"{V0},", f"{V0},", count=1)
     or change(p.with_name("areas.csv"), f"village,{TOWNSHIP},,,", f"village,{TOWNSHIP},,,2026-03-16")),
    ("merged-alive", "areas.csv", lambda p: change(p, f"village,{TOWNSHIP},,", f"village,{TOWNSHIP},{V1},")),
    ("circle", "areas.csv", lambda p: change(p, f"village,{TOWNSHIP},,,", f"village,{TOWNSHIP},{V1},,2026-03-16")
     or change(p, f"village,{TOWNSHIP},,,", f"village,{TOWNSHIP},{V0},,2026-03-16")),
    ("no-deadline", "categories.csv", lambda p: change(p, "\n10,", "\n13,A,,,,,\n1301,B,stability,at_once,D01,,\n10,")),
    ("no-group", "categories.csv", lambda p: change(p, "\n10,", "\n1201,Kind,livelihood,within_limit,D01,,\r\n10,")),
    ("must-be-given", "categories.csv", lambda p: change(p, "livelihood,within_limit,", ",within_limit,")),
    ("no-interval", "households.csv", lambda p: change(p, ",10 20 30", ",")),
    ("out-of-range", "households.csv", lambda p: change(p, ",10 20 30", ",10 20 32")),
    ("wrong-place", "duties.csv", lambda p: change(p, f"grid_worker,{GRID}", f"grid_worker,{V0}")),
    ("card-twice", "people.csv", lambda p: change(p, ",,2024-01-01", f",{'a' * 64},2024-01-01", count=2)),
    ("bad-word", "services.csv", lambda p: change(p, "direct", "directly")),
    ("swapped", "grids.geojson", _swap),
    ("crossing", "grids.geojson", lambda p: _outline(p, "[[[110,25],[110.1,25.1],[110.1,25],[110,25.1],[110,25]]]")),
    ("bad-outline", "grids.geojson", lambda p: _outline(p, "[[[110,25],[110.1,25.1],[110,25]]]")),
    ("bad-outline", "grids.geojson", lambda p: _outline(p, "[[[10,55],[10.1,55.1],[10,55.2],[10,55]]]")),
    ("outlines-overlap", "grids.geojson", lambda p: _outline(p, "[[[110,24],[112,24],[112,26],[110,26],[110,24]]]")),
    ("bad-geojson", "grids.geojson", lambda p: p.write_text("{")),
]  # fmt: skip


def test_the_small_county_is_in_order(tmp_path):
    found = planned(small(tmp_path))
    assert found.said == []
    assert found.size > 100


@pytest.mark.parametrize(("code", "file", "spoil"), CASES, ids=[f"{code}-{n}" for n, (code, _, _) in enumerate(CASES)])
def test_each_mistake_is_found_at_its_place(tmp_path, code, file, spoil):
    small(tmp_path)
    spoil(tmp_path / file)
    found = planned(tmp_path)
    assert code in codes(found)
    wrong = next(each for each in found.mistakes if each.code == f"registry.{code}")
    assert wrong.place.file == file
    assert wrong.place.row > 0 or code == "bad-geojson"
    assert "{" not in wrong.text("zh") + wrong.text("en")


def test_all_mistakes_come_at_once(tmp_path):
    small(tmp_path)
    change(tmp_path / "boxes.csv", f",{V0},", f",{TOWNSHIP}999,")
    change(tmp_path / "categories.csv", "livelihood,within_limit,", ",within_limit,")
    change(tmp_path / "services.csv", "direct", "directly")
    assert set(codes(planned(tmp_path))) == {"unknown-code", "must-be-given", "bad-word"}


def test_a_wrong_digit_is_suggested(tmp_path):
    small(tmp_path)
    change(tmp_path / "boxes.csv", f",{V0},", f",8{V0[1:]},")
    assert f"did you mean “{V0}”" in planned(tmp_path).mistakes[0].text("en")


def test_of_several_that_are_near_none_is_suggested(tmp_path):
    small(tmp_path)
    change(tmp_path / "boxes.csv", f",{V0},", f",{V0[:-1]}9,")
    assert "did you mean" not in planned(tmp_path).mistakes[0].text("en")


def test_one_bad_cell_has_not_a_hundred_consequences(tmp_path):
    """The village's box, grids and clerk are not blamed for its row."""
    change(small(tmp_path) / "areas.csv", f"\n{V0},", "\n9.90126E+11,")
    change(tmp_path / "households.csv", "H-00001", "张三")
    found = planned(tmp_path)
    assert codes(found) == ["digits-lost", "looks-personal"]
    assert {each.place.file for each in found.said if each.code == "registry.not-looked-up"} == {"areas"}


def test_another_county(tmp_path):
    found = plan.make(small(tmp_path), Content.bare(()), revision=0, county="990127", today=TODAY)
    assert codes(found) == ["other-county"]


def test_warnings_do_not_stop_an_import(tmp_path):
    small(tmp_path)
    change(tmp_path / "duties.csv", f"grid_worker,{GRID},2024-01-01,", f"grid_worker,{GRID},2024-01-01,2026-01-01")
    found = planned(tmp_path, today=date(2026, 12, 5))
    assert found.mistakes == []
    assert {each.code for each in found.said} == {"registry.grid-unstaffed", "registry.year-unknown"}


def test_a_merger_needs_one_line_a_village(tmp_path):
    """Boxes, grids, duties and households say nothing of it: they follow."""
    small(tmp_path)
    areas = tmp_path / "areas.csv"
    change(areas, f"village,{TOWNSHIP},,,", f"village,{TOWNSHIP},{NEW},,2026-03-16", count=2)
    add(areas, f"{NEW},合村,village,{TOWNSHIP},,2026-03-16,")
    assert planned(tmp_path).said == []


def test_a_merger_into_what_begins_later_leaves_a_hole(tmp_path):
    small(tmp_path)
    areas = tmp_path / "areas.csv"
    change(areas, f"village,{TOWNSHIP},,,", f"village,{TOWNSHIP},{NEW},,2026-03-16")
    add(areas, f"{NEW},合村,village,{TOWNSHIP},,2026-03-20,")
    found = planned(tmp_path)
    assert set(codes(found)) == {"not-then"}
    assert "2026-03-16" in found.mistakes[0].text("en")


def test_every_text_can_be_filled_in():
    facts = dict.fromkeys(
        [
            "why",
            "other",
            "hint",
            "found",
            "expected",
            "what",
            "words",
            "most",
            "used",
            "since",
            "until",
            "code",
            "day",
            "file",
            "level",
            "digits",
            "county",
            "group",
            "role",
            "count",
            "of",
            "year",
            "point",
            "area",
            "percent",
            "lowest",
            "highest",
            "instead",
        ],
        Both("甲", "a"),
    )
    for cls in declared(Mistake):
        if cls.code:
            assert issubclass(cls, Mistake)
            made = cls(mistakes.Place("x.csv", 3), **facts)
            assert "{" not in made.text("zh") + made.text("en")
            assert made.warning == issubclass(cls, Warned)
