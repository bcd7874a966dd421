"""A county as large as it gets, written straight into the store's tables: 406 boxes with twelve cameras each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import insert

from countyhub.store import tables as t
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store
from countyhub.store.hooktables import webhook, webhook_delivery
from countyhub.store.identitytables import box_identity, certificate
from countyhub.store.mattertables import suppressed
from countyhub.store.notifytables import alert, parcel
from countyhub.store.worktables import cursor, lease
from gridwire.messages import DeviceHealth, Health
from tests.instances import STREAM

BOXES = 406
CAMERAS = 12
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
LIGHTS = ("green", "yellow", "red", "grey", "none")
PARCELS = ("sent", "sent", "sent", "failed", "unknown")


def names(boxes: int = BOXES) -> list[str]:
    return [f"431126{100 + number // 20:03}{200 + number % 20:03}" for number in range(boxes)]


async def fill(store: Store, *, boxes: int = BOXES, rows: int = 2000) -> None:
    """`rows`: of each table that grows (the inbox, the timelines, the messages, the deliveries)."""
    async with store.write() as connection:
        for table, values in (*_boxes(names(boxes)), *_cases(rows), *_sent_on(rows), *_events(names(boxes), rows)):
            await connection.execute(insert(table), values)


def _boxes(boxes):
    cameras = tuple(f"cam-{number}" for number in range(CAMERAS))
    devices = tuple(DeviceHealth(id=name, state="up", faults=()) for name in cameras)
    health = Health(at=NOW, uptime_s=1.0, clock="synced", devices=devices, waiting={"alarm": 3}, oldest_waiting_s=7.5)
    raw = msgspec.json.encode(health)
    yield t.box, [
        {"box": box, "name": f"村{box[-4:]}", "status": "online", "version": "0.1.0", "last_seen": NOW,
         "health": raw, "health_at": NOW}
        for box in boxes
    ]  # fmt: skip
    yield t.device_state, [
        {"box": box, "device": name, "name": "村口", "driver": "onvif", "state": "up", "updated": NOW}
        for box in boxes for name in cameras
    ]  # fmt: skip
    yield (
        t.stream_state,
        [{"box": box, "stream": STREAM, "lane": lane} for box in boxes for lane in ("urgent", "alarm", "record")],
    )
    yield box_identity, [{"box": box, "state": "active", "since": NOW, "by": "x"} for box in boxes]
    yield certificate, [
        {"serial": f"{box}-{year}", "box": box, "ca": "x", "key": b"k" * 32, "issued": NOW,
         "expires": NOW + timedelta(days=365 * year), "pem": b""}
        for box in boxes for year in (1, 2)
    ]  # fmt: skip


def _events(boxes, rows):
    yield t.event, [
        {"id": number, "event_id": STREAM, "box": boxes[number % len(boxes)], "stream": STREAM, "lane": "alarm",
         "seq": number, "type": "cn.gridwire.device.v1", "subject": "cam-1", "time": NOW, "recorded": NOW,
         "received": NOW - timedelta(seconds=rows - number), "clock": "synced", "monotonic_ms": 1, "drill": False,
         "raw": b"{}"}
        for number in range(1, rows + 1)
    ]  # fmt: skip
    yield cursor, [
        {"name": "correlate", "value": rows - 30}, {"name": "correlate-link", "value": 0},
        {"name": "notify", "value": rows}, {"name": "feed-mqtt-event", "value": rows // 2},
        {"name": "feed-mqtt-case", "value": rows},
    ]  # fmt: skip


def _cases(rows):
    """One in ten is open; of the open ones one in five is over."""
    yield cases, [
        {"number": f"431126{number:010}", "key": f"hand/{number}", "open": number % 10 == 0, "version": 1,
         "edition": 1, "stage": "handling" if number % 10 == 0 else "archived", "light": LIGHTS[number // 10 % 5],
         "level": "village", "arrived": NOW, "due": NOW + timedelta(hours=1 if number // 10 % 5 else -1),
         "escalated": number // 10 % 5 == 0, "changed": NOW, "state": b"{}"}
        for number in range(rows)
    ]  # fmt: skip
    yield (
        case_entry,
        [
            {"id": number, "number": f"431126{number // 5:010}", "version": 1, "act": "assign", "at": NOW}
            for number in range(1, rows + 1)
        ],
    )
    yield suppressed, [{"day": NOW.date(), "reason": f"window/{number}@example", "count": 2} for number in range(50)]


def _sent_on(rows):
    yield parcel, [
        {"id": number, "sid": f"{number:026}", "person": "p", "channel": "sms", "lane": "sms", "urgent": False,
         "subject": "", "text": "x" * 200, "made": NOW, "state": PARCELS[number % 5], "holder": "", "tries": 1,
         "problem": ""}
        for number in range(1, rows + 1)
    ]  # fmt: skip
    yield alert, [
        {"number": "43112600000001", "reason": 1, "lap": 2, "step": 0, "drill": False,
         "opened": NOW - timedelta(minutes=9), "due": NOW, "ended_by": ""},
        {"number": "43112600000002", "reason": 2, "lap": 1, "step": 0, "drill": True, "opened": NOW, "due": NOW,
         "ended_by": ""},
    ]  # fmt: skip
    hook = {"url": "", "secret": "", "old_secret": "", "types": b"[]", "kinds": b"[]", "areas": b"[]", "by": "",
            "created": NOW, "event_cursor": 0, "entry_cursor": 0}  # fmt: skip
    yield (
        webhook,
        [
            {**hook, "id": "one", "name": "a", "state": "active", "reason": "", "failing_since": NOW},
            {**hook, "id": "two", "name": "b", "state": "paused", "reason": "", "failing_since": None},
        ],
    )
    yield webhook_delivery, [
        {"webhook": ("one", "two")[number % 2], "message": f"m{number}", "source": "event", "source_id": number,
         "type": "x", "body": b"{}", "state": "done" if number > 20 else ("waiting", "dead")[number % 2],
         "attempts": 1, "failures": 0, "created": NOW, "due": NOW, "error": ""}
        for number in range(1, rows + 1)
    ]  # fmt: skip
    yield (
        lease,
        [
            {"name": "chores", "holder": "a", "until": NOW + timedelta(days=10_000)},
            {"name": "correlate", "holder": "b", "until": NOW - timedelta(seconds=1)},
        ],
    )
