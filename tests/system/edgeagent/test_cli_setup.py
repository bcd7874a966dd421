"""`edgeagent setup` as a technician calls it in a village: at a terminal, with cameras, serial parts and slips."""

import asyncio
import re
import tomllib
from pathlib import Path

import pytest

from drivers.terminal import identify
from edgeagent import plugins
from edgeagent.cli.newdevices import NotWritten
from edgeagent.cli.say import width
from edgeagent.cli.setup import writing
from edgeagent.cli.setup.plan import Plan, Present
from edgeagent.configfile import load
from simulators.camera import CameraConfig
from simulators.terminal import ALL_PARTS, SimTerminal, resident
from tests.cameras import farm
from tests.enrolments import County
from tests.typists import typist

BOX, PASSWORD = "430121001001", "camera-2024"
HIKVISION = {"maker": "HIKVISION", "model": "DS-2CD2042WD-I"}
CARD = bytes.fromhex("6B3D12D6")
HEAD = 'box = "430121001001"\nname = "东山村"\nlanguage = "zh"\n[hub]\nhost = "hub.example.cn"\n'
EDITED = """\
# 老王 2026-03：盒子在楼梯下
box = "430121001001"   # 问过镇里
#name = ""
[hub]
host = "hub.example.cn"  # 换过两次
"""


