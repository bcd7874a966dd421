"""Texts of tables to take away and of figures."""

from __future__ import annotations

from countyhub.web.text import Text

TABLE_TEXTS: dict[str, Text] = {
    "export.take": Text("导出", "Take away"),
    "export.cut": Text(
        "仅导出前 {count} 行，后面还有：请缩小筛选范围后分次导出",
        "Only the first {count} rows, there are more: narrow the filter and take them in parts",
    ),
    "light.red": Text("红灯", "Red"),
    "light.yellow": Text("黄灯", "Yellow"),
    "light.grey": Text("灰灯", "Grey"),
    "light.green": Text("绿灯", "Green"),
    "light.none": Text("无灯", "No light"),
    "cameras.total": Text("摄像机总数", "Cameras"),
    "cameras.count.online": Text("在线台数", "Online"),
    "cameras.count.intact": Text("完好台数", "Intact"),
    "cameras.code": Text("设备编号", "Device"),
    "boxes.since": Text("状态起始", "Link since"),
    "boxes.data.mb": Text("本月流量（MB）", "Data this month (MB)"),
    "letters.code": Text("代码", "Code"),
    "letters.topic": Text("主题", "Topic"),
    "letters.count": Text("次数", "Times"),
    "letters.first": Text("首次收到", "First came"),
    "events.happened": Text("发生时间", "Happened"),
    "events.received": Text("收到时间", "Received"),
    "events.what": Text("事项", "What"),
    "events.details": Text("详情", "Details"),
    "events.device": Text("设备", "Device"),
    "events.marks": Text("标记", "Marks"),
}
