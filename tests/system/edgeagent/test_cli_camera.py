"""`edgeagent camera` as a person calls it: through the running agent, directly where none runs, never both at once."""

import asyncio
import contextlib
import json
import signal
from functools import partial
from pathlib import Path

import pytest

from simulators.camera import CameraConfig, CameraFarm
from tests.commands import command
from tests.harness import until as until_within
from tests.ports import NOBODY
from tests.processes import AgentProcess

until = partial(until_within, within_s=60.0)
ROOT = Path(__file__).resolve().parents[3]
COOLDOWN = '[[rule]]\nkinds = ["tamper"]\ncooldown_s = 3600\npicture = false\n'
SETTINGS = 'driver = "onvif"\nname = "村口"\nusername = "admin"\npassword = "camera-2024"\npoll_s = 2\n'


@contextlib.asynccontextmanager
async def camera(*quirks, **settings):
    async with CameraFarm([CameraConfig(name="gate", quirks=frozenset(quirks), **settings)]) as farm:
        yield farm["gate"]


def box(folder, simulated, rules=COOLDOWN):
    """A box with that camera; not started."""
    table = f'[device.gate]\naddress = "127.0.0.1:{simulated.port}"\n{SETTINGS}'
    off = f'[device.off]\nenabled = false\naddress = "127.0.0.1:1"\n{SETTINGS}'
    return AgentProcess(folder, NOBODY, f"{rules}\n{table}\n{off}")


def became(called, topic="TamperDetector"):
    """Change and decision of each notification that changed something."""
    heard = [one for one in called.told if one["type"] == "heard" and topic in one["topic"]]
    return [(step["kind"], step["change"], step["why"]) for one in heard for step in one["became"] if step["change"]]


async def shown(agent, *args, language="en"):
    async with command(agent, "camera", *args, language=language) as called:
        code, errors = await called.end()
    return code, "\n".join(called.lines), errors


async def test_through_the_running_agent_nothing_is_taken_from_the_camera(tmp_path):
    """One slot, and Unsubscribe would end all: a second subscription would be noticed at once."""
    async with camera("unsubscribe_ends_all", slots=1) as gate:
        with box(tmp_path, gate) as agent:
            await agent.until_up()
            async with command(agent, "camera", "gate", "--json") as called:
                await until(lambda: any(one["type"] == "on" for one in called.told))
                for active in (True, False, True):
                    gate.raise_alarm("tamper", active=active)
                gate.send_raw("tns1:Monitoring/ProcessorUsage", data=(("Value", "12"),))
                await until(lambda: any("Monitoring" in one.get("topic", "") for one in called.told))
                called.process.send_signal(signal.SIGINT)
                assert (await called.end())[0] == 0
            assert became(called) == [
                ("tamper", "start", "stored"),
                ("tamper", "end", "stored"),
                ("tamper", "start", "cooldown"),
            ]
            assert called.told[0]["name"] == "agent"
            assert [one["state"] for one in called.told if one["type"] == "state"] == ["up"]
            ignored = next(one for one in called.told if "Monitoring" in one.get("topic", ""))
            assert (ignored["became"], ignored["data"]) == ([], {"Value": "12"})
            assert gate.subscriptions == 1
            status = await agent.status()
            assert status["emitted"]["alarm"] == 2  # looking on stored nothing more
            assert [device["state"] for device in status["devices"]][:1] == ["up"]


async def test_where_no_agent_runs_the_camera_is_asked_and_nothing_stays_behind(tmp_path):
    async with camera(slots=1) as gate:
        agent = box(tmp_path, gate)
        async with command(agent, "camera", "gate", "--json") as called:
            await until(lambda: any(one.get("state") == "up" for one in called.told))
            assert gate.subscriptions == 1
            for active in (True, False, True):
                gate.raise_alarm("tamper", active=active)
            await until(lambda: len(became(called)) == 3)
            called.process.send_signal(signal.SIGTERM)
            assert (await called.end())[0] == 0
        assert became(called)[-1] == ("tamper", "start", "cooldown")
        assert called.told[0]["name"] == "direct"
        assert gate.subscriptions == 0
        assert not (tmp_path / "store").exists()


@pytest.mark.slow
async def test_when_the_agent_starts_the_camera_is_left_to_it(tmp_path):
    async with camera(slots=1) as gate:
        with box(tmp_path, gate) as agent:  # makes the store
            await agent.until_up()
            await asyncio.to_thread(agent.stop)  # the simulated camera must answer meanwhile
            async with command(agent, "camera", "gate", "--json") as called:
                await until(lambda: any(one.get("state") == "up" for one in called.told))
                agent.start()
                assert (await called.end())[0] == 0
                assert called.told[-1]["name"] == "agent-started"
            await agent.until_running()
            await agent.until_up()
            gate.raise_alarm("tamper", active=True)
            await agent.until_status("emitted", "alarm", equals=1)
            assert gate.subscriptions == 1


async def test_when_the_agent_ends_so_does_the_look(tmp_path):
    async with camera() as gate:
        with box(tmp_path, gate) as agent:
            await agent.until_up()
            async with command(agent, "camera", "gate", language="zh") as called:
                await until(lambda: len(called.lines) >= 2)
                await asyncio.to_thread(agent.stop)
                code, errors = await called.end()
    assert (code, errors) == (0, "")
    assert called.lines[-1] == "代理已停止，到此结束。"


