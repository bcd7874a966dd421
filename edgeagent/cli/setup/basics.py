"""The first questions: which village this is, and how the box reaches the county."""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

from edgeagent.cli.enroll import read_ticket
from edgeagent.cli.setup.plan import EnrolledOtherwise, Plan
from edgeagent.cli.setup.talk import Keys, NotUnderstood, Question, Talk
from edgeagent.cli.setup.tomledit import LeftToYou
from edgeagent.config import HubSettings
from edgeagent.enrol.hub import address
from gridwire.enrolment import read_token
from gridwire.identifiers import check_box_id

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
MAX_NAME_CHARS = 64
TLS_PORT, PLAIN_PORT = 8883, 1883
NO_TLS = "-"
WAYS = {"1": "broker", "2": "enroll", "3": "keep"}


def village(talk: Talk, plan: Plan) -> None:
    """Box id and name."""
    present = plan.present
    talk.tell(en="\n== 1/5 The village ==", zh="\n== 第 1 步（共 5 步）村 ==")
    settle(talk, plan, ("box",), Question(
        (("box",),), "村级区划代码，12 位，如 430121001001；同村第二台盒子写作 430121001001-2",
        "Village code, 12 digits, e.g. 430121001001; a second box of the village: 430121001001-2",
        box_id, _text(present.get("box")) or None,
    ))  # fmt: skip
    settle(talk, plan, ("name",), Question(
        (("name",),), "村名，如 东山村", "Name of the village, e.g. Dongshan", name_of_place,
        _text(present.get("name")) or None, ascii=False,
    ))  # fmt: skip
    if present.get("language") is None:
        plan.put(("language",), talk.language)


def settle(talk: Talk, plan: Plan, path: tuple[str, ...], question: Question) -> str:
    """Ask until the answer can be put where it belongs; nobody is thrown out for a setting that is not ours to change.

    Raises `LeftToYou`, `EnrolledOtherwise` where nobody can be asked again.
    """
    while True:
        answer = talk.ask(question)
        if put(talk, plan, path, answer):
            return answer


def put(talk: Talk, plan: Plan, path: tuple[str, ...], value: object) -> bool:
    """Whether the setting is so now; a person is told why it is not. Raises as `settle`."""
    try:
        plan.put(path, value)
    except (LeftToYou, EnrolledOtherwise) as problem:
        if talk.alone:
            raise
        talk.tell(en=f"  ✗ {problem.sentence('en')}", zh=f"  ✗ {problem.sentence('zh')}")
        return False
    return True


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def box_id(text: str) -> str:
    """Raises `NotUnderstood`, `BadBoxId`."""
    plain = text.replace(" ", "")
    digits = len(plain.partition("-")[0])
    if plain.isascii() and plain.partition("-")[0].isdecimal() and digits != 12:
        raise NotUnderstood(
            why_en=f"these are {digits} digits; a village code has 12 (county 6, township 3, village 3)",
            why_zh=f"输入了 {digits} 位；村级区划代码为 12 位（县 6 位、乡镇 3 位、村 3 位）",
        )
    return check_box_id(plain)


def name_of_place(text: str) -> str:
    """Raises `NotUnderstood`."""
    if len(text) > MAX_NAME_CHARS or not all(char.isprintable() for char in text):
        raise NotUnderstood(why_en=f"at most {MAX_NAME_CHARS} characters, none of them a control character",
                            why_zh=f"最多 {MAX_NAME_CHARS} 个字，不得有控制字符")  # fmt: skip
    return text


# -- the uplink ----------------------------------------------------------------------------------------------------


def uplink(talk: Talk, plan: Plan) -> None:
    """The broker's address, an enrolment, or what is there."""
    host = _text(plan.present.get("hub", "host"))
    talk.tell(en="\n== 2/5 The way to the county ==", zh="\n== 第 2 步（共 5 步）上行 ==")
    talk.tell(en="  1 the broker's address   2 enrol with a token (edgeagent enroll)",
              zh="  1 填写消息服务器地址   2 用令牌注册（edgeagent enroll）")  # fmt: skip
    if host:
        talk.tell(en=f"  3 keep what is there: {host}", zh=f"  3 保留现有设置：{host}")

    def way(text: str) -> str:
        found = WAYS.get(text, text)
        if found not in WAYS.values() or (found == "keep" and not host):
            most = 3 if host else 2
            raise NotUnderstood(why_en=f"“{text[:20]}”: write a number from 1 to {most}",
                                why_zh=f"“{text[:20]}”：请输入 1 至 {most} 的数字")  # fmt: skip
        return found

    default = ("keep" if talk.alone else "3") if host else ("enroll" if talk.alone else "2")
    found = talk.ask(Question((("uplink",),), "选择，如 2", "Which, e.g. 2", way, default))
    if found == "broker":
        _broker(talk, plan)
    elif found == "enroll":
        plan.enroll = _enrolment(talk, plan)


