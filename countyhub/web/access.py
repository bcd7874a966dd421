"""Which right each page needs: one table, by which everybody is let in, and from which the reference is made.

What is not in it nobody gets. The interface for programs has its own: each of its routes names its scope.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gridwire.problem import Both

PUBLIC: Final = "public"
"""Everybody who reaches the console, logged in or not."""
ANYONE: Final = "anyone"
"""Everybody who is logged in; also who must change his password first."""
MONITORING: Final = "metrics:read"
"""This machine itself; others by a token or session with this right."""
EXPORTS: Final = "exports:make"
"""Each is in the audit."""
MACHINES: Final = "boxes:read"
"""For boxes and cameras."""
REVEALS: Final = "personal:reveal"
HEALTH: Final = r"/livez|/readyz"
EXPORTED: Final = r"\.(xlsx|csv)"
"""How the address of a table that is taken away ends; the gate writes each into the audit."""


class Page(NamedTuple):
    """`path`: a pattern for the whole path. `right`: one of `accounts.roles.RIGHTS`, or of the words above. `whole`: it
    belongs to no area, so that only who sees the whole county gets it."""

    methods: str
    path: str
    right: str
    name: Both
    whole: bool = False


def _page(methods: str, path: str, right: str, zh: str, en: str, *, whole: bool = False) -> Page:
    return Page(methods, path, right, Both(zh, en), whole)


PAGES: Final[tuple[Page, ...]] = (
    _page("GET", HEALTH, PUBLIC, "服务状态", "whether it runs"),
    _page("GET", r"/static/.+", PUBLIC, "样式和脚本", "styles and scripts"),
    _page("GET POST", r"/login|/login/link/[A-Za-z0-9_-]+", PUBLIC, "登录", "logging in"),
    _page("GET", r"/metrics", MONITORING, "监控指标", "figures for monitoring"),
    _page("POST", r"/logout", ANYONE, "退出", "logging out"),
    _page("GET POST", r"/account(/.+)?", ANYONE, "我的账户", "one's own account"),
    _page("GET POST", r"/look", "", "说明理由后查看", "looking for a reason"),
    _page("GET", r"/picture/.+", "pictures:read", "图片", "a picture"),
    _page("GET", rf"/audit(/.*|{EXPORTED})?", "audit:read", "审计", "the audit", whole=True),
    _page("GET", rf"/users(/.*|{EXPORTED})?", "users:read", "用户", "the users", whole=True),
    _page("POST", r"/users(/.*)?", "users:write", "管理用户", "users made and changed", whole=True),
    _page("GET", r"/", "cases:read", "首页", "the first page"),
    _page("GET", r"/live/(cameras|boxes)", MACHINES, "盒子和摄像机（实时）", "boxes and cameras, live"),
    _page("GET", r"/live/.+", "cases:read", "案件（实时）", "cases, live"),
    _page("GET", r"/live|/events(/.*)?", "events:read", "事件", "events"),
    _page("GET", r"/checkins", "events:read", "签到台账", "the ledger of check-ins"),
    _page("GET", r"/(cameras|boxes)(/.*)?", MACHINES, "盒子和摄像机", "boxes and cameras"),
    _page("POST", r"/(cameras|boxes)/.+", "boxes:order", "向盒子下达指令", "orders to boxes"),
    _page("GET", r"/suppressed(/.*)?", "matters:read", "未立案信号", "what was held back", whole=True),
    _page("GET", r"/letters(/.*)?", "letters:read", "未识别报文", "unread messages", whole=True),
    _page("POST", r"/letters/.+", "letters:read", "重试未识别报文", "unread messages tried again", whole=True),
    _page("GET", r"/settings(/.*)?", "hooks:read", "设置", "settings", whole=True),
    _page("GET", rf"/.+{EXPORTED}", EXPORTS, "导出", "exports"),
    _page("POST", r"/cases", "cases:open", "上报案件", "reporting a case"),
    _page("POST", r"/cases/.+", "cases:act", "办理案件", "acting on cases"),
    _page("GET", r"/report", "cases:open", "上报案件", "reporting a case"),
    _page("GET", r"/(cases|map|figures)(/.*)?", "cases:read", "案件、地图和统计", "cases, the map and figures"),
)
"""The first that fits counts. An empty right: whoever is logged in, and has a duty today."""
_PATTERNS = tuple((frozenset(page.methods.split()), re.compile(page.path), page) for page in PAGES)


def page_of(method: str, path: str) -> Page | None:
    """The row for a request; None: there is none, and nobody gets it."""
    wanted = "GET" if method == "HEAD" else method
    return next((page for methods, way, page in _PATTERNS if wanted in methods and way.fullmatch(path)), None)


def is_known(path: str) -> bool:
    """Whether there is any page there, by whatever method."""
    return any(way.fullmatch(path) for _, way, _ in _PATTERNS)


class Entry(NamedTuple):
    """One entry of the menu: the page's name in the code (`here`, and `nav.NAME` among the texts), where it is, and how
    it is called. Who may not see the page does not see the entry."""

    name: str
    path: str
    zh: str
    en: str


MENU: Final[tuple[Entry, ...]] = (
    Entry("lights", "/", "首页", "Home"),
    Entry("cases", "/cases", "案件", "Cases"),
    Entry("map", "/map", "地图", "Map"),
    Entry("cameras", "/cameras", "摄像机", "Cameras"),
    Entry("boxes", "/boxes", "盒子", "Boxes"),
    Entry("events", "/events", "事件", "Events"),
    Entry("checkins", "/checkins", "签到台账", "Check-ins"),
    Entry("figures", "/figures", "统计", "Figures"),
    Entry("report", "/report", "上报", "Report"),
    Entry("suppressed", "/suppressed", "未立案信号", "Held back"),
    Entry("letters", "/letters", "未识别报文", "Unread messages"),
    Entry("settings", "/settings", "设置", "Settings"),
    Entry("users", "/users", "用户", "Users"),
    Entry("audit", "/audit", "审计", "Audit"),
)
"""In the order in which it is shown."""
