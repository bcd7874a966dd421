"""Builds the rows of the county from a plan and a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Literal

import msgspec

from countyhub.registry.columns import Row
from countyhub.registry.forms import Area, Box, Camera, Department, Duty, Grid, Person, Polygon, Terminal
from countyhub.registry.geojson import geometry_text
from simulators.county import land, matters, names
from simulators.county.land import Land

COUNTY = "990126"
COUNTY_NAME = "澄禾县"
FOUNDED = date(2024, 1, 1)


@dataclass(frozen=True)
class Plan:
    """How large the county is. The defaults are a full-scale one."""

    townships: int = 20
    villages: int = 406
    grids: int = 1661
    cameras: int = 4600
    departments: int = 19
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.townships <= self.villages <= self.grids:
            raise ValueError("there must be a township, and at least as many villages as townships, grids as villages")
        if self.grids > 900 * self.villages or self.villages > 800 * self.townships:
            raise ValueError("too many grids in a village, or villages in a township")
        if not 1 <= self.departments <= len(names.DEPARTMENTS):
            raise ValueError(f"1 to {len(names.DEPARTMENTS)} departments")


SMALL = Plan(townships=1, villages=5, grids=12, cameras=14, departments=5)
"""For the demo and for tests."""


@dataclass
class _County:
    """What is being built."""

    plan: Plan
    random: Random
    rows: list[Row] = field(default_factory=list)
    people: int = 0


def build(plan: Plan) -> list[Row]:
    """All rows of the county."""
    county = _County(plan, Random(plan.seed))
    ground = land.round_county(110.2, 24.6, 0.9, 0.8)
    county.rows.append(Area(code=COUNTY, name=COUNTY_NAME, level="county"))
    county.rows.append(_outline(COUNTY, ground))
    _departments(county)
    villages = _areas(county, ground)
    _grids(county, villages)
    county.rows += matters.rows(county.random, plan.departments, _codes(county.rows))
    return county.rows


def merge(rows: list[Row], merged: tuple[str, ...], into: Area) -> list[Row]:
    """The same county after villages have become one: they end when it begins, and are merged into it."""
    found: list[Row] = [into]
    for row in rows:
        if isinstance(row, Area) and row.code in merged:
            found.append(msgspec.structs.replace(row, valid_to=into.valid_from, successor=into.code))
        else:
            found.append(row)
    return found


def _codes(rows: list[Row]) -> list[str]:
    return [row.code for row in rows if isinstance(row, Grid)]


def _departments(county: _County) -> None:
    for number, name in enumerate(names.DEPARTMENTS[: county.plan.departments], 1):
        code = f"D{number:02d}"
        kind: Literal["centre", "department"] = "centre" if number == 1 else "department"
        county.rows.append(Department(code=code, name=f"县{name}", kind=kind, area=COUNTY))
        _hire(county, "department", code)
    _hire(county, "county", COUNTY)
    _hire(county, "dispatcher", COUNTY)
    _hire(county, "inspector", COUNTY)
    _hire(county, "auditor", COUNTY)


def _areas(county: _County, ground: Land) -> list[tuple[str, str, Land]]:
    """Townships and villages. Returns code, name and land of each village."""
    plan, random = county.plan, county.random
    shares = _shared(random, plan.villages, plan.townships)
    called = iter(names.places(random, plan.townships + plan.villages))
    found: list[tuple[str, str, Land]] = []
    for number, (count, piece) in enumerate(zip(shares, land.cut(random, ground, shares), strict=True)):
        is_town = number % 3 == 0
        code, name = f"{COUNTY}{(100 if is_town else 200) + number}", next(called)
        county.rows.append(Area(code=code, name=name + ("镇" if is_town else "乡"), level="township", parent=COUNTY))
        county.rows.append(_outline(code, piece))
        _township_staff(county, code, name)
        lots = land.cut(random, piece, [random.uniform(0.7, 1.3) for _ in range(count)])
        for index, lot in enumerate(lots):
            village, village_name = f"{code}{200 + index}", next(called) + "村"
            county.rows.append(Area(code=village, name=village_name, level="village", parent=code))
            county.rows.append(_outline(village, lot))
            found.append((village, village_name, lot))
    return found


def _township_staff(county: _County, code: str, name: str) -> None:
    queues: tuple[tuple[Literal["grid", "services", "stability"], str], ...] = (
        ("grid", "网格中心"),
        ("services", "便民服务中心"),
        ("stability", "综治中心"),
    )
    for kind, title in queues:
        queue = f"T{code[6:]}-{kind}"
        county.rows.append(Department(code=queue, name=name + title, kind=kind, area=code))
        _hire(county, "township", queue)
    _hire(county, "township", code)


def _grids(county: _County, villages: list[tuple[str, str, Land]]) -> None:
    plan, random = county.plan, county.random
    shares = _shared(random, plan.grids, plan.villages)
    cameras = _shared(random, plan.cameras, plan.villages) if plan.cameras else [0] * plan.villages
    for (village, name, ground), count, filmed in zip(villages, shares, cameras, strict=True):
        county.rows.append(Box(box=village, name=f"{name}盒子", village=village, valid_from=FOUNDED))
        _hire(county, "village_clerk", village)
        lots = land.cut(random, ground, [random.uniform(0.6, 1.4) for _ in range(count)])
        grids = [(f"{village}{index:03d}", lot) for index, lot in enumerate(lots, 1)]
        for index, (code, lot) in enumerate(grids, 1):
            households = random.randint(120, 260)
            county.rows.append(
                Grid(
                    code=code,
                    name=f"{name}第{index}网格",
                    village=village,
                    kind="town" if index > 6 else "village",
                    households=households,
                    people=households * 3 + random.randint(0, 90),
                )
            )
            county.rows.append(_outline(code, lot))
            _hire(county, "grid_worker", code)
        county.rows += _devices(random, village, grids, filmed)


def _devices(random: Random, box: str, grids: list[tuple[str, Land]], count: int) -> Iterator[Row]:
    where = ("村口", "路口", "鱼塘", "广场", "水库", "学校", "祠堂", "林缘")
    for number in range(1, count + 1):
        grid, lot = random.choice(grids)
        longitude, latitude = land.inside(random, lot)
        yield Camera(
            box=box, device=f"cam-{number}", name=f"{random.choice(where)}{number}号", grid=grid,
            longitude=round(longitude, 6), latitude=round(latitude, 6), valid_from=FOUNDED,
        )  # fmt: skip
    grid, lot = grids[0]
    longitude, latitude = land.centre(lot)
    yield Terminal(
        box=box, device="station-terminal", name="村站自助终端", grid=grid, longitude=round(longitude, 6),
        latitude=round(latitude, 6), valid_from=FOUNDED,
    )  # fmt: skip


def _hire(
    county: _County,
    role: Literal[
        "county", "dispatcher", "department", "township", "village_clerk", "grid_worker", "inspector", "auditor"
    ],
    place: str,
) -> None:
    county.people += 1
    code = f"P{county.people:05d}"
    phone = f"100{county.random.randrange(10**8):08d}"
    county.rows.append(Person(code=code, name=names.person(county.random), phone=phone, valid_from=FOUNDED))
    county.rows.append(Duty(person=code, role=role, place=place, valid_from=FOUNDED))


def _outline(code: str, ground: Land) -> Polygon:
    return Polygon(code=code, geometry=geometry_text([[[*ground, ground[0]]]]))


def _shared(random: Random, count: int, among: int) -> list[int]:
    """`count` things in `among` shares, each at least one where there are enough, some larger than others."""
    found = [1 if count >= among else 0] * among
    for _ in range(count - sum(found)):
        found[random.randrange(among)] += 1
    return found