def _broker(talk: Talk, plan: Plan) -> None:
    present = plan.present
    known = _text(present.get("hub", "host"))
    port = present.get("hub", "port", default=HubSettings(host="x").port)
    question = Question(
        (("hub",),), "消息服务器，主机 或 主机:端口，如 hub.example.cn:8883",
        "Broker, HOST or HOST:PORT, e.g. hub.example.cn:8883", broker, f"{known}:{port}" if known else None,
    )  # fmt: skip
    while True:
        host, number = split(talk.ask(question))
        if put(talk, plan, ("hub", "host"), host) and (number == port or put(talk, plan, ("hub", "port"), number)):
            break
    if number != PLAIN_PORT:
        _tls(talk, plan)
    _login(talk, plan)


def broker(text: str) -> str:
    """The same, tidied. Raises `NotUnderstood`."""
    plain = re.sub(r"^(mqtts?|ssl|tcp|https?)://", "", text.strip()).rstrip("/")
    match = _HOST.fullmatch(plain)
    if match is None or (match[2] and not 0 < int(match[2]) < 65536):
        raise NotUnderstood(why_en=f"“{text[:60]}” is no address: HOST, or HOST:PORT with a port from 1 to 65535",
                            why_zh=f"“{text[:60]}”不是地址：请写 主机 或 主机:端口，端口为 1 至 65535")  # fmt: skip
    return plain


def split(address: str) -> tuple[str, int]:
    """Host and port of what `broker` took."""
    match = _HOST.fullmatch(address)
    assert match is not None
    return match[1].strip("[]"), int(match[2] or TLS_PORT)


def _tls(talk: Talk, plan: Plan) -> None:
    present = plan.present

    known = _text(present.get("hub", "tls", "ca"))

    def authority(text: str) -> str:
        if text == NO_TLS and known:
            raise NotUnderstood(
                why_en="the file has a table [hub.tls]: to go without TLS, remove it by hand first",
                why_zh="文件中有 [hub.tls] 表：要改为不加密，请先手工删除该表",
            )
        if text != NO_TLS and not (present.folder / text).is_file():
            raise NotUnderstood(
                why_en=f"there is no file {present.folder / text}: copy the county's ca.pem there, or write - for none",
                why_zh=f"没有文件 {present.folder / text}：请先把县级 ca.pem 拷到该处；不加密则输入 -",
            )
        return text

    default = known or ("ca.pem" if (present.folder / "ca.pem").is_file() else None)
    found = talk.ask(Question(
        (("ca",),), "县级 CA 证书，如 ca.pem（与 edgeagent.toml 同目录）；不加密输入 -",
        "Certificate of the county's CA, e.g. ca.pem (beside edgeagent.toml); - for no encryption", authority, default,
    ))  # fmt: skip
    if found != NO_TLS:
        put(talk, plan, ("hub", "tls", "ca"), found)


def _login(talk: Talk, plan: Plan) -> None:
    known = _text(plan.present.get("hub", "username"))
    user = talk.ask(Question(
        (("hub_username",),), "消息服务器用户名；直接回车即村级代码", "User at the broker; Enter: the village code",
        lambda text: text, known,
    ))  # fmt: skip
    if user or known:
        put(talk, plan, ("hub", "username"), user)
    kept = bool(plan.present.get("hub", "password"))
    password = talk.secret(
        (("hub_password",),),
        en="Its password (not shown); Enter: " + ("as it is" if kept else "none"),
        zh="密码（不显示）；直接回车：" + ("不变" if kept else "无密码"),
    )
    if password:
        put(talk, plan, ("hub", "password"), plan.keep_secret("hub", password))


def _enrolment(talk: Talk, plan: Plan) -> argparse.Namespace:
    """What `edgeagent enroll` will be called with, once everything is written."""
    box = tomlbox(plan)
    made: dict[str, argparse.Namespace] = {}

    def token(text: str) -> str:
        made["order"] = _order(text, box, plan)
        return text

    keys: Keys = (("token_file",),)
    talk.ask(Question(
        keys, "U 盘上的令牌文件，如 /media/usb/430121001001.enrol；或输入 汇聚端主机 令牌，中间空一格",
        "Token file of the stick, e.g. /media/usb/430121001001.enrol; or HUB TOKEN with a blank between", token,
    ))  # fmt: skip
    return made["order"]


def tomlbox(plan: Plan) -> str:
    """The box id that the plan has."""
    return str(tomllib.loads(plan.text(plan.present.file_of(("box",)))).get("box", ""))


def _order(text: str, box: str, plan: Plan) -> argparse.Namespace:
    """Raises `BadTicket`, `WhichBox`, `BadToken`, `BadAddress`."""
    words = text.split()
    order = argparse.Namespace(
        command="enroll", config=plan.present.config, language=None, token_file=None, hub=None, token=None, box="",
        move=False, renew=False,
    )  # fmt: skip
    if len(words) == 2 and not Path(text).exists():
        address(words[0])
        read_token(words[1])
        order.hub, order.token, order.box = words[0], words[1], box
        return order
    ticket = read_ticket(Path(text), box)
    if ticket.box != box:
        raise NotUnderstood(why_en=f"this token is for box {ticket.box}, and this is {box}",
                            why_zh=f"该令牌属于盒子 {ticket.box}，而本机为 {box}")  # fmt: skip
    read_token(ticket.token)
    order.token_file = Path(text).absolute()
    order.box = box
    return order
