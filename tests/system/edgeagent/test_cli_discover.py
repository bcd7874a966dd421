"""`edgeagent discover` as a person calls it, with simulated cameras that answer on loopback."""

import asyncio
import json
import os
import pty
import re
import sys
import tomllib
from pathlib import Path

import pytest

from drivers.onvif.discovery.discovery import discover
from edgeagent.cli.say import width
from edgeagent.driver import Login, Search
from simulators.camera import QUIRKS, CameraConfig, CameraFarm
from tests.cameras import farm
from tests.harness import until

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "camera-2024"
LOGIN = Login("admin", PASSWORD, "file:secrets/cameras")
HEAD = 'box = "430121001001"\n[hub]\nhost = "127.0.0.1"\nport = 1\n'


def config(name, *quirks, **settings):
    settings.setdefault("serial", f"GC2000-{name}")
    return CameraConfig(name=name, quirks=frozenset(quirks), **settings)


def search(cameras, *logins, **more):
    return Search(interfaces=("lo",), logins=logins, timeout_s=1.5, probe_port=cameras.discovery.multicast_port, **more)


async def found(asked):
    return {each.name or each.address: each async for each in discover(asked)}


def codes(one):
    return [problem.code.partition(".")[2] for problem in one.problems]


async def test_every_camera_is_found_once_and_what_is_wrong_is_named():
    configs = [
        config("good", "answers_twice", "many_addresses", maker="Hikvision", model="DS-2CD2042WD-I"),
        config("digest", "nat_address", auth="digest", snapshot_auth="basic"),
        config("slow", clock_offset_s=-500.0),
        config("mute", "no_pullpoint", "snapshot_404"),
        config("taken", "no_free_slot"),
        config("half", "half_picture"),
        config("foreign", password="another", lock_after=3),
        config("web", "separate_onvif_user"),
        config("shy", "clock_needs_login"),
        config("late", "clock_needs_login", clock_offset_s=-500.0),
        config("moved", "redirects", "open_connections"),
    ]
    async with farm(*configs) as cameras:
        seen = await found(search(cameras, LOGIN))
        assert {name: codes(one) for name, one in seen.items()} == {
            "good": [],
            "digest": [],
            "slow": ["clock-wrong"],
            "mute": ["no-events", "no-picture"],
            "taken": ["no-slot"],
            "half": ["no-picture"],
            "foreign": ["wrong-password"],
            "web": ["needs-onvif-user"],
            "shy": [],
            "late": ["clock-wrong"],
            "moved": [],
        }
        assert [(one.events, one.pictures) for one in seen.values() if codes(one) == []] == [(True, True)] * 4
        good = seen["good"]
        assert (good.maker, good.model, good.firmware) == ("Hikvision", "DS-2CD2042WD-I", "V5.6.3")
        assert good.address == f"127.0.0.1:{cameras['good'].port}"
        assert good.settings == {"address": good.address, "username": "admin", "password": LOGIN.reference}
        assert seen["foreign"].settings == {"address": seen["foreign"].address}
        # Nothing is left behind, and no account is locked.
        assert [camera.subscriptions for camera in cameras.cameras.values()] == [0] * len(configs)
        assert re.search("拒绝用户 “admin”", seen["foreign"].problems[0].text("zh"))


async def test_without_a_login_the_camera_is_named_and_not_asked_for_more():
    async with farm(config("good", model="IPC-HFW1230S"), config("open", auth="none", snapshot_auth="none")) as cameras:
        seen = await found(search(cameras))
        assert (codes(seen["good"]), seen["good"].model) == (["no-login"], "IPC-HFW1230S")
        assert seen["good"].keys[0].startswith("endpoint:")
        assert (codes(seen["open"]), seen["open"].events, seen["open"].pictures) == ([], True, True)


