"""Every kind of mistake in a configuration: where it is said to be, and in which words, in both languages."""

from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from edgeagent.configfile import BadConfig, DriverBroken, NoSuchDriver, load
from edgeagent.driver import DeviceConfig, Secret
from gridwire.problem import declared
from gridwire.settings.mistakes import Mistake

GOOD = """\
box = "430121001001"
[hub]
host = "127.0.0.1"
port = 1883
"""


class Point(DeviceConfig, frozen=True, kw_only=True):
    register: Annotated[int, Meta(ge=0, le=65535)]
    unit: str = ""


class Camera(DeviceConfig, frozen=True, kw_only=True):
    host: Annotated[str, Meta(min_length=1, description="address", extra_json_schema={"zh": "地址"})]
    password: Secret = ""
    wait_s: Annotated[float, Meta(gt=0, le=10)] = 1.0
    points: tuple[Point, ...] = ()
    size: tuple[int, int] = (640, 480)
    tags: dict[str, int] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.host == "nowhere":
            raise ValueError("nowhere is no place")


def resolve(name: str) -> type[DeviceConfig]:
    if name == "camera":
        return Camera
    if name == "broken":
        raise DriverBroken(name, "ImportError: no cv2")
    raise NoSuchDriver(name, ["camera", "onvif", "terminal"])


