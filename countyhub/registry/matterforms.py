"""The files about matters: their kinds, deadlines, services, alarms that become cases, working days, households."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from countyhub.registry.columns import Col, Row
from countyhub.registry.formparts import (
    ALARM_KINDS,
    CATEGORY_PATTERN,
    DAY_KINDS,
    DAYS_PATTERN,
    HANDLINGS,
    HOUSEHOLD_KINDS,
    HOUSEHOLD_PATTERN,
    LEDGERS,
    MODES,
    OFFICES,
    OPENS,
    UNITS,
    UNTILS,
    WORD_PATTERN,
    Dated,
    Name,
)
from gridwire.identifiers import GRID_PATTERN


class Category(Dated, frozen=True, kw_only=True):
    """Kinds of matters: two digits for a group, four for a kind, which has an owner and deadlines."""

    FILE: ClassVar[str] = "categories"
    ZH: ClassVar[str] = "事项分类"
    TABLE: ClassVar[str] = "category"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str, Col("编码", "大类 2 位，小类 4 位", "2 digits for a group, 4 for a kind", pattern=CATEGORY_PATTERN)
    ]
    name: Name
    ledger: Annotated[
        Literal["", "livelihood", "special_needs", "stability"],
        Col("台账", "所入台账；小类必填", "ledger; of a kind", words=LEDGERS),
    ] = ""
    handling: Annotated[
        Literal["", "at_once", "within_limit", "pass_upward"],
        Col("办理方式", "办理方式；小类必填", "handling class; of a kind", words=HANDLINGS),
    ] = ""
    owner: Annotated[
        str,
        Col(
            "主管部门",
            "主管部门编码；小类必填",
            "code of the department that owns it; of a kind",
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
            "小类编码，或大类编码（适用于其全部小类）；空为全部分类",
            "code of the kind, or of a group for all its kinds; empty: for every kind",
            refs=("categories",),
            pattern=CATEGORY_PATTERN,
        ),
    ] = ""
    level: Annotated[
        Literal["", "grid", "village", "station", "township", "department", "county"],
        Col("级别", "级别；空为全部级别", "at which level; empty: at every level", words=OFFICES),
    ] = ""
    name: Annotated[str, Col("名称", "名称，如 停工、处理", "what it is for, e.g. stop, decide", max_length=32)]
    amount: Annotated[int, Col("时限", "数量", "how many", ge=1, le=100000)]
    unit: Annotated[
        Literal["minutes", "calendar_hours", "working_hours", "working_days"], Col("单位", "单位", "unit", words=UNITS)
    ]
    until: Annotated[
        Literal["close", "feedback", "begin", "pass_on", "met", "classify"],
        Col("终点", "计时终点；空为办结", "what ends it; empty: the close of the case", words=UNTILS),
    ] = "close"


class Service(Dated, frozen=True, kw_only=True):
    """What residents may ask for at the station or the terminal."""

    FILE: ClassVar[str] = "services"
    ZH: ClassVar[str] = "服务事项"
    TABLE: ClassVar[str] = "service"
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[
        str, Col("编码", "字母开头，可含数字和 -", "letters, digits, -; begins with a letter", pattern=WORD_PATTERN)
    ]
    name: Name
    mode: Annotated[Literal["direct", "proxy", "authorised"], Col("办理模式", "办理模式", "who does it", words=MODES)]
    category: Annotated[
        str,
        Col(
            "事项分类",
            "对应的小类编码",
            "kind of matter that it becomes",
            refs=("categories",),
            pattern=CATEGORY_PATTERN,
        ),
    ] = ""
    owner: Annotated[
        str, Col("主管部门", "主管部门编码", "code of the department", refs=("departments",), pattern=WORD_PATTERN)
    ]


class AlarmKind(Dated, frozen=True, kw_only=True):
    """What becomes of each kind of alarm. A kind without a row is treated as the table in docs/county-rules.md says."""

    FILE: ClassVar[str] = "alarms"
    ZH: ClassVar[str] = "告警归类"
    TABLE: ClassVar[str] = "alarm"
    KEY: ClassVar[tuple[str, ...]] = ("kind",)
    kind: Annotated[str, Col("告警种类", "告警种类", "kind of alarm", words=ALARM_KINDS)]
    category: Annotated[
        str,
        Col(
            "事项分类",
            "立案时的小类编码；服务申请则用于未写明分类的服务",
            "kind of matter that it becomes; of a request, if its service names none",
            refs=("categories",),
            pattern=CATEGORY_PATTERN,
        ),
    ] = ""
    opens: Annotated[
        Literal["case", "shown"],
        Col(
            "处理",
            "立案或只显示；求助和服务申请一律立案",
            "a case, or only shown; calls for help and requests are always cases",
            words=OPENS,
        ),
    ] = "case"


class Day(Row, frozen=True, kw_only=True):
    """Holidays, and the weekends that are worked instead. A year without any row is not known, and told aloud."""

    FILE: ClassVar[str] = "calendar"
    ZH: ClassVar[str] = "日历"
    TABLE: ClassVar[str] = "day"
    KEY: ClassVar[tuple[str, ...]] = ("day",)
    day: Annotated[dt.date, Col("日期", "日期", "day")]
    kind: Annotated[Literal["holiday", "workday"], Col("类型", "放假或调休上班", "off, or worked", words=DAY_KINDS)]
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
            "无含义的编码，如 H-00017；不得用姓名、身份证号或手机号",
            "a code without meaning, e.g. H-00017; never a name, identity or telephone number",
            pattern=HOUSEHOLD_PATTERN,
            opaque=True,
        ),
    ]
    grid: Annotated[str, Col("网格", "网格编码", "code of the grid", refs=("grids",), pattern=GRID_PATTERN)]
    kind: Annotated[
        Literal["five_guarantees", "poor", "elderly_alone", "children_alone", "disabled"],
        Col("类型", "类型", "why it is visited", words=HOUSEHOLD_KINDS),
    ]
    every_days: Annotated[
        int | None, Col("间隔天数", "每多少天至少一次", "at least once in so many days", ge=1, le=366)
    ] = None
    month_days: Annotated[
        str,
        Col(
            "每月几日",
            "每月的日子，以空格分开：10 20 30（逢十）",
            "days of the month, with blanks between: 10 20 30",
            pattern=DAYS_PATTERN,
        ),
    ] = ""
