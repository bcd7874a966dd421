"""The settings of a terminal: one table for each part that it has."""

from typing import Annotated, Literal

from msgspec import Meta

from drivers.seriallink import SerialSettings
from edgeagent.driver import DeviceConfig

Bytes = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)*$", max_length=384)]
"""Bytes as hex digits, blanks allowed between them."""


class IdCardSettings(SerialSettings, frozen=True, kw_only=True):
    """The resident ID-card reader (SAM module)."""

    baud: Annotated[int, Meta(ge=50, le=4_000_000, description="bits per second")] = 115200
    poll_s: Annotated[float, Meta(gt=0, le=10, description="seconds between two looks for a card")] = 0.3
    answer_timeout_s: Annotated[float, Meta(gt=0, le=30, description="seconds that the reader may take to answer")] = (
        3.0
    )
    require_second_read: Annotated[
        bool, Meta(description="false: believe a single read when the reader gives no second one")
    ] = True
    keep_name: Annotated[bool, Meta(description="send the name too, not only the masked number and its hash")] = False


class CardReaderSettings(SerialSettings, frozen=True, kw_only=True):
    """The IC or EM card reader."""

    protocol: Annotated[
        Literal["binary", "ascii"], Meta(description="binary: 02 LEN TYPE UID XOR 03; ascii: 02, 12 hex digits, 03")
    ] = "binary"
    uid_order: Annotated[
        Literal["as-sent", "reversed"], Meta(description="byte order of the UID; it differs from maker to maker")
    ] = "as-sent"


class ScannerSettings(SerialSettings, frozen=True, kw_only=True):
    """The QR and barcode scanner."""

    prefix: Annotated[str, Meta(max_length=32, description="what the scanner puts before each code; others drop")] = ""


class BeeperSettings(SerialSettings, frozen=True, kw_only=True):
    """The beeper, or a printer that can beep. Tones are the bytes that make them, `1B 42 n t` by default (ESC/POS)."""

    done: Annotated[Bytes, Meta(description="stored")] = "1B 42 01 02"
    already: Annotated[Bytes, Meta(description="was stored a moment ago; no second event")] = "1B 42 02 01"
    failed: Annotated[Bytes, Meta(description="not read or not stored")] = "1B 42 03 09"


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A self-service terminal whose parts hang on serial ports."""

    key_file: Annotated[
        str, Meta(min_length=1, description="village key: a file of one line KEYID:HEX that only its owner may read")
    ]
    point: Annotated[str, Meta(max_length=64, description="patrol point that a check-in here belongs to")] = ""
    window_s: Annotated[
        float, Meta(ge=0, le=86400, description="seconds in which a card checks in once, however often it is shown")
    ] = 60.0
    idcard: Annotated[IdCardSettings | None, Meta(description="resident ID-card reader")] = None
    iccard: Annotated[CardReaderSettings | None, Meta(description="IC or EM card reader")] = None
    scanner: Annotated[ScannerSettings | None, Meta(description="QR and barcode scanner")] = None
    beeper: Annotated[BeeperSettings | None, Meta(description="beeper or printer")] = None

    def __post_init__(self) -> None:
        if not (self.idcard or self.iccard or self.scanner):
            raise ValueError(
                "a terminal needs one of idcard, iccard, scanner / 终端至少需要配置 idcard、iccard、scanner 之一"
            )
