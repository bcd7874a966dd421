"""Dashboards for Grafana, from short tables: one of the county, one of a village. No data source is named in them:
whoever imports them chooses it. Titles are in Chinese and English.

A panel is title, unit, expressions with their legends; `wide` is in 24ths of the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_HEIGHT = 7
_GREEN, _RED = "green", "red"


class Panel(NamedTuple):
    """`bad_from`: from this value on it is red (`bad_below`: below it); then it is one number, otherwise a curve."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    wide: int = 8
    bad_from: float | None = None
    bad_below: float | None = None
    kind: str = ""


def _stat(
    title: str, query: str, *, unit: str = "short", above: float | None = None, below: float | None = None
) -> Panel:
    return Panel(title, [(query, "")], unit, 4, above, below, "stat")


def _rows(title: str, query: str, unit: str = "short") -> Panel:
    return Panel(title, [(query, "{{box}}")], unit, 12, kind="table")


_NAMED = "* on(box) group_left(name) countyhub_box_info"
"""Gives a series of a box its village's name."""

COUNTY: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    ("现在 · Now", (
        _stat("在线盒子 · Boxes online", 'countyhub_boxes{state="online"}'),
        _stat("离线盒子 · Boxes away",
              'countyhub_boxes{state="lost"} + ignoring(state) countyhub_boxes{state="offline"}', above=1),
        _stat("求助未响应 · Calls unanswered", "countyhub_unanswered_calls", above=1),
        _stat("摄像机在线率 · Cameras online",
              'countyhub_cameras{state="online"} / ignoring(state) countyhub_cameras{state="all"}',
              unit="percentunit", below=0.9),
        _stat("摄像机完好率 · Cameras intact",
              'countyhub_cameras{state="intact"} / ignoring(state) countyhub_cameras{state="all"}',
              unit="percentunit", below=0.9),
        _stat("距最近消息 · Since the last message", "time() - countyhub_last_message_timestamp_seconds", unit="s",
              above=120),
    )),
    ("案件 · Cases", (
        Panel("未办结案件，按亮灯 · Open, by light", [("sum by (light) (countyhub_open_cases)", "{{light}}")]),
        Panel("未办结案件，按环节 · Open, by stage", [("sum by (stage) (countyhub_open_cases)", "{{stage}}")]),
        Panel("超时，按层级 · Overdue, by level", [("countyhub_overdue_cases", "{{level}}")]),
        Panel("自动升级，按层级 · Moved up by the hub, by level", [("countyhub_escalations", "{{level}}")]),
        Panel("当日未立案信号 · Held back today", [("countyhub_suppressed_today", "{{reason}}")]),
        Panel("当日事件 · Events today", [("countyhub_today", "{{type}}")]),
    )),
    ("入库 · Ingest", (
        Panel("入库速率 · Events stored", [("rate(countyhub_ingested_total[$__rate_interval])", "{{result}}")], "ops"),
        Panel("积压 · Followers behind",
              [("time() - countyhub_follower_oldest_timestamp_seconds", "{{follower}}")], "s"),
        Panel("待处理 · Wants a person", [
            ("countyhub_missing_numbers", "应到未到 · missing numbers"),
            ("countyhub_dead_letters", "未识别报文 · unread messages"),
            ("countyhub_reused_numbers", "编号重复 · reused numbers"),
        ]),
        Panel("盒子积压总数 · Events waiting in all boxes", [("sum(countyhub_box_waiting_events)", "总数 · all")]),
        Panel("消息服务器连接 · Connected to the broker", [("countyhub_broker_connected", "{{instance}}")], "bool"),
        Panel("工作有人承担 · Work is held", [("countyhub_lease_held", "{{lease}}")], "bool"),
    )),
    ("通知与推送 · Messages and feeds", (
        Panel("通知 · Messages to people", [("countyhub_notify_parcels", "{{state}}")]),
        Panel("推送任务 · Webhook deliveries", [("countyhub_webhook_deliveries", "{{state}}")]),
        Panel("推送订阅 · Webhooks", [("countyhub_webhooks", "{{state}}")]),
    )),
    ("期限与磁盘 · What runs out", (
        _stat("根证书 · CA", "countyhub_ca_expiry_timestamp_seconds - time()", unit="s", below=365 * 86400),
        _stat("服务器证书 · Server certificate", "countyhub_server_certificate_expiry_timestamp_seconds - time()",
              unit="s", below=30 * 86400),
        _stat("吊销列表 · Revocation list", "countyhub_crl_expiry_timestamp_seconds - time()", unit="s",
              below=30 * 86400),
        _stat("备份已过 · Since the backup", "time() - (countyhub_backup_timestamp_seconds > 0)", unit="s",
              above=2 * 86400),
        _stat("磁盘可用 · Disk free", "countyhub_disk_free_bytes / countyhub_disk_size_bytes", unit="percentunit",
              below=0.1),
        _stat("有日历的年份 · Years with a calendar", "sum(countyhub_calendar_year_known)", below=1),
    )),
    ("值得查看的盒子 · Boxes worth a look", (
        _rows("离线最久 · Longest away",
              "topk(20, (time() - countyhub_box_last_seen_timestamp_seconds "
              f"unless on(box) countyhub_box_connected == 1) {_NAMED})", "s"),
        _rows("积压最多 · Largest backlog", f"topk(20, (countyhub_box_waiting_events > 0) {_NAMED})"),
        _rows("设备故障最多 · Most devices down", f"topk(20, (countyhub_box_devices_down > 0) {_NAMED})"),
        _rows("证书最先到期 · Certificate ends first",
              f"bottomk(20, (countyhub_box_certificate_expiry_timestamp_seconds - time()) {_NAMED})", "s"),
        _rows("流量最多 · Most data this month", f"topk(20, countyhub_box_data_month_bytes {_NAMED})", "bytes"),
        _rows("时钟未校准 · Clock not set", f"(countyhub_box_clock_synced == 0) {_NAMED}"),
    )),
)  # fmt: skip

