"""From the county to the printer: a request goes up, its answer comes down, and the terminal prints it.

Everything is real: command line, hub, mosquitto, agent, driver; only the terminal's parts are simulated, on ptys.
"""

import asyncio
import subprocess
import sys

import pytest

from simulators.terminal import SimTerminal
from simulators.terminal.snippet import snippet
from tests.harness import until
from tests.hubs import PATIENCE_S, ROOT, HubProcess
from tests.instances import BOX
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY
from tests.processes import AgentProcess

PARTS = ("scanner", "iccard", "printer")
NUMBER, UID = "11010519491231002X", bytes.fromhex("6B3D12D6")
ANSWER = "低保申请已批准，请周三上午来村站领证。"


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path / "broker", persistence=True) as running:
        yield running


@pytest.fixture
async def terminal():
    async with SimTerminal(parts=PARTS) as terminal:
        yield terminal


async def cli(hub, *words, code=0):
    done = await asyncio.to_thread(hub.cli, *words)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


async def village(tmp_path, hub, broker, terminal):
    """The agent, with the key that the hub has made for its village; not started."""
    await cli(hub, "key", "init")
    await cli(hub, "key", "village", BOX, "--out", str(tmp_path / "village.key"))
    settings = {"key_file": str(tmp_path / "village.key"), "identify_s": 0.0, "window_s": 0.0, "privacy_notice": ""}
    parts = [{**part, "reopen_first_s": 0.05, "reopen_last_s": 0.2} for part in terminal.settings]
    return AgentProcess(tmp_path / "box", broker.port, snippet(parts, device="hall", name="村站", **settings))


async def printed(terminal, text):
    await until(lambda: any(text in slip.text for slip in terminal.slips), PATIENCE_S)
    slip = next(slip for slip in terminal.slips if text in slip.text)
    terminal.slips.clear()
    return slip


async def until_board(agent, revision):
    await agent.until_status("board_revision", equals=revision)


@pytest.mark.slow
async def test_a_resident_asks_is_answered_and_reads_it_also_without_the_county(tmp_path, broker, hub, terminal):
    await hub.until_connected()
    with await village(tmp_path, hub, broker, terminal) as agent:
        await agent.until_running()
        await hub.until_rows("SELECT status FROM box", [("online",)])
        terminal.scan("GW:item:0301")
        slip = await printed(terminal, "0301")
        receipt = slip.codes[0].removeprefix("GW:receipt:")
        await agent.until_drained()

        told = await cli(hub, "board", "answer", BOX, "--receipt", receipt, "--text", ANSWER)
        assert "revision 1" in told
        await until_board(agent, 1)
        await cli(hub, "board", "notice", BOX, "--title", "停水通知", "--text", "周五停水", "--expires", "2999-01-01")
        await until_board(agent, 2)
        terminal.scan(f"GW:receipt:{receipt}")
        slip = await printed(terminal, ANSWER)
        assert "停水通知" in slip.text

        await asyncio.to_thread(hub.stop)
        broker.stop()
        agent.kill()
        agent.start()
        await agent.until_running()
        await agent.until_status("board_revision", equals=2)
        await until(lambda: "printer: works" in agent.log, PATIENCE_S)
        terminal.scan(f"GW:receipt:{receipt}")
        await printed(terminal, ANSWER)


@pytest.mark.slow
async def test_a_worker_of_the_county_s_roster_is_known_by_name(tmp_path, broker, hub, terminal):
    await hub.until_connected()
    with await village(tmp_path, hub, broker, terminal) as agent:
        await agent.until_running()
        people = tmp_path / "people.csv"
        people.write_text(
            f"姓名,身份证号,卡号,工牌,网格\n张三,{NUMBER},{UID.hex()},W0001,{BOX}001\n", encoding="gb18030"
        )
        told = await cli(hub, "roster", BOX, "--in", str(people), "--out", str(tmp_path / "roster.csv"))
        assert "3 cards and numbers of 1 people, key c1-" in told
        roster = (tmp_path / "roster.csv").read_text()
        assert "张三" in roster
        assert NUMBER not in roster
        assert UID.hex().upper() not in roster
        await cli(hub, "board", "workers", BOX, "--file", str(tmp_path / "roster.csv"))
        await until_board(agent, 1)
        for show in (lambda: terminal.show_ic(UID), lambda: terminal.scan("W0001"), lambda: terminal.scan(NUMBER)):
            show()
            slip = await printed(terminal, "张三")
            assert NUMBER not in slip.text
        terminal.scan("W0002")
        await agent.until_status("emitted", "checkin", equals=4)
        await agent.until_drained()
        raws = hub.rows("SELECT CAST(raw AS TEXT) FROM event WHERE type LIKE '%checkin%' ORDER BY id")
        assert ['"verified":true' in raw for (raw,) in raws] == [True, True, True, False]
        shown = await cli(hub, "board", "show", BOX)
        assert shown.count("张三") == 3
        await cli(hub, "board", "remove", BOX, "--workers")
        await until_board(agent, 2)


