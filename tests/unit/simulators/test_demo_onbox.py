"""What the demo reads of the box's own store at its end: of a store that the agent's own parts have written."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from edgeagent.clock import Clock
from edgeagent.config import DeviceSettings
from edgeagent.devices.handle import DeviceHandle, Place
from edgeagent.devices.sight import mark_alive
from edgeagent.driver import Alarm, Observation
from edgeagent.intake import Intake
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import gap_draft
from edgeagent.rules import Rules
from simulators.demo import onbox
from simulators.demo.counting import Blind, Happened, Key, count
from simulators.demo.ledger import Ledger
from simulators.demo.village import BASE

MOTION = "tns1:VideoSource/MotionAlarm"


@asynccontextmanager
async def running_box(folder):
    """Its outbox, and a maker of devices."""
    clock = Clock()
    outbox = await Outbox.open(
        folder, Limits(8, 8, 7, 0), boot="b", machine="m", gap=lambda gap: gap_draft(BASE, clock, gap)
    )
    intake = Intake(outbox, Rules([], "UTC"), clock, BASE)
    settings, place = DeviceSettings(driver="onvif"), Place()

    def device(name):
        return DeviceHandle(
            name, settings, intake=intake, outbox=outbox, folder=folder / name, language="en", place=place
        )

    yield outbox, device
    await outbox.close()


async def test_whom_the_box_does_not_see_and_what_it_has_not_sent(tmp_path):
    """A camera that is dark, one that was watched to the end, and an alarm that waits."""
    now = datetime.now(UTC)
    assert onbox.read(tmp_path, BASE, now, at_rest=True) == ([], []), "an agent that never ran"
    async with running_box(tmp_path) as (outbox, device):
        watched, dark = device("cam-1"), device("cam-2")
        await watched.report("up")
        await dark.report("up")
        await dark.report("down", "refused", last_seen=now - timedelta(seconds=40))
        alarm = Alarm(kind="motion", state="start", source="motion", topic=MOTION)
        await watched.emit(Observation(data=alarm))
        await mark_alive(outbox, now)
    running, ended = (onbox.read(tmp_path, BASE, now, at_rest=at_rest) for at_rest in (False, True))
    unseen = Blind("cam-2", now - timedelta(seconds=40), now, "open")
    assert running.blinds == [unseen]
    assert sorted(ended.blinds) == [Blind("cam-1", now - timedelta(seconds=5), now, "end"), unseen]
    ledger = Ledger(tmp_path / "none", BASE, now - timedelta(hours=1))
    ledger.await_unsent(ended.unsent)
    ledger.await_unsent(ended.unsent)
    assert [(each.key.device, each.key.kind, each.at_hub) for each in ledger.rows] == [("cam-1", "motion", False)]
    before, within = (Happened(Key("cam-2", "motion", "start", MOTION), now - timedelta(seconds=s)) for s in (41, 39))
    result = count([before, within], [], ended.blinds)
    assert (result.lost, result.unseen) == ([before], [within]), "nothing before the interval is excused by it"