VILLAGE: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    ("由汇聚端得知 · As the hub knows it", (
        _stat("在线 · Online", 'countyhub_box_connected{box="$box"}', unit="bool", below=1),
        _stat("距最近消息 · Since its last message",
              'time() - countyhub_box_last_seen_timestamp_seconds{box="$box"}', unit="s", above=3600),
        _stat("摄像机在线 · Cameras online", 'countyhub_box_cameras{box="$box", state="online"}'),
        _stat("摄像机总数 · Cameras", 'countyhub_box_cameras{box="$box", state="all"}'),
        _stat("故障设备 · Devices down", 'countyhub_box_devices_down{box="$box"}', above=1),
        _stat("证书剩余 · Certificate ends in",
              'countyhub_box_certificate_expiry_timestamp_seconds{box="$box"} - time()', unit="s", below=30 * 86400),
        Panel("积压 · Events waiting", [('countyhub_box_waiting_events{box="$box"}', "条 · events")]),
        Panel("最早一条等待 · Oldest waits", [('countyhub_box_oldest_waiting_seconds{box="$box"}', "秒 · s")], "s"),
        Panel("缺号 · Numbers", [
            ('countyhub_box_missing_numbers{box="$box"}', "应到未到 · missing"),
            ('countyhub_box_lost_numbers{box="$box"}', "丢失 · lost"),
        ]),
        Panel("摄像机 · Cameras", [('countyhub_box_cameras{box="$box"}', "{{state}}")]),
        Panel("本月流量 · Data this month", [('countyhub_box_data_month_bytes{box="$box"}', "流量 · used")], "bytes"),
        Panel("流量措施与时钟 · Data level and clock", [
            ('countyhub_box_data_level{box="$box"}', "措施 · level"),
            ('countyhub_box_clock_synced{box="$box"}', "时钟已校准 · clock set"),
        ]),
    )),
    ("由盒子自身得知（需能直接抓取） · As the box says itself, where it can be scraped", (
        Panel("事件 · Events stored",
              [('sum by (kind) (rate(edgeagent_events_total{instance="$instance"}[$__rate_interval]))', "{{kind}}")],
              "ops"),
        Panel("被规则抑制 · Suppressed by rules",
              [('rate(edgeagent_suppressed_total{instance="$instance"}[$__rate_interval])', "{{why}}")], "ops"),
        Panel("待发 · Waiting, by lane", [('edgeagent_outbox_events{instance="$instance"}', "{{lane}}")]),
        Panel("流量 · Bytes", [
            ('rate(edgeagent_mqtt_sent_bytes_total{instance="$instance"}[$__rate_interval])', "发 · sent"),
            ('rate(edgeagent_mqtt_received_bytes_total{instance="$instance"}[$__rate_interval])', "收 · received"),
        ], "Bps"),
        Panel("设备 · Devices", [('edgeagent_device_up{instance="$instance"}', "{{device}}")], "bool"),
        Panel("存储 · Storage", [
            ('edgeagent_outbox_bytes{instance="$instance"}', "待发库 · outbox"),
            ('edgeagent_pictures_bytes{instance="$instance"}', "图片 · pictures"),
            ('edgeagent_disk_free_bytes{instance="$instance"}', "磁盘可用 · disk free"),
        ], "bytes"),
        Panel("内存 · Memory",
              [('process_resident_memory_bytes{instance="$instance", job="edgeagent"}', "RSS")], "bytes"),
        Panel("处理器 · Processor",
              [('rate(process_cpu_seconds_total{instance="$instance", job="edgeagent"}[$__rate_interval])', "CPU")],
              "percentunit"),
        Panel("时钟偏差 · Clock offset",
              [('edgeagent_clock_offset_seconds{instance="$instance"}', "偏差 · offset")], "s"),
    )),
)  # fmt: skip