@pytest.mark.parametrize(
    "auth",
    ["both", pytest.param("digest", marks=pytest.mark.slow), pytest.param("usernametoken", marks=pytest.mark.slow)],
)
async def test_of_several_logins_two_are_tried_and_each_once(auth):
    wrong = Login("admin", "wrong")
    async with farm(config("second", auth=auth, lock_after=2), config("none", auth=auth, lock_after=3)) as cameras:
        seen = await found(search(cameras, wrong, LOGIN, wrong))
        assert codes(seen["second"]) == []
        assert seen["second"].settings["password"] == LOGIN.reference
        seen = await found(search(cameras, wrong, wrong, LOGIN))
        assert codes(seen["none"]) == ["wrong-password"]
        assert "+1" in str(seen["none"].problems[0])
        assert codes((await found(search(cameras, LOGIN)))["none"]) == []  # not locked


async def test_what_may_be_the_same_camera_is_not_refused_twice():
    one, other = (config(name, "shared_endpoint", password="x", serial="1") for name in ("one", "other"))
    async with farm(one, other) as cameras:
        seen = await found(search(cameras, LOGIN))
        assert sorted(codes(each)[0] for each in seen.values()) == ["not-tried", "wrong-password"]


async def test_twins_with_one_endpoint_are_two_cameras():
    twins = [config("one", "shared_endpoint"), config("other", "shared_endpoint")]
    async with farm(*twins) as cameras:
        seen = await found(search(cameras, LOGIN))
        assert {one.serial for one in seen.values()} == {"GC2000-one", "GC2000-other"}


async def test_a_watched_camera_is_left_in_peace():
    async with farm(config("gate", slots=1)) as cameras:
        address = f"127.0.0.1:{cameras['gate'].port}"
        before = cameras["gate"].requests
        seen = await found(search(cameras, LOGIN, watched=frozenset({f"http://{address}/onvif/device_service"})))
        assert codes(seen["gate"]) == ["watched"]
        assert cameras["gate"].requests == before


async def test_a_camera_that_freezes_after_its_answer_is_said_to_be_silent():
    async with farm(config("gate")) as cameras:
        task = asyncio.create_task(found(search(cameras, LOGIN)))
        await until(lambda: cameras.discovery.answered)  # it is asked for more when all calls are over
        cameras["gate"].drop_connections()
        await cameras["gate"].stop()
        assert codes((await task)["gate"]) == ["silent"]


@pytest.mark.slow
async def test_no_fault_of_a_camera_ends_the_search_or_leaves_a_subscription():
    async with farm(*(config(name.replace("_", "-"), name) for name in QUIRKS)) as cameras:
        seen = await found(search(cameras, LOGIN))
        assert len(seen) == len(QUIRKS)
        left = {name: camera.subscriptions for name, camera in cameras.cameras.items() if camera.subscriptions}
        # The first holds all places but one for others; the last forgets nothing that it was told to end.
        assert left.keys() <= {"orphaned-slots", "no-free-slot"}
        assert [name for name, one in seen.items() if one.events and one.pictures and not one.problems]


@pytest.mark.slow
async def test_by_address_where_multicast_does_not_pass():
    async with CameraFarm([config("a"), config("b")]) as cameras:
        ports = (cameras["a"].port, cameras["b"].port, cameras.control.port)
        seen = await found(Search(hosts=("127.0.0.1", "127.0.0.2"), ports=ports, logins=(LOGIN,)))
        assert {one.serial for one in seen.values()} == {"GC2000-a", "GC2000-b"}