SCREEN_ZH = """\
代理未运行：直接向摄像机订阅，只看不存。从现在起计算间隔等规则。按 Ctrl-C 结束。
gate  正常
              → 遮挡破坏（tamper）：仍无报警，无变化
              → 遮挡破坏（tamper）开始：将会入库上报
              → 遮挡破坏（tamper）结束：将会入库上报
              → 遮挡破坏（tamper）开始：将会不上报：距上次报警太近
              → 忽略：只关乎设备自身状态
              → 其他（other）一次：将会入库上报
"""
SCREEN_EN = """\
no agent runs: asking the camera directly, storing nothing; the rules know nothing of before. Ctrl-C ends.
gate  up
              → tampering: still off, no change
              → tampering start: would be stored
              → tampering end: would be stored
              → tampering start: would be suppressed: too soon after the one before
              → ignored: about the machine itself
              → other once: would be stored
"""


@pytest.mark.parametrize(("language", "screen", "last"), [("zh", SCREEN_ZH, "其他"), ("en", SCREEN_EN, "other")])
async def test_the_screen_in_both_languages(tmp_path, language, screen, last):
    async with camera() as gate:
        agent = box(tmp_path, gate)
        async with command(agent, "camera", "gate", language=language) as called:
            await until(lambda: any("TamperDetector/Tamper  Initialized" in line for line in called.lines))
            for active in (True, False, True):
                gate.raise_alarm("tamper", active=active)
            gate.send_raw("tns1:Monitoring/ProcessorUsage", data=(("Value", "12"),))
            gate.send_raw("tns1:Foo/\x07Bar", source=(("Source", "\x1b[31m门"),), operation=None)
            await until(lambda: any(last in line for line in called.lines[-1:]))
            called.process.send_signal(signal.SIGINT)
            code, errors = await called.end()
    wanted = ("遮挡破坏", "tampering", "忽略", "ignored", last, "gate", "代理", "no agent")
    lines = [line for line in called.lines if line.lstrip("→ ").startswith(wanted)]
    assert lines == screen.splitlines()
    assert (code, errors) == (0, "")
    assert "\x1b" not in "".join(called.lines)


@pytest.mark.parametrize("running", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_one_picture_now(tmp_path, running):
    async with camera() as gate:
        agent = box(tmp_path, gate)
        with agent if running else contextlib.nullcontext():
            if running:
                await agent.until_up()
            file = tmp_path / "now.jpg"
            code, out, errors = await shown(agent, "gate", "--snapshot", file, language="zh")
            assert code == 0, errors
            jpeg = file.read_bytes()
            assert out == f"图片已保存：{file}，{len(jpeg)} 字节"
            assert (jpeg[:3], jpeg[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")
            if running:
                assert (await agent.status())["emitted"].get("picture", 0) == 0
            assert gate.subscriptions == int(running)


@pytest.mark.slow
async def test_no_picture_is_said_in_words(tmp_path):
    async with camera() as gate:
        agent = box(tmp_path, gate)
        code, _, errors = await shown(agent, "gate", "--snapshot", tmp_path / "no" / "x.jpg")
        assert (code, errors.startswith("camera.not-saved: the picture was not saved to ")) == (1, True), errors
    code, _, errors = await shown(agent, "gate", "--snapshot", tmp_path / "x.jpg", language="zh")
    assert code == 1
    assert errors.startswith("camera.no-picture: 没有图片：连接不上摄像机：device.refused: 127.0.0.1 的 ")
    assert not (tmp_path / "x.jpg").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("gaet",), "camera.no-such-device: there is no device “gaet” in the configuration, did you mean “gate”?; "),
        (("off",), "camera.switched-off: device off is switched off (enabled = false)"),
    ],
)
async def test_what_cannot_be_shown_is_said(tmp_path, args, said):
    async with camera() as gate:
        code, _, errors = await shown(box(tmp_path, gate), *args)
    assert (code, errors[: len(said)]) == (1, said)


async def test_a_wrong_configuration_exits_78(tmp_path):
    async with camera() as gate:
        agent = box(tmp_path, gate, rules="[[rule]]\ncooldwon_s = 1\n")
        code, _, errors = await shown(agent, "gate")
    assert (code, "config.bad" in errors) == (78, True)


@pytest.mark.slow
@pytest.mark.parametrize("running", [True, False])
async def test_picture_says_whether_it_is_any_good_and_saves_both_views(tmp_path, running):
    async with camera() as simulated:
        agent = box(tmp_path, simulated)
        with contextlib.ExitStack() as stack:
            if running:
                stack.enter_context(agent)
                await agent.until_up()
            code, told, errors = await shown(agent, "gate", "--picture", tmp_path / "gate.png", language="zh")
            assert (code, errors) == (0, "")
            assert "画面：正常" in told
            assert "只学习了 0 张画面" in told
            assert "bright" in told
            assert (tmp_path / "gate.png").read_bytes().startswith(b"\x89PNG")
            code, told, _ = await shown(agent, "gate", "--picture", "--json")
            assert (code, json.loads(told)["faults"]) == (0, [])
            code, told, _ = await shown(agent, "gate", "--picture-reset")
            assert code == 0