def county() -> str:
    return _dashboard("gridwire-county", "县级平台 · County", COUNTY, [])


def village() -> str:
    variables = [
        _variable("box", "盒子 · Box", "label_values(countyhub_box_info, box)"),
        _variable("instance", "抓取地址 · Scraped as", 'label_values(up{job="edgeagent"}, instance)'),
    ]
    return _dashboard("gridwire-village", "村级盒子 · Village", VILLAGE, variables)


def _dashboard(
    uid: str, title: str, rows: Iterable[tuple[str, tuple[Panel, ...]]], variables: list[dict[str, Any]]
) -> str:
    source = {"name": "datasource", "label": "数据源 · Data source", "type": "datasource", "query": "prometheus"}
    page = {
        "uid": uid,
        "title": title,
        "tags": ["gridwire"],
        "schemaVersion": 37,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [source, *variables]},
        "panels": _panels(rows),
    }
    return json.dumps(page, ensure_ascii=False, indent=1) + "\n"


def _panels(rows: Iterable[tuple[str, tuple[Panel, ...]]]) -> list[dict[str, Any]]:
    """Row by row, from left to right."""
    made: list[dict[str, Any]] = []
    top = 0
    for title, panels in rows:
        made.append({"id": len(made) + 1, "type": "row", "title": title, "panels": [],
                     "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}})  # fmt: skip
        top, left = top + 1, 0
        for panel in panels:
            if left + panel.wide > 24:
                top, left = top + _HEIGHT, 0
            made.append(_panel(panel, len(made) + 1, left, top))
            left += panel.wide
        top += _HEIGHT
    return made


def _panel(panel: Panel, number: int, left: int, top: int) -> dict[str, Any]:
    kind = panel.kind or "timeseries"
    only_now = kind != "timeseries"
    targets = [
        {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": query, "legendFormat": legend or "__auto"}
        | ({"instant": True, "format": "table" if kind == "table" else "time_series"} if only_now else {})
        for index, (query, legend) in enumerate(panel.queries)
    ]
    made: dict[str, Any] = {
        "id": number,
        "type": kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": left, "y": top, "w": panel.wide, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit} | _colours(panel), "overrides": []},
        "targets": targets,
    }
    if kind == "table":
        hidden = dict.fromkeys(("Time", "instance", "job", "version", "__name__"), True)
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": hidden}}]
    return made


def _colours(panel: Panel) -> dict[str, Any]:
    if panel.kind != "stat":
        return {}
    first, then, limit = _GREEN, _RED, panel.bad_from
    if panel.bad_below is not None:
        first, then, limit = _RED, _GREEN, panel.bad_below
    steps: list[dict[str, Any]] = [{"color": first, "value": None}]
    if limit is not None:
        steps.append({"color": then, "value": limit})
    return {"thresholds": {"mode": "absolute", "steps": steps}}


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {"name": name, "label": label, "type": "query", "datasource": _SOURCE, "refresh": 2, "sort": 1,
            "query": {"query": query, "refId": name}}  # fmt: skip
