"""The settings of a terminal: what holds for all of it, and a list of its parts, each with role, protocol and port."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from drivers.seriallink import SerialSettings
from edgeagent.driver import DeviceConfig

Bytes = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)*$", max_length=384)]
"""Bytes as hex digits, blanks allowed between them."""
Name = Annotated[
    str, Meta(pattern=r"^[a-z0-9-]{0,16}$", description="name in reports, a-z, 0-9 and -; empty: the protocol's")
]


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


Part: TypeAlias = SamIdCard | IcEm | EmAscii | Line | EscPos
"""One part of a terminal, told apart by its `protocol`."""


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A self-service terminal whose parts hang on serial ports."""

    key_file: Annotated[
        str, Meta(min_length=1, description="village key: a file of one line KEYID:HEX that only its owner may read")
    ]
    point: Annotated[str, Meta(max_length=64, description="patrol point that a check-in here belongs to")] = ""
    window_s: Annotated[
        float, Meta(ge=0, le=86400, description="seconds in which a card checks in once, however often it is shown")
    ] = 60.0
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
