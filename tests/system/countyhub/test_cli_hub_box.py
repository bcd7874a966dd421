"""`countyhub box`: what a person at the hub is told of the boxes, and has them send again, beside the running hub."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from gridwire import messages
from gridwire.events import Alarm
from tests.harness import until
from tests.hubs import PATIENCE_S, ROOT, BoxClient, HubProcess, birth, status
from tests.instances import BOX, NOON, STREAM, event
from tests.uplinks import box as village_of

OK, FAILED, WRONG_USE, WRONG_CONFIG = 0, 1, 2, 78
pytestmark = pytest.mark.usefixtures("database")
RANGE = ("--stream", STREAM, "--lane", "alarm", "--range", "1-5")


async def cli(hub: HubProcess, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(hub.cli, "box", *words)


async def cli_zh(hub: HubProcess, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "countyhub.cli", "box", *words, "--config", str(hub.config), "--language", "zh"]
    return await asyncio.to_thread(
        subprocess.run, command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S
    )


async def known(hub: HubProcess, box: BoxClient) -> None:
    await until(lambda: "connected" in hub.log, 30)
    await box.say("birth", birth())
    await box.say("status", status())
    await hub.until_rows("SELECT status FROM box", [("online",)])


async def answer(box: BoxClient, **reply: object) -> None:
    """Answer the next order."""
    await until(lambda: box.commands, 30)
    order = box.commands.pop(0)
    await box.say("reply", messages.Reply(**{"id": order.id, "op": order.op, "ok": True, **reply}))


@pytest.mark.slow
async def test_a_real_box_sends_again_what_it_keeps_and_the_hub_goes_on(tmp_path, broker, hub):
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    async with village_of(tmp_path / "box", broker.port) as village:
        await village.connected()
        first, *_ = await village.emit(count=4, pictures=())
        await village.emit("record", 3)
        await village.until_acked()
        await hub.until_rows("SELECT status FROM box", [("online",)])
        since = await cli(hub, "replay", BOX, "--since", hour_ago)
        assert (since.returncode, since.stderr) == (OK, "")
        assert "7 go again (alarm 4, record 3)" in since.stdout
        some = await cli(
            hub, "replay", BOX, "--stream", first.stream, "--lane", "alarm", "--range", "2-3", "--range", "9"
        )
        assert (some.returncode, "2 go again" in some.stdout) == (OK, True)
        nothing = await cli(hub, "replay", BOX, "--since", hour_ago, "--lane", "urgent")
        assert (nothing.returncode, "nothing to send again" in nothing.stdout) == (OK, True)
        await village.until_acked()
        assert hub.rows("SELECT count(*) FROM event") == [(7,)]
        assert hub.log.count("connected") == 1
        audit = "SELECT op, substr(by, 1, 4), ok, sent IS NOT NULL, replied IS NOT NULL FROM command"
        await until(lambda: [tuple(row) for row in hub.rows(audit)] == [("replay", "cli/", True, True, True)] * 3, 30)


@pytest.mark.slow
async def test_a_time_without_offset_is_the_county_s(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
        asked = asyncio.create_task(cli(hub, "replay", BOX, "--since", "2026-05-01T08:00", "--lane", "alarm"))
        await until(lambda: box.commands, 30)
        assert box.commands[0].args == {"since": "2026-05-01T00:00:00+00:00", "lane": "alarm"}
        assert box.commands[0].by.startswith("cli/")
        await answer(box, result={"rows": 12, "lanes": {"alarm": 12}, "unsure": 2})
        assert "12 go again (alarm 12); of 2 the box does not know the time" in (await asked).stdout
        zh = asyncio.create_task(cli_zh(hub, "replay", BOX, "--since", "2026-05-01T00:00Z"))
        await answer(box, result={"rows": 12, "lanes": {"alarm": 10, "media": 2}, "unsure": 1})
        assert (await zh).stdout == "东山村：补发 12 条（报警 10，图片 2）；其中 1 条盒子不知道时间\n"


@pytest.mark.slow
async def test_an_answer_in_parts_is_put_together(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
        asked = asyncio.create_task(cli(hub, "replay", BOX, *RANGE))
        await until(lambda: box.commands, 30)
        order = box.commands[0]
        for part, result in ((2, {"lanes": {"alarm": 5}}), (1, {"rows": 5})):
            await box.say("reply", messages.Reply(id=order.id, op="replay", ok=True, result=result, part=part, parts=2))
        assert "5 go again (alarm 5)" in (await asked).stdout


REFUSALS = {
    "command.overdue": "expired",
    "command.unknown-op": "release does not know",
    "command.bad-arguments": "does not understand the arguments",
    "command.refused": "refused by the box",
}


async def test_a_refusal_is_told_with_the_box_s_own_words(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
        for code, words in REFUSALS.items():
            asked = asyncio.create_task(cli(hub, "replay", BOX, *RANGE))
            await answer(box, ok=False, code=code, text="盒子的原话")
            refused = await asked
            assert refused.returncode == FAILED
            assert words in refused.stderr
            assert "盒子的原话" in refused.stderr


@pytest.mark.slow
async def test_a_box_that_is_silent_or_has_never_been_at_this_broker(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
        silent = await cli(hub, "replay", BOX, *RANGE, "--timeout", "1")
        assert (silent.returncode, "has not answered within 1 s" in silent.stderr) == (FAILED, True)
        await box.say("status", status("offline"))
        await hub.until_rows("SELECT status FROM box", [("offline",)])
    offline = await cli(hub, "replay", BOX, *RANGE, "--timeout", "1")
    assert "is offline" in offline.stderr
    hub.execute("INSERT INTO box (box, name, status, reason, boot, connection, version) "
                "VALUES ('431126001099', '', 'unknown', '', '', 0, '')")  # fmt: skip
    never = await cli(hub, "replay", "431126001099", *RANGE)
    assert (never.returncode, "not known to this broker" in never.stderr) == (FAILED, True)


async def test_a_broker_that_is_away_is_told_at_once(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
    broker.stop()
    done = await cli(hub, "replay", BOX, *RANGE)
    assert (done.returncode, "cannot be reached, nothing was sent" in done.stderr) == (FAILED, True)


WRONG = (
    ([BOX], "say what is wanted"),
    ([BOX, "--lane", "alarm"], "say what is wanted"),
    ([BOX, "--since", "2026-05-01", *RANGE], "say what is wanted"),
    ([BOX, "--since", "yesterday"], "is no time in the past"),
    ([BOX, "--since", "2999-05-01T08:00"], "is no time in the past"),
    ([BOX, *RANGE[:-1], "9-5"], "is no range of numbers"),
    ([BOX, *RANGE, "--timeout", "0"], "--timeout"),
    ([BOX, *RANGE, "--lane", "nowhere"], "--lane"),
    (["431126001077", *RANGE], "never heard of box 431126001077"),
)


@pytest.mark.slow
async def test_what_the_caller_can_put_right(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
        for words, told in WRONG:
            done = await cli(hub, "replay", *words)
            assert (done.returncode, told in done.stderr) == (WRONG_USE, True), done.stderr
        assert box.commands == []


@pytest.mark.slow
async def test_the_boxes_in_lines_and_for_machines(broker, hub):
    async with BoxClient(broker.port) as box:
        await known(hub, box)
        await box.events(event(Alarm(kind="motion", state="pulse"), 1))
        counters = {"data_level": 2, "data_month_bytes": 1_234_000_000}
        health = messages.Health(at=NOON, uptime_s=1.0, clock="unsynced", waiting={"alarm": 7}, counters=counters)
        await box.say("health", health)
        await hub.until_rows("SELECT health IS NULL FROM box", [(0,)])
        (line,) = (await cli(hub, "list")).stdout.splitlines()
        assert line.startswith(f"{BOX}  东山村  online  Waiting 7  Missing 0  Last message 20")
        assert "Version 0.1.0  1.23 GB this month  data budget shorter: alarms come without pictures" in line
        assert line.endswith("Clock not set")
        zh = await cli_zh(hub, "list")
        assert zh.stdout.startswith(f"{BOX}  东山村  在线  待传 7  缺失 0  最近消息 20")
        assert zh.stdout.endswith("流量紧张：报警暂不带图片，事件照常上报  时钟未校准\n")
        found = json.loads((await cli(hub, "list", "--json")).stdout)
        assert (found["id"], found["link"], found["waiting"], found["data_level"]) == (BOX, "online", 7, 2)


@pytest.mark.sqlite_only
async def test_a_database_that_is_absent_is_not_made(tmp_path, broker):
    hub = HubProcess(tmp_path / "hub", broker.port)
    hub.database.unlink()
    done = await cli(hub, "list")
    assert (done.returncode, "no database" in done.stderr) == (WRONG_CONFIG, True)
    assert not hub.database.exists()
    hub.database.touch()
    assert (await cli(hub, "replay", BOX, *RANGE)).returncode == WRONG_CONFIG
    assert hub.database.stat().st_size == 0


async def test_an_older_or_newer_database_is_left_alone(tmp_path, broker, hub):
    await until(lambda: "connected" in hub.log, 30)
    hub.stop()
    for revision in ("v0000", "v9999"):
        hub.execute(f"UPDATE alembic_version SET version_num = '{revision}'")
        assert (await cli(hub, "list")).returncode == WRONG_CONFIG
        assert hub.rows("SELECT version_num FROM alembic_version") == [(revision,)]
