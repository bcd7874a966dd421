"""The metrics of the county as a whole; those of single boxes are in `boxrows`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from countyhub.lifecycle.state import LEVELS, OPEN
from countyhub.overview.boxviews import LINKS
from countyhub.store import aside
from countyhub.web.metrics.lags import COUNTED
from countyhub.web.metrics.table import Metric, Sample, Scrape, each, moment, moments, one
from countyhub.worktime import deadlines

LIGHTS: Final = tuple(light.colour for light in deadlines.LIGHTS)
STAGES: Final = (*sorted(OPEN), "merged")
SUPPRESSED: Final = ("window", "offline-in-window", "held-down", "repeated")
INGEST: Final = ("stored", "repeated", "dead", "reused")


def _standing(scrape: Scrape) -> Iterable[Sample]:
    found = scrape.figures.cases.standing
    return [((light, stage), found.get((light, stage), 0)) for light in LIGHTS for stage in STAGES]


_PROCESS = (
    Metric(
        "countyhub_build_info", "gauge",
        "恒为 1，标签为所运行的版本。", "Always 1; the label says which version runs.",
        lambda scrape: [((scrape.version,), 1)], ("version",),
    ),
    Metric(
        "countyhub_broker_connected", "gauge",
        "本进程与消息服务器连接时为 1。", "1 while this process is connected to the boxes' broker.",
        one(lambda scrape: scrape.vitals.link.connected if scrape.vitals else None),
    ),
    Metric(
        "countyhub_broker_connects_total", "counter",
        "本进程启动以来与消息服务器成功建立连接的次数。",
        "Connections that the broker accepted from this process since its start.",
        one(lambda scrape: scrape.vitals.link.connects if scrape.vitals else None),
    ),
    Metric(
        "countyhub_ingest_blocked", "gauge",
        "数据库暂时无法写入时为 1，其间数据由各盒子保存。",
        "1 while the database takes nothing: boxes keep everything meanwhile.",
        one(lambda scrape: scrape.vitals.blocked if scrape.vitals else None),
    ),
    Metric(
        "countyhub_ingested_total", "counter",
        "启动以来到达本进程的事件和图片：stored 已入库，repeated 重复，dead 无法解读，reused 编号重复使用。",
        "Events and pictures that came to this process since its start: stored, repeated, dead (could not be read), "
        "reused (another was known under the same number).",
        each(lambda scrape: scrape.vitals.ingest if scrape.vitals else {}, INGEST), ("result",),
    ),
    Metric(
        "countyhub_feed_held", "gauge",
        "对外推送因被拒收而暂停时为 1，原因见日志。",
        "1 while a feed to other systems does not go on because of a refusal; the log says why.",
        each(lambda scrape: {name: bool(why) for name, why in (scrape.vitals.held if scrape.vitals else {}).items()},
             ("mqtt",)),
        ("feed",),
    ),
    Metric(
        "countyhub_console_streams", "gauge",
        "正在实时查看的浏览器数。", "Browsers that watch live.",
        one(lambda scrape: scrape.streams),
    ),
)  # fmt: skip

_INGEST = (
    Metric(
        "countyhub_last_event_id", "gauge",
        "最新事件的编号。", "Number of the newest event.",
        one(lambda scrape: scrape.snapshot.last_id),
    ),
    Metric(
        "countyhub_last_event_timestamp_seconds", "gauge",
        "收到最新事件的时刻。", "When the newest event was received.",
        moment(lambda scrape: scrape.figures.last_event),
    ),
    Metric(
        "countyhub_last_message_timestamp_seconds", "gauge",
        "最近一次收到任一盒子消息的时刻。", "When anything last came from any box.",
        moment(lambda scrape: scrape.figures.last_message),
    ),
    Metric(
        "countyhub_today", "gauge",
        "当日事件数，不含演练。", "Events of the local day, drills not counted.",
        lambda scrape: [
            (("alarm",), scrape.snapshot.summary.today.alarms),
            (("alarm_critical",), scrape.snapshot.summary.today.critical),
            (("checkin",), scrape.snapshot.summary.today.checkins),
        ],
        ("type",),
    ),
    Metric(
        "countyhub_missing_numbers", "gauge",
        "应到未到、盒子仍保存的编号数，系统会自动补要。",
        "Numbers that are due and that boxes still keep; they are asked for again.",
        one(lambda scrape: scrape.snapshot.summary.missing),
    ),
    Metric(
        "countyhub_dead_letters", "gauge",
        "等待重试的未识别报文数。", "Unread messages that wait to be tried again.",
        one(lambda scrape: scrape.snapshot.summary.dead_letters),
    ),
    Metric(
        "countyhub_put_aside", "gauge",
        "被数据库拒收或无法解读而搁置的条数，按工作分；见 countyhub matters aside。",
        "What the database refused or nobody could read, and was passed over, by work; see countyhub matters aside.",
        each(lambda scrape: scrape.figures.aside, aside.WORKS), ("work",),
    ),
    Metric(
        "countyhub_reused_numbers", "gauge",
        "同一编号收到两条不同事件且尚未处理的数量：磁盘被克隆或回退。",
        "Numbers under which two different events came, that nobody has dealt with: a cloned or restored disk.",
        one(lambda scrape: scrape.figures.reused),
    ),
    Metric(
        "countyhub_boxes", "gauge",
        "盒子数，按连接状态。", "Boxes by link state.",
        lambda scrape: [((state,), getattr(scrape.snapshot.summary, state)) for state in LINKS], ("state",),
    ),
    Metric(
        "countyhub_cameras", "gauge",
        "摄像机数：all 全部，online 在线，intact 完好（在线且画面正常）。",
        "Cameras: all, online, and intact (online with a good picture).",
        lambda scrape: [
            (("all",), scrape.snapshot.summary.cameras),
            (("online",), scrape.snapshot.summary.cameras_online),
            (("intact",), scrape.snapshot.summary.cameras_intact),
        ],
        ("state",),
    ),
)  # fmt: skip

_CASES = (
    Metric(
        "countyhub_open_cases", "gauge",
        "未办结案件数，按亮灯和环节，不含演练。", "Open cases by light and stage, without drills.",
        _standing, ("light", "stage"),
    ),
    Metric(
        "countyhub_overdue_cases", "gauge",
        "已超时的未办结案件数，按所在层级。", "Open cases whose nearest deadline is over, by the level that has them.",
        each(lambda scrape: scrape.figures.cases.overdue, LEVELS), ("level",),
    ),
    Metric(
        "countyhub_escalations", "gauge",
        "现有未办结案件被系统自动升级的次数，按现所在层级。",
        "How often the hub has moved up the cases that are open, by the level that has them now.",
        each(lambda scrape: scrape.figures.cases.escalated, LEVELS), ("level",),
    ),
    Metric(
        "countyhub_guessed_cases", "gauge",
        "时限缺少当年工作日历、只能推算的未办结案件数。",
        "Open cases with a deadline that was reckoned without the calendar of its year.",
        one(lambda scrape: scrape.figures.cases.guessed),
    ),
    Metric(
        "countyhub_oldest_due_step_timestamp_seconds", "gauge",
        "最早一项已到时、系统尚未执行的案件变化（亮灯、升级、归档）的时刻，没有则不提供。",
        "When the oldest change of a case was due that the hub has not made yet; absent while there is none.",
        moment(lambda scrape: scrape.figures.cases.step_due),
    ),
    Metric(
        "countyhub_calendar_year_known", "gauge",
        "工作日历已有该年时为 1：this 今年，next 明年。",
        "1 when the working calendar of the year is there, for this year and the next.",
        each(lambda scrape: scrape.years), ("year",),
    ),
    Metric(
        "countyhub_suppressed_today", "gauge",
        "当日未单独成为事项的信号数，按原因。", "Signals that made no matter of their own today, by reason.",
        each(lambda scrape: scrape.figures.suppressed, SUPPRESSED), ("reason",),
    ),
)  # fmt: skip

_TELLING = (
    Metric(
        "countyhub_unanswered_calls", "gauge",
        "尚无人响应的紧急求助数，不含演练。", "Calls for help that nobody has answered yet, without drills.",
        one(lambda scrape: scrape.figures.calls.count),
    ),
    Metric(
        "countyhub_oldest_unanswered_call_timestamp_seconds", "gauge",
        "其中最早一起的开始时刻，没有则不提供。", "When the oldest of them began; absent while there is none.",
        moment(lambda scrape: scrape.figures.calls.since),
    ),
    Metric(
        "countyhub_unanswered_call_laps", "gauge",
        "无人响应的求助中，全员通知轮次的最大值；1 为第一轮。",
        "How often everybody was woken, of the call that this has happened to most often; 1: for the first time.",
        one(lambda scrape: scrape.figures.calls.laps),
    ),
    Metric(
        "countyhub_notify_channels", "gauge",
        "已配置的通知渠道数。", "How many ways to tell people are set up.",
        one(lambda scrape: scrape.channels),
    ),
    Metric(
        "countyhub_notify_parcels", "gauge",
        "发给人员的通知：waiting 等待，sending 发送中；最近 5000 条中 failed 失败，unknown 是否送达不明。",
        "Messages to people: waiting, sending, and among the newest 5000 those failed, or unknown (perhaps they "
        "arrived).",
        each(lambda scrape: scrape.figures.parcels, ("waiting", "sending", "unknown", "failed")), ("state",),
    ),
    Metric(
        "countyhub_webhooks", "gauge",
        "推送订阅数，按状态；failing 为启用中但最近一次未被接收。",
        "Webhooks by state; failing: active, and its last attempt was not taken.",
        each(lambda scrape: scrape.figures.hooks.states, ("active", "failing", "paused", "gone")), ("state",),
    ),
    Metric(
        "countyhub_webhook_deliveries", "gauge",
        "推送任务数：waiting 等待，dead 已放弃。", "Deliveries of webhooks: waiting, and dead (given up).",
        each(lambda scrape: scrape.figures.hooks.deliveries, ("waiting", "dead")), ("state",),
    ),
    Metric(
        "countyhub_oldest_waiting_delivery_timestamp_seconds", "gauge",
        "最早一个等待任务的生成时刻，没有则不提供。",
        "When the oldest delivery was made that waits; absent while none does.",
        moment(lambda scrape: scrape.figures.hooks.waiting_since),
    ),
    Metric(
        "countyhub_follower_behind_rows", "gauge",
        f"各后续环节尚未处理的行数，最多计到 {COUNTED}。",
        f"Rows that a follower has not dealt with yet, counted up to {COUNTED}.",
        lambda scrape: [((name,), it.rows) for name, it in scrape.figures.behind.items()], ("follower",),
    ),
    Metric(
        "countyhub_follower_oldest_timestamp_seconds", "gauge",
        "其中第一行的入库时刻，没有则不提供。",
        "When the first of these rows was committed; absent while there is none.",
        moments(lambda scrape: {name: it.since for name, it in scrape.figures.behind.items()}), ("follower",),
    ),
    Metric(
        "countyhub_lease_held", "gauge",
        "有进程正在承担该项工作时为 1。", "1 while some process does this work.",
        each(lambda scrape: scrape.figures.leases), ("lease",),
    ),
)  # fmt: skip

_PLACES = (
    Metric(
        "countyhub_ca_expiry_timestamp_seconds", "gauge",
        "本县根证书的到期时刻。", "When the county's CA ends.",
        moment(lambda scrape: scrape.places.ends.ca if scrape.places.ends else None),
    ),
    Metric(
        "countyhub_server_certificate_expiry_timestamp_seconds", "gauge",
        "汇聚端与消息服务器证书的到期时刻。", "When the certificate of hub and broker ends.",
        moment(lambda scrape: scrape.places.ends.server if scrape.places.ends else None),
    ),
    Metric(
        "countyhub_crl_expiry_timestamp_seconds", "gauge",
        "吊销列表的到期时刻：此后消息服务器会拒绝所有盒子。",
        "When the revocation list ends: from then on the broker refuses every box.",
        moment(lambda scrape: scrape.places.ends.crl if scrape.places.ends else None),
    ),
    Metric(
        "countyhub_backup_timestamp_seconds", "gauge",
        "本机最近一次 countyhub backup 成功的时刻，从未备份为 0。",
        "When `countyhub backup` last succeeded on this machine; 0: never.",
        one(lambda scrape: scrape.places.backup.timestamp() if scrape.places.backup else 0),
    ),
    Metric(
        "countyhub_disk_free_bytes", "gauge",
        "数据目录所在磁盘的可用字节数。", "Free bytes where the hub keeps its data.",
        one(lambda scrape: scrape.places.free_bytes),
    ),
    Metric(
        "countyhub_disk_size_bytes", "gauge",
        "该磁盘的总字节数。", "Size of that disk.",
        one(lambda scrape: scrape.places.size_bytes),
    ),
)  # fmt: skip

COUNTY: Final = (*_PROCESS, *_INGEST, *_CASES, *_TELLING, *_PLACES)
