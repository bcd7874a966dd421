"""Why a broker was not reached or refused the login, in one language each: what the system, TLS and the broker itself
say of it is English."""

from __future__ import annotations

import re
from typing import Final

from gridwire.mqtt import ConnectFailed
from gridwire.mqtt.errors import TEXTS
from gridwire.problem import Both
from gridwire.systemwords import system_words

_REASONS: Final = {
    "0x80": "未说明原因",
    "0x81": "报文有误",
    "0x82": "协议错误",
    "0x84": "不支持这一 MQTT 版本",
    "0x85": "客户端标识不合法",
    "0x86": "用户名或密码错误",
    "0x87": "未获授权",
    "0x88": "服务器不可用",
    "0x89": "服务器忙",
    "0x8A": "已被封禁",
    "0x8C": "认证方式不对",
    "0x95": "报文过大",
    "0x97": "超出配额",
    "0x9C": "请暂用其他服务器",
    "0x9D": "请改用其他服务器",
    "0x9F": "连接过于频繁",
}
"""Of CONNACK, as section 3.2.2.2 of MQTT 5 lists them."""


def why(error: ConnectFailed, broker: str) -> Both:
    """What went wrong, without the broker's name. What there are no Chinese words for is left out of the Chinese."""
    zh, en = TEXTS[error.code]
    detail = _bare(error.detail, broker)
    chinese = _in_chinese(detail)
    if error.code == "connect_refused" and detail:  # who tells it has said that it is a refusal
        return Both(chinese or zh, detail)
    return Both(f"{zh}：{chinese}" if chinese else zh, f"{en}: {detail}" if detail else en)


def _bare(detail: str, broker: str) -> str:
    """Without the place, which is told already, and without the system's number."""
    for place in (broker, broker.rpartition(":")[0]):
        detail = detail.removeprefix(place)
    return re.sub(r"\[Errno -?\d+\] ", "", detail.lstrip(":, "))


def _in_chinese(detail: str) -> str:
    """`PATH: words`, `Name (0x87)`, `15 s`; empty, or the path alone, when it is other English."""
    place, _, last = detail.rpartition(": ")
    if reason := re.search(r"\((0x[0-9A-F]{2})\)$", last):
        return f"{_REASONS.get(reason[1], '原因码')}（{reason[1]}）"
    if wait := re.fullmatch(r"([0-9.]+) s", last):
        return f"{wait[1]} 秒"
    words = str(system_words(last, "zh"))
    if words == last and re.search(r"[A-Za-z]{2,}[ ,]+[a-z]{2,}", detail):
        found = re.match(r"/\S+(?=: )", detail)
        return found[0] if found else ""
    return f"{place}：{words}" if place else words
