"""Every file of the registry, once: its columns, what they may hold and what they mean, in English and Chinese.

Rows of one thing follow each other in time: a village that moves to another township has two rows, the first ended on
the day on which the second begins. Only people who work with the software stand here by name; a household is a code.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from countyhub.registry.columns import Col, Row
from countyhub.registry.formparts import (
    AREA_PATTERN,
    CARD_PATTERN,
    CATEGORY_PATTERN,
    GRID_KINDS,
    LEVELS,
    OFFICES,
    PHONE_PATTERN,
    PLACE_PATTERN,
    QUEUES,
    ROLES,
    STAFF_PATTERN,
    UNITS,
    WORD_PATTERN,
    Dated,
    Latitude,
    Level,
    Longitude,
    Name,
)
from countyhub.registry.matterforms import AlarmKind, Category, Day, Deadline, Household, Service
from gridwire.identifiers import BOX_PATTERN, DEVICE_PATTERN, END, GRID_PATTERN

__all__ = [
    "BY_FILE", "CATEGORY_PATTERN", "FORMS", "LEVELS", "OFFICES", "PLACE_PATTERN", "ROLES", "STAFF_PATTERN", "UNITS",
    "AlarmKind", "Area", "Box", "Camera", "Category",
    "Dated", "Day", "Deadline", "Department", "Device", "Duty", "Grid", "Household", "Person", "Polygon", "Service",
    "Terminal",
]  # fmt: skip


class Area(Dated, frozen=True, kw_only=True):
    """The county, its townships, its villages."""

    FILE: ClassVar[str] = "areas"
    ZH: ClassVar[str] = "区划"
    TABLE: ClassVar[str] = "area"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str,
        Col(
            "编码",
            "县 6 位、乡镇 9 位、村 12 位统计用区划代码",
            "6 digits for the county, 9 for a township, 12 for a village",
            pattern=AREA_PATTERN,
        ),
    ]
    name: Name
    level: Annotated[Level, Col("级别", "级别", "what it is", words=LEVELS)]
    parent: Annotated[
        str, Col("上级", "上级编码", "code of the area that it belongs to", refs=("areas",), pattern=AREA_PATTERN)
    ] = ""
    successor: Annotated[
        str,
        Col(
            "并入",
            "停用后并入的编码；此后凡写本编码均视为该编码",
            "code of the area that it was merged into; from then on whatever names this one means that one",
            refs=("areas",),
            pattern=AREA_PATTERN,
        ),
    ] = ""


class Grid(Dated, frozen=True, kw_only=True):
    """The grids of the villages."""

    FILE: ClassVar[str] = "grids"
    ZH: ClassVar[str] = "网格"
    TABLE: ClassVar[str] = "grid"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str,
        Col(
            "编码",
            "村编码加 3 位网格号；村合并后不变",
            "12 digits of the village and 3 of the grid; stays when the village changes",
            pattern=GRID_PATTERN,
        ),
    ]
    name: Name
    village: Annotated[str, Col("所属村", "村编码", "code of the village", refs=("areas",), pattern=AREA_PATTERN)]
    kind: Annotated[
        Literal["village", "town"],
        Col("类型", "城镇网格直接上报县中心", "town grids report straight to the county", words=GRID_KINDS),
    ] = "village"
    households: Annotated[int | None, Col("户数", "户数", "number of households", ge=0, le=100000)] = None
    people: Annotated[int | None, Col("人数", "人数", "number of inhabitants", ge=0, le=1000000)] = None
    successor: Annotated[
        str,
        Col(
            "并入",
            "停用后并入的网格编码",
            "code of the grid that it was merged into",
            refs=("grids",),
            pattern=GRID_PATTERN,
        ),
    ] = ""


class Polygon(Dated, frozen=True, kw_only=True):
    """Outlines of grids or areas: a feature each, `properties` as these columns, `geometry` (Multi)Polygon."""

    FILE: ClassVar[str] = "grids.geojson"
    ZH: ClassVar[str] = "网格边界"
    TABLE: ClassVar[str] = "polygon"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str,
        Col(
            "编码",
            "网格或区划编码",
            "code of the grid or area",
            refs=("grids", "areas"),
            pattern=r"^[1-9][0-9]{5,14}" + END,
        ),
    ]
    geometry: Annotated[
        str, Col("边界", "经度、纬度顺序；WGS 84 或 CGCS2000", "longitude, latitude; WGS 84 or CGCS2000")
    ]


class Box(Dated, frozen=True, kw_only=True):
    """Which box stands in which village."""

    FILE: ClassVar[str] = "boxes"
    ZH: ClassVar[str] = "盒子"
    TABLE: ClassVar[str] = "box"
    KEY: ClassVar[tuple[str, ...]] = ("box",)
    box: Annotated[
        str, Col("盒子", "盒子编号，终身不变", "id of the box; lasts as long as the box", pattern=BOX_PATTERN)
    ]
    name: Name
    village: Annotated[str, Col("所属村", "村编码", "code of the village", refs=("areas",), pattern=AREA_PATTERN)]
    successor: Annotated[
        str, Col("更换为", "更换后的盒子编号", "id of the box that replaced it", refs=("boxes",), pattern=BOX_PATTERN)
    ] = ""


class Department(Dated, frozen=True, kw_only=True):
    """Departments of the county, and the queues of townships."""

    FILE: ClassVar[str] = "departments"
    ZH: ClassVar[str] = "部门"
    TABLE: ClassVar[str] = "department"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str, Col("编码", "字母开头，可含数字和 -", "letters, digits, -; begins with a letter", pattern=WORD_PATTERN)
    ]
    name: Name
    kind: Annotated[
        Literal["centre", "department", "grid", "services", "stability"],
        Col("类型", "类型", "what it is", words=QUEUES),
    ]
    area: Annotated[
        str, Col("所属区划", "县或乡镇编码", "code of the county or township", refs=("areas",), pattern=AREA_PATTERN)
    ]


class Person(Dated, frozen=True, kw_only=True):
    """Staff: whoever logs in or walks patrols. Nobody else."""

    FILE: ClassVar[str] = "people"
    ZH: ClassVar[str] = "人员"
    TABLE: ClassVar[str] = "person"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str,
        Col(
            "工号",
            "工号；不得用身份证号或手机号",
            "staff number; never an identity or telephone number",
            opaque=True,
            pattern=STAFF_PATTERN,
        ),
    ]
    name: Annotated[str, Col("姓名", "姓名", "name", max_length=64)]
    phone: Annotated[str, Col("电话", "紧急呼叫用", "for calls in an emergency", pattern=PHONE_PATTERN)] = ""
    card: Annotated[
        str,
        Col(
            "卡哈希",
            "终端给出的卡号哈希，64 位十六进制；不得填卡号",
            "keyed hash of the card as the terminal says it, 64 hex digits; never its number",
            pattern=CARD_PATTERN,
        ),
    ] = ""


class Duty(Dated, frozen=True, kw_only=True):
    """Who does what where. One person may have several rows."""

    FILE: ClassVar[str] = "duties"
    ZH: ClassVar[str] = "职责"
    TABLE: ClassVar[str] = "duty"
    KEY: ClassVar[tuple[str, ...]] = ("person", "role", "place")
    person: Annotated[str, Col("工号", "工号", "staff number", refs=("people",), pattern=STAFF_PATTERN)]
    role: Annotated[
        Literal[
            "county", "dispatcher", "department", "township", "village_clerk", "grid_worker", "inspector", "auditor"
        ],
        Col("角色", "角色", "role", words=ROLES),
    ]
    place: Annotated[
        str,
        Col(
            "范围",
            "网格、村、乡镇、县或部门编码",
            "code of the grid, village, township, county or department that it is for",
            pattern=PLACE_PATTERN,
            refs=("grids", "areas", "departments"),
        ),
    ]


class Device(Dated, frozen=True, kw_only=True):
    """A device at a box."""

    KEY: ClassVar[tuple[str, ...]] = ("box", "device")
    box: Annotated[str, Col("盒子", "盒子编号", "id of the box", refs=("boxes",), pattern=BOX_PATTERN)]
    device: Annotated[
        str, Col("设备", "盒子配置中的设备编号", "device id in the box's configuration", pattern=DEVICE_PATTERN)
    ]
    name: Name
    grid: Annotated[
        str,
        Col(
            "网格",
            "所在网格；空为全村",
            "code of the grid in which it stands; empty: of the village",
            refs=("grids",),
            pattern=GRID_PATTERN,
        ),
    ] = ""
    longitude: Longitude = None
    latitude: Latitude = None


class Camera(Device, frozen=True, kw_only=True):
    """Cameras."""

    FILE: ClassVar[str] = "cameras"
    ZH: ClassVar[str] = "摄像机"
    TABLE: ClassVar[str] = "camera"


class Terminal(Device, frozen=True, kw_only=True):
    """Self-service terminals."""

    FILE: ClassVar[str] = "terminals"
    ZH: ClassVar[str] = "终端"
    TABLE: ClassVar[str] = "terminal"


FORMS: tuple[type[Row], ...] = (
    Area, Grid, Polygon, Box, Department, Person, Duty, Camera, Terminal, Category, Deadline, Service,
    AlarmKind, Day, Household,
)  # fmt: skip
BY_FILE: dict[str, type[Row]] = {form.FILE: form for form in FORMS}
