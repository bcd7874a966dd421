"""The status page: one self-contained HTML text made of a snapshot. Pure; everything from outside is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from edgeagent.status.advice import findings
from edgeagent.status.state import BoxStatus, DeviceStatus
from edgeagent.status.style import STYLE
from edgeagent.status.words import duration, size, word
from gridwire.problem import Language

REFRESH_S = 5
POLICY = f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""Only this very style is allowed: whatever a device's name may smuggle in, it is not run and loads nothing."""

_MOOD = {"up": "ok", "degraded": "warn", "down": "bad", "starting": "quiet", "disabled": "quiet"}
_ORDER = ("down", "degraded", "starting", "up", "disabled")


def render(status: BoxStatus, language: Language, timezone: str) -> str:
    """The whole page. Times are shown in `timezone` (IANA name)."""
    return _Page(status, language, ZoneInfo(timezone)).text()


class _Page:
    def __init__(self, status: BoxStatus, language: Language, zone: ZoneInfo) -> None:
        self._status, self._language, self._zone = status, language, zone

    def text(self) -> str:
        status = self._status
        title = f"{status.name or status.box} · {self._word('title')}"
        return (
            f'<!doctype html><html lang="{"zh-CN" if self._language == "zh" else "en"}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="refresh" content="{REFRESH_S}">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
            f"{self._header()}<main>{self._findings()}{self._devices()}{self._hub()}{self._lanes()}{self._store()}"
            f"{self._counts()}{self._box()}</main>{self._footer()}</body></html>"
        )

    # -- parts of the page ---------------------------------------------------------------------------------------

    def _header(self) -> str:
        status = self._status
        other, label = ("en", "English") if self._language == "zh" else ("zh", "中文")
        hub = _chip("ok", self._word("connected")) if status.connected else _chip("warn", self._word("disconnected"))
        return (
            f"<header><h1>{escape(status.name or status.box)}</h1><p>{escape(status.box)} · "
            f'{self._word("hub")} {hub}</p><a href="?lang={other}" lang="{other}">{label}</a></header>'
        )

    def _findings(self) -> str:
        found = findings(self._status)
        if not found:
            return f'<p class="finding ok">{self._word("well")}</p>'
        said = ((it.level, it.zh if self._language == "zh" else it.en) for it in found)
        return "".join(f'<p class="finding {level}">{escape(words)}</p>' for level, words in said)

    def _devices(self) -> str:
        devices = sorted(self._status.devices, key=lambda device: _ORDER.index(device.state))
        if not devices:
            return self._section("devices", f"<p>{self._word('no_devices')}</p>")
        return self._section("devices", self._table(("device", "state", "why", "info"), map(self._device, devices)))

    def _device(self, device: DeviceStatus) -> list[str]:
        since = f" <small>{self._word('since')} {self._time(device.since)}</small>" if device.since else ""
        restarts = {self._word("restarts"): str(device.restarts)} if device.restarts else {}
        info = restarts | {self._word(key): self._said(key, value) for key, value in device.info.items()}
        name = f"<strong>{escape(device.name)}</strong><br>" if device.name else ""
        reason = f"<code>{escape(device.reason)}</code> " if device.reason else ""
        return [
            f"{name}<small>{escape(device.id)} · {escape(device.driver)}</small>",
            _chip(_MOOD[device.state], self._word(device.state)) + since,
            reason + escape(device.detail),
            "<br>".join(f"<small>{escape(key)}: {escape(value)}</small>" for key, value in info.items()),
        ]

    def _said(self, key: str, value: str) -> str:
        """What a driver said: words of our own in the reader's language, all else as it is."""
        return self._word(value) if key in ("events", "privacy_notice") else value

    def _hub(self) -> str:
        status = self._status
        state = self._word("connected" if status.connected else "disconnected")
        rows = {
            "address": escape(status.hub),
            "link": f"{state}, {self._word('since')} {self._time(status.connected_since)}",
            "last_error": escape(status.last_error),
            "held": escape(status.held),
            "in_flight": str(status.in_flight),
            "connects": str(status.connects),
            "data": self._data(),
            "traffic": f"{size(status.sent_bytes)} / {size(status.received_bytes)}",
        }
        return self._section("hub", self._list(rows))

    def _data(self) -> str:
        data = self._status.data
        if data is None:
            return ""
        if not data.budget_bytes:
            return size(data.used_bytes)
        since = f", {self._word('since')} {self._time(data.since)}" if data.since else ""
        return f"{_meter(data.used_bytes, data.budget_bytes)}, {self._word(data.level)}{since}"

    def _lanes(self) -> str:
        rows = [
            [self._word(lane), str(it.waiting), str(it.oldest_unacked), str(it.next)]
            for lane, it in self._status.lanes.items()
        ]
        table = self._table(("lane", "waits", "oldest_unacked", "next"), rows, "numbers")
        oldest = duration(self._status.oldest_waiting_s, self._language)
        return self._section("waiting", table + (f"<p>{self._word('oldest')} {oldest}</p>" if self._waits() else ""))

    def _store(self) -> str:
        store = self._status.store
        rows = {
            "outbox": _meter(store.outbox_bytes, store.outbox_max_bytes),
            "pictures": _meter(store.pictures_bytes, store.pictures_max_bytes),
        }
        return self._section("store", self._list(rows))

    def _counts(self) -> str:
        status = self._status
        groups: dict[str, Mapping[str, int]] = {
            "stored": status.emitted,
            "suppressed": status.suppressed,
            "evicted": status.evicted,
            "uplink": status.counters,
        }
        return self._section("counts", self._list({key: self._numbers(group) for key, group in groups.items()}))

    def _box(self) -> str:
        status = self._status
        offset = "" if status.offset_s is None else f" ({status.offset_s:+.1f} s)"
        rows = {
            "id": escape(status.box),
            "version": escape(status.version),
            "started": self._time(status.started),
            "uptime": duration(status.uptime_s, self._language),
            "clock": self._word(status.clock) + offset,
            "board": str(status.board_revision),
            "config": f"<code>{escape(status.config_hash[:12])}</code>",
            "stream": f"<code>{escape(status.stream)}</code>",
        }
        return self._section("box", self._list(rows))

    def _footer(self) -> str:
        links = '<a href="/status.json">status.json</a> <a href="/metrics">metrics</a>'
        return f"<footer>{self._word('as_of')} {self._time(self._status.at)} · {links}</footer>"

    # -- pieces --------------------------------------------------------------------------------------------------

    def _word(self, key: str) -> str:
        return escape(word(key, self._language))

    def _waits(self) -> bool:
        return any(lane.waiting for lane in self._status.lanes.values())

    def _time(self, time: datetime) -> str:
        local = time.astimezone(self._zone)
        return f'<time datetime="{local.isoformat()}">{local:%Y-%m-%d %H:%M:%S}</time>'

    def _numbers(self, counts: Mapping[str, int]) -> str:
        return ", ".join(f"{self._word(key)} {count}" for key, count in counts.items() if count) or self._word("none")

    def _section(self, key: str, body: str) -> str:
        return f'<section class="{key}"><h2>{self._word(key)}</h2>{body}</section>'

    def _list(self, rows: Mapping[str, str]) -> str:
        """Names and values; empty values are left out. The values are HTML."""
        shown = (f"<dt>{self._word(key)}</dt><dd>{value}</dd>" for key, value in rows.items() if value)
        return f"<dl>{''.join(shown)}</dl>"

    def _table(self, columns: tuple[str, ...], rows: Iterable[list[str]], css: str = "") -> str:
        """Cells are HTML."""
        head = "".join(f'<th scope="col">{self._word(column)}</th>' for column in columns)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        return f'<table class="{css}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _chip(mood: str, words: str) -> str:
    return f'<span class="chip {mood}">{words}</span>'


def _meter(used: int, quota: int) -> str:
    return f'<meter max="{quota}" value="{used}"></meter> {size(used)} / {size(quota)}'
