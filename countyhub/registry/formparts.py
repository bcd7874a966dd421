"""What the files of the registry share: patterns of codes, words for people, rows that hold from a day to a day."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from countyhub.lifecycle import fivesteps, state
from countyhub.registry.columns import ALWAYS, OPEN, Col, Row
from gridwire.identifiers import END
from gridwire.kinds import KINDS, Kind

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
UNTILS = {
    "close": "办结",
    "feedback": "反馈",
    "begin": "开始处置",
    "pass_on": "转出",
    "met": "达成",
    "classify": "分类",
}
LEDGERS = {ledger: name.zh for ledger, name in fivesteps.LEDGERS.items()}
HANDLINGS = {handling: name.zh for handling, name in state.HANDLINGS.items()}
MODES = {mode: name.zh for mode, name in state.MODES.items() if mode}
QUEUES = {"centre": "中心", "department": "职能部门", "grid": "网格", "services": "便民服务", "stability": "综治维稳"}
GRID_KINDS = {"village": "农村", "town": "城镇"}
HOUSEHOLD_KINDS = {
    "five_guarantees": "五保", "poor": "贫困", "elderly_alone": "独居老人", "children_alone": "留守儿童",
    "disabled": "残疾",
}  # fmt: skip
DAY_KINDS = {"holiday": "放假", "workday": "上班"}
OPENS = {"case": "立案", "shown": "只显示"}
OWN_KINDS = {
    "offline": Kind("设备离线", "device offline", opens_case=True),
    "unstable": Kind("设备不稳定", "device unstable", opens_case=True),
    "site": Kind("点位停电断网", "site without power or link", opens_case=True),
    "township": Kind("乡镇停电断网", "township without power or link", opens_case=True),
    "sos": Kind("求助", "call for help"),
    "request": Kind("服务申请", "request"),
}
"""Kinds that the hub finds itself or that come from terminals, beside those of alarms."""
ALARM_KINDS = {kind: name.zh for kind, name in (KINDS | OWN_KINDS).items()}

Name = Annotated[str, Col("名称", "名称", "name for people", max_length=64)]
Longitude = Annotated[
    float | None,
    Col(
        "经度",
        "经度，WGS 84 或 CGCS2000，不得用火星坐标",
        "degrees east, GCJ-02 not allowed: WGS 84 or CGCS2000",
        ge=73,
        le=136,
    ),
]
Latitude = Annotated[float | None, Col("纬度", "纬度", "degrees north", ge=3, le=54)]


class Dated(Row, frozen=True, kw_only=True):
    """A row that holds from a day to a day."""

    valid_from: Annotated[
        dt.date, Col("启用日期", "自此日起有效；空为一直如此", "first day on which it holds; empty: always so")
    ] = ALWAYS
    valid_to: Annotated[
        dt.date,
        Col(
            "停用日期",
            "自此日起不再有效（当日已停用）；空为长期",
            "first day on which it no longer holds; empty: until further notice",
        ),
    ] = OPEN