@pytest.mark.slow
async def test_what_is_changed_while_the_hub_is_away_is_sent_when_it_comes_back(tmp_path, broker, hub, terminal):
    await hub.until_connected()
    with await village(tmp_path, hub, broker, terminal) as agent:
        await agent.until_running()
        await hub.until_rows("SELECT status FROM box", [("online",)])
        hub.kill()
        calls = (cli(hub, "board", "notice", BOX, "--title", title) for title in ("一", "二", "三"))
        await asyncio.gather(*calls)  # at once: none of them is lost
        hub.start()
        await until_board(agent, 3)
        shown = await cli(hub, "board", "show", BOX)
        assert sorted(line[-1] for line in shown.splitlines() if line.startswith("notice")) == ["一", "三", "二"]


@pytest.mark.slow
async def test_a_box_that_has_forgotten_its_board_gets_it_with_its_birth(tmp_path, broker, hub, terminal):
    await hub.until_connected()
    agent = await village(tmp_path, hub, broker, terminal)
    with agent:
        await agent.until_running()
        await cli(hub, "board", "notice", BOX, "--title", "停水通知")
        await until_board(agent, 1)
    with AgentProcess(
        tmp_path / "other", broker.port, agent.config.read_text().partition("[status]\nport = 0\n")[2]
    ) as new:
        await new.until_running()
        await until_board(new, 1)


MISTAKES = [
    (("answer", BOX, "--receipt", "R 1", "--text", "x"), 2, "receipt number", "回执编号"),
    (("answer", BOX, "--receipt", "R1", "--text", "x", "--person", NUMBER), 2, "64 hex digits", "64 位"),
    (("notice", BOX, "--title", "x", "--expires", "2020-01-01"), 2, "time to come", "将来"),
    (("notice", BOX, "--title", "x" * 201), 2, "too long", "过长"),
    (("remove", BOX, "--receipt", "R1"), 2, "no such thing", "没有这一项"),
    (("show", "12"), 2, "box", "盒子"),
]


@pytest.mark.slow
async def test_what_is_wrong_is_said_in_both_languages_and_changes_nothing(tmp_path):
    hub = HubProcess(tmp_path / "hub", NOBODY)  # never started: the database alone is asked
    await cli(hub, "migrate")
    for words, code, en, zh in MISTAKES:
        assert en in await cli(hub, "board", *words, code=code)
        command = [sys.executable, "-m", "countyhub.cli", "board", *words, "--config", str(hub.config)]
        done = await asyncio.to_thread(
            subprocess.run, [*command, "--language", "zh"], check=False, capture_output=True, text=True, cwd=ROOT
        )
        assert (done.returncode, zh in done.stderr) == (code, True), done.stderr
        assert NUMBER not in done.stderr
    assert hub.rows("SELECT * FROM board") == []
    shown = await cli(hub, "board", "show", BOX)
    assert "revision 0" in shown


@pytest.mark.slow
async def test_keys_and_rosters_on_the_command_line(tmp_path):
    hub = HubProcess(tmp_path / "hub", NOBODY)
    people, roster = tmp_path / "people.csv", tmp_path / "roster.csv"
    people.write_text(f"姓名,身份证号\n张三,{NUMBER}\n李四,110105194912310021\n")
    words = ("roster", BOX, "--in", str(people), "--out", str(roster))
    assert "countyhub key init" in await cli(hub, *words, code=1)
    assert "county key c1 made" in await cli(hub, "key", "init")
    assert "left as it is" in await cli(hub, "key", "init", code=1)
    line = await cli(hub, "key", "village", BOX)
    assert line.startswith(f"c1-{BOX}:")
    assert (await cli(hub, "key", "village", BOX)) == line
    told = await cli(hub, *words, code=1)
    assert f"{people}:3: the check digit" in told
    assert not roster.exists()
    people.write_text(f"姓名,身份证号\n张三,{NUMBER}\n")
    printed_here = await cli(hub, *words[:-2])
    await cli(hub, *words)
    assert roster.read_text() == printed_here
