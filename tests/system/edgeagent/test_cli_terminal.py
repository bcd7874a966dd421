"""`edgeagent terminal` as a person calls it: through the running agent, directly where none runs, and its test."""

import asyncio
import contextlib
import json
import re
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from drivers.terminal.idnumber import load_village_key
from drivers.terminal.roster import read_roster
from simulators.terminal import SimTerminal, resident
from simulators.terminal.snippet import snippet
from tests.commands import command
from tests.harness import until as until_within
from tests.ports import NOBODY
from tests.processes import AgentProcess
from tests.terminals import village_key

until = partial(until_within, within_s=60.0)
ROOT = Path(__file__).resolve().parents[3]
NUMBER, MASKED, NAME = "11010519491231002X", "110105********002X", "欧阳震华"
UID = bytes.fromhex("6B3D12D6")
KEYPAD = """
[[device.hall.part]]
name = "keypad"
protocol = "keymap"
port = "{port}"
keys = { "1" = "rate:5", "2" = "item:0301", "9" = "sos" }
"""


@pytest.fixture
async def terminal():
    async with SimTerminal() as terminal:
        yield terminal


@pytest.fixture
def key_file(tmp_path):
    return village_key(tmp_path)


def box(folder, terminal, key_file, *, parts=("idcard", "iccard", "scanner", "beeper"), more="", **settings):
    """A box with that terminal; not started."""
    lines = ["[device.hall]", 'driver = "terminal"', 'name = "村站"', f'key_file = "{key_file}"', "identify_s = 0"]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    for part in terminal.settings:
        if part["name"] in parts:
            lines += ["[[device.hall.part]]", *(f'{name} = "{value}"' for name, value in part.items())]
            lines += ["reopen_first_s = 0.05", "reopen_last_s = 0.2"]
            lines += ["poll_s = 0.02"] if part["protocol"] == "sam_idcard" else []
    return AgentProcess(folder, NOBODY, "\n".join(lines) + more)


def heard(called, *names):
    return [tuple(one.get(name, "") for name in names) for one in called.told if one["type"] == "heard"]


def counting(agent):
    """All but how the device is."""
    return [body for body in bodies(agent) if "cn.gridwire.device." not in str(body)]


def bodies(agent, lane="record"):
    """The events of a lane that the agent has stored."""
    with contextlib.closing(sqlite3.connect(f"file:{agent.database}?mode=ro", uri=True)) as connection:
        return [bytes(body).decode(errors="replace") for (body,) in connection.execute(f"SELECT body FROM {lane}")]


async def lifted(terminal):
    terminal.lift_card()
    finds = terminal.idreader.finds
    await until(lambda: terminal.idreader.finds >= finds + 3)


async def test_live_through_the_agent_frames_and_what_became_of_them(tmp_path, terminal, key_file):
    with box(tmp_path, terminal, key_file) as agent:
        await agent.until_up("up", "degraded")
        async with command(agent, "terminal", "--json") as called:
            await until(lambda: sum(one["type"] == "part" for one in called.told) == 4)
            terminal.present_card(resident(NUMBER, NAME))
            await until(lambda: heard(called, "what")[-1:] == [("stored",)])
            await lifted(terminal)
            terminal.present_card(resident(NUMBER, NAME))
            await until(lambda: heard(called, "what")[-1:] == [("already",)])
            terminal.scan("GW:rate:4")
            await until(lambda: len(heard(called, "what")) == 6)
            terminal.scan("GW:nonsense")
            await until(lambda: heard(called, "what")[-1:] == [("refused",)])
            terminal.scan("GW:item:0301")
            await until(lambda: heard(called, "what")[-1:] == [("stored",)])
            terminal.scan("GW:item:" + NUMBER)
            await until(lambda: heard(called, "what")[-1:] != [("stored",)])
            terminal.parts["iccard"].send_raw(b"\x00\x55" * 4)
            await until(lambda: heard(called, "what")[-1:] == [("noise",)])
            terminal.parts["iccard"].send_raw(bytes(64))
            await until(lambda: ("problem", "garbage") in heard(called, "what", "kind"))
            terminal.unplug("scanner")
            await until(lambda: ("problem", "unplugged") in heard(called, "what", "kind"))
            code, errors = await called.interrupt()
        assert (code, errors) == (0, "")
    assert heard(called, "part", "what", "shown", "detail")[:7] == [
        ("idcard", "id-card", MASKED, ""),
        ("idcard", "stored", "", "unverified"),
        ("idcard", "id-card", MASKED, ""),
        ("idcard", "already", "", ""),
        ("scanner", "key", "", "rate:4"),
        ("scanner", "stored", "", ""),
        ("scanner", "refused", "", "not a code of this system / 不是本系统的二维码"),
    ]
    of = {one["number"]: one.get("of") for one in called.told if one["type"] == "heard"}
    assert of[2] == 1
    assert of[4] == 3
    assert re.fullmatch(r"R[0-9A-Z]{6,12}", heard(called, "receipt")[8][0])
    everything = "\n".join(called.lines)
    assert_no_number(everything)