@pytest.fixture
def box(tmp_path):
    """`etc` with a certificate of the county's, and no configuration yet."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "ca.pem").write_text("x")
    return folder


def setup(box, *more, cameras=None, root="/nowhere", language="zh"):
    where = () if cameras is None else ("--interface", "lo", "--probe-port", cameras.discovery.multicast_port)
    config = ("--config", box / "edgeagent.toml", "--language", language, "--root", root)
    return typist("setup", *config, "--timeout", 1.5, *where, *more)


def files(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def loaded(box):
    return load(box / "edgeagent.toml", plugins.resolve).config


def machine_with(root: Path, ports: dict[str, str]) -> Path:
    """/dev and /sys with a USB adapter for each port."""
    for number, (product, port) in enumerate(ports.items()):
        name = f"ttyUSB{number}"
        device = root / "sys/devices" / name / "interface" / name
        device.mkdir(parents=True)
        (device.parent.parent / "idVendor").write_text("1a86")
        (device.parent.parent / "product").write_text(product)
        (root / "sys/class/tty" / name).mkdir(parents=True)
        (root / "sys/class/tty" / name / "device").symlink_to(device)
        (root / "dev").mkdir(exist_ok=True)
        (root / "dev" / name).symlink_to(port)
    return root


@pytest.mark.slow
async def test_a_village_is_set_up_with_slips_of_the_hand_on_the_way(box, tmp_path):
    cameras = (
        {"name": "gate", "serial": "SN0001AAAA", **HIKVISION},
        {"name": "pond", "serial": "SN0002BBBB", **HIKVISION},
        {"name": "hill", "serial": "SN0003CCCC", "model": "XM530", "password": "another"},
    )
    async with farm(*(CameraConfig(**one) for one in cameras)) as found, SimTerminal(parts=ALL_PARTS) as parts:
        ports = {"Serial": "idcard", "Adapter": "printer", "GM65 Barcode": "scanner"}
        root = machine_with(tmp_path / "machine", {what: parts.ports[part] for what, part in ports.items()})
        async with setup(box, cameras=found, root=root) as person:
            await person.answers(
                ("村级区划代码", "43012100100"), ("输入了 11 位", ""), ("此项必填", "４３０１２１００１００１"),
                ("读作 430121001001", ""), ("此项必填", "东山村"),
                ("选择", "9"), ("请输入 1 至 2", "1"),
                ("消息服务器", "hub：99999"), ("不是地址", "hub.example.cn：８８８３"),
                ("CA 证书", "county.pem"), ("没有文件", "ca.pem"), ("用户名", ""), ("密码", ""),
                ("现在查找", "maybe"), ("请输入 y", ""), ("地址范围", "192.168.1"), ("不是地址范围", ""),
                ("海康威视 2 台", "admin"), ("密码（不显示）", "wrong"),
                ("2 台拒绝此登录", "admin"), ("密码（不显示）", PASSWORD),
                ("雄迈及贴牌 1 台", ""), ("不接入", "7"), ("请写 1 至 3", ""),
            )  # fmt: skip
            await name_cameras(person)
            await person.sees("附图片")
            places = re.findall(r"^ +(\d)  (村口|水塘|后山)  127", person.screen, re.MULTILINE)
            await person.types("、".join(number for number, name in places if name != "后山"))
            await person.answers(
                ("有自助服务终端吗", ""), ("逐个询问", ""),
                ("应为：身份证阅读器，115200", ""), ("应为：小票打印机，9600", ""),
                ("应为：扫码器", "8"), ("请输入 0 至 7", ""),
                ("其他串口", parts.ports["iccard"] + "x"), ("没有 ", parts.ports["iccard"]), ("是哪个", "2：９６００"),
                ("其他串口", ""), ("村密钥文件", ""), ("尚不存在", ""),
            )  # fmt: skip
            await person.sees("请把身份证")
            parts.present_card(resident("11010519491231002X", "欧阳震华"))
            await person.sees("测试小票打印出来了吗")
            person.enters("y")
            await person.sees("请扫任意一个码")
            person.enters("")
            await person.sees("请刷 IC 卡")
            parts.show_ic(CARD)
            await person.answers(("共 4 项，3 项正常", ""))
            await person.sees("代理可以加载：盒子 430121001001，4 台设备")
            assert files(box) == {box / "ca.pem": b"x"}
            await person.answers(("写入？", ""))
            await person.sees("下一步", "edgeagent check", "systemctl enable --now edgeagent")
            assert await person.ends() == 0
    assert PASSWORD not in person.screen
    # It fits into 80 columns, but for the long paths of a test.
    asked = person.screen[: person.screen.index("开始测试")].splitlines()
    assert [line for line in asked if width(line) > 80 and "/" not in line] == []
    check_village(box)


PLACES = {"sn0001aaaa": "村口", "sn0002bbbb": "水塘"}


async def name_cameras(person):
    """By the ids, for nobody knows in which order they come."""
    for _ in range(3):
        await person.sees("  cam-", "名称")
        device = re.findall(r"  cam-(\w+)", person.screen)[-1]
        await person.types(PLACES.get(device, "后山"))
        wrong, right = {"sn0001aaaa": ("12", ""), "sn0002bbbb": ("2", "00２")}.get(device, ("x", ""))
        await person.answers(("网格编号", wrong), ("不是有效的网格编号", right))


def check_village(box):
    config = loaded(box)
    assert (config.box, config.name, config.hub.host, config.hub.port) == (BOX, "东山村", "hub.example.cn", 8883)
    gate, pond = config.device["cam-sn0001aaaa"], config.device["cam-sn0002bbbb"]
    assert (gate.name, gate.grid, gate.preset, gate.options.password) == ("村口", None, "hikvision", PASSWORD)
    assert (pond.name, pond.grid) == ("水塘", "430121001001002")
    (hill,) = [one for one in config.device.values() if one.name == "后山"]
    assert (hill.preset, hill.options.username, hill.options.notify_listen) == ("xm", "", "0.0.0.0:8089")
    assert [rule.picture for rule in config.rule] == [False]
    found = [(part.__struct_config__.tag, part.baud) for part in config.device["terminal"].options.part]
    assert found == [("sam_idcard", 115200), ("escpos", 9600), ("line", 9600), ("icem", 9600)]
    secrets = list((box / "secrets").iterdir())
    assert [(file.name, file.stat().st_mode & 0o777) for file in secrets] == [("cameras-admin", 0o600)]
    assert (box / "secrets").stat().st_mode & 0o777 == 0o700
    assert not any(PASSWORD in file.read_text() for file in box.rglob("*.toml"))


@pytest.mark.parametrize("where", ["村名", "选择", "地址范围", "写入"])
async def test_ctrl_c_anywhere_changes_nothing(box, where):
    before = files(box)
    steps = [
        ("村级区划代码", BOX), ("村名", "东山村"), ("选择", "1"), ("消息服务器", "hub:1883"),
        ("用户名", "u"), ("密码", "secret"),
        ("现在查找", "n" if where == "写入" else "y"), ("地址范围" if where != "写入" else "终端吗", ""),
    ]  # fmt: skip
    async with setup(box) as person:
        for question, text in steps:
            await person.sees(question)
            if question == where:
                break
            await person.types(text)
        else:
            await person.sees("写入？")
        person.presses_ctrl_c()
        assert await person.ends() == 130
        assert "没有改动任何文件" in person.screen
    assert files(box) == before


async def test_what_a_technician_has_edited_is_shown_asked_for_and_keeps_its_comments(box):
    (box / "edgeagent.toml").write_text(EDITED)
    steps = (("村级区划代码", ""), ("村名", "东山村"), ("选择", "1"), ("8883]", "hub:1883"), ("用户名", ""),
             ("密码", ""), ("现在查找", "n"), ("终端吗", ""))  # fmt: skip
    async with setup(box) as person:
        await person.answers(*steps)
        await person.sees('-host = "hub.example.cn"  # 换过两次', '+host = "hub"  # 换过两次', "所示修改")
        await person.types("n")
        assert await person.ends() == 1
    assert (box / "edgeagent.toml").read_text() == EDITED
    async with setup(box) as person:
        await person.answers(*steps, ("所示修改", "y"), ("写入？", "y"))
        assert await person.ends() == 0
    text = (box / "edgeagent.toml").read_text()
    assert text.startswith(EDITED.partition("[hub]")[0] + 'name = "东山村"\n')
    assert 'host = "hub"  # 换过两次\nport = 1883\n' in text
    async with setup(box) as person:  # run again, everything is its own default
        await person.answers(("[430121001001]", ""), ("[东山村]", ""), ("[3]", ""), ("现在查找", "n"), ("终端吗", ""))
        await person.sees("无需写入")
        assert await person.ends() == 0
    assert (box / "edgeagent.toml").read_text() == text


@pytest.mark.slow
async def test_a_login_that_nobody_knew_is_filled_in_the_next_time(box):
    (box / "edgeagent.toml").write_text(HEAD)
    (box / "conf.d").mkdir()
    cameras = ({"name": name, "serial": f"SN-{name}-0001", **HIKVISION} for name in ("gate", "door"))
    begin = (("村级区划代码", ""), ("村名", ""), ("[3]", ""), ("现在查找", ""), ("地址范围", ""))
    async with farm(*(CameraConfig(**one) for one in cameras)) as found:
        by_hand = f'[device.door]  # by hand\ndriver = "onvif"\naddress = "127.0.0.1:{found["door"].port}"\n'
        (box / "conf.d/hand.toml").write_text(by_hand)
        async with setup(box, cameras=found) as person:
            await person.answers(*begin, ("海康威视 2 台", ""), ("不接入", ""), ("名称", "村口"), ("网格", ""))
            await person.answers(("附图片", ""), ("终端吗", ""), ("写入？", ""))
            assert await person.ends() == 0, person.screen
        assert {one.options.username for one in loaded(box).device.values()} == {""}
        async with setup(box, cameras=found) as person:
            await person.answers(*begin, ("海康威视 2 台", "admin"), ("密码（不显示）", PASSWORD), ("终端吗", ""))
            await person.answers(("所示修改", ""), ("所示修改", ""), ("写入？", ""))
            assert await person.ends() == 0, person.screen
    assert {one.options.password for one in loaded(box).device.values()} == {PASSWORD}
    assert (box / "conf.d/hand.toml").read_text().startswith(by_hand)


async def test_what_setup_may_not_change_is_explained_and_asked_again(box):
    (box / "edgeagent.toml").write_text('name = "东山村"\nlanguage = "zh"\nhub = { host = "h", port = 1883 }\n')
    (box / "conf.d").mkdir()
    (box / "conf.d/10-enrolled.toml").write_text(f'box = "{BOX}"\n')
    before = files(box)
    async with setup(box) as person:
        await person.answers(
            ("村级区划代码", "430121001002"), ("enroll --move", ""), ("[东山村]", ""), ("[3]", "1"),
            ("[h:1883]", "other:1883"), ("请手工改为", ""), ("用户名", ""), ("密码", ""),
            ("现在查找", "n"), ("终端吗", ""),
        )  # fmt: skip
        await person.sees("无需写入")
        assert await person.ends() == 0
    assert files(box) == before


async def test_a_mistake_that_is_there_already_is_told_before_any_question(box):
    (box / "edgeagent.toml").write_text("box = “430121001001”\n")
    async with setup(box) as person:
        assert await person.ends() == 78
    assert "edgeagent.toml:1" in person.screen
    assert "全角引号" in person.screen


# -- nobody is asked -----------------------------------------------------------------------------------------------


async def run(box, answers, *more, cameras=None, language="en"):
    file = box.parent / "answers.toml"
    file.write_text(answers)
    async with setup(box, "--answers", file, *more, cameras=cameras, language=language) as person:
        return await person.ends(), person.screen


@pytest.mark.slow
async def test_a_tour_needs_nobody_at_the_keyboard(box):
    (box.parent / "password").touch(0o600)
    (box.parent / "password").write_text(PASSWORD)
    answers = """
