"""What a driver's parts tell of a device, each for itself, stands together in the birth message."""

from edgeagent.clock import Clock
from edgeagent.config import DeviceSettings
from edgeagent.devices.handle import DeviceHandle, Place
from edgeagent.intake import Intake
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import gap_draft
from edgeagent.rules import Rules

SOURCE = "grid/1/431126/431126001001"


async def test_one_part_does_not_wipe_out_what_another_has_told(tmp_path):
    clock = Clock()
    outbox = await Outbox.open(
        tmp_path, Limits(8, 8, 7, 0), boot="b", machine="m", gap=lambda gap: gap_draft(SOURCE, clock, gap)
    )
    intake = Intake(outbox, Rules([], "UTC"), clock, SOURCE)
    settings = DeviceSettings(driver="onvif", name="鱼塘")
    handle = DeviceHandle(
        "cam-1", settings, intake=intake, outbox=outbox, folder=tmp_path / "cam-1", language="en", place=Place()
    )
    handle.describe(maker="Gridcam", model="GC-2000")
    handle.describe(clock_offset_s="7", picture_problem="404")
    handle.describe(clock_offset_s="0", picture_problem="")
    assert handle.described().info == {"maker": "Gridcam", "model": "GC-2000", "clock_offset_s": "0"}
    await outbox.close()
