"""The self-service terminal: which part hangs on which serial port, and whether each does what it should.

Ports are named as they last (`/dev/serial/by-id/…`). The test is that of `edgeagent terminal --test`, on the plan: no
file has been written by then, and nothing that is read is stored.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edgeagent import control, plugins
from edgeagent.cli.loose import read_loosely
from edgeagent.cli.setup.plan import TERMINAL, Plan
from edgeagent.cli.setup.talk import NotUnderstood, Question, Talk, numbers
from edgeagent.cli.terminal.ask import whom
from edgeagent.cli.terminal.lines import Lines
from edgeagent.cli.terminal.ports import Port, configured, found
from edgeagent.cli.terminal.walk import Walk
from edgeagent.configfile import BadConfig, DriverBroken
from gridwire.problem import Problem
from gridwire.settings.tomltext import toml

DRIVER, DEVICE = "terminal", "terminal"
PART_TEST_S = 30.0
BAUDS: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
KINDS: Final[dict[str, tuple[str, str, str]]] = {
    "1": ("sam_idcard", "身份证阅读器", "ID-card reader"),
    "2": ("icem", "IC/EM 读卡器（二进制帧）", "IC or EM card reader (binary)"),
    "3": ("em_ascii", "EM 读卡器（文本）", "EM card reader (text)"),
    "4": ("line", "扫码器", "code scanner"),
    "5": ("escpos", "小票打印机", "receipt printer"),
    "6": ("keymap", "评价器（每键一行文本）", "rating keypad (a line a key)"),
    "7": ("modbus", "求助按钮（RS-485）", "help button (RS-485)"),
}
"""What a port may be, by the number that is typed: protocol, and names."""
_HINTS: Final = (
    (r"printer|pos-?\d|thermal|打印", "5"), (r"scan|barcode|gm6\d|honeywell|newland|qr", "4"),
    (r"id-?card|idr|sam|synjones|华视|新中新|cvr", "1"), (r"rs-?485|modbus", "7"), (r"rfid|\bic\b|mifare|em4100", "2"),
)  # fmt: skip
_USUAL_KEYS: Final = "1=rate:5,2=rate:3,3=rate:1"
_READERS: Final = frozenset({"sam_idcard", "icem", "em_ascii", "line"})


class NoReader(Problem):
    code = "setup.no-reader"
    en = "a terminal needs a part that reads: ID card, IC card, EM card or code scanner"
    zh = "终端至少需要一个读取部件：身份证、IC 卡、EM 卡或扫码器"


def terminal(talk: Talk, plan: Plan, args: argparse.Namespace) -> None:
    """Ask for its parts, try them, put it into the plan."""
    talk.tell(en="\n== 4/5 The terminal ==", zh="\n== 第 4 步（共 5 步）自助服务终端 ==")
    known = plan.present.devices_of(DRIVER)
    if known:
        name, table = next(iter(known.items()))
        count = len(table.get("part", ()))
        talk.tell(en=f"“{name}” is configured with {count} parts; it stays.",
                  zh=f"已配置终端“{name}”，{count} 个部件，保持不变。")  # fmt: skip
        if not talk.alone and talk.agrees((), en="Try its parts now?", zh="现在测试各部件？", default=False):
            _walked(talk, plan.present.config, name)
        return
    parts = _given(talk) if talk.alone else _asked(talk, plan, args)
    if not parts:
        return
    name = "村站" if talk.language == "zh" else "village station"
    settings = {"name": name, "key_file": _key_file(talk, plan)}
    while not talk.alone and talk.agrees((), en="Try every part now?", zh="现在逐个测试部件？", default=True):
        if _works(talk, settings, parts) or not _corrected(talk, parts):
            break
    plan.append(TERMINAL, table_of(settings, parts))


def table_of(settings: Mapping[str, Any], parts: list[dict[str, Any]]) -> str:
    """The device's table as TOML, its parts below."""
    lines = [
        f"[device.{DEVICE}]",
        f'driver = "{DRIVER}"',
        *(f"{key} = {toml(value)}" for key, value in settings.items()),
    ]
    for part in parts:
        lines += ["", f"[[device.{DEVICE}.part]]", *(f"{key} = {toml(value)}" for key, value in part.items())]
    return "\n".join(lines) + "\n"


def _given(talk: Talk) -> list[dict[str, Any]]:
    return [dict(part) for part in talk.given("part")]


# -- ports ---------------------------------------------------------------------------------------------------------


