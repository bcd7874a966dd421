"""Texts of the ledger of check-ins."""

from __future__ import annotations

from countyhub.web.texts.text import Text

TEXTS: dict[str, Text] = {
    "checkins.since": Text("签到自", "Checked in from"),
    "checkins.only_none": Text("只看无人签到的村和日期", "only villages and days without any"),
    "checkins.months": Text("按月查看", "By month"),
    "checkins.range": Text(
        "since、until：起止日期应先后有序，且最多 {most} 天", "since, until: in their order, and at most {most} days"
    ),
    "checkins.ledger": Text("按村按日", "By village and day"),
    "checkins.ledger.about": Text(
        "共 {count} 行，新的在上；点日期看逐条", "{count} rows, newest first; a day leads to its check-ins"
    ),
    "checkins.rows": Text("签到明细", "Each check-in"),
    "checkins.days": Text("每日签到", "Check-ins by day"),
    "checkins.all": Text("签到", "Check-ins"),
    "checkins.morning": Text("上午", "Morning"),
    "checkins.afternoon": Text("下午", "Afternoon"),
    "checkins.outside": Text("时段外", "No slot"),
    "checkins.slots": Text(
        "上午 {morning}，下午 {afternoon}，时段外 {outside}",
        "{morning} in the morning, {afternoon} in the afternoon, {outside} in no slot",
    ),
    "checkins.verified": Text("名册内", "On the roster"),
    "checkins.verified.sub": Text("名册外 {count}", "{count} not on the roster"),
    "checkins.unverified": Text("名册外", "Not on it"),
    "checkins.late": Text("补传", "Came late"),
    "checkins.unknown": Text("真实时间未知", "Time unknown"),
    "checkins.unknown.sub": Text(
        "真实时间未知 {count}，按收到的日期计", "{count} at an unknown time, counted on the day they came"
    ),
    "checkins.without": Text("无人签到", "Without any"),
    "checkins.without.sub": Text(
        "共 {count} 个村日；另有 {missing} 个盒子数据未到，{unused} 个未启用，不计入",
        "of {count} villages × days; not counted: {missing} whose data are not in, {unused} not in use yet",
    ),
    "checkins.note": Text("说明", "Note"),
    "checkins.missing": Text("数据未到", "Data not in"),
    "checkins.state.away": Text("盒子失联，数据未到", "box out of contact, data not in"),
    "checkins.state.behind": Text("盒子补传中，数据未到齐", "box still sending, data not all in"),
    "checkins.state.unused": Text("未启用", "not in use yet"),
    "checkins.none": Text("没有符合条件的签到", "No check-in matches"),
    "checkins.who": Text("姓名", "Name"),
    "checkins.masked": Text("证件号", "Card or identity number"),
    "checkins.roster": Text("名册", "Roster"),
    "checkins.method": Text("方式", "By"),
    "checkins.slot": Text("时段", "Slot"),
    "checkins.point": Text("巡查点", "Patrol point"),
    "checkins.full": Text("原文", "In full"),
    "checkins.look": Text("说明理由后查看", "look, for a reason"),
}
