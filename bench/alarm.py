"""The event that everybody stores and sends: one of our motion alarms, 385 bytes at a five-digit number.

Standard library only, so that the peers' interpreter can make it too. The sink finds `"seq":` in whatever wraps it.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

COUNTY = "431126"
BOX = "431126001002"
SOURCE = f"grid/1/{COUNTY}/{BOX}"
CAMERAS = 12
STREAM = "01M80AXW7EMFYJN7RDTE5CBGBN"
SOURCE_TOKEN = "V1"
_BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def camera(seq: int) -> str:
    """Alarms come from twelve cameras in turn."""
    return f"cam-{seq % CAMERAS + 1}"


def alarm(seq: int, chance: random.Random) -> dict[str, object]:
    """The event as a mapping, in the order of its bytes; times as far apart as in a village."""
    apart_s = seq * 7 + chance.random() * 7
    time = (_BEGAN + timedelta(seconds=apart_s)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {
        "specversion": "1.0",
        "id": "01M80AXW7E" + "".join(chance.choices(_CROCKFORD, k=16)),
        "source": SOURCE,
        "type": "cn.gridwire.alarm.v1",
        "subject": camera(seq),
        "time": time,
        "recordedtime": time,
        "monotonic": f"{200_000 + apart_s:.3f}",
        "clock": "synced",
        "stream": STREAM,
        "lane": "alarm",
        "seq": seq,
        "data": {"kind": "motion", "state": "start", "source": SOURCE_TOKEN},
    }


def bodies(count: int, first: int = 1) -> list[bytes]:
    """The same bytes in each run."""
    chance = random.Random(first)
    return [encode(alarm(seq, chance)) for seq in range(first, first + count)]


def encode(event: object) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
