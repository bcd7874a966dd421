"""Texts of the frame around every page, and of the pages about cases."""

from __future__ import annotations

from countyhub.web.text import Text

CASE_TEXTS: dict[str, Text] = {
    # frame
    "nav": Text("主导航", "Main navigation"),
    "jump": Text("页内导航", "On this page"),
    "nav.lights": Text("灯色", "Lights"),
    "nav.cases": Text("案件", "Cases"),
    "nav.map": Text("地图", "Map"),
    "nav.cameras": Text("摄像机", "Cameras"),
    "nav.boxes": Text("盒子", "Boxes"),
    "nav.events": Text("事件", "Events"),
    "nav.report": Text("上报", "Report"),
    "nav.suppressed": Text("抑制", "Suppressed"),
    "nav.letters": Text("死信", "Dead letters"),
    "nav.settings": Text("设置", "Settings"),
    "crumbs": Text("所在位置", "Where you are"),
    "role.machine": Text("系统", "the hub"),
    "role.resident": Text("群众", "resident"),
    # what needs a person now
    "needs.title": Text("现在需要人", "Needs a person now"),
    "needs.none": Text("现在没有求助和红灯", "No call for help and no red light now"),
    "needs.red": Text("红灯 {count} 件", "Red lights: {count}"),
    "needs.calls.more": Text("另有 {count} 起求助", "{count} more calls for help"),
    "needs.silent": Text("中心收不到任何消息", "The hub hears nothing"),
    "needs.silent.what": Text(
        "自 {time} 起没有任何盒子来信：请检查消息服务器和网络", "no box since {time}: check the broker and the network"
    ),
    # board
    "board.open": Text("在办", "Open"),
    "board.open.sub": Text("不含演练和并案", "without drills and merged cases"),
    "board.all": Text("合计", "All"),
    "board.place": Text("地点", "Place"),
    "board.places.township": Text("各乡镇", "Townships"),
    "board.places.village": Text("各村", "Villages"),
    "board.places.grid": Text("各网格", "Grids"),
    "board.worst": Text("红灯多的在前", "most red lights first"),
    "board.stages": Text("各环节", "Stages"),
    "board.no_places": Text("登记表中还没有下级区划", "The registry has no places beneath"),
    "board.elsewhere": Text("其他（地点未细分）", "Elsewhere (no closer place known)"),
    "case.stage": Text("环节", "Stage"),
}