def assert_no_number(text):
    """The canary: neither number, nor birth date, nor name, nor raw bytes of either, nor a whole UID."""
    for secret in (NUMBER, "19491231", NAME, NUMBER.encode().hex(), NUMBER.encode("utf-16-le").hex(), UID.hex()):
        assert secret.lower() not in text.lower()


SCREEN_ZH = """\
由正在运行的代理转述，照常登记。按 Ctrl-C 结束。
hall  正常
  iccard    icem  PORT  9600  正常
  scanner   line  PORT  9600  正常
TIME  scanner   收到 9 字节，不成帧：请检查协议、波特率、校验
TIME  iccard    IC 卡 ****12D6
                       → 已入库：签到，编号 NUMBER，不在名册中
TIME  scanner   码 （内容不显示）
                       → 已入库：签到，编号 NUMBER，不在名册中
TIME  scanner   码：办事 0301 代办
                       → 不受理：需要刷卡
"""
SCREEN_EN = """\
as the running agent hears it; everything counts as always. Ctrl-C ends.
hall  up
  iccard    icem  PORT  9600  works
  scanner   line  PORT  9600  works
TIME  scanner   9 bytes and no frame among them: check protocol, baud rate, checksum
TIME  iccard    IC card ****12D6
                       → stored: check-in, number NUMBER, not on the roster
TIME  scanner   code (not shown)
                       → stored: check-in, number NUMBER, not on the roster
TIME  scanner   code: service 0301 by proxy
                       → refused: needs a card
"""


@pytest.mark.parametrize(("language", "screen"), [("zh", SCREEN_ZH), ("en", SCREEN_EN)])
async def test_the_screen_in_both_languages(tmp_path, terminal, key_file, language, screen):
    with box(tmp_path, terminal, key_file, parts=("iccard", "scanner")) as agent:
        await agent.until_up("up", "degraded")
        async with command(agent, "terminal", "hall", language=language) as called:
            await until(lambda: len(called.lines) >= 4)
            terminal.parts["scanner"].send_raw(b"no end\x01\x02\x03")
            await until(lambda: len(called.lines) >= 5)
            terminal.show_ic(UID)
            await until(lambda: len(called.lines) >= 7)
            terminal.scan(f"姓名：{NAME}；{NUMBER}")
            await until(lambda: len(called.lines) >= 9)
            terminal.scan("GW:item:0301:proxy")
            await until(lambda: len(called.lines) >= 11)
            assert await called.interrupt() == (0, "")
    shown = "\n".join(called.lines) + "\n"
    assert_no_number(shown)
    shown = re.sub(r"(?m)^\d\d:\d\d:\d\d\.\d\d", "TIME", shown)
    shown = re.sub(r"(编号|number) [0-9A-Z]{6}", r"\1 NUMBER", shown)
    shown = re.sub(r"/\S+", "PORT", shown)
    assert shown == screen


async def test_without_an_agent_nothing_is_stored_and_nobody_hears_done(tmp_path, terminal, key_file):
    agent = box(tmp_path, terminal, key_file)
    async with command(agent, "terminal", "--json") as called:
        await until(lambda: any(one.get("state") == "up" for one in called.told))
        terminal.show_ic(UID)
        await until(lambda: heard(called, "what")[-1:] == [("tried",)])
        assert [(beep.times, beep.units) for beep in terminal.beeps] == [(1, 1)]
        assert called.told[0]["name"] == "direct"
        assert await called.interrupt() == (0, "")
    assert not agent.database.exists()


async def test_when_the_agent_starts_the_ports_are_left_to_it(tmp_path, terminal, key_file):
    agent = box(tmp_path, terminal, key_file)
    async with command(agent, "terminal", "--json") as called:
        await until(lambda: any(one.get("state") == "up" for one in called.told))
        with agent:
            assert (await called.end())[0] == 0
            assert called.told[-1]["name"] == "agent-started"
            await agent.until_up("up", "degraded")
            terminal.show_ic(UID)
            await agent.until_status("emitted", "checkin", equals=1)


TABLE_ZH = [
    "✓  idcard   sam_idcard  收到：身份证 110105********002X",
    "✓  iccard   icem        收到：IC 卡 ****12D6",
    "✓  scanner  line        收到：码 （内容不显示）",
    "✓  beeper   escpos      已确认",
    "共 4 项，4 项正常",
]


