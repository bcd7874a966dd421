"""A box as the status page sees it: one camera dark, one well, one switched off; connected, with a backlog."""

from __future__ import annotations

import msgspec

from edgeagent.status.state import BoxStatus

_LANE = {"waiting": 0, "oldest_kept": 1, "oldest_unacked": 1, "next": 1}
_PLAIN = {
    "box": "431126001001",
    "name": "石桥村",
    "version": "1.2.3",
    "at": "2026-05-01T04:00:00Z",
    "started": "2026-05-01T01:00:00Z",
    "uptime_s": 10800.0,
    "hub": "hub.example.cn:8883",
    "connected": True,
    "connected_since": "2026-05-01T01:00:02Z",
    "connects": 1,
    "last_error": "",
    "last_error_code": "",
    "held": "",
    "in_flight": 2,
    "sent_bytes": 5000,
    "received_bytes": 3000,
    "clock": "synced",
    "offset_s": 0.25,
    "stream": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "streams_kept": 2,
    "oldest_waiting_s": 61.5,
    "lanes": {
        "urgent": _LANE,
        "alarm": {"waiting": 3, "oldest_kept": 5, "oldest_unacked": 40, "next": 43},
        "record": _LANE,
        "reading": _LANE,
        "media": _LANE,
    },
    "store": {
        "outbox_bytes": 1572864,
        "outbox_max_bytes": 2**28,
        "pictures_bytes": 2048,
        "pictures_max_bytes": 2**29,
        "full": False,
        "disk_free_bytes": 2**33,
        "disk_size_bytes": 2**35,
    },
    "emitted": {"alarm": 42},
    "suppressed": {"cooldown": 7},
    "evicted": {"reading": 4},
    "counters": {"sent": 50, "resent": 1, "refused": 0, "parked": 0, "strange_acks": 0, "renewed": 0},
    "board_revision": 12,
    "certificate_ends": "2027-05-01T00:00:00Z",
    "config_hash": "ab" * 32,
    "data": {
        "used_bytes": 3 * 2**20,
        "budget_bytes": 30 * 2**20,
        "level": "normal",
        "resets": "2026-06-01T00:00:00+08:00",
    },
    "devices": [
        {"id": "cam-1", "name": "村口", "driver": "onvif", "state": "up", "info": {"maker": "Uniview"}},
        {"id": "cam-2", "name": "池塘", "driver": "onvif", "state": "down", "reason": "login", "detail": "密码不对"},
        {"id": "cam-3", "name": "", "driver": "onvif", "state": "disabled"},
    ],
}


def sample(**changes: object) -> BoxStatus:
    """The box, with some values changed (as plain data)."""
    return msgspec.convert(_PLAIN | changes, BoxStatus)
