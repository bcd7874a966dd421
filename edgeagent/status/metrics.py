"""Every metric, once: name, type, labels, meaning, and how it is read from a snapshot; the reference is made of it.

Names follow Prometheus' rules (base units, `_total` for counters); labels have few values, all known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from edgeagent.budget import LEVEL_NAMES
from edgeagent.rules import SUPPRESSIONS
from edgeagent.status.state import KIND_OF, BoxStatus
from gridwire.events import LANES

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, in their order, and the value."""


class Metric(NamedTuple):
    """One family. `en` is also the HELP text."""

    name: str
    type: Literal["counter", "gauge"]
    zh: str
    en: str
    read: Callable[[BoxStatus], Iterable[Sample]]
    labels: tuple[str, ...] = ()


def _one(read: Callable[[BoxStatus], float | None]) -> Callable[[BoxStatus], Iterable[Sample]]:
    """A metric without labels; absent while the value is unknown."""

    def samples(status: BoxStatus) -> Iterable[Sample]:
        value = read(status)
        return [] if value is None else [((), value)]

    return samples


def _each(
    read: Callable[[BoxStatus], Mapping[str, float]], known: Iterable[str]
) -> Callable[[BoxStatus], Iterable[Sample]]:
    """One label; what is known and was never counted is 0, so that its first increase is seen."""
    zeros = dict.fromkeys(known, 0.0)
    return lambda status: [((value,), number) for value, number in {**zeros, **read(status)}.items()]


def _uplink(counter: str) -> Callable[[BoxStatus], Iterable[Sample]]:
    return _one(lambda status: status.counters.get(counter, 0))


_KINDS = sorted(set(KIND_OF.values()) - {"gap"})  # gaps come from the outbox, not from a driver