async def test_a_test_of_all_parts_counts_nowhere(tmp_path, terminal, key_file):
    with box(tmp_path, terminal, key_file) as agent:
        await agent.until_up("up", "degraded")
        before = len(counting(agent))
        async with command(agent, "terminal", "--test", language="zh") as called:
            await until(lambda: any("请把身份证" in line for line in called.lines))
            terminal.present_card(resident(NUMBER, NAME))
            await until(lambda: any("请刷 IC 卡" in line for line in called.lines))
            await lifted(terminal)
            terminal.show_ic(UID)
            await until(lambda: any("请扫任意" in line for line in called.lines))
            terminal.scan(f"姓名：{NAME}；{NUMBER}")
            await until(lambda: any("听到响声了吗" in line for line in called.lines))
            await until(lambda: (1, 2) in [(beep.times, beep.units) for beep in terminal.beeps])
            await called.press("y\n")
            assert await called.end() == (0, "")
        assert called.lines[-5:] == TABLE_ZH
        assert_no_number("\n".join(called.lines))
        assert [(beep.times, beep.units) for beep in terminal.beeps[:3]] == [(1, 1)] * 3
        assert len(counting(agent)) == before
        terminal.present_card(resident(NUMBER, NAME))  # the trial is over, and has left no window behind
        await agent.until_status("emitted", "checkin", equals=1)


@pytest.mark.slow
async def test_a_test_says_what_is_wrong_with_each_part(tmp_path, terminal, key_file):
    terminal.unplug("iccard")
    with box(tmp_path, terminal, key_file) as agent:
        await agent.until_up("up", "degraded")
        async with command(agent, "terminal", "--test", "--seconds", "1.5") as called:
            await until(lambda: any("put an ID card" in line for line in called.lines))
            await until(lambda: any("scan any code" in line for line in called.lines))
            terminal.parts["scanner"].send_raw(b"\x80\x81\x82")
            await until(lambda: any("has a tone sounded" in line for line in called.lines))
            await called.press("n\n")
            code, errors = await called.end()
    assert (code, errors) == (1, "")
    verdicts = [line.strip() for line in called.lines if line.startswith("  ✗")]
    assert verdicts == [
        f"✗ nothing within 1.5 s: check wiring, baud rate and port (115200, {terminal.ports['idcard']})",
        "✗ nothing within 1.5 s: not plugged in",
        "✗ nothing within 1.5 s: 3 bytes and no frame among them: check protocol, baud rate, checksum",
        "✗ nobody has seen or heard it: check paper, cover, wiring and baud rate",
    ]
    assert called.lines[-1] == "0 of 4 work"


async def test_a_call_for_help_is_never_swallowed_by_a_test(tmp_path, terminal, key_file):
    """Of a keypad on trial: the call is stored, as a drill. Of one that is not, as a call."""
    port = terminal.ports["scanner"]
    parts = ("iccard",)
    with box(tmp_path, terminal, key_file, parts=parts, more=KEYPAD.replace("{port}", port)) as agent:
        await agent.until_up("up", "degraded")
        async with command(agent, "terminal", "--test", "--json") as called:
            await until(lambda: any(one.get("part") == "iccard" and one["type"] == "wish" for one in called.told))
            terminal.scan("9")
            await agent.until_status("emitted", "sos", equals=1)
            await called.press("\n")
            await until(lambda: any(one.get("part") == "keypad" and one["type"] == "wish" for one in called.told))
            terminal.scan("7")
            await until(lambda: ("key", "unknown") in heard(called, "what", "detail"))
            terminal.scan("9")
            await agent.until_status("emitted", "sos", equals=2)
            assert (await called.end())[0] == 1  # one was skipped
        calls = bodies(agent, "urgent")
    assert ['"drill":true' in body for body in calls] == [False, True]
    verdicts = [(one["part"], one["verdict"]) for one in called.told if one["type"] == "result"]
    assert verdicts == [("iccard", "skipped"), ("keypad", "ok")]


@pytest.mark.parametrize("runs", [True, False])
async def test_the_line_for_the_roster(tmp_path, terminal, key_file, runs):
    agent = box(tmp_path, terminal, key_file)
    with agent if runs else contextlib.nullcontext():
        if runs:
            await agent.until_up("up", "degraded")
        async with command(agent, "terminal", "--hash", "--name", "张三", "--grid", "431126001002007") as called:
            assert b"show the card" in await called.process.stderr.readline()
            if not runs:
                await until(lambda: terminal.idreader.finds > 2)
            await asyncio.sleep(0.3 if runs else 0)  # a first question waits in the agent, where nobody sees it
            terminal.present_card(resident(NUMBER, NAME))
            code, errors = await called.end()
        assert (code, len(called.lines)) == (0, 1)
        assert "ID card 110105********002X, v7" in errors
        assert_no_number(errors + called.lines[0])
        (worker,) = read_roster(called.lines[0], Path("x")).values()
        assert worker.person == load_village_key(key_file).hash_number(NUMBER).digest
        assert (worker.name, worker.grid) == ("张三", "431126001002007")
        assert not runs or all("checkin" not in body for body in bodies(agent))


