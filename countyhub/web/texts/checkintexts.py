"""Texts of the ledger of check-ins."""

from __future__ import annotations

from gridwire.problem import Both

TEXTS: dict[str, Both] = {
    "checkins.since": Both("签到自", "Checked in from"),
    "checkins.only_none": Both("只看无人签到的村和日期", "only villages and days without any"),
    "checkins.months": Both("按月查看", "By month"),
    "checkins.range": Both(
        "since、until：起止日期应先后有序，且最多 {most} 天", "since, until: in their order, and at most {most} days"
    ),
    "checkins.ledger": Both("按村按日", "By village and day"),
    "checkins.ledger.about": Both(
        "共 {count} 行，新的在上；点日期看逐条", "{count} rows, newest first; a day leads to its check-ins"
    ),
    "checkins.rows": Both("签到明细", "Each check-in"),
    "checkins.days": Both("每日签到", "Check-ins by day"),
    "checkins.all": Both("签到", "Check-ins"),
    "checkins.morning": Both("上午", "Morning"),
    "checkins.afternoon": Both("下午", "Afternoon"),
    "checkins.outside": Both("时段外", "No slot"),
    "checkins.slots": Both(
        "上午 {morning}，下午 {afternoon}，时段外 {outside}",
        "{morning} in the morning, {afternoon} in the afternoon, {outside} in no slot",
    ),
    "checkins.verified": Both("名册内", "On the roster"),
    "checkins.verified.sub": Both("名册外 {count}", "{count} not on the roster"),
    "checkins.unverified": Both("名册外", "Not on it"),
    "checkins.late": Both("补传", "Came late"),
    "checkins.unknown": Both("真实时间未知", "Time unknown"),
    "checkins.unknown.sub": Both(
        "真实时间未知 {count}，按收到的日期计", "{count} at an unknown time, counted on the day they came"
    ),
    "checkins.without": Both("无人签到", "Without any"),
    "checkins.without.sub": Both(
        "共 {count} 个村日；另有 {missing} 个盒子数据未到，{unused} 个未启用，不计入",
        "of {count} villages × days; not counted: {missing} whose data are not in, {unused} not in use yet",
    ),
    "checkins.note": Both("说明", "Note"),
    "checkins.missing": Both("数据未到", "Data not in"),
    "checkins.state.away": Both("盒子失联，数据未到", "box out of contact, data not in"),
    "checkins.state.behind": Both("盒子补传中，数据未到齐", "box still sending, data not all in"),
    "checkins.state.unused": Both("未启用", "not in use yet"),
    "checkins.none": Both("没有符合条件的签到", "No check-in matches"),
    "checkins.who": Both("姓名", "Name"),
    "checkins.masked": Both("证件号", "Card or identity number"),
    "checkins.roster": Both("名册", "Roster"),
    "checkins.method": Both("方式", "By"),
    "checkins.slot": Both("时段", "Slot"),
    "checkins.point": Both("巡查点", "Patrol point"),
    "checkins.full": Both("原文", "In full"),
    "checkins.look": Both("说明理由后查看", "look, for a reason"),
}