def _asked(talk: Talk, plan: Plan, args: argparse.Namespace) -> list[dict[str, Any]]:
    ports = list(found(args.root))
    used = {each.port for each in configured(plan.present.devices)}
    if not ports:
        talk.tell(en="This machine has no serial port.", zh="本机没有串口。")
    if not talk.agrees((), en="Is there a self-service terminal?", zh="有自助服务终端吗？", default=bool(ports)):
        return []
    running = control.answers(plan.present.store)
    asks = not running and bool(ports) and talk.agrees(
        (), en="Ask each port what hangs on it? (two harmless questions a port, about 2 s)",
        zh="逐个询问串口所接部件？（每个串口发两条无害的查询，约 2 秒）", default=True,
    )  # fmt: skip
    _kinds(talk)
    parts: list[dict[str, Any]] = []
    for port in ports:
        name = _path(port.name, args.root)
        if name not in used:
            parts += _part(talk, name, port.what, _proposal(port, name, asks=asks))
    while more := talk.ask(Question(
        (), "其他串口，如 /dev/ttyUSB0 或 socket://192.168.1.9:4001；直接回车：没有了",
        "Another port, e.g. /dev/ttyUSB0 or socket://192.168.1.9:4001; Enter: no more", _port, "",
    )):  # fmt: skip
        parts += _part(talk, more, "", "")
    return parts


def _kinds(talk: Talk) -> None:
    rows = [f"  {number} {{}}" for number in KINDS]
    zh, en = ("\n".join(row.format(KINDS[row.split()[0]][place]) for row in rows) for place in (1, 2))
    talk.tell(en=f"What may hang on a port:\n{en}", zh=f"串口上可接的部件：\n{zh}")


def _path(name: str, root: Path) -> str:
    return name if root == Path("/") else str(root / name.lstrip("/"))


def _port(text: str) -> str:
    """Raises `NotUnderstood` for what is neither there nor a serial server."""
    if not text or re.fullmatch(r"(socket|rfc2217)://[^/?#@\s]+:[0-9]{1,5}/?", text) or os.path.exists(text):
        return text
    raise NotUnderstood(why_en=f"there is no {text[:80]}; see edgeagent terminal --ports",
                        why_zh=f"没有 {text[:80]}；可用 edgeagent terminal --ports 查看串口")  # fmt: skip


def _proposal(port: Port, name: str, *, asks: bool) -> str:
    """As `_part` takes it: `5:19200`; empty when nobody knows."""
    if asks:
        try:
            identify = plugins.identifier(DRIVER)
        except DriverBroken:
            identify = None
        said = identify(name) if identify is not None else None
        if said is not None:
            return next(f"{number}:{said.baud}" for number, kind in KINDS.items() if kind[0] == said.protocol)
    words = f"{port.what} {port.name}".lower()
    return next((number for pattern, number in _HINTS if re.search(pattern, words)), "")


# -- parts ---------------------------------------------------------------------------------------------------------


def _part(talk: Talk, port: str, what: str, proposal: str) -> list[dict[str, Any]]:
    """The part on this port, none if it has none."""
    talk.tell(en=f"\n{port}  {what}", zh=f"\n{port}  {what}")
    if proposal:
        number, _, baud = proposal.partition(":")
        zh, en = (f"{name}，{baud}" if baud else name for name in KINDS[number][1:])
        talk.tell(en=f"  probably: {en.replace('，', ', ')}", zh=f"  应为：{zh}")
    answer = talk.ask(Question(
        (), "  是哪个，如 1；指定波特率写作 5:19200；不接输入 0",
        "  Which, e.g. 1, or with its baud rate 5:19200; 0: nothing", _kind, proposal or "0",
    ))  # fmt: skip
    number, _, baud = answer.partition(":")
    if number == "0":
        return []
    part: dict[str, Any] = {"protocol": KINDS[number][0], "port": port}
    if baud:
        part["baud"] = int(baud)
    return [part | _more(talk, part["protocol"])]


def _kind(text: str) -> str:
    """Raises `NotUnderstood`."""
    number, colon, baud = text.replace(" ", "").partition(":")
    if number not in ("0", *KINDS):
        raise NotUnderstood(why_en=f"“{text[:20]}”: a number from 0 to {len(KINDS)}",
                            why_zh=f"“{text[:20]}”：请输入 0 至 {len(KINDS)} 的数字")  # fmt: skip
    if colon and (not baud.isdecimal() or int(baud) not in BAUDS):
        known = ", ".join(map(str, BAUDS))
        raise NotUnderstood(why_en=f"“{baud[:20]}” is no usual baud rate: {known}",
                            why_zh=f"“{baud[:20]}”不是常用波特率：{known}")  # fmt: skip
    return f"{number}:{baud}" if baud else number


def _more(talk: Talk, protocol: str) -> dict[str, Any]:
    """What a keypad and a help button need besides."""
    if protocol == "keymap":
        text = talk.ask(Question(
            (), "  各键含义，如 1=rate:5,2=rate:3,3=rate:1,9=sos", "  Its keys, e.g. 1=rate:5,2=rate:3,3=rate:1,9=sos",
            _keys, _USUAL_KEYS,
        ))  # fmt: skip
        return {"keys": dict(pair.split("=", 1) for pair in text.split(","))}
    if protocol == "modbus":
        text = talk.ask(Question(
            (), "  按钮的从站地址和触点编号，如 1:0", "  The button's unit and contact, e.g. 1:0", _contact, "1:0",
        ))  # fmt: skip
        unit, address = map(int, text.split(":"))
        return {"role": "sos", "contact": [{"unit": unit, "address": address}]}
    return {}


