"""Never more than one subscription at a camera: an agent that is killed again and again, and cameras with few slots."""

import asyncio
import re

import pytest

from simulators.camera import CameraConfig, CameraFarm
from tests.cameras import CameraRecorder, camera, driver_for, kept_setup, running, until, watched
from tests.ports import NOBODY
from tests.processes import AgentProcess

KILLS = 20
MAX_UNHEARD = 3


def camera_table(name, port):
    return (
        f'\n[device.{name}]\ndriver = "onvif"\naddress = "127.0.0.1:{port}"\nusername = "admin"\n'
        'password = "camera-2024"\n'
    )


def end_unheard(gate, kept):
    """Whether the camera's newest subscription is none that the killed process had written down; it is ended then."""
    live = gate.state.pull_points.live()
    file = kept / "subscription.json"
    known = file.read_text() if file.exists() else ""
    if not live or re.search(rf"(/subscription/|SubscriptionId[^<]*>){live[-1].number}\b", known):
        return False
    gate.state.pull_points.close(live[-1])
    return True


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_twenty_kills_leave_one_subscription(tmp_path, counted):
    """Two slots: one orphan at any time would be noticed, two would shut us out for ten minutes.

    A kill while the camera's first answer is under way leaves a subscription whose address nobody knows: it is counted,
    and ended as its lifetime would end it.
    """
    configs = [
        CameraConfig(name="plain", slots=2),
        CameraConfig(name="axis", slots=2, quirks=frozenset({"reference_parameters", "wrong_address"})),
    ]
    async with CameraFarm(configs) as farm:
        devices = "".join(camera_table(name, one.port) for name, one in farm.cameras.items())
        agent = AgentProcess(tmp_path, NOBODY, devices)
        most = unheard = 0
        for kill in range(KILLS):
            opened = {name: one.state.pull_points.opened for name, one in farm.cameras.items()}
            agent.start()
            await until(
                lambda opened=opened: all(farm[name].state.pull_points.opened > n for name, n in opened.items())
            )
            # At another moment each time: while subscribing, at the first poll, during a long one.
            await asyncio.sleep(0.02 + 0.05 * kill)
            agent.kill()
            unheard += sum(
                end_unheard(one, tmp_path / "store" / "devices" / name) for name, one in farm.cameras.items()
            )
            most = max(most, *(one.subscriptions for one in farm.cameras.values()))
        live = {name: one.subscriptions for name, one in farm.cameras.items()}
        with agent:
            await until(lambda: all(f"{name}: up" in agent.log for name in farm.cameras))
            after = {name: one.subscriptions for name, one in farm.cameras.items()}
            assert await asyncio.to_thread(agent.stop) == 0
        left = {name: one.subscriptions for name, one in farm.cameras.items()}
        counted(
            f"{KILLS} kills, {unheard} before the camera's answer was kept: at most {most} live at a time, "
            f"{live} after the last, {after} running, {left} stopped"
        )
        assert (most, unheard <= MAX_UNHEARD) == (1, True)
        assert set(after.values()) == {1}
        assert set(left.values()) == {0}


async def test_what_was_left_behind_is_ended_first_even_when_it_is_the_last_slot(tmp_path):
    device = CameraRecorder(tmp_path, id="cam-1")
    async with camera(slots=1) as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            # As kill -9 leaves it: the camera keeps the subscription, the disk its address.
            kept = (tmp_path / "subscription.json").read_bytes()
        gate.state.pull_points.open(600.0)
        (tmp_path / "subscription.json").write_bytes(kept.replace(b"/subscription/1", b"/subscription/2"))
        again = CameraRecorder(tmp_path, id="cam-1")
        async with watched(gate, again):
            assert gate.subscriptions == 1
        assert gate.subscriptions == 0


async def test_a_freeze_leaves_one_subscription(tmp_path):
    device = CameraRecorder(tmp_path, id="cam-1")
    async with camera(slots=5) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            gate.raise_alarm("tamper")
            await until(device.alarms)
            gate.freeze()
            await asyncio.sleep(0.5)  # frozen for a while: nothing goes in or out
            gate.unfreeze()
            gate.raise_alarm("tamper", active=False)
            await until(lambda: len(device.alarms()) == 2)
            assert gate.subscriptions == 1


async def test_a_subscription_of_another_camera_is_not_ended(tmp_path):
    device = CameraRecorder(tmp_path, id="cam-1")
    async with camera() as old, camera() as new:
        async with watched(old, device):
            kept = (tmp_path / "subscription.json").read_bytes()
        (tmp_path / "subscription.json").write_bytes(kept)
        async with running(driver_for(new), CameraRecorder(tmp_path, id="cam-1")):
            await until(lambda: new.subscriptions == 1)