# -- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def box(tmp_path):
    """The configuration's folder with a password file."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "cameras").touch(0o600)
    (tmp_path / "secrets" / "cameras").write_text(PASSWORD + "\n")
    (tmp_path / "edgeagent.toml").write_text(HEAD + f'[store]\ndir = "{tmp_path}/store"\n')
    return tmp_path


async def started(*args, **more):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgeagent.cli", *map(str, args),
        cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, **more,
    )  # fmt: skip


async def edgeagent(*args):
    process = await started(*args, stdin=asyncio.subprocess.DEVNULL)
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), errors.decode()


def arguments(box, cameras, *more):
    port = cameras.discovery.multicast_port
    where = ("--config", box / "edgeagent.toml", "--interface", "lo", "--probe-port", port, "--timeout", 1.5)
    return ("discover", *where, *more)


WITH_LOGIN = ("--user", "admin", "--password-file")
TABLE_ZH = """\
地址             厂商     型号          固件    事件  图片  编号                 问题
127.0.0.1:PORT1  宇视     GC-2000       V5.6.3  有    有    cam-10235c3abf19
127.0.0.1:PORT2  Gridcam  IPC-HFW1230S  V5.6.3  有    有    cam-1d34paz00123  时钟慢 NNN 秒：请在摄像机上设置 NTP 校时
"""
TABLE_EN = """\
address          maker    model         firmware  events  pictures  id                   what is wrong
127.0.0.1:PORT1  宇视     GC-2000       V5.6.3    yes     yes       cam-10235c3abf19
127.0.0.1:PORT2  Gridcam  IPC-HFW1230S  V5.6.3    yes     yes       cam-1d34paz00123  its clock is NNN s slow: set NTP on the camera
"""  # noqa: E501  # as wide as a screen


@pytest.mark.parametrize(("language", "table"), [("zh", TABLE_ZH), ("en", TABLE_EN)])
async def test_the_table_is_aligned_in_both_languages(box, language, table):
    one = config("one", maker="宇视", serial="210235C3ABF19")
    two = config("two", model="IPC-HFW1230S", serial="4M01D34PAZ00123", clock_offset_s=-500.0)
    async with farm(one, two) as cameras:
        args = arguments(box, cameras, *WITH_LOGIN, box / "secrets/cameras", "--language", language)
        code, out, errors = await edgeagent(*args)
        ports = {f"{cameras[name].port:<5}": f"PORT{number}" for number, name in enumerate(("one", "two"), 1)}
    assert code == 0, errors
    out = re.sub(r"\b(49|50)\d\b", "NNN", out)
    for port, name in ports.items():
        out = out.replace(port, name)
    head, *rows = out.splitlines()
    expected = table.splitlines()
    assert [" ".join(line.split()) for line in (head, *sorted(rows))] == [" ".join(line.split()) for line in expected]
    columns = {width(re.split("编号|id |cam-", line)[0]) for line in (head, *rows)}
    assert len(columns) == 1, out
    assert PASSWORD not in out + errors


@pytest.mark.slow
async def test_what_is_written_loads_and_a_second_time_adds_only_what_is_new(box):
    file = box / "conf.d" / "cameras.toml"
    first, second = config("鱼塘", serial="SN-0001-AAAA"), config("村口", serial="SN-0002-BBBB", password="x")
    login = (*WITH_LOGIN, box / "secrets/cameras", "--write", file, "--language", "en")
    async with farm(first) as cameras:
        code, _, errors = await edgeagent(*arguments(box, cameras, *login))
        assert (code, "added to" in errors) == (0, True), errors
    file.write_text(file.read_text().replace('name = "鱼塘"', 'name = "老李的鱼塘"  # renamed'))
    async with farm(first, second) as cameras:
        code, out, errors = await edgeagent(*arguments(box, cameras, *login, "--json"))
        again = await edgeagent(*arguments(box, cameras, *login))
        moved = {one["id"]: (one["new"], one["moved"]) for one in json.loads(out)}
    (new,) = [one["id"] for one in json.loads(out) if one["new"]]
    assert moved == {"cam-sn0001aaaa": (False, True), new: (True, False)}  # the simulator has another port now
    assert f"added to {file}: {new}\n" in errors
    assert "nothing new" in again[2]
    assert "the configuration says 127.0.0.1:" in again[1]
    text = file.read_text()
    assert 'name = "老李的鱼塘"  # renamed' in text
    assert 'password = "file:secrets/cameras"' in text
    assert f"# it refuses user “admin”: wrong password?\n[device.{new}]" in text
    code, out, _ = await edgeagent("check", "--only", "config", "--config", box / "edgeagent.toml", "--language", "en")
    assert (code, "devices 2" in out) == (0, True), out


@pytest.mark.slow
async def test_a_login_that_failed_the_first_time_is_filled_in_the_next_time(box):
    file, wrong = box / "conf.d" / "cameras.toml", box / "secrets" / "wrong"
    wrong.touch(0o600)
    wrong.write_text("mistyped\n")
    first, second = config("鱼塘", serial="SN-0001-AAAA"), config("村口", serial="SN-0002-BBBB")
    async with farm(first, second) as cameras:
        await edgeagent(*arguments(box, cameras, *WITH_LOGIN, wrong, "--write", file))
        before = file.read_text()
        # Somebody has been there in the meantime: only what is still as it was written is filled in.
        ids = re.findall(r"^\[device\.(.*)\]$", before, re.MULTILINE)
        file.write_text(before.replace(f'#password = "file:secrets/{ids[1]}"', "# ask Wang"))
        login = (*WITH_LOGIN, box / "secrets/cameras", "--write", file, "--language", "en")
        _, _, errors = await edgeagent(*arguments(box, cameras, *login))
        again = await edgeagent(*arguments(box, cameras, *login))
    assert f"added to {file}: {ids[0]} (login)\n" in errors
    assert "nothing new" in again[2]
    devices = tomllib.loads(file.read_text())["device"]
    assert (devices[ids[0]]["username"], devices[ids[0]]["password"]) == ("admin", "file:secrets/cameras")
    assert "username" not in devices[ids[1]]
    assert "# ask Wang" in file.read_text()


@pytest.mark.slow
async def test_a_password_that_was_typed_lies_in_a_file_of_its_own(box):
    file = box / "conf.d" / "cameras.toml"
    async with farm(config("gate")) as cameras:
        leader, follower = pty.openpty()
        # Without a terminal that belongs to the session, getpass reads standard input.
        process = await started(
            *arguments(box, cameras, "--write", file, "--language", "zh"), stdin=follower, start_new_session=True
        )
        async with asyncio.timeout(60):
            for prompt, typed in (("不登录）：", "admin"), ("admin 的密码：", PASSWORD)):
                await process.stderr.readuntil(prompt.encode())
                os.write(leader, typed.encode() + b"\n")
            errors = (await process.communicate())[1].decode()
        os.close(leader)
        os.close(follower)
    assert process.returncode == 0, errors
    assert 'password = "file:secrets/cameras-admin"' in file.read_text()
    kept = box / "secrets" / "cameras-admin"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (PASSWORD + "\n", 0o600)
    assert (await edgeagent("check", "--only", "config", "--config", box / "edgeagent.toml"))[0] == 0


async def test_nobody_there_is_said_with_what_to_do(box):
    async with farm() as cameras:
        code, out, _ = await edgeagent(*arguments(box, cameras, "--language", "zh"))
    assert (code, out.startswith("没有摄像机应答。")) == (1, True)


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--range", "10.0.0.0/8"), 2, "一次最多搜索 4096 个"),
        (("--range", "x"), 2, "不是地址范围"),
        (("--user", "admin"), 2, "--user 和 --password-file 应同时给出"),
        (("--login", "admin"), 2, "格式不对"),
        (("--user", "admin", "--password-file", "/nowhere"), 2, "/nowhere 不存在"),
        (("--interface", "nix"), 1, "没有名为“nix”"),
        (("--interface", "lo", "--range", "127.0.0.1"), 2, ""),
    ],
)
async def test_wrong_use_is_said_in_words(box, args, code, said):
    done = await edgeagent("discover", "--config", box / "edgeagent.toml", "--language", "zh", *args)
    assert done[0] == code, done
    assert said in done[2]


async def test_a_password_file_that_others_can_read_is_refused(box):
    (box / "secrets" / "cameras").chmod(0o644)
    args = ("discover", "--config", box / "edgeagent.toml", *WITH_LOGIN, box / "secrets/cameras", "--language", "en")
    code, _, errors = await edgeagent(*args)
    assert (code, "0644" in errors) == (2, True), errors