def mistakes(folder: Path, text: str | bytes, **more: str) -> BadConfig:
    file = folder / "edgeagent.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, inner in more.items():
        (folder / "conf.d").mkdir(exist_ok=True)
        (folder / "conf.d" / f"{name}.toml").write_text(inner, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        load(file, resolve, environ={})
    return caught.value


TABLE = [
    # text, line, key, English, Chinese
    (GOOD + 'keepalive = 60\n', 5, "hub.keepalive", "there is no such setting, did you mean “keepalive_s”?",
     "没有这个设置项，是不是“keepalive_s”？"),
    ('langage = "zh"\n' + GOOD, 1, "langage", "there is no such setting, did you mean “language”?",
     "没有这个设置项，是不是“language”？"),
    (GOOD + "xyzzy = 1\n", 5, "hub.xyzzy", "there is no such setting", "没有这个设置项"),
    (GOOD + 'keepalive_s = "60"\n', 5, "hub.keepalive_s",
     "is the text “60”, expected a whole number from 10 to 3600: leave out the quotes",
     "现在是文本“60”，应为 10 至 3600 的整数：请去掉引号"),
    (GOOD + "keepalive_s = 5\n", 5, "hub.keepalive_s",
     "the whole number 5 is not allowed, expected a whole number from 10 to 3600",
     "整数 5 不符合要求，应为 10 至 3600 的整数"),
    (GOOD + "keepalive_s = 60.5\n", 5, "hub.keepalive_s", "is the number 60.5, expected a whole number from 10 to 3600",
     "现在是数字 60.5，应为 10 至 3600 的整数"),
    (GOOD + "keepalive_s = true\n", 5, "hub.keepalive_s", "is true, expected a whole number from 10 to 3600",
     "现在是 true，应为 10 至 3600 的整数"),
    (GOOD + "resend_after_s = nan\n", 5, "hub.resend_after_s",
     "the number nan is not allowed, expected a number from 1 to 900", "数字 nan 不符合要求，应为 1 至 900 的数字"),
    (GOOD + "[status]\nenabled = 1\n", 6, "status.enabled", "is the whole number 1, expected true or false",
     "现在是整数 1，应为 true 或 false"),
    (GOOD.replace('"430121001001"', "430121001001"), 1, "box",
     "is the whole number 430121001001, expected a box id: 12 digits of the village, then -2, -3 for a second, "
     "third box: put it in quotes",
     "现在是整数 430121001001，应为盒子编号：12 位村级区划代码，同村第二台起加 -2、-3：请加英文引号"),
    (GOOD.replace("430121001001", "4301210010"), 1, "box",
     "the text “4301210010” is not allowed, expected a box id: 12 digits of the village, then -2, -3 for a second, "
     "third box",
     "文本“4301210010”不符合要求，应为盒子编号：12 位村级区划代码，同村第二台起加 -2、-3"),
    (GOOD.replace("430121001001", "４30121001001"), 1, "box",
     "the text “４30121001001” is not allowed, expected a box id: 12 digits of the village, then -2, -3 for a second, "
     "third box, did you mean “430121001001”?",
     "文本“４30121001001”不符合要求，应为盒子编号：12 位村级区划代码，同村第二台起加 -2、-3，是不是“430121001001”？"),
    (GOOD.replace("430121001001", "430121001001\\n"), 1, "box",
     "the text “430121001001\\n” is not allowed, expected a box id: 12 digits of the village, then -2, -3 for a second,"
     " third box, did you mean “430121001001”?",
     "文本“430121001001\\n”不符合要求，应为盒子编号：12 位村级区划代码，同村第二台起加 -2、-3，是不是“430121001001”？"),
    (GOOD + 'protocol = "5.0"\n', 5, "hub.protocol", "the text “5.0” is not allowed, expected one of “3.1.1”, “5”",
     "文本“5.0”不符合要求，应为以下之一：“3.1.1”、“5”"),
    (GOOD + "protocol = 5\n", 5, "hub.protocol",
     "is the whole number 5, expected one of “3.1.1”, “5”: put it in quotes",
     "现在是整数 5，应为以下之一：“3.1.1”、“5”：请加英文引号"),
    ('box = "430121001001"\n[hub]\nport = 1883\n', 2, "hub.host", "is missing (name or address of the broker)",
     "缺少这一项（消息服务器的域名或地址）"),
    ('[hub]\nhost = "127.0.0.1"\nport = 1883\n', 0, "box",
     "is missing (box id: 12-digit village code, -2, -3 for further boxes)",
     "缺少这一项（盒子编号：12 位村级区划代码，同村第二台起加 -2、-3）"),
    ('box = "430121001001"\nhub = "127.0.0.1"\n', 2, "hub",
     "is the text “127.0.0.1”, expected a table: write [hub] on a line of its own",
     "现在是文本“127.0.0.1”，应为一个表：请单独写一行 [hub]"),
    ('timezone = "Asia/Shanghia"\n' + GOOD, 1, "timezone",
     "“Asia/Shanghia” is no IANA time zone of this machine, did you mean “Asia/Shanghai”?",
     "“Asia/Shanghia”不是本机认识的 IANA 时区，是不是“Asia/Shanghai”？"),
    (GOOD + '[device.cam-1]\ndriver = "camra"\n', 6, "device.cam-1.driver",
     "there is no driver “camra”, did you mean “camera”?", "没有名为“camra”的驱动，是不是“camera”？"),
    (GOOD + '[device.cam-1]\ndriver = "q"\n', 6, "device.cam-1.driver",
     "there is no driver “q”, there are: camera, onvif, terminal", "没有名为“q”的驱动，现有：camera, onvif, terminal"),
    (GOOD + '[device.Cam_1]\ndriver = "camera"\nhost = "a"\n', 5, "device.Cam_1",
     "“Cam_1” is no device id: 1 to 32 of a-z, 0-9 and -, not beginning or ending with -, did you mean “cam-1”?",
     "“Cam_1”不是有效的设备编号：应为 1 至 32 个小写字母、数字或 -，且首尾不能是 -，是不是“cam-1”？"),
    (GOOD + '[device.cam-1]\nhost = "a"\n', 5, "device.cam-1.driver",
     "is missing (name of the driver, e.g. onvif, terminal)", "缺少这一项（驱动名称，如 onvif、terminal）"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\n', 5, "device.cam-1.host",
     "is missing (address)", "缺少这一项（地址）"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\nhsot = 1\n', 8, "device.cam-1.hsot",
     "there is no such setting", "没有这个设置项"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\npasword = "x"\n', 8, "device.cam-1.pasword",
     "there is no such setting, did you mean “password”?", "没有这个设置项，是不是“password”？"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\noptions = 1\n', 8, "device.cam-1.options",
     "there is no such setting", "没有这个设置项"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "nowhere"\n', 5, "device.cam-1", "nowhere is no place",
     "nowhere is no place"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\ngrid = "4301"\n', 8, "device.cam-1.grid",
     "the text “4301” is not allowed, expected a grid id: 12 digits of the village and 3 of the grid",
     "文本“4301”不符合要求，应为网格编号：12 位村级区划代码加 3 位网格号"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\nwait_s = 0\n', 8, "device.cam-1.wait_s",
     "the whole number 0 is not allowed, expected a number above 0 to 10",
     "整数 0 不符合要求，应为大于 0 且不大于 10 的数字"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\n[[device.cam-1.points]]\nregister = 1\n'
     '[[device.cam-1.points]]\nregister = 70000\n', 11, "device.cam-1.points[2].register",
     "the whole number 70000 is not allowed, expected a whole number from 0 to 65535",
     "整数 70000 不符合要求，应为 0 至 65535 的整数"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\nsize = [1]\n', 8, "device.cam-1.size",
     "a list of 1 is not allowed, expected a list of 2 values", "1 项的列表不符合要求，应为 2 个值的列表"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\ntags = {a = "b"}\n', 8, "device.cam-1.tags.a",
     "is the text “b”, expected a whole number: leave out the quotes", "现在是文本“b”，应为整数：请去掉引号"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\npassword = 12345\n', 8, "device.cam-1.password",
     "is a whole number, expected text in quotes: put it in quotes", "现在是整数，应为带引号的文本：请加英文引号"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\npassword = "env:NO_SUCH"\n', 8, "device.cam-1.password",
     "secret: environment variable NO_SUCH is not set", "密码所在的环境变量 NO_SUCH 没有设置"),
    (GOOD + '[device]\ncam-1 = "camera"\n', 6, "device.cam-1",
     "is the text “camera”, expected a table: a device is a table [device.NAME]",
     "现在是文本“camera”，应为一个表：设备应写成表 [device.名称]"),
    (GOOD + '[[device]]\ndriver = "camera"\n', 5, "device", "is a list, expected tables [device.NAME]",
     "现在是列表，应为若干个表 [device.名称]"),
    (GOOD + '[rule]\nkinds = []\n', 5, "rule", "is a table, expected a list, each a table: write [[rule]]",
     "现在是一个表，应为列表，每一项为一个表：请写成 [[rule]]"),
    (GOOD + '[[rule]]\nkinds = "motion"\n', 6, "rule[1].kinds",
     "is the text “motion”, expected a list, each text in quotes: put it in [ ]",
     "现在是文本“motion”，应为列表，每一项为带引号的文本：请用 [ ] 括起来"),
    (GOOD + '[[rule]]\nkinds = []\n[[rule]]\ndevices = ["cam-2"]\n[device.cam-1]\ndriver = "camera"\nhost = "a"\n',
     8, "rule[2].devices[1]", "there is no device “cam-2”, did you mean “cam-1”?",
     "没有名为“cam-2”的设备，是不是“cam-1”？"),
    (GOOD + '[[rule]]\narmed = [\n  "08:00-18:00",\n  "20:00 - 22:00",\n]\n', 8, "rule[1].armed[2]",
     "the text “20:00 - 22:00” is not allowed, expected hours as [DAYS ]FROM-TO, e.g. 22:00-06:00, "
     "Sat,Sun 00:00-24:00, Mon-Fri sunset-30min-sunrise, did you mean “20:00-22:00”?",
     "文本“20:00 - 22:00”不符合要求，应为时段，写作 [星期 ]起-止，如 22:00-06:00、周六,周日 00:00-24:00、"
     "周一-周五 日落-30分钟-日出，是不是“20:00-22:00”？"),
    (GOOD + '[[rule]]\narmed = ["22：00-06:00"]\n', 6, "rule[1].armed[1]",
     "the text “22：00-06:00” is not allowed, expected hours as [DAYS ]FROM-TO, e.g. 22:00-06:00, "
     "Sat,Sun 00:00-24:00, Mon-Fri sunset-30min-sunrise, did you mean “22:00-06:00”?",
     "文本“22：00-06:00”不符合要求，应为时段，写作 [星期 ]起-止，如 22:00-06:00、周六,周日 00:00-24:00、"
     "周一-周五 日落-30分钟-日出，是不是“22:00-06:00”？"),
    (GOOD + '[[rule]]\narmed = ["08:00-08:00"]\n', 6, "rule[1].armed[1]",
     "“08:00-08:00” begins and ends at the same time: for the whole day write 00:00-24:00",
     "“08:00-08:00”的开始与结束相同：全天请写 00:00-24:00"),
    (GOOD + '[[rule]]\narmed = ["Sat sunset-23:00"]\n', 6, "rule[1].armed[1]",
     "sunrise and sunset need the place: set `latitude` and `longitude` at the top, e.g. 25.6 and 111.9",
     "日出日落需要知道位置：请在文件开头设置 `latitude`（纬度）和 `longitude`（经度），如 25.6 和 111.9"),
    (GOOD + '[device.cam-1]\ndriver = "camera"\nhost = "a"\npreset = "forest-edge"\n', 8, "device.cam-1.preset",
     "sunrise and sunset need the place: set `latitude` and `longitude` at the top, e.g. 25.6 and 111.9",
     "日出日落需要知道位置：请在文件开头设置 `latitude`（纬度）和 `longitude`（经度），如 25.6 和 111.9"),
    ("longitude = 111.9\n" + GOOD, 1, "longitude", "latitude and longitude belong together: `latitude` is missing",
     "经度和纬度必须同时设置：缺少 `latitude`"),
    (GOOD + '[[rule]]\npreset = "ponds"\n', 6, "rule[1].preset",
     "the text “ponds” is not allowed, expected one of “forest-edge”, “pond”, “village-office”, did you mean “pond”?",
     "文本“ponds”不符合要求，应为以下之一：“forest-edge”、“pond”、“village-office”，是不是“pond”？"),
    (GOOD + '[[rule]]\nseverity = "critcal"\n', 6, "rule[1].severity",
     "the text “critcal” is not allowed, expected one of “critical”, “info”, “notice”, “warning”, "
     "did you mean “critical”?",
     "文本“critcal”不符合要求，应为以下之一：“critical”、“info”、“notice”、“warning”，是不是“critical”？"),
    (GOOD + 'host = "again"\n', 5, "hub.host", "is set twice: first at {file}:3; keep one",
     "重复设置：第一次在 {file}:3；请只保留一处"),
    (GOOD + '[store]\n[hub]\nport = 1\n', 6, "hub", "is set twice: first at {file}:2; keep one",
     "重复设置：第一次在 {file}:2；请只保留一处"),
    (GOOD + 'username = "box\n', 5, "", "column 16: the closing quotation mark is missing at the end of the line",
     "第 16 列：行末缺少结束的引号"),
    (GOOD + "username = box\n", 5, "", 'column 12: the value is missing or no TOML value; text needs quotes: "…"',
     '第 12 列：缺少值或值不合法；文本要加英文引号 "…"'),
    (GOOD + 'username: "box"\n', 5, "", "column 9: “=” is missing after the name of the setting",
     "第 9 列：设置项名称后缺少“=”"),
    (GOOD + "[store\nmax_mb = 5\n", 5, "", "column 7: “]” is missing at the end of the table's name",
     "第 7 列：表名末尾缺少“]”"),
    (GOOD + '[[rule]]\nkinds = ["motion",\n\n[store]\nmax_mb = 5\n', 8, "",
     'column 2: the value is missing or no TOML value; text needs quotes: "…"; what begins in line 6 is not closed',
     '第 2 列：缺少值或值不合法；文本要加英文引号 "…"；第 6 行开始的内容没有结束'),
    (GOOD + '[[rule]]\nkinds = ["motion"\n\n', 6, "", "a list is not closed: “]” is missing",
     "列表没有结束，缺少“]”"),
    (GOOD + 'name = """\nlong\ntext\n', 5, "", "the closing quotation mark is missing", "缺少结束的引号"),
    (GOOD + "name = '''\nlong\ntext\n", 5, "", "the closing quotation mark is missing", "缺少结束的引号"),
    (GOOD + "x = " + "[" * 3000 + "\n", 1, "", "nested too deeply", "嵌套过深"),
    (GOOD + "username = “box”\n", 5, "",
     'column 12: the full-width quotation mark “ of a Chinese input method, type " instead',
     '第 12 列：中文输入法的全角引号 “，请改用英文半角的 "'),
    (GOOD + "username： \"box\"\n", 5, "",
     "column 9: the full-width colon ： of a Chinese input method, type = instead",
     "第 9 列：中文输入法的全角冒号 ：，请改用英文半角的 ="),
    (GOOD + "username ＝ \"box\"\n", 5, "",
     "column 10: the full-width equals sign ＝ of a Chinese input method, type = instead",
     "第 10 列：中文输入法的全角等号 ＝，请改用英文半角的 ="),
    (GOOD + "username　= \"box\"\n", 5, "",
     "column 9: the full-width space (U+3000) of a Chinese input method, type a space instead",
     "第 9 列：中文输入法的全角空格 (U+3000)，请改用英文半角的 空格"),
    (GOOD + "【store】\n", 5, "", "column 1: the full-width bracket 【 of a Chinese input method, type [ instead",
     "第 1 列：中文输入法的全角括号 【，请改用英文半角的 ["),
    (GOOD + "username = \"box”\n", 5, "",
     'column 16: the full-width quotation mark ” of a Chinese input method, type " instead',
     '第 16 列：中文输入法的全角引号 ”，请改用英文半角的 "'),
    ((GOOD + 'name = "白塘村"\n').encode("gbk"), 5, "",
     "is not UTF-8 text but probably GBK (“ANSI” of Windows Notepad): save it as UTF-8",
     "不是 UTF-8 文本，而是很可能是 GBK（记事本的“ANSI”）：请另存为 UTF-8 编码"),
    (GOOD.encode("utf-16"), 1, "", "is not UTF-8 text but UTF-16 (“Unicode” of Windows Notepad): save it as UTF-8",
     "不是 UTF-8 文本，而是 UTF-16（记事本的“Unicode”）：请另存为 UTF-8 编码"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "en", "zh"), TABLE, ids=range(len(TABLE)))
def test_names_place_key_and_what_to_do(tmp_path, text, line, key, en, zh):
    bad = mistakes(tmp_path, text)
    file = tmp_path / "edgeagent.toml"
    first = next(mistake for mistake in bad.mistakes if mistake.place.line == line and mistake.key == key)
    place = f"{file}:{line}: " if line else f"{file}: "
    key = f"{key}: " if key else ""
    assert first.text("en") == f"{place}{key}{en.format(file=file) if 'at {file}' in en else en} [{first.code}]"
    assert first.text("zh") == f"{place}{key}{zh.format(file=file) if '{file}' in zh else zh} [{first.code}]"


def test_a_single_slip_is_reported_once(tmp_path):
    for text, line, key, *_ in TABLE:
        found = [m for m in mistakes(tmp_path, text).mistakes if (m.place.line, m.key) == (line, key)]
        assert len({m.code for m in found}) == 1, [m.text("en") for m in found]


def test_all_mistakes_at_once_also_around_lines_that_are_no_toml(tmp_path):
    bad = mistakes(
        tmp_path,
        'box = “430121001001”\nname = abc\n[hub]\nhots = "127.0.0.1"\nport = "1883"\nuser = \n[store]\nmax_mb = 1\n',
        cams='[device.cam-1]\ndriver = "camera"\nhost = 5\n',
    )
    assert [(m.place.path.name, m.place.line, m.code) for m in bad.mistakes] == [
        ("edgeagent.toml", 1, "config.full-width"),
        ("edgeagent.toml", 1, "config.full-width"),
        ("edgeagent.toml", 2, "config.bad-syntax"),
        ("edgeagent.toml", 4, "config.unknown-key"),
        ("edgeagent.toml", 5, "config.wrong-type"),
        ("edgeagent.toml", 6, "config.bad-syntax"),
        ("edgeagent.toml", 8, "config.out-of-range"),
        ("cams.toml", 3, "config.wrong-type"),
    ]


def test_summary_counts_the_mistakes(tmp_path):
    bad = mistakes(tmp_path, "x = 1\n")
    assert bad.text("en").splitlines()[-1] == "config.bad: mistakes in the configuration: 3"
    assert bad.text("zh").splitlines()[-1] == "config.bad: 配置中有 3 处错误"
    assert bad.exit_code == 78


def test_language_of_a_broken_file_is_still_heard(tmp_path):
    assert mistakes(tmp_path, 'language = "en"\nx = 1\n').language == "en"
    assert mistakes(tmp_path, "x = 1\n").language is None


def test_a_secret_in_a_wrong_place_is_not_quoted(tmp_path):
    text = GOOD + 'pasword = "canary-1"\npassword = ["canary-2"]\n'
    text += '[device.c]\ndriver = "camera"\npassword = {a="canary-3"}\n'
    bad = mistakes(tmp_path, text, more='[hub]\npassword = "canary-4"\n')
    assert len(bad.mistakes) >= 4
    assert "canary" not in bad.text("en") + bad.text("zh")


def test_every_kind_has_a_code_of_its_own_and_both_languages():
    kinds = declared(Mistake)
    assert len(kinds) == len({kind.__name__ for kind in kinds}) > 20
    assert all(kind.code.startswith("config.") and kind.en and kind.zh for kind in kinds)
