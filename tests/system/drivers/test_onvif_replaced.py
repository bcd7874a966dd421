"""A technician's day: a camera is replaced by another one at its address, two devices name the same address."""

from drivers.onvif.identity import another
from tests.cameras import CameraRecorder, camera, kept_setup, running, until, watched
from tests.cameras import driver_for as driver_of

OLD = {"model": "IPC-OLD", "serial": "OLD-0001234"}
NEW = {"model": "IPC-NEW", "serial": "NEW-0005678"}
DOOR = {"source": (("Token", "door-1"),), "data": (("State", "true"),)}


async def door_left_open(device):
    """A state that only the old camera knows is on; gives the port of that camera, which is gone."""
    async with camera(**OLD) as gate:
        async with watched(gate, device):
            await until(lambda: device.described.get("serial") == OLD["serial"])
            gate.send_raw("tns1:Device/Door/Open", **DOOR)
            await until(lambda: device.alarms("door") == [("door", "start")])
        return gate.port


async def test_what_only_the_old_camera_said_ends_when_another_one_hangs_in_its_place(device):
    port = await door_left_open(device)
    async with camera(port=port, **NEW) as gate, watched(gate, device):
        await until(lambda: device.alarms("door") == [("door", "start"), ("door", "end")])
        assert device.described["serial"] == NEW["serial"]
        assert device.described["model"] == NEW["model"]
        gate.raise_alarm("tamper", active=True)
        await until(lambda: device.alarms("tamper") == [("tamper", "start")])


async def test_the_same_camera_keeps_what_was_on(device):
    port = await door_left_open(device)
    async with camera(port=port, **OLD) as gate, watched(gate, device):
        gate.raise_alarm("tamper", active=True)
        await until(lambda: device.alarms("tamper") == [("tamper", "start")])
        assert device.alarms("door") == [("door", "start")]
        gate.send_raw("tns1:Device/Door/Open", **(DOOR | {"data": (("State", "false"),)}))
        await until(lambda: device.alarms("door") == [("door", "start"), ("door", "end")])


def test_blanks_make_no_other_camera():
    """Set-up keeps the texts as the camera tells them."""
    assert not another(("IPC  OLD\n", " OLD-0001234 "), ("IPC OLD", "OLD-0001234"))
    assert not another(("IPC  OLD\n", ""), ("IPC OLD", ""))
    assert another(("IPC OLD", ""), ("IPC NEW", ""))


async def test_two_devices_with_one_address_never_watch_the_camera_twice(device, tmp_path):
    (tmp_path / "2").mkdir()
    second = CameraRecorder(tmp_path / "2", id="cam-2", name="村口二", language="en")
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device), running(driver_of(gate), second):
            await until(lambda: second.states() == [("down", "same-address")])
            assert "cam-1" in second.reports[0].detail
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms("tamper") == [("tamper", "start")])
            assert gate.subscriptions == 1
            assert second.alarms() == []
        # The place is free again.
        async with running(driver_of(gate), second):
            await until(lambda: ("up", "") in second.states())