box = "430121001001"
name = "东山村"
uplink = "broker"
hub = "hub.example.cn"
ca = "ca.pem"
[login.all]
username = "admin"
password = "file:password"
[camera.cam-sn0001aaaa]
name = "村口"
grid = "001"
pictures = false
[camera.cam-sn0002bbbb]
take = false
[[part]]
protocol = "line"
port = "/dev/serial/by-id/usb-GM65"
"""
    cameras = ({"name": "a", "serial": "SN0001AAAA", **HIKVISION}, {"name": "b", "serial": "SN0002BBBB"})
    async with farm(*(CameraConfig(**one) for one in cameras)) as found:
        code, screen = await run(box, answers, "--dry-run", cameras=found)
        assert (code, files(box)) == (0, {box / "ca.pem": b"x"}), screen
        code, screen = await run(box, answers, cameras=found)
        assert code == 0, screen
        written = files(box)
        again = await run(box, answers, cameras=found)
        assert (again[0], "nothing to write" in again[1]) == (0, True), again[1]
    assert files(box) == written
    config = loaded(box)
    assert set(config.device) == {"cam-sn0001aaaa", "terminal"}
    gate = config.device["cam-sn0001aaaa"]
    assert (gate.name, gate.grid, gate.preset, gate.options.username) == ("村口", f"{BOX}001", "hikvision", "admin")
    assert config.rule[0].devices == ("cam-sn0001aaaa",)
    assert PASSWORD not in screen + str(tomllib.loads((box / "conf.d/cameras.toml").read_text()))


SLIPS = 'box = "4301"\nhob = "x"\n[login.all]\nusername = "a"\n'
BAD = (
    'box = "430121001001"\n',
    'box = "430121001001"\nname = "x"\nuplink = "broker"\nhub = "a b"\n',
    'box = "430121001001"\nname = "x"\nuplink = "enroll"\ntoken_file = "none.enrol"\n',
)


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        (SLIPS, 78, ["did you mean “hub”", "login.all.password", "box id"]),
        (BAD[0], 1, ["name", "an answer is needed"]),
        (BAD[1], 1, ["hub", "HOST:PORT"]),
        (BAD[2], 1, ["token_file", "none.enrol"]),
    ],
    ids=["slips", "no-name", "no-host", "no-token"],
)
async def test_wrong_answers_are_told_and_nothing_is_written(box, answers, code, said):
    before = files(box)
    found, screen = await run(box, answers + "\n", "--dry-run")
    assert (found, [text for text in said if text not in screen]) == (code, []), screen
    assert files(box) == before


async def test_a_file_of_answers_changes_nothing_that_stands_there_unless_it_says_so(box):
    (box / "edgeagent.toml").write_text(EDITED)
    answers = 'box = "430121001002"\nname = "x"\nsearch = false\n'
    code, screen = await run(box, answers)
    assert (code, "change_existing" in screen) == (1, True)
    assert (box / "edgeagent.toml").read_text() == EDITED
    assert (await run(box, answers + "change_existing = true\n"))[0] == 0
    assert 'box = "430121001002"   # 问过镇里' in (box / "edgeagent.toml").read_text()


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
async def test_it_enrols_with_the_token_of_the_stick(box, tmp_path):
    village = "431126001001"
    (box / "edgeagent.toml").write_text(f'[store]\ndir = "{tmp_path / "store"}"\n[status]\nport = 0\n')
    county = County(tmp_path / "hub")
    async with county.listening():
        ticket = str(await county.ticket(village))
        begin = (("村名", "东山村"), ("[2]", ""))
        async with setup(box) as person:
            await person.answers(
                ("村级区划代码", BOX), *begin, ("令牌文件", ticket), ("属于盒子 431126001001", "nowhere"), ("✗", "x"),
            )  # fmt: skip
            person.presses_ctrl_c()
            assert await person.ends() == 130
        async with setup(box) as person:
            await person.answers(
                ("村级区划代码", village), *begin, ("令牌文件", ticket), ("现在查找", "n"), ("终端吗", "")
            )
            await person.answers(("所示修改", ""), ("写入？", ""), ("本机已注册为盒子 431126001001", ""))
            assert await person.ends() == 0, person.screen
            assert "没有加密" not in person.screen, "what enrolment adds is not there yet, and is no mistake"
    assert (loaded(box).box, loaded(box).hub.tls is not None) == (village, True)


# -- writing -------------------------------------------------------------------------------------------------------


def test_when_one_file_cannot_be_written_none_is(box):
    (box / "edgeagent.toml").write_text(EDITED)
    plan = Plan(Present(box / "edgeagent.toml"))
    plan.append("cameras.toml", "[device.x]\n")
    plan.put(("name",), "东山村")
    assert plan.keep_secret("hub", "s3cret") == "file:secrets/hub"
    (box / "edgeagent.toml").write_text(EDITED + "# somebody else, just now\n")
    before = files(box)
    with pytest.raises(NotWritten, match="somebody has just changed it"):
        writing.write(plan)
    assert files(box) == before


def test_a_secret_that_is_there_is_not_stored_twice_and_never_replaced(box):
    (box / "secrets").mkdir()
    (box / "secrets/cameras-admin").write_text("old\n")
    plan = Plan(Present(box / "edgeagent.toml"))
    assert plan.keep_secret("cameras-admin", "old") == "file:secrets/cameras-admin"
    assert plan.keep_secret("cameras-admin", "new") == "file:secrets/cameras-admin-2"
    assert plan.secrets == {"cameras-admin-2": "new"}


async def test_parts_that_can_answer_say_what_they_are():
    asked = ("idcard", "printer", "scanner")
    async with SimTerminal(parts=ALL_PARTS) as parts:
        said = await asyncio.gather(*(asyncio.to_thread(identify, parts.ports[name]) for name in asked))
        assert not parts.printer.slips
    assert said == [("sam_idcard", 115200), ("escpos", 9600), None]
    assert identify("/dev/no-such-port") is None
