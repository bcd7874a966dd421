"""Every file of the registry, once: its columns, what they may hold and what they mean, in English and Chinese.

Rows of one thing follow each other in time: a village that moves to another township has two rows, the first ended on
the day on which the second begins. Only people who work with the software stand here by name; a household is a code.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from countyhub.lifecycle import ledger, state
from countyhub.registry.columns import ALWAYS, OPEN, Col, Row
from gridwire.codes import BOX_PATTERN, DEVICE_PATTERN, END, GRID_PATTERN

AREA_PATTERN = r"^[1-9]([0-9]{5}|[0-9]{8}|[0-9]{11})" + END
PLACE_PATTERN = r"^([1-9][0-9]{5,14}|[A-Za-z][A-Za-z0-9-]{0,30})" + END
WORD_PATTERN = r"^[A-Za-z][A-Za-z0-9-]{0,30}" + END
STAFF_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9-]{0,15}" + END
HOUSEHOLD_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9-]{2,15}" + END
CATEGORY_PATTERN = r"^[0-9]{2}([0-9]{2})?" + END
PHONE_PATTERN = r"^[0-9][0-9-]{2,19}" + END
CARD_PATTERN = r"^[0-9a-f]{64}" + END
DAYS_PATTERN = r"^[0-9]{1,2}( [0-9]{1,2})*" + END

Level = Literal["county", "township", "village"]
LEVELS = {"county": "县", "township": "乡镇", "village": "村"}
ROLES = {
    "county": "县中心", "dispatcher": "调度员", "department": "部门人员", "township": "乡镇人员",
    "village_clerk": "信息员", "grid_worker": "网格员", "inspector": "监察", "auditor": "审计",
}  # fmt: skip
OFFICES = {level: name.zh for level, name in state.LEVELS.items()}
UNITS = {"minutes": "分钟", "calendar_hours": "小时", "working_hours": "工作小时", "working_days": "工作日"}
UNTILS = {"close": "办结", "feedback": "反馈", "begin": "开始处置", "pass_on": "转出", "met": "达成"}
LEDGERS = {ledger: name.zh for ledger, name in ledger.LEDGERS.items()}
HANDLINGS = {handling: name.zh for handling, name in state.HANDLINGS.items()}
MODES = {mode: name.zh for mode, name in state.MODES.items() if mode}
QUEUES = {"centre": "中心", "department": "职能部门", "grid": "网格", "services": "便民服务", "stability": "综治维稳"}
GRID_KINDS = {"village": "农村", "town": "城镇"}
HOUSEHOLD_KINDS = {
    "five_guarantees": "五保", "poor": "贫困", "elderly_alone": "独居老人", "children_alone": "留守儿童",
    "disabled": "残疾",
}  # fmt: skip
DAY_KINDS = {"holiday": "放假", "workday": "上班"}

Name = Annotated[str, Col("名称", "name for people", "名称", max_length=64)]
Longitude = Annotated[
    float | None,
    Col(
        "经度",
        "degrees east, GCJ-02 not allowed: WGS 84 or CGCS2000",
        "经度，WGS 84 或 CGCS2000，不得用火星坐标",
        ge=73,
        le=136,
    ),
]
Latitude = Annotated[float | None, Col("纬度", "degrees north", "纬度", ge=3, le=54)]


class Dated(Row, frozen=True, kw_only=True):
    """A row that holds from a day to a day."""

    valid_from: Annotated[
        dt.date, Col("启用日期", "first day on which it holds; empty: always so", "自此日起有效；空为一直如此")
    ] = ALWAYS
    valid_to: Annotated[
        dt.date,
        Col(
            "停用日期",
            "first day on which it no longer holds; empty: until further notice",
            "自此日起不再有效（当日已停用）；空为长期",
        ),
    ] = OPEN


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
            "6 digits for the county, 9 for a township, 12 for a village",
            "县 6 位、乡镇 9 位、村 12 位统计用区划代码",
            pattern=AREA_PATTERN,
        ),
    ]
    name: Name
    level: Annotated[Level, Col("级别", "what it is", "级别", words=LEVELS)]
    parent: Annotated[
        str, Col("上级", "code of the area that it belongs to", "上级编码", refs=("areas",), pattern=AREA_PATTERN)
    ] = ""
    successor: Annotated[
        str,
        Col(
            "并入",
            "code of the area that it was merged into; from then on whatever names this one means that one",
            "停用后并入的编码；此后凡写本编码均视为该编码",
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
            "12 digits of the village and 3 of the grid; stays when the village changes",
            "村编码加 3 位网格号；村合并后不变",
            pattern=GRID_PATTERN,
        ),
    ]
    name: Name
    village: Annotated[str, Col("所属村", "code of the village", "村编码", refs=("areas",), pattern=AREA_PATTERN)]
    kind: Annotated[
        Literal["village", "town"],
        Col("类型", "town grids report straight to the county", "城镇网格直接上报县中心", words=GRID_KINDS),
    ] = "village"
    households: Annotated[int | None, Col("户数", "number of households", "户数", ge=0, le=100000)] = None
    people: Annotated[int | None, Col("人数", "number of inhabitants", "人数", ge=0, le=1000000)] = None
    successor: Annotated[
        str,
        Col(
            "并入",
            "code of the grid that it was merged into",
            "停用后并入的网格编码",
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
            "code of the grid or area",
            "网格或区划编码",
            refs=("grids", "areas"),
            pattern=r"^[1-9][0-9]{5,14}" + END,
        ),
    ]
    geometry: Annotated[
        str, Col("边界", "longitude, latitude; WGS 84 or CGCS2000", "经度、纬度顺序；WGS 84 或 CGCS2000")
    ]


class Box(Dated, frozen=True, kw_only=True):
    """Which box stands in which village."""

    FILE: ClassVar[str] = "boxes"
    ZH: ClassVar[str] = "盒子"
    TABLE: ClassVar[str] = "box"
    KEY: ClassVar[tuple[str, ...]] = ("box",)
    box: Annotated[
        str, Col("盒子", "id of the box; lasts as long as the box", "盒子编号，终身不变", pattern=BOX_PATTERN)
    ]
    name: Name
    village: Annotated[str, Col("所属村", "code of the village", "村编码", refs=("areas",), pattern=AREA_PATTERN)]
    successor: Annotated[
        str, Col("更换为", "id of the box that replaced it", "更换后的盒子编号", refs=("boxes",), pattern=BOX_PATTERN)
    ] = ""


class Department(Dated, frozen=True, kw_only=True):
    """Departments of the county, and the queues of townships."""

    FILE: ClassVar[str] = "departments"
    ZH: ClassVar[str] = "部门"
    TABLE: ClassVar[str] = "department"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str, Col("编码", "letters, digits, -; begins with a letter", "字母开头，可含数字和 -", pattern=WORD_PATTERN)
    ]
    name: Name
    kind: Annotated[
        Literal["centre", "department", "grid", "services", "stability"],
        Col("类型", "what it is", "类型", words=QUEUES),
    ]
    area: Annotated[
        str, Col("所属区划", "code of the county or township", "县或乡镇编码", refs=("areas",), pattern=AREA_PATTERN)
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
            "staff number; never an identity or telephone number",
            "工号；不得用身份证号或手机号",
            opaque=True,
            pattern=STAFF_PATTERN,
        ),
    ]
    name: Annotated[str, Col("姓名", "name", "姓名", max_length=64)]
    phone: Annotated[str, Col("电话", "for calls in an emergency", "紧急呼叫用", pattern=PHONE_PATTERN)] = ""
    card: Annotated[
        str,
        Col(
            "卡哈希",
            "keyed hash of the card as the terminal says it, 64 hex digits; never its number",
            "终端给出的卡号哈希，64 位十六进制；不得填卡号",
            pattern=CARD_PATTERN,
        ),
    ] = ""


class Duty(Dated, frozen=True, kw_only=True):
    """Who does what where. One person may have several rows."""

    FILE: ClassVar[str] = "duties"
    ZH: ClassVar[str] = "职责"
    TABLE: ClassVar[str] = "duty"
    KEY: ClassVar[tuple[str, ...]] = ("person", "role", "place")
    person: Annotated[str, Col("工号", "staff number", "工号", refs=("people",), pattern=STAFF_PATTERN)]
    role: Annotated[
        Literal[
            "county", "dispatcher", "department", "township", "village_clerk", "grid_worker", "inspector", "auditor"
        ],
        Col("角色", "role", "角色", words=ROLES),
    ]
    place: Annotated[
        str,
        Col(
            "范围",
            "code of the grid, village, township, county or department that it is for",
            "网格、村、乡镇、县或部门编码",
            pattern=PLACE_PATTERN,
            refs=("grids", "areas", "departments"),
        ),
    ]


class Device(Dated, frozen=True, kw_only=True):
    """A device at a box."""

    KEY: ClassVar[tuple[str, ...]] = ("box", "device")
    box: Annotated[str, Col("盒子", "id of the box", "盒子编号", refs=("boxes",), pattern=BOX_PATTERN)]
    device: Annotated[
        str, Col("设备", "device id in the box's configuration", "盒子配置中的设备编号", pattern=DEVICE_PATTERN)
    ]
    name: Name
    grid: Annotated[
        str,
        Col(
            "网格",
            "code of the grid in which it stands; empty: of the village",
            "所在网格；空为全村",
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


class Category(Dated, frozen=True, kw_only=True):
    """Kinds of matters: two digits for a group, four for a kind, which has an owner and deadlines."""

    FILE: ClassVar[str] = "categories"
    ZH: ClassVar[str] = "事项分类"
    TABLE: ClassVar[str] = "category"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str, Col("编码", "2 digits for a group, 4 for a kind", "大类 2 位，小类 4 位", pattern=CATEGORY_PATTERN)
    ]
    name: Name
    ledger: Annotated[
        Literal["", "livelihood", "special_needs", "stability"],
        Col("台账", "ledger; of a kind", "所入台账；小类必填", words=LEDGERS),
    ] = ""
    handling: Annotated[
        Literal["", "at_once", "within_limit", "pass_upward"],
        Col("办理方式", "handling class; of a kind", "办理方式；小类必填", words=HANDLINGS),
    ] = ""
    owner: Annotated[
        str,
        Col(
            "主管部门",
            "code of the department that owns it; of a kind",
            "主管部门编码；小类必填",
            refs=("departments",),
            pattern=WORD_PATTERN,
        ),
    ] = ""


class Deadline(Dated, frozen=True, kw_only=True):
    """How long a matter may take at a level, possibly for several purposes. The most exact rows count, alone: those of
    the kind before those of its group, those of the level before those of every level."""

    FILE: ClassVar[str] = "deadlines"
    ZH: ClassVar[str] = "时限"
    TABLE: ClassVar[str] = "deadline"
    KEY: ClassVar[tuple[str, ...]] = ("category", "level", "name")
    category: Annotated[
        str,
        Col(
            "事项分类",
            "code of the kind, or of a group for all its kinds; empty: for every kind",
            "小类编码，或大类编码（适用于其全部小类）；空为全部分类",
            refs=("categories",),
            pattern=CATEGORY_PATTERN,
        ),
    ] = ""
    level: Annotated[
        Literal["", "grid", "village", "station", "township", "department", "county"],
        Col("级别", "at which level; empty: at every level", "级别；空为全部级别", words=OFFICES),
    ] = ""
    name: Annotated[str, Col("名称", "what it is for, e.g. stop, decide", "名称，如 停工、处理", max_length=32)]
    amount: Annotated[int, Col("时限", "how many", "数量", ge=1, le=100000)]
    unit: Annotated[
        Literal["minutes", "calendar_hours", "working_hours", "working_days"], Col("单位", "unit", "单位", words=UNITS)
    ]
    until: Annotated[
        Literal["close", "feedback", "begin", "pass_on", "met"],
        Col("终点", "what ends it; empty: the close of the case", "计时终点；空为办结", words=UNTILS),
    ] = "close"


class Service(Dated, frozen=True, kw_only=True):
    """What residents may ask for at the station or the terminal."""

    FILE: ClassVar[str] = "services"
    ZH: ClassVar[str] = "服务事项"
    TABLE: ClassVar[str] = "service"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str, Col("编码", "letters, digits, -; begins with a letter", "字母开头，可含数字和 -", pattern=WORD_PATTERN)
    ]
    name: Name
    mode: Annotated[Literal["direct", "proxy", "authorised"], Col("办理模式", "who does it", "办理模式", words=MODES)]
    category: Annotated[
        str,
        Col(
            "事项分类",
            "kind of matter that it becomes",
            "对应的小类编码",
            refs=("categories",),
            pattern=CATEGORY_PATTERN,
        ),
    ] = ""
    owner: Annotated[
        str, Col("主管部门", "code of the department", "主管部门编码", refs=("departments",), pattern=WORD_PATTERN)
    ]


class Day(Row, frozen=True, kw_only=True):
    """Holidays, and the weekends that are worked instead. A year without any row is not known, and told aloud."""

    FILE: ClassVar[str] = "calendar"
    ZH: ClassVar[str] = "日历"
    TABLE: ClassVar[str] = "day"
    KEY: ClassVar[tuple[str, ...]] = ("day",)
    day: Annotated[dt.date, Col("日期", "day", "日期")]
    kind: Annotated[Literal["holiday", "workday"], Col("类型", "off, or worked", "放假或调休上班", words=DAY_KINDS)]
    name: Name = ""


class Household(Dated, frozen=True, kw_only=True):
    """Households that must be visited, by a code that tells nobody who they are."""

    FILE: ClassVar[str] = "households"
    ZH: ClassVar[str] = "走访户"
    TABLE: ClassVar[str] = "household"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str,
        Col(
            "户编码",
            "a code without meaning, e.g. H-00017; never a name, identity or telephone number",
            "无含义的编码，如 H-00017；不得用姓名、身份证号或手机号",
            pattern=HOUSEHOLD_PATTERN,
            opaque=True,
        ),
    ]
    grid: Annotated[str, Col("网格", "code of the grid", "网格编码", refs=("grids",), pattern=GRID_PATTERN)]
    kind: Annotated[
        Literal["five_guarantees", "poor", "elderly_alone", "children_alone", "disabled"],
        Col("类型", "why it is visited", "类型", words=HOUSEHOLD_KINDS),
    ]
    every_days: Annotated[
        int | None, Col("间隔天数", "at least once in so many days", "每多少天至少一次", ge=1, le=366)
    ] = None
    month_days: Annotated[
        str,
        Col(
            "每月几日",
            "days of the month, with blanks between: 10 20 30",
            "每月的日子，以空格分开：10 20 30（逢十）",
            pattern=DAYS_PATTERN,
        ),
    ] = ""


FORMS: tuple[type[Row], ...] = (
    Area, Grid, Polygon, Box, Department, Person, Duty, Camera, Terminal, Category, Deadline, Service, Day, Household,
)  # fmt: skip
BY_FILE: dict[str, type[Row]] = {form.FILE: form for form in FORMS}
