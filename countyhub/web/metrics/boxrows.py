"""The metrics of every box as its last health message said, so that a county without Prometheus in its villages sees
them all. Bounded: one series for each box that was ever heard of, never one for a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from countyhub.overview.boxviews import BoxView
from countyhub.web.metrics.table import Metric, Read, Sample, Scrape, moments


def _of_each(read: Callable[[BoxView], float | None]) -> Read:
    """By box; left out where it is unknown."""
    return lambda scrape: [((box.id,), value) for box in scrape.boxes if (value := read(box)) is not None]


def _cameras(scrape: Scrape) -> Iterable[Sample]:
    for box in scrape.boxes:
        yield (box.id, "all"), len(box.cameras)
        yield (box.id, "online"), box.cameras_online
        yield (box.id, "intact"), box.cameras_intact


BOXES: Final = (
    Metric(
        "countyhub_box_info", "gauge",
        "恒为 1，标签为村名和所运行的版本。", "Always 1; the labels say the name of the place and which version runs.",
        lambda scrape: [((box.id, box.name, box.version), 1) for box in scrape.boxes], ("box", "name", "version"),
    ),
    Metric(
        "countyhub_box_connected", "gauge",
        "盒子在线时为 1。", "1 while the box is online.",
        _of_each(lambda box: box.link == "online"), ("box",),
    ),
    Metric(
        "countyhub_box_last_seen_timestamp_seconds", "gauge",
        "最近一次收到该盒子消息的时刻。", "When anything last came from the box.",
        moments(lambda scrape: {box.id: box.last_seen for box in scrape.boxes}), ("box",),
    ),
    Metric(
        "countyhub_box_waiting_events", "gauge",
        "盒子上尚未被确认的事件数。", "Events that the box has and the hub has not acknowledged.",
        _of_each(lambda box: box.waiting), ("box",),
    ),
    Metric(
        "countyhub_box_oldest_waiting_seconds", "gauge",
        "其中最早一条在盒子上报时的存留秒数，没有则为 0。",
        "Age of the oldest of them when the box last told; 0 when there is none.",
        _of_each(lambda box: max(box.oldest_waiting_s, 0.0)), ("box",),
    ),
    Metric(
        "countyhub_box_missing_numbers", "gauge",
        "该盒子应到未到、仍保存在盒子上的编号数。", "Numbers of the box that are due and that it still keeps.",
        _of_each(lambda box: box.missing), ("box",),
    ),
    Metric(
        "countyhub_box_lost_numbers", "gauge",
        "该盒子未到且已不再保存的编号数。", "Numbers of the box that never came and that it no longer keeps.",
        _of_each(lambda box: box.lost), ("box",),
    ),
    Metric(
        "countyhub_box_clock_synced", "gauge",
        "盒子时钟已同步时为 1。", "1 while the box's clock is synchronised.",
        _of_each(lambda box: box.clock == "synced" if box.clock else None), ("box",),
    ),
    Metric(
        "countyhub_box_cameras", "gauge",
        "该盒子的摄像机数：all 全部，online 在线，intact 完好；盒子离线时后两者为 0。",
        "Cameras of the box: all, online and intact; none of a box that is away is either.",
        _cameras, ("box", "state"),
    ),
    Metric(
        "countyhub_box_devices_down", "gauge",
        "该盒子的故障设备数（含摄像机）。", "Devices of the box that are down, cameras or not.",
        _of_each(lambda box: box.devices_down), ("box",),
    ),
    Metric(
        "countyhub_box_low_disk_free_bytes", "gauge",
        "盒子磁盘剩余空间不足（低于 10% 或 512 MiB）时的可用字节数，充足时不提供。",
        "Free bytes on the box's disk, once little is left (under 10 % or 512 MiB); absent while there is enough.",
        _of_each(lambda box: box.disk_free_mb * 2**20 if box.disk_free_mb is not None else None), ("box",),
    ),
    Metric(
        "countyhub_box_data_month_bytes", "gauge",
        "该盒子本月链路流量，字节，由盒子估算。", "Bytes over the box's link in this month, by its own estimate.",
        _of_each(lambda box: box.data_month_bytes), ("box",),
    ),
    Metric(
        "countyhub_box_data_level", "gauge",
        "该盒子为不超流量预算所采取的措施：0 无，1 缩小图片，2 不发图片，3 另减少健康报文。",
        "What it does to stay within its data budget: 0 nothing, 1 smaller pictures, 2 no pictures, 3 rare health.",
        _of_each(lambda box: box.data_level), ("box",),
    ),
    Metric(
        "countyhub_box_certificate_expiry_timestamp_seconds", "gauge",
        "该盒子最新证书的到期时刻。", "When the newest certificate of the box ends.",
        moments(lambda scrape: dict(scrape.figures.certificates)), ("box",),
    ),
)  # fmt: skip
