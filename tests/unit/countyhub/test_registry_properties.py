"""Whatever small county is made: its files are in order, come back byte for byte, and make no difference twice."""

from __future__ import annotations

import json
import string
import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from countyhub.registry.columns import column
from countyhub.registry.content import Content
from countyhub.registry.difference import difference
from countyhub.registry.folder import file_bytes, file_name, write_folder
from countyhub.registry.forms import FORMS, Area
from countyhub.registry.geojson import read_geojson, write_geojson
from countyhub.registry.geometry import area_m2, crossing, overlap_m2
from countyhub.registry.sheets import read_sheet
from simulators.county.build import Plan, build, merge
from tests.registries import TODAY, planned, registry

plans = st.builds(
    lambda townships, more, grids, cameras, seed: Plan(
        townships=townships, villages=townships + more, grids=townships + more + grids, cameras=cameras, departments=3,
        seed=seed,
    ),
    st.integers(1, 3), st.integers(1, 4), st.integers(0, 6), st.integers(0, 9), st.integers(0, 9999),
)  # fmt: skip
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def merged(plan, day):
    """The county, in which the first two villages become one."""
    rows = build(plan)
    first, second = [row for row in rows if isinstance(row, Area) and row.level == "village"][:2]
    into = Area(code=first.code[:9] + "299", name="合村", level="village", parent=first.parent, valid_from=day)
    return merge(rows, (first.code, second.code), into), (first.code, second.code), into.code


@settings(max_examples=12, deadline=None)
@given(plans, days, st.sampled_from(["zh", "en"]))
def test_files_come_back_byte_for_byte(plan, day, language):
    rows, _, _ = merged(plan, day)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_folder(folder, Content.bare(rows), language)
        found = planned(folder)
        assert found.mistakes == []
        stored = Content.bare(found.result.rows())
        for kind in FORMS:
            assert file_bytes(kind, stored.of(kind), language) == (folder / file_name(kind)).read_bytes()
        again = planned(folder, stored)
        assert (again.size, again.mistakes) == (0, [])


@settings(max_examples=12, deadline=None)
@given(plans, days)
def test_no_box_is_lost_or_doubled_by_a_merger(plan, day):
    rows, (first, second), new = merged(plan, day)
    found = registry(rows)
    for at in (day - timedelta(days=1), day):
        villages = [row.code for row in rows if isinstance(row, Area) and row.level == "village"]
        alive = [code for code in villages if found.ancestors(code, at)[:1] == (code,)]
        boxes = [box for code in alive for box in found.scope(code, at).boxes]
        assert len(boxes) == len(set(boxes))
        assert (
            set(boxes) == found.scope("990126", at).boxes == {row for row in found.boxes() if found.belongs(row, at)[0]}
        )
    assert found.scope(new, day).boxes == {first, second}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_dropping_rows_never_deletes(data):
    known = Content.bare(build(Plan(townships=1, villages=2, grids=3, cameras=4, departments=2)))
    kept = data.draw(st.lists(st.sampled_from([row for row in known.rows() if type(row).FILE != "calendar"])))
    found = difference(known, Content.bare(set(kept)), TODAY, allow_ending=True)
    keys = {(type(row), row.key) for row in known.rows() if type(row).FILE != "calendar"}
    assert {(type(row), row.key) for row in found.result.rows()} >= keys
    again = difference(Content.bare(found.result.rows()), Content.bare(set(kept)), TODAY, allow_ending=True)
    assert again.size == 0


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(string.printable + "编码名称级别县，；“”", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_told(data):
    found = read_sheet("areas.csv", Area, data)
    assert found.said or found.rows or "编码" in data.decode("utf-8", "replace") or b"code" in data
    for each in found.said:
        assert each.text("zh")
        assert each.text("en")


SMALL_FILES = {file_name(kind): kind for kind in FORMS}
words = st.sampled_from([
    "", "0", "-1", "9" * 40, "1e400", "nan", "2026-03-16", "9999-12-31", "0101", "01", "990126", "县", "990126100",
    "990126100200", "990126100200001", "D01", "P00001", "\u3000", '"', "\x00", "\U00020bb7",
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_cell_may_hold_anything(data):
    """A spoilt file is told about, or read; never does it raise."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_folder(
            folder, Content.bare(build(Plan(townships=1, villages=2, grids=3, cameras=4, departments=2))), "en"
        )
        for _ in range(data.draw(st.integers(1, 4))):
            path = folder / data.draw(st.sampled_from([name for name in SMALL_FILES if name.endswith("csv")]))
            lines = [line.split(",") for line in path.read_text("utf-8-sig").splitlines()]
            line = data.draw(st.sampled_from(lines))
            cell = data.draw(st.integers(0, len(line) - 1))
            line[cell] = data.draw(words | st.text(max_size=12))
            path.write_text("\n".join(",".join(cells) for cells in lines), "utf-8", errors="replace")
        found = planned(folder)
        if not found.mistakes:
            registry(found.result.rows()).scope("990126", TODAY)
            again = planned(folder, Content.bare(found.result.rows()))
            assert again.size == 0


names = st.sampled_from(["type", "features", "properties", "geometry", "coordinates", "code"])
leaves = st.none() | st.floats() | st.integers() | st.sampled_from(["Polygon", "MultiPolygon", "990126"])
shapes = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(shapes, shapes)
def test_any_json_is_read_or_told(properties, geometry):
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    data = json.dumps({"type": "FeatureCollection", "features": [feature, properties]}).encode()
    found = read_geojson("grids.geojson", data)
    assert found.said or found.rows


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(st.floats(109, 111), st.floats(24, 26)), max_size=8), max_size=3))
def test_any_rings_are_read_or_told(rings):
    geometry = {"type": "Polygon", "coordinates": rings}
    feature = {"type": "Feature", "properties": {"code": "990126"}, "geometry": geometry}
    data = json.dumps({"features": [feature]}).encode()
    found = read_geojson("grids.geojson", data)
    assert bool(found.said) != bool(found.rows)
    for placed in found.rows:
        [back] = read_geojson("grids.geojson", write_geojson([placed.row])).rows
        assert back.row == placed.row


points = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: (110 + p[0] / 1000, 25 + p[1] / 1000))


def hull(found):
    """The convex hull, closed, counter-clockwise (Andrew's monotone chain)."""
    found = sorted(set(found))

    def half(points):
        ring = []
        for point in points:
            while len(ring) > 1 and _turn(ring[-2], ring[-1], point) <= 1e-12:
                ring.pop()
            ring.append(point)
        return ring[:-1]

    ring = half(found) + half(found[::-1])
    return [*ring, *ring[:1]]


def _turn(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@settings(max_examples=150, deadline=None)
@given(st.lists(points, min_size=3, max_size=12).map(hull).filter(lambda ring: len(ring) > 3),
       st.lists(points, min_size=3, max_size=12).map(hull).filter(lambda ring: len(ring) > 3))  # fmt: skip
def test_overlap_is_symmetric_and_never_more_than_either(one, other):
    first, second = [[one]], [[other]]
    assert crossing(one) is None
    shared = overlap_m2(first, second)
    assert abs(shared - overlap_m2(second, first)) <= 1e-3 * max(shared, 1.0)
    assert shared <= min(area_m2(first), area_m2(second)) * 1.001 + 1e-3
    assert abs(overlap_m2(first, first) - area_m2(first)) <= 1e-6 * area_m2(first)


def test_every_form_has_a_meaning_for_every_column():
    for form in FORMS:
        for name in form.__struct_fields__:
            about = column(form, name).about
            assert about.zh
            assert about.en_about
            assert about.zh_about
