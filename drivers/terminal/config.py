"""The settings of a terminal: what holds for all of it, and a list of its parts, each with role, protocol and port."""

import re
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from drivers.seriallink import SerialSettings
from drivers.terminal.actions import GRAMMAR, Action, parse_action
from drivers.terminal.keymap import FrameForm
from edgeagent.driver import DeviceConfig

Bytes = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)*$", max_length=384)]
"""Bytes as hex digits, blanks allowed between them."""
Name = Annotated[
    str, Meta(pattern=r"^[a-z0-9-]{0,16}$", description="name in reports, a-z, 0-9 and -; empty: the protocol's")
]


HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
PRIVACY_NOTICE = (
    "本终端读取证件仅用于签到和办事登记。证件号码经加密处理，只保存掩码，不保存照片和住址；姓名仅在办理需要时保存。"
    "如有疑问，请向村站工作人员咨询。"
)


class PartSettings(SerialSettings, frozen=True, kw_only=True, tag_field="protocol"):
    """What every part has: role, name and the settings of its port."""

    name: Name = ""


class SamIdCard(PartSettings, frozen=True, kw_only=True, tag="sam_idcard"):
    """Resident ID-card reader (SAM module)."""

    role: Annotated[Literal["reader"], Meta(description="reads who is there")] = "reader"
    baud: Annotated[int, Meta(ge=50, le=4_000_000, description="bits per second")] = 115200
    poll_s: Annotated[float, Meta(gt=0, le=10, description="seconds between two looks for a card")] = 0.3
    answer_timeout_s: Annotated[float, Meta(gt=0, le=30, description="seconds that the reader may take to answer")] = (
        3.0
    )
    require_second_read: Annotated[
        bool, Meta(description="false: believe a single read when the reader gives no second one")
    ] = True
    keep_name: Annotated[bool, Meta(description="send the name too, not only the masked number and its hash")] = False


UidOrder = Annotated[
    Literal["as-sent", "reversed"], Meta(description="byte order of the UID; it differs from maker to maker")
]


class IcEm(PartSettings, frozen=True, kw_only=True, tag="icem"):
    """IC or EM card reader with binary frames: 02 LEN TYPE UID XOR 03."""

    role: Annotated[Literal["reader"], Meta(description="reads who is there")] = "reader"
    uid_order: UidOrder = "as-sent"


class EmAscii(PartSettings, frozen=True, kw_only=True, tag="em_ascii"):
    """EM card reader that sends text: 02, 12 hex digits, 03; some leave 02 and 03 out."""

    role: Annotated[Literal["reader"], Meta(description="reads who is there")] = "reader"
    uid_order: UidOrder = "as-sent"


class Line(PartSettings, frozen=True, kw_only=True, tag="line"):
    """QR and barcode scanner: one code a line."""

    role: Annotated[Literal["reader"], Meta(description="reads who is there, and what is wanted")] = "reader"
    prefix: Annotated[str, Meta(max_length=32, description="what the scanner puts before each code; others drop")] = ""
    suffix: Annotated[str, Meta(max_length=32, description="what it puts behind each code; others drop")] = ""


class EscPos(PartSettings, frozen=True, kw_only=True, tag="escpos"):
    """Receipt printer (ESC/POS), or only its beeper. Tones are the bytes that make them, `1B 42 n t` by default."""

    role: Annotated[Literal["printer", "beeper"], Meta(description="printer: prints and beeps; beeper: beeps only")] = (
        "printer"
    )
    done: Annotated[Bytes, Meta(description="tone: stored")] = "1B 42 01 02"
    already: Annotated[Bytes, Meta(description="tone: was stored a moment ago; no second event")] = "1B 42 02 01"
    failed: Annotated[Bytes, Meta(description="tone: not read or not stored")] = "1B 42 03 09"
    next: Annotated[Bytes, Meta(description="tone: understood, now show a card or press on")] = "1B 42 01 01"


