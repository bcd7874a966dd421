"""`grids.geojson`: features -> rows of outlines, and back. Six decimals (0.1 m), rings closed, one feature a line.

Pure. The geometry is kept as its canonical JSON text. Source: RFC 7946.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from countyhub.registry import outlinemistakes
from countyhub.registry.columns import columns
from countyhub.registry.content import Placed
from countyhub.registry.forms import Polygon
from countyhub.registry.geometry import Point, Polygons, area_m2, crossing
from countyhub.registry.mistakes import Mistake, Place
from countyhub.registry.sheets import Sheet, decode, make_row
from gridwire.problem import Both

WEST, EAST, SOUTH, NORTH = 73.0, 136.0, 3.0, 54.0
"""China, its seas included."""
MAX_POINTS = 20_000

_SHAPE = Both("geometry 应为 Polygon 或 MultiPolygon", "its geometry must be a Polygon or a MultiPolygon")
_POINTS = Both("环至少要有三个不同的点", "a ring needs three different points")
_FLAT = Both("面积为零", "it covers nothing")
_ABROAD = Both("不在中国范围内", "it lies outside China")
_MANY = Both(f"超过 {MAX_POINTS} 个点", f"it has more than {MAX_POINTS} points")


class _Unusable(ValueError):
    """With the reason."""

    def __init__(self, why: Both) -> None:
        super().__init__(why.en)
        self.why = why


def read_geojson(name: str, data: bytes) -> Sheet:
    """The outlines of the file; features are counted from 1 as rows are."""
    text = decode(data)
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError) as error:
        return Sheet([], [outlinemistakes.BadGeoJson(Place(name), why=error)])
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        why = Both("应为 FeatureCollection", "expected a FeatureCollection")
        return Sheet([], [outlinemistakes.BadGeoJson(Place(name), why=why)])
    rows: list[Placed[Any]] = []
    said: list[Mistake] = []
    for number, feature in enumerate(features, 1):
        row, wrong = _feature(Place(name, number), feature)
        said += wrong
        if row is not None:
            rows.append(Placed(row, Place(name, number)))
    return Sheet(rows, said)


def polygons_of(row: Polygon) -> Polygons:
    """The outline as lists of points."""
    found = json.loads(row.geometry)
    inner = [found["coordinates"]] if found["type"] == "Polygon" else found["coordinates"]
    return [[[(x, y) for x, y in ring] for ring in polygon] for polygon in inner]


def write_geojson(rows: Iterable[Polygon]) -> bytes:
    """The file again, in canonical form."""
    lines = [_feature_text(row) for row in rows]
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n").encode()


def geometry_text(polygons: Polygons) -> str:
    """Canonical JSON of a geometry."""
    rings = [[[[_round(x), _round(y)] for x, y in ring] for ring in polygon] for polygon in polygons]
    one = len(rings) == 1
    shape = {"type": "Polygon" if one else "MultiPolygon", "coordinates": rings[0] if one else rings}
    return json.dumps(shape, separators=(",", ":"))


def _feature_text(row: Polygon) -> str:
    properties = {"code": row.code}
    for column in columns(Polygon):
        value = getattr(row, column.name)
        if column.kind == "day" and value != column.default:
            properties[column.name] = value.isoformat()
    said = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"Feature","properties":{said},"geometry":{row.geometry}}}'


def _feature(place: Place, feature: Any) -> tuple[Polygon | None, list[Mistake]]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        why = Both("应为 Feature，且带 properties", "expected a Feature with properties")
        return None, [outlinemistakes.BadGeoJson(place, why=why)]
    texts = _texts(properties)
    row, said = make_row(Polygon, {**texts, "geometry": "."}, place)
    if row is None or not isinstance(row, Polygon):
        return None, said
    try:
        polygons = _polygons(feature.get("geometry"))
    except _Unusable as error:
        return None, [*said, outlinemistakes.BadOutline(place, code=row.code, why=error.why)]
    wrong = _wrong(place, row.code, polygons)
    if wrong is not None:
        return None, [*said, wrong]
    return Polygon(
        code=row.code, valid_from=row.valid_from, valid_to=row.valid_to, geometry=geometry_text(polygons)
    ), said


def _texts(properties: Mapping[str, Any]) -> dict[str, str]:
    """The properties that we know, by either heading; a county's own stay out."""
    headings = {heading: column.name for column in columns(Polygon) for heading in (column.name, column.about.zh)}
    texts = {name: "" for column in columns(Polygon) if (name := column.name) != "geometry"}
    texts.update(
        {headings[key]: str(value) for key, value in properties.items() if key in headings and value is not None}
    )
    return texts


def _polygons(geometry: Any) -> Polygons:
    """The polygons of a geometry, rounded and closed. Raises `_Unusable`."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(geometry.get("coordinates"), list):
        raise _Unusable(_SHAPE)
    found = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    if not found or not all(isinstance(polygon, list) and polygon for polygon in found):
        raise _Unusable(_SHAPE)
    polygons = [[_ring(ring) for ring in polygon] for polygon in found]
    if sum(len(ring) for polygon in polygons for ring in polygon) > MAX_POINTS:
        raise _Unusable(_MANY)
    return polygons


def _ring(found: Any) -> list[Point]:
    if not isinstance(found, list):
        raise _Unusable(_SHAPE)
    points: list[Point] = []
    for pair in found:
        numbers = pair[:2] if isinstance(pair, list) else []
        if len(numbers) != 2 or not all(isinstance(n, int | float) and abs(n) < 1000 for n in numbers):
            raise _Unusable(_SHAPE)
        point = (_round(numbers[0]), _round(numbers[1]))
        if not points or points[-1] != point:
            points.append(point)
    if len(set(points)) < 3:
        raise _Unusable(_POINTS)
    return points if points[0] == points[-1] else [*points, points[0]]


def _wrong(place: Place, code: str, polygons: Polygons) -> Mistake | None:
    points = [point for polygon in polygons for ring in polygon for point in ring]
    if not all(_in_china(x, y) for x, y in points):
        swapped = all(_in_china(y, x) for x, y in points)
        return (
            outlinemistakes.SwappedOutline(place, code=code)
            if swapped
            else outlinemistakes.BadOutline(place, code=code, why=_ABROAD)
        )
    for polygon in polygons:
        for ring in polygon:
            point = crossing(ring)
            if point is not None:
                return outlinemistakes.Crossing(place, code=code, point=_shown(point))
    return None if area_m2(polygons) > 0 else outlinemistakes.BadOutline(place, code=code, why=_FLAT)


def _in_china(longitude: float, latitude: float) -> bool:
    return WEST <= longitude <= EAST and SOUTH <= latitude <= NORTH


def _shown(point: Sequence[float]) -> str:
    return f"{point[0]:.6f}, {point[1]:.6f}"


def _round(value: float) -> float:
    return round(float(value), 6)
