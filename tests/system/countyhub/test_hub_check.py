"""`countyhub check`: each fault with a real cause, and what to do about it."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from countyhub import configfile
from countyhub.ca import files, renewal
from countyhub.ca.authority import Authority
from countyhub.checks import catalogue, database, work
from countyhub.checks import scene as scenes
from countyhub.cli import checkargs, main
from countyhub.store import backupstamp
from countyhub.store.engine import open_store
from countyhub.store.identitytables import box_identity, certificate
from countyhub.store.tables import box, dead_letter
from gridwire.problem import declared
from gridwire.verdict import Fault, Line
from tests.harness import until
from tests.hubs import COUNTY, HubProcess, database_url
from tests.instances import BOX
from tests.mosquitto import Mosquitto
from tests.smalldisk import small_disk

_BY_NAME = {check.name: check for check in catalogue.CHECKS}


def config(folder, extra="", port=1):
    file = folder / "countyhub.toml"
    url = database_url(folder)
    if url.startswith("postgresql"):
        extra += f'\n[database]\nurl = "{url}"\n'
    file.write_text(f'county = "{COUNTY}"\ndata_dir = "{folder}"\n[broker]\nport = {port}\n{extra}')
    return file


async def said(file, name, now=None) -> list[Line]:
    async with scenes.look(configfile.load(file)) as scene:
        seen = scene._replace(now=now) if now else scene
        return [line for _, line in [each async for each in catalogue.run(seen, frozenset({name}))]]


async def codes(file, name, now=None) -> dict[str, Line]:
    return {line.code: line for line in await said(file, name, now) if line.level != "pass"}


@pytest.fixture
async def filled(tmp_path, database):
    """A database, and a way to put rows into it."""
    store = await open_store(database_url(tmp_path))

    async def put(table, *rows):
        async with store.write() as connection:
            await connection.execute(insert(table), list(rows))

    yield put
    await store.close()


def test_the_names_on_the_command_line_are_those_of_the_checks():
    assert tuple(check.name for check in catalogue.CHECKS) == checkargs.CHECKS


def test_every_fault_belongs_to_a_check():
    listed = {fault for check in catalogue.CHECKS for fault in check.faults}
    assert {fault for fault in declared(Fault) if fault.__module__.startswith("countyhub.")} <= listed


# -- database --------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
async def test_a_database_that_somebody_holds(tmp_path, filled, monkeypatch):
    monkeypatch.setattr(database, "LOCK_S", 0.2)
    file = config(tmp_path)
    assert await codes(file, "database") == {}
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        line = (await codes(file, "database"))["check.database-locked"]
    assert f"fuser -v {tmp_path}/hub.db" in line.en


@pytest.mark.sqlite_only
async def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "hub.db").write_bytes(b"no database at all, but some text of a page's length" * 20)
    line = (await codes(config(tmp_path), "database"))["hub.database-unusable"]
    assert line.level == "fail"
    assert "countyhub restore" in line.en


@pytest.mark.sqlite_only
async def test_a_database_of_another_release_and_of_another_program(tmp_path, filled):
    file, path = config(tmp_path), tmp_path / "hub.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = '0009'")
        line = (await codes(file, "database"))["hub.database-older"]
        assert (line.level, "countyhub migrate" in line.zh) == ("warn", True)
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        assert "install that version" in (await codes(file, "database"))["hub.database-newer"].en
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with closing(sqlite3.connect(elsewhere / "hub.db")) as other:
        other.execute("CREATE TABLE shopping(item)")
    assert "shopping" in (await codes(config(elsewhere), "database"))["hub.database-foreign"].zh


async def test_a_database_that_is_not_reached(tmp_path):
    url = '\n[database]\nurl = "postgresql://nobody@127.0.0.1:1/none"\n'
    file = tmp_path / "countyhub.toml"
    file.write_text(f'county = "{COUNTY}"\ndata_dir = "{tmp_path}"\n{url}')
    line = (await codes(file, "database"))["hub.database-unreachable"]
    assert line.level == "fail"
    assert "127.0.0.1:1" in line.en
    assert "systemctl status postgresql" in line.zh


# -- broker ----------------------------------------------------------------------------------------------------------


async def test_the_broker_is_gone_refuses_and_lets_in(tmp_path):
    assert "systemctl status mosquitto" in (await codes(config(tmp_path), "broker"))["check.broker-unreachable"].en
    with Mosquitto(tmp_path / "broker", users={"countyhub": "right-password"}) as broker:
        login = 'username = "countyhub"\npassword = "{}"\n'
        line = (await codes(config(tmp_path, login.format("wrong"), broker.port), "broker"))["check.broker-refused"]
        assert "countyhub broker-config" in line.zh
        assert "拒绝登录：未获授权（0x87）" in line.zh
        assert await codes(config(tmp_path, login.format("right-password"), broker.port), "broker") == {}


# -- work ------------------------------------------------------------------------------------------------------------


async def test_no_hub_runs_and_then_one_does(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        hub = HubProcess(tmp_path / "hub", broker.port)
        with hub:
            await hub.until_connected()

            async def is_working():
                return "check.hub-stopped" not in await codes(hub.config, "work")

            await until(is_working)
            held = (await said(hub.config, "work"))[0]
            assert f"this machine, pid {hub.pid}: " in held.en
            assert "chores" in held.en
            assert f"本机进程 {hub.pid}：" in held.zh
            assert "日常事务" in held.zh
            assert await codes(hub.config, "broker") == {}
            assert await codes(hub.config, "database") == {}
        later = datetime.now(UTC) + timedelta(minutes=1)
        assert "systemctl start countyhub" in (await codes(hub.config, "work", later))["check.hub-stopped"].en


async def test_nothing_comes_in(tmp_path, filled):
    now = datetime.now(UTC)
    rows = [{"box": f"4311260010{n:02}", "status": "online", "last_seen": now} for n in range(1, 13)]
    await filled(box, *rows)
    file = config(tmp_path)
    assert "check.ingest-silent" not in await codes(file, "work", now + timedelta(seconds=110))
    line = (await codes(file, "work", now + timedelta(seconds=130)))["check.ingest-silent"]
    assert "12 boxes are online" in line.en
    assert "systemctl restart countyhub" in line.zh


@pytest.mark.parametrize(("online", "minutes"), [(0, 15), (1, 15), (3, 5), (8, 2), (400, 2)])
def test_few_boxes_may_be_silent_for_longer(online, minutes):
    assert work.allowed_silence(online) == timedelta(minutes=minutes)


# -- backup, certificates, disk --------------------------------------------------------------------------------------


async def test_backups_grow_old(tmp_path):
    file, now = config(tmp_path), datetime.now(UTC)
    assert "every night" in (await codes(file, "backup"))["check.backup-never"].en
    backupstamp.write(tmp_path, now)
    assert await codes(file, "backup", now + timedelta(hours=30)) == {}
    assert "40 hours" in (await codes(file, "backup", now + timedelta(hours=40)))["check.backup-old"].en
    assert (await codes(file, "backup", now + timedelta(days=9)))["check.backup-very-old"].level == "fail"


async def test_certificates_end(tmp_path, filled):
    file = config(tmp_path, '[enrol]\nnames = ["hub.county.cn"]\n')
    assert "countyhub ca init" in (await codes(file, "certificates"))["check.ca-none"].en
    settings, now = configfile.load(file), datetime.now(UTC)
    files.folder(tmp_path)
    Authority.create(renewal.ca_folder(settings), settings.county, settings.enrol, now)
    renewal.refresh(settings, {}, now)
    (line,) = await said(file, "certificates")
    assert line.level == "pass"
    assert "吊销列表 364 天" in line.zh or "吊销列表 365 天" in line.zh
    soon = await codes(file, "certificates", now + timedelta(days=345))
    assert soon["identity.crl-ending"].level == "warn"
    assert "countyhub ca renew" in soon["identity.crl-ending"].en
    late = await codes(file, "certificates", now + timedelta(days=360))
    assert late["identity.crl-ending"].level == "fail"
    old = await codes(file, "certificates", now + timedelta(days=settings.enrol.ca_days - 20))
    assert "can the hub write its folder" in old["identity.ca-ending"].en
    assert "countyhub ca renew" in old["identity.server-ending"].zh
    (renewal.broker_folder(settings) / renewal.SERVER_FILE).write_text("nothing")
    assert "countyhub ca renew" in (await codes(file, "certificates"))["check.ca-unusable"].zh
    (key,) = renewal.ca_folder(settings).glob("*.key")
    key.chmod(0o644)
    assert f"chmod 600 {key}" in (await codes(file, "certificates"))["ca.key-open"].en
    key.chmod(0o600)
    key.write_text("nothing")
    assert "backup" in (await codes(file, "certificates"))["ca.broken"].en


async def test_a_boxs_certificate_ends_and_was_not_renewed(tmp_path, filled):
    file, now = config(tmp_path, '[enrol]\nnames = ["hub.county.cn"]\n'), datetime.now(UTC)
    settings = configfile.load(file)
    files.folder(tmp_path)
    Authority.create(renewal.ca_folder(settings), settings.county, settings.enrol, now)
    renewal.refresh(settings, {}, now)
    await filled(box_identity, {"box": BOX, "state": "active", "since": now, "by": "test"})
    row = {
        "serial": "1f",
        "box": BOX,
        "ca": "",
        "key": b"",
        "issued": now,
        "expires": now + timedelta(days=9),
        "pem": b"",
    }
    await filled(certificate, row)
    line = (await codes(file, "certificates"))["identity.box-ending"]
    assert (line.level, "is the box on" in line.en) == ("warn", True)
    assert (await codes(file, "certificates", now + timedelta(days=10)))["identity.box-ending"].level == "fail"


async def test_room_on_the_disk(tmp_path, monkeypatch):
    from countyhub.checks import disk

    file = config(tmp_path)
    assert "check.data-full" not in await codes(file, "disk")
    monkeypatch.setattr(disk, "MIN_FREE_MB", 2**40)
    assert "countyhub prune" in (await codes(file, "disk"))["check.data-full"].en
    monkeypatch.setattr(disk, "MIN_FREE_MB", 0)
    monkeypatch.setattr(disk, "LOW_SHARE", 1.01)
    assert (await codes(file, "disk"))["check.data-low"].level == "warn"


@pytest.mark.root
async def test_data_on_a_disk_that_has_become_read_only(tmp_path):
    file, data = config(tmp_path), tmp_path / "data"
    with small_disk(data, 1, read_only=True):
        file.write_text(file.read_text().replace(f'data_dir = "{tmp_path}"', f'data_dir = "{data}"'))
        assert "dmesg" in (await codes(file, "disk"))["check.data-read-only"].en


# -- calendar, notify, dead letters ----------------------------------------------------------------------------------


async def test_a_year_is_missing_and_files_have_mistakes(tmp_path, filled):
    days, windows = tmp_path / "days", tmp_path / "windows"
    days.mkdir()
    windows.mkdir()
    file = config(tmp_path, f'[calendar]\ndays_dir = "{days}"\nwindows_dir = "{windows}"\n')
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert "2026.csv" in (await codes(file, "calendar", now))["calendar.year-missing"].en
    (days / "2026.csv").write_text("2026-13-45,放假,不存在的一天\n", encoding="utf-8")
    (windows / "night.ics").write_text("no calendar", encoding="utf-8")
    found = await said(file, "calendar", now)
    assert [line.level for line in found].count("fail") >= 2
    assert any("night.ics" in line.en for line in found)
    await asyncio.to_thread((windows / "night.ics").unlink)
    gone = config(tmp_path, f'[calendar]\nwindows_dir = "{tmp_path}/none"\n')
    assert f"{tmp_path}/none" in (await codes(gone, "calendar", now))["hub.folder-unreadable"].zh


async def test_channels_for_messages(tmp_path):
    assert "countyhub notify test" in (await codes(config(tmp_path), "notify"))["check.notify-none"].en
    sms = '[notify.sms]\nurl = "http://127.0.0.1:1/send"\nsecret = "file:/nowhere/at/all"\n'
    (line,) = (await codes(config(tmp_path, sms), "notify")).values()
    assert (line.level, line.code) == ("fail", "hub.secret-unreadable")
    plain = sms.replace("file:/nowhere/at/all", "plain")
    assert await codes(config(tmp_path, plain), "notify") == {}
    line = (await codes(config(tmp_path, f'{plain}ca = "/nowhere/ca.pem"\n'), "notify"))["notify.ca-unreadable"]
    assert "notify.sms.ca" in line.en


async def test_letters_that_could_not_be_read(tmp_path, filled):
    file, now = config(tmp_path), datetime.now(UTC)
    assert await codes(file, "deadletters") == {}
    letter = {"box": "", "topic": "t", "payload": b"x", "size": 1, "code": "wire.not-json", "text_zh": "x",
              "text_en": "x", "received": now, "last_received": now, "count": 1}  # fmt: skip
    await filled(dead_letter, *({**letter, "id": n, "digest": bytes([n]) * 16} for n in (1, 2)))
    assert "2 messages" in (await codes(file, "deadletters"))["check.dead-letters"].en


# -- the whole command -----------------------------------------------------------------------------------------------


def test_one_line_each_and_78_when_something_fails(tmp_path, capsys):
    file = config(tmp_path)
    assert main(["check", "--config", str(file), "--language", "zh"]) == 78
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"县 {COUNTY}，配置正确"
    assert any(line.startswith("故障  broker") for line in out)
    assert out[-1].startswith("故障 ")
    assert main(["check", "--config", str(file), "--offline", "--only", "broker", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "county": COUNTY, "checks": []}
    assert main(["check", "--config", str(file), "--only", "notify", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["checks"]
    assert (told["level"], told["code"]) == ("warn", "check.notify-none")