class Keymap(PartSettings, frozen=True, kw_only=True, tag="keymap"):
    """Keypad, described: a frame of fixed length, or, with `length = 0`, one line of text a key."""

    role: Annotated[Literal["keypad"], Meta(description="keys for rating, services, matters, help")] = "keypad"
    length: Annotated[int, Meta(ge=0, le=64, description="bytes of a whole frame; 0: a line of text for each key")] = 0
    header: Annotated[Bytes, Meta(description="bytes with which a frame begins")] = ""
    at: Annotated[int, Meta(ge=0, le=63, description="place of the key's byte in the frame, counted from 0")] = 0
    checksum: Annotated[
        Literal["none", "xor", "sum8", "crc16"], Meta(description="checksum; crc16: CRC-16/MODBUS, low byte first")
    ] = "none"
    covers_from: Annotated[int, Meta(ge=0, le=63, description="place of the first byte that the checksum covers")] = 0
    tail: Annotated[Bytes, Meta(description="bytes behind the checksum")] = ""
    keys: Annotated[
        dict[str, str],
        Meta(
            min_length=1,
            description=f"key (its byte as two hex digits, or the line of text) → what it asks for: {GRAMMAR}",
            examples=[{"31": "rate:5", "32": "rate:3"}],
        ),
    ]

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, wish in self.keys.items():
            if self.length and not re.fullmatch(r"[0-9A-Fa-f]{2}", key):
                raise ValueError(f"key {key!r} must be two hex digits / 按键 {key!r} 应为两位十六进制")
            if parse_action(wish) is None:
                raise ValueError(f"{wish!r} is none of / 不属于 {GRAMMAR}")
        if self.length and (problem := self.form.problem):
            raise ValueError(problem)

    @property
    def form(self) -> FrameForm:
        header, tail = bytes.fromhex(self.header), bytes.fromhex(self.tail)
        return FrameForm(header, self.length, self.at, self.checksum, self.covers_from, tail)

    def action_of(self, key: bytes | str) -> Action | None:
        """What a key asks for; None for one that is not in the table."""
        name = key if isinstance(key, str) else key.hex()
        return next((parse_action(wish) for each, wish in self.keys.items() if each.lower() == name.lower()), None)


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contact or register on the bus."""

    unit: Annotated[int, Meta(ge=1, le=247, description="address of the device on the bus")]
    address: Annotated[int, Meta(ge=0, le=65535, description="number of the contact, counted from 0")]
    function: Annotated[
        Literal[1, 2, 3, 4], Meta(description="Modbus function: 1 coil, 2 contact, 3 holding, 4 input register")
    ] = 2
    pressed_when: Annotated[bool, Meta(description="false: a contact that opens when pressed")] = True
    point: Annotated[str, Meta(max_length=64, description="which button, e.g. its place")] = ""


class Siren(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coil that switches a siren."""

    unit: Annotated[int, Meta(ge=1, le=247, description="address of the device on the bus")]
    address: Annotated[int, Meta(ge=0, le=65535, description="number of the coil, counted from 0")]
    sounds_s: Annotated[float, Meta(gt=0, le=600, description="it is switched off after so long")] = 30.0


class Modbus(PartSettings, frozen=True, kw_only=True, tag="modbus"):
    """Help buttons and siren on an RS-485 bus (Modbus RTU)."""

    role: Annotated[
        Literal["sos", "siren"],
        Meta(description="sos: buttons, and a siren with them; siren: only that", examples=["sos"]),
    ]
    poll_s: Annotated[float, Meta(ge=0.02, le=10, description="seconds between two looks at the buttons")] = 0.1
    answer_timeout_s: Annotated[float, Meta(gt=0, le=10, description="seconds that a device may take to answer")] = 0.5
    contact: Annotated[tuple[Contact, ...], Meta(max_length=16, description="help buttons")] = ()
    siren: Annotated[Siren | None, Meta(description="what sounds when somebody calls for help")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.role == "sos" and not self.contact:
            raise ValueError("role “sos” needs a contact / 角色 sos 至少需要一个 contact")
        if self.role == "siren" and (self.siren is None or self.contact):
            raise ValueError("role “siren” needs a siren, and no contact / 角色 siren 需要 siren，且不含 contact")


Part: TypeAlias = SamIdCard | IcEm | EmAscii | Line | Keymap | EscPos | Modbus
"""One part of a terminal, told apart by its `protocol`."""


class Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A patrol slot, e.g. the morning round."""

    name: Annotated[str, Meta(min_length=1, max_length=16, description="name of the slot, e.g. morning")]
    begin: Annotated[
        str, Meta(pattern=HOUR, description="first minute, HH:MM, in the village's time zone", examples=["06:30"])
    ]
    end: Annotated[
        str,
        Meta(pattern=HOUR, description="minute at which it is over, HH:MM; may be past midnight", examples=["11:30"]),
    ]

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day (0-1439) lies in it."""
        begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (self.begin, self.end))
        return begin <= minute < end if begin < end else minute >= begin or minute < end


class Service(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item of the village's service list."""

    item: Annotated[str, Meta(min_length=1, max_length=32, description="its code")]
    name: Annotated[str, Meta(max_length=64, description="its name, for the receipt")] = ""
    mode: Annotated[
        Literal["direct", "proxy", "authorised"], Meta(description="done here, by proxy, or as authorised")
    ] = "direct"


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A self-service terminal whose parts hang on serial ports."""

    key_file: Annotated[
        str, Meta(min_length=1, description="village key: a file of one line KEYID:HEX that only its owner may read")
    ]
    point: Annotated[str, Meta(max_length=64, description="patrol point that a check-in here belongs to")] = ""
    window_s: Annotated[
        float, Meta(ge=0, le=86400, description="seconds in which a card checks in once, however often it is shown")
    ] = 60.0
    roster_file: Annotated[
        str,
        Meta(description="roster of grid workers: CSV person,name,grid with keyed hashes; empty: as the hub tells"),
    ] = ""
    slot: Annotated[tuple[Slot, ...], Meta(max_length=8, description="patrol slots of a day")] = ()
    service: Annotated[
        tuple[Service, ...], Meta(max_length=200, description="the village's service list; empty: any item is taken")
    ] = ()
    identify_s: Annotated[
        float, Meta(ge=0, le=120, description="seconds that a request waits for a card; then it is stored without")
    ] = 15.0
    rate_within_s: Annotated[
        float, Meta(ge=0, le=86400, description="seconds in which a rating belongs to the last request")
    ] = 600.0
    privacy_notice: Annotated[
        str,
        Meta(max_length=2000, description="on personal data, printed before the first card is read; empty: posted"),
    ] = PRIVACY_NOTICE
    drill: Annotated[bool, Meta(description="an exercise: everything that happens here is marked as one")] = False
    part: Annotated[tuple[Part, ...], Meta(max_length=16, description="the parts that the terminal has")] = ()

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
