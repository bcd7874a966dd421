"""The settings of a terminal: what holds for all of it, and a list of its parts, each with role, protocol and port."""

from typing import Annotated, Literal

import msgspec

from drivers.terminal.partsettings import (
    Contact,
    EmAscii,
    EscPos,
    IcEm,
    Keymap,
    Line,
    Modbus,
    Part,
    PartSettings,
    Register,
    SamIdCard,
    Siren,
)
from edgeagent.driver import DeviceConfig, OwnFile, about

__all__ = [
    "Config",
    "Contact",
    "EmAscii",
    "EscPos",
    "IcEm",
    "Keymap",
    "Line",
    "Modbus",
    "Part",
    "PartSettings",
    "Register",
    "SamIdCard",
    "Service",
    "Siren",
    "Slot",
    "part_names",
]

HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
PRIVACY_NOTICE = (
    "本终端读取证件仅用于签到和办事登记。证件号码经加密处理，只保存掩码，不保存照片和住址；姓名仅在办理需要时保存。"
    "如有疑问，请向村站工作人员咨询。"
)


class Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A patrol slot, e.g. the morning round. 巡查时段，如早巡。"""

    name: Annotated[str, about("时段名称，如 morning", "name of the slot, e.g. morning", min_length=1, max_length=16)]
    begin: Annotated[
        str,
        about(
            "开始时刻，HH:MM，按本村时区",
            "first minute, HH:MM, in the village's time zone",
            pattern=HOUR,
            example="06:30",
        ),
    ]
    end: Annotated[
        str,
        about(
            "结束时刻，HH:MM，可跨午夜",
            "minute at which it is over, HH:MM; may be past midnight",
            pattern=HOUR,
            example="11:30",
        ),
    ]

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day (0-1439) lies in it."""
        begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (self.begin, self.end))
        return begin <= minute < end if begin < end else minute >= begin or minute < end


class Service(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item of the village's service list. 村级服务事项。"""

    item: Annotated[str, about("事项编码", "its code", min_length=1, max_length=32)]
    name: Annotated[str, about("事项名称，打印在回执上", "its name, for the receipt", max_length=64)] = ""
    mode: Annotated[
        Literal["direct", "proxy", "authorised"],
        about(
            "direct 直办、proxy 代办、authorised 授权办；后两者须刷卡",
            "done here, by proxy, or as authorised; the last two need a card",
        ),
    ] = "direct"


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A self-service terminal whose parts hang on serial ports. 自助服务终端，各部件接在串口上。"""

    key_file: Annotated[
        OwnFile,
        about(
            "村密钥文件：一行 KEYID:HEX，仅所有者可读",
            "village key: a file of one line KEYID:HEX that only its owner may read",
            min_length=1,
        ),
    ]
    point: Annotated[
        str, about("在此签到所属的巡查点", "patrol point that a check-in here belongs to", max_length=64)
    ] = ""
    window_s: Annotated[
        float,
        about(
            "同一张卡在此时间内只计一次签到，秒",
            "seconds in which a card checks in once, however often it is shown",
            ge=0,
            le=86400,
        ),
    ] = 60.0
    roster_file: Annotated[
        OwnFile,
        about(
            "网格员名册：CSV，列为 person,name,grid（person 为带密钥哈希）；留空则以县级下发为准",
            "roster of grid workers: CSV person,name,grid with keyed hashes; empty: as the hub tells",
        ),
    ] = ""
    slot: Annotated[tuple[Slot, ...], about("每日巡查时段", "patrol slots of a day", max_length=8)] = ()
    service: Annotated[
        tuple[Service, ...],
        about(
            "村级服务事项清单；留空则接受任何事项",
            "the village's service list; empty: any item is taken",
            max_length=200,
        ),
    ] = ()
    identify_s: Annotated[
        float,
        about(
            "办事请求等待刷卡的时间，超时则不记名登记，秒",
            "seconds that a request waits for a card; then it is stored without",
            ge=0,
            le=120,
        ),
    ] = 15.0
    rate_within_s: Annotated[
        float,
        about(
            "此时间内的评价归于最近一次办事，秒",
            "seconds in which a rating belongs to the last request",
            ge=0,
            le=86400,
        ),
    ] = 600.0
    privacy_notice: Annotated[
        str,
        about(
            "个人信息告知，首次读卡前打印；留空表示已张贴",
            "on personal data, printed before the first card is read; empty: posted",
            max_length=2000,
        ),
    ] = PRIVACY_NOTICE
    drill: Annotated[
        bool, about("演练：期间发生的一切均标记为演练", "an exercise: everything that happens here is marked as one")
    ] = False
    part: Annotated[tuple[Part, ...], about("终端的部件", "the parts that the terminal has", max_length=16)] = ()

    def __post_init__(self) -> None:
        if not any(part.role == "reader" for part in self.part):
            raise ValueError(
                "a terminal needs a part that reads: [[part]] with protocol sam_idcard, icem, em_ascii or line"
                " / 终端至少需要一个读取部件：[[part]] 的 protocol 为 sam_idcard、icem、em_ascii 或 line"
            )
        names = part_names(self.part)
        for again in (name for name in names if names.count(name) > 1):
            raise ValueError(f"two parts have the name {again!r} / 两个部件同名：{again}")


def part_names(parts: tuple[Part, ...]) -> list[str]:
    """The name of each part: its own, or its protocol's, numbered from the second of that protocol on."""
    names: list[str] = []
    for part in parts:
        usual = part.__struct_config__.tag.replace("_", "-") if isinstance(part.__struct_config__.tag, str) else ""
        before = sum(type(other) is type(part) and not other.name for other in parts[: len(names)])
        names.append(part.name or (f"{usual}-{before + 1}" if before else usual))
    return names
