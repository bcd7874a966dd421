"""SIGHUP again and again, each time with a change: what did not change is not touched, and no event is lost.

The real process with cameras over HTTP, a driver that counts, a broker, and a hub that acknowledges.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from types import SimpleNamespace

import pytest

from simulators.camera import CameraConfig, CameraFarm
from tests.cameras import PASSWORD, kept_setup
from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter
from tests.uplinks import Sink

RELOADS, PULSES = 20, 3
"""Reloads, and pulses of the unchanged camera before, during and after each."""


def camera(device, simulated, **settings):
    lines = {"driver": "onvif", "address": f"127.0.0.1:{simulated.port}", "username": "admin", "password": PASSWORD}
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in {**lines, "poll_s": 2.0, **settings}.items())
    return f"\n[device.{device}]\njudge_every_s = 0\n{text}"


@contextlib.asynccontextmanager
async def village(folder):
    """Cameras `gate` and `yard`, a broker with a hub, and an agent that is not started yet."""
    configs = [CameraConfig(name=name, serial=f"SN-{name}-0001") for name in ("gate", "yard")]
    async with CameraFarm(configs) as farm:
        with Mosquitto(folder / "broker") as broker:
            async with Sink(broker.port, acking=True) as sink:
                agent = AgentProcess(folder / "box", broker.port)
                for name in ("gate", "yard"):
                    own = folder / "box/store/devices" / name
                    own.mkdir(parents=True)
                    kept_setup(SimpleNamespace(folder=own), farm[name])
                yield farm["gate"], farm["yard"], sink, agent


def alarms(agent, device):
    bodies = [json.loads(body) for (body,) in agent.rows("SELECT body FROM alarm ORDER BY n")]
    return [body["data"] for body in bodies if body["subject"] == device]


def configured(gate, yard, ledgers, number):
    """What the file says in round `number`: `gate` and `steady` as ever, the others otherwise each time."""
    text = camera("gate", gate, name="村口") + camera("yard", yard, name=f"院子 {number}")
    text += emitter(ledgers["steady"].path, {"alarm": 1, "reading": 1}, every_ms=5)
    text += emitter(ledgers["restless"].path, {"alarm": 2, "checkin": 1}, every_ms=5, tag=str(number))
    if number % 2:
        text += emitter(ledgers["guest"].path, {"sos": 1}, every_ms=20)
    return text + f'\n[[rule]]\nkinds = ["fire"]\ncooldown_s = {number}\n'


async def until_read(agent, was, wrong):
    """Until a right file is in force (it has another hash than `was`), or so many wrong ones were refused."""
    if wrong:
        await until(lambda: agent.log.count("not reloaded, the old one stays") == wrong, PATIENCE_S)
        assert await hash_of(agent) == was
        return
    async with asyncio.timeout(PATIENCE_S):
        while await hash_of(agent) in (was, None):
            assert agent.is_running, agent.log


async def hash_of(agent):
    return (await agent.status()).get("config_hash")


async def of(agent, device):
    return next(each for each in (await agent.status())["devices"] if each["id"] == device)


@pytest.mark.slow
async def test_twenty_reloads_touch_only_what_changed_and_lose_no_event(tmp_path, counted):
    ledgers = {name: Ledger(tmp_path / f"{name}.txt") for name in ("steady", "restless", "guest")}
    async with village(tmp_path) as (gate, yard, sink, agent):
        agent.configure(configured(gate, yard, ledgers, 0))
        with agent:
            await agent.until_running()
            await until(lambda: gate.subscriptions and yard.subscriptions and ledgers["steady"].told, PATIENCE_S)
            before = {name: await of(agent, name) for name in ("gate", "steady")}
            good = 0
            for number in range(1, RELOADS + 1):
                gate.raise_alarm("line_crossing")
                yard.raise_alarm("tamper", active=number % 2 == 1)
                wrong, was = number % 5 == 0, await hash_of(agent)
                agent.configure(configured(gate, yard, ledgers, number) + ("[device.x]\n" if wrong else ""))
                agent.reload()
                gate.raise_alarm("line_crossing")
                good += not wrong
                await until_read(agent, was, number // 5 if wrong else 0)
                gate.raise_alarm("line_crossing")
            await until(lambda: len(alarms(agent, "gate")) == RELOADS * PULSES, PATIENCE_S)
            await until(lambda: [each["state"] for each in alarms(agent, "yard")][-1:] == ["end"], PATIENCE_S)
            # One subscription from the first to the last. Where settings changed there are more, but for reloads that
            # came before the last one had subscribed.
            assert gate.state.pull_points.opened == 1
            assert 2 < yard.state.pull_points.opened <= 1 + good
            for name, was in before.items():
                now = await of(agent, name)
                assert (now["restarts"], now["since"], now["state"]) == (0, was["since"], "up")
            assert agent.stop() == 0
        agent.configure("")
        with agent:  # what the last commit left on the disk goes up now
            await agent.until_drained()
        told = [alarm["object"] for alarm in alarms(agent, "gate")]
        assert told == [str(n) for n in range(1, RELOADS * PULSES + 1)]
        states = [alarm["state"] for alarm in alarms(agent, "yard")]
        assert states == ["start", "end"] * (len(states) // 2)
        arrived = Counter((got.streams[at], *number) for got in sink.events for at, number in enumerate(got.numbers))
        for name, ledger in ledgers.items():
            assert not [told for told in ledger.told_at.values() if told not in arrived], name
        for name in ("steady", "restless"):  # what a driver began while it was ended is stored, and stored once
            emitted = sorted(alarm["source"] for alarm in alarms(agent, name))
            for worker in {source.split("/")[0] for source in emitted}:
                numbers = sorted(int(source.split("/")[1]) for source in emitted if source.startswith(f"{worker}/"))
                assert numbers == list(range(1, len(numbers) + 1)), (name, worker)
        counted(f"{RELOADS} reloads: {sum(len(ledger.told) for ledger in ledgers.values())} counted events, none lost, "
                f"{len(told)} pulses of the unchanged camera on one subscription")  # fmt: skip