async def test_what_is_wrong_is_said_in_a_sentence(tmp_path, terminal, key_file):
    agent = box(tmp_path, terminal, key_file)
    for args, code, text in (
        (("hal",), 1, "did you mean “hall”?"),
        (("--hash", "--seconds", "0.2"), 1, "edgeagent terminal --test"),
    ):
        async with command(agent, "terminal", *args) as called:
            ended, errors = await called.end()
        assert (ended, text in errors) == (code, True), errors
    agent.configure("")
    async with command(agent, "terminal", language="zh") as called:
        assert await called.end() == (
            1,
            "look.no-terminal: 配置中没有 driver = “terminal” 的设备，参见 docs/terminal.md\n",
        )
    key_file.chmod(0o644)
    agent = box(tmp_path, terminal, key_file)
    async with command(agent, "terminal") as called:
        ended, errors = await called.end()
    assert (ended, "chmod 600" in errors) == (1, True), errors


KEYPADS = ("keypad", "linepad", "printer", "bus")


async def test_keypads_printer_and_help_buttons_are_tried_too(tmp_path, key_file):
    """A call for help on trial goes to the county as a drill; nothing else is stored."""
    async with SimTerminal(parts=("scanner", *KEYPADS)) as terminal:
        parts = [part for part in terminal.settings if part["name"] in ("scanner", *KEYPADS)]
        agent = AgentProcess(tmp_path, NOBODY, snippet(parts, device="hall", key_file=str(key_file), privacy_notice=""))
        with agent:
            await agent.until_up("up", "degraded")
            async with command(agent, "terminal", "--test", "--json") as called:

                async def wish(part, number=1):
                    def wishes():
                        return [one for one in called.told if one["type"] == "wish" and one["part"] == part]

                    await until(lambda: len(wishes()) == number)

                await wish("scanner")
                terminal.scan("GW:item:0301")
                await wish("keypad")
                terminal.press("rate:5")
                await wish("linepad")
                terminal.press("item:0301", "linepad")
                await until(lambda: any(one["type"] == "question" for one in called.told))
                await until(lambda: any("Test slip" in slip.text for slip in terminal.slips))
                await called.press("yes\n")
                await wish("bus")
                terminal.press_button(0)
                await wish("bus", 2)
                terminal.press_button(0, pressed=False)
                terminal.press_button(1)
                assert await called.end() == (0, "")
            verdicts = [(one["part"], one["verdict"]) for one in called.told if one["type"] == "result"]
            assert verdicts == [(name, "ok") for name in ("scanner", *KEYPADS, "bus")]
            await until(terminal.bus.is_on)
            terminal.press_button(1, pressed=False)
            await agent.until_status("emitted", "sos", equals=4)
            status = await agent.status()
            assert {kind for kind, count in status["emitted"].items() if count} <= {"device", "sos", "reading"}
            with contextlib.closing(sqlite3.connect(f"file:{agent.database}?mode=ro", uri=True)) as connection:
                calls = [
                    json.loads(body)["data"] for (body,) in connection.execute("SELECT body FROM urgent ORDER BY n")
                ]
    assert [call["point"] for call in calls if call.get("state") != "end"] == ["大厅", "门外"]
    assert [call.get("drill") for call in calls] == [True] * 4  # also the end of one that is let go afterwards


@pytest.mark.slow
async def test_a_test_that_is_killed_leaves_no_part_on_trial(tmp_path, terminal, key_file):
    with box(tmp_path, terminal, key_file) as agent:
        await agent.until_up("up", "degraded")
        async with command(agent, "terminal", "--test", "--json") as called:
            await until(lambda: any(one["type"] == "wish" for one in called.told))
            called.process.kill()
        async with command(agent, "terminal", "--json") as looking:
            await until(lambda: any(one["type"] == "part" for one in looking.told))
            while not any(what == "stored" for (what,) in heard(looking, "what")):
                terminal.present_card(resident(NUMBER, NAME))
                before = len(heard(looking, "what"))
                await until(lambda before=before: len(heard(looking, "what")) >= before + 2)
                await lifted(terminal)
            assert await looking.interrupt() == (0, "")
    assert heard(looking, "what")[-1] == ("stored",)