METRICS: tuple[Metric, ...] = (
    Metric(
        "edgeagent_build_info",
        "gauge",
        "恒为 1，标签为所运行的版本。",
        "Always 1; the label says which version runs.",
        lambda status: [((status.version,), 1)],
        labels=("version",),
    ),
    Metric(
        "edgeagent_events_total",
        "counter",
        "启动以来已入库的事件，按类型。",
        "Events stored durably since the start, by kind.",
        _each(lambda status: status.emitted, _KINDS),
        labels=("kind",),
    ),
    Metric(
        "edgeagent_suppressed_total",
        "counter",
        "被规则抑制的报警，按原因。",
        "Alarms that the rules suppressed, by reason.",
        _each(lambda status: status.suppressed, SUPPRESSIONS),
        labels=("why",),
    ),
    Metric(
        "edgeagent_outbox_events",
        "gauge",
        "县级平台尚未确认的事件，按通道。",
        "Events that the hub has not acknowledged yet, by lane.",
        _each(lambda status: {lane: it.waiting for lane, it in status.lanes.items()}, LANES),
        labels=("lane",),
    ),
    Metric(
        "edgeagent_outbox_oldest_age_seconds",
        "gauge",
        "尚未确认的最早事件距今的秒数（按本机时钟），没有则为 0。",
        "Age of the oldest event that the hub has not acknowledged, by the wall clock; 0 when there is none.",
        _one(lambda status: max(status.oldest_waiting_s, 0.0)),
    ),
    Metric(
        "edgeagent_outbox_evicted_total",
        "counter",
        "因过期或空间不足而删除的行，按通道；其中未确认的另有缺口事件说明。",
        "Rows deleted by age or for want of room, by lane; those not acknowledged are declared by a gap event.",
        _each(lambda status: status.evicted, LANES),
        labels=("lane",),
    ),
    Metric(
        "edgeagent_outbox_bytes",
        "gauge",
        "待发库已用字节数。",
        "Bytes in use in the outbox's file.",
        _one(lambda status: status.store.outbox_bytes),
    ),
    Metric(
        "edgeagent_outbox_quota_bytes",
        "gauge",
        "待发库文件限额，字节。",
        "Quota of the outbox's file.",
        _one(lambda status: status.store.outbox_max_bytes),
    ),
    Metric(
        "edgeagent_data_month_bytes",
        "gauge",
        "本月与县级平台之间的流量，字节，含 TLS 和 TCP，为估算值。",
        "Bytes over the link to the hub in this month, TLS and TCP included, by estimate.",
        _one(lambda status: status.data.used_bytes if status.data else None),
    ),
    Metric(
        "edgeagent_data_budget_bytes",
        "gauge",
        "每月流量预算，字节；未设置为 0。",
        "Monthly data budget of the link; 0 when there is none.",
        _one(lambda status: status.data.budget_bytes if status.data else None),
    ),
    Metric(
        "edgeagent_data_level",
        "gauge",
        "为不超流量预算所采取的措施：0 无，1 缩小图片，2 不发图片，3 另减少健康报文。",
        "What is done to stay within the data budget: 0 nothing, 1 smaller pictures, 2 no pictures, 3 rare health too.",
        _one(lambda status: list(LEVEL_NAMES.values()).index(status.data.level) if status.data else None),
    ),
    Metric(
        "edgeagent_outbox_full",
        "gauge",
        "最近一次事件因空间不足未能入库时为 1。",
        "1 while the last event found no room and was refused.",
        _one(lambda status: status.store.full),
    ),
    Metric(
        "edgeagent_outbox_unwritable",
        "gauge",
        "最近一次事件因磁盘无法写入而未能入库时为 1。",
        "1 while the last event was refused because the disk cannot be written.",
        _one(lambda status: bool(status.store.unwritable)),
    ),
    Metric(
        "edgeagent_pictures_bytes",
        "gauge",
        "所存图片的字节数。",
        "Bytes of the pictures that are kept.",
        _one(lambda status: status.store.pictures_bytes),
    ),
    Metric(
        "edgeagent_pictures_quota_bytes",
        "gauge",
        "图片限额，字节。",
        "Quota of the pictures.",
        _one(lambda status: status.store.pictures_max_bytes),
    ),
    Metric(
        "edgeagent_disk_free_bytes",
        "gauge",
        "待发库所在磁盘的可用字节数，未知时不提供。",
        "Free bytes on the disk beneath the outbox; absent while unknown.",
        _one(lambda status: status.store.disk_free_bytes if status.store.disk_size_bytes else None),
    ),
    Metric(
        "edgeagent_disk_size_bytes",
        "gauge",
        "该磁盘的总字节数，未知时不提供。",
        "Size of that disk, bytes; absent while unknown.",
        _one(lambda status: status.store.disk_size_bytes or None),
    ),
    Metric(
        "edgeagent_certificate_expiry_timestamp_seconds",
        "gauge",
        "县级平台所发证书的到期时刻，没有则不提供。",
        "When the certificate that the hub gave this box ends; absent where it has none of the hub's.",
        _one(lambda status: status.certificate_ends.timestamp() if status.certificate_ends else None),
    ),
    Metric(
        "edgeagent_mqtt_connected",
        "gauge",
        "与消息服务器连接时为 1。",
        "1 while a connection to the broker stands.",
        _one(lambda status: status.connected),
    ),
    Metric(
        "edgeagent_mqtt_connects_total",
        "counter",
        "启动以来成功建立的连接次数。",
        "Connections that the broker accepted since the start.",
        _one(lambda status: status.connects),
    ),
    Metric(
        "edgeagent_mqtt_sent_bytes_total",
        "counter",
        "已发送的 MQTT 字节数（不含 TLS、TCP）。",
        "Bytes of MQTT packets sent, without TLS and TCP.",
        _one(lambda status: status.sent_bytes),
    ),
    Metric(
        "edgeagent_mqtt_received_bytes_total",
        "counter",
        "已接收的 MQTT 字节数（不含 TLS、TCP）。",
        "Bytes of MQTT packets received, without TLS and TCP.",
        _one(lambda status: status.received_bytes),
    ),
    Metric(
        "edgeagent_uplink_in_flight_messages",
        "gauge",
        "已发出、县级平台尚未确认的报文数。",
        "Messages sent that the hub has not acknowledged.",
        _one(lambda status: status.in_flight),
    ),
    Metric(
        "edgeagent_uplink_held",
        "gauge",
        "因服务器拒收而暂停发送时为 1。",
        "1 while everything is held back because the broker refuses it.",
        _one(lambda status: bool(status.held)),
    ),
    Metric(
        "edgeagent_uplink_sent_events_total",
        "counter",
        "交给消息服务器的事件和图片数（含重发）。",
        "Events and pictures handed to the broker, each repetition included.",
        _uplink("sent"),
    ),
    Metric(
        "edgeagent_uplink_resent_messages_total",
        "counter",
        "县级平台未按时确认而重发的报文数。",
        "Messages sent again because the hub did not acknowledge in time.",
        _uplink("resent"),
    ),
    Metric(
        "edgeagent_uplink_refused_messages_total",
        "counter",
        "被消息服务器拒收的报文数。",
        "Messages that the broker refused.",
        _uplink("refused"),
    ),
    Metric(
        "edgeagent_uplink_parked_events_total",
        "counter",
        "服务器永远不会接收而放弃的事件数（已声明缺口）。",
        "Events given up, with a gap, because the broker will never take them.",
        _uplink("parked"),
    ),
    Metric(
        "edgeagent_uplink_strange_acks_total",
        "counter",
        "收到本进程未发送编号的确认数：可能有另一台盒子使用相同编号。",
        "Acknowledgements of numbers that this process has not sent: another box may use the same id.",
        _uplink("strange_acks"),
    ),
    Metric(
        "edgeagent_uplink_renewed_connections_total",
        "counter",
        "紧急求助被图片或失效线路阻塞，因而放弃并重新建立的连接数。",
        "Connections given up and begun anew because a call for help was stuck behind a picture or on a dead line.",
        _uplink("renewed"),
    ),
    Metric(
        "edgeagent_clock_synced",
        "gauge",
        "本机时钟已同步时为 1。",
        "1 while the machine's clock is synchronised.",
        _one(lambda status: status.clock == "synced"),
    ),
    Metric(
        "edgeagent_clock_offset_seconds",
        "gauge",
        "真实时间减本机时钟的秒数，未知时不提供。",
        "True time minus wall clock; absent while unknown.",
        _one(lambda status: status.offset_s),
    ),
    Metric(
        "edgeagent_device_up",
        "gauge",
        "设备监测完全正常为 1，否则为 0；停用的设备不列出。",
        "1 while the device is watched in full, else 0; devices that are switched off are left out.",
        lambda status: [((it.id,), it.state == "up") for it in status.devices if it.state != "disabled"],
        labels=("device",),
    ),
    Metric(
        "edgeagent_device_restarts_total",
        "counter",
        "设备驱动结束后重新启动的次数。",
        "How often the device's driver ended and was started again.",
        lambda status: [((it.id,), it.restarts) for it in status.devices if it.state != "disabled"],
        labels=("device",),
    ),
    Metric(
        "edgeagent_board_revision",
        "gauge",
        "本盒公示栏的版本号，0 表示尚未收到。",
        "Revision of the notice board that the box has; 0: none yet.",
        _one(lambda status: status.board_revision),
    ),
)