def _keys(text: str) -> str:
    plain = text.replace(" ", "")
    if not all(re.fullmatch(r"[^=,]+=[a-z][a-z0-9:]*", pair) for pair in plain.split(",")):
        raise NotUnderstood(why_en=f"“{text[:60]}”: write KEY=MEANING with commas between",
                            why_zh=f"“{text[:60]}”：请写作 键=含义，以逗号分隔")  # fmt: skip
    return plain


def _contact(text: str) -> str:
    match = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,5})", text.replace(" ", ""))
    if match is None or not 1 <= int(match[1]) <= 247 or int(match[2]) > 65535:
        raise NotUnderstood(why_en=f"“{text[:20]}”: write UNIT:CONTACT, the unit from 1 to 247",
                            why_zh=f"“{text[:20]}”：请写作 从站:触点，从站为 1 至 247")  # fmt: skip
    return match[0]


def _key_file(talk: Talk, plan: Plan) -> str:
    usual = plan.present.folder.absolute() / "secrets" / "village.key"

    def absolute(text: str) -> str:
        return str(plan.present.folder.absolute() / text)

    found = talk.ask(Question(
        (("key_file",),), f"村密钥文件（由 countyhub key 生成），如 {usual}",
        f"File of the village key (countyhub key), e.g. {usual}", absolute, str(usual),
    ))  # fmt: skip
    if not Path(found).exists():
        own = f"install -D -m 600 village.key {found}\n    systemctl restart edgeagent"
        talk.tell(en=f"  ! {found} is not there yet, without it the terminal does not start. As root:\n    {own}",
                  zh=f"  ! {found} 尚不存在，没有它终端无法启动。请以 root 执行：\n    {own}")  # fmt: skip
    return found


# -- the test ------------------------------------------------------------------------------------------------------


def _works(talk: Talk, settings: Mapping[str, Any], parts: list[dict[str, Any]]) -> bool:
    """Whether all parts did what they should, or a person has had enough of it. Nothing is stored."""
    if not any(part["protocol"] in _READERS for part in parts):
        problem = NoReader()
        talk.tell(en=f"  ✗ {problem.sentence('en')}", zh=f"  ✗ {problem.sentence('zh')}")
        return False
    with tempfile.TemporaryDirectory(prefix="edgeagent-setup-") as name:
        folder = Path(name)
        key = folder / "trial.key"
        key.touch(0o600)
        key.write_text(f"trial:{secrets.token_hex(32)}\n")
        # This terminal alone, and a store of its own: an agent that runs keeps its ports.
        config = folder / "edgeagent.toml"
        head = f'box = "100000000000"\n[hub]\nhost = "trial"\n[store]\ndir = {toml(str(folder / "store"))}\n'
        config.write_text(head + table_of({**settings, "key_file": str(key)}, parts))
        return _walked(talk, config, DEVICE)


def _walked(talk: Talk, config: Path, device: str) -> bool:
    """`edgeagent terminal --test` of that terminal; what keeps it from being tried is told."""
    loose = read_loosely(config)
    try:
        with whom(config, loose, device, talk.language) as asked:
            return Walk(asked, Lines(device, talk.language, loose.zone, as_json=False), PART_TEST_S).run() == 0
    except BadConfig as bad:
        talk.tell(en=f"  ✗ {bad.text('en')}", zh=f"  ✗ {bad.text('zh')}")
    except Problem as problem:
        talk.tell(en=f"  ✗ {problem.sentence('en')}", zh=f"  ✗ {problem.sentence('zh')}")
    except KeyboardInterrupt:
        talk.tell(
            en="  The test was broken off; Ctrl-C again leaves setup.", zh="  测试已中断；再按 Ctrl-C 退出 setup。"
        )
    return False


def _corrected(talk: Talk, parts: list[dict[str, Any]]) -> bool:
    """Let a person change or remove a part; False when he leaves them as they are."""
    lines = [f"  {number} {part['protocol']}  {part['port']}" for number, part in enumerate(parts, 1)]
    talk.tell(en="\n".join(lines), zh="\n".join(lines))

    def one(text: str) -> str:
        if text != "0" and len(numbers(text, len(parts))) != 1:
            raise NotUnderstood(why_en="one number, please", why_zh="请输入一个序号")
        return text

    answer = talk.ask(
        Question((), "改哪一个，如 2；直接回车：不改", "Change which, e.g. 2; Enter: leave them so", one, "0")
    )
    if answer == "0":
        return False
    place = int(answer) - 1
    old = parts[place]
    number = next((number for number, kind in KINDS.items() if kind[0] == old["protocol"]), "0")
    baud = f":{old['baud']}" if "baud" in old else ""
    parts[place : place + 1] = _part(talk, old["port"], "", f"{number}{baud}")
    return True
