"""For tests of the outbox: one in a folder, and what is put into it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime

from edgeagent.clock import Stamp
from edgeagent.driver import Alarm
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import Draft

SOURCE = "grid/1/431126/431126001002"
LIMITS = Limits(max_mb=64, pictures_max_mb=8, retain_days=7, linger_s=0.01)
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 1000 + b"\xff\xd9"


def draft(data, subject="pond"):
    return Draft(SOURCE, subject, data, Stamp(datetime.now(UTC), 12.5, "synced"))


def alarm(**changes):
    return draft(Alarm(kind="motion", state="pulse", **changes))


@asynccontextmanager
async def outbox(folder, limits=LIMITS, boot="boot-1", machine="machine-1"):
    box = await Outbox.open(folder, limits, boot=boot, machine=machine, gap=lambda gap: draft(gap, "box"))
    try:
        yield box
    finally:
        await box.close()


async def rows(box, lane):
    return await box.read(lane, 1, 10**9, 10**6)
