"""The resident ID-card reader (SAM module): its frames, and the text of a card. 115200 8N1, some 57600 down to 9600.

    request   AA AA AA 96 69 | LEN (2, big-endian) | CMD PARA data     | XOR
    answer    AA AA AA 96 69 | LEN                 | SW1 SW2 SW3 data  | XOR

LEN counts what follows it, the XOR included; XOR runs from LEN to the last data byte. In the order of use:

| what   | request        | answer (both after the preamble)                                            |
|--------|----------------|-----------------------------------------------------------------------------|
| status | 00 03 11 FF ED | 00 04 00 00 90 94                                                           |
| module | 00 03 12 FF EE | 00 14 00 00 90 + 16 bytes + XOR                                             |
| find   | 00 03 20 01 22 | card: 00 08 00 00 9F 00 00 00 00 97, none: 00 04 00 00 80 84                |
| select | 00 03 20 02 21 | 00 0C 00 00 90 + 8 bytes + 9C, failed: 00 04 00 00 81 85                    |
| read   | 00 03 30 01 32 | 05 08 00 00 90 01 00 04 00 + 256 text + 1024 photo + XOR, 1295 bytes in all |
|        |                | failed: 00 04 00 00 41 45                                                   |

Sans-I/O. Promises: of a card only the masked number, its keyed hash and, when asked for, the name leave this module;
photo bytes are dropped; no repr and no error text holds any of the card's content.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from drivers.seriallink.framing import ScanningDecoder, xor_of
from drivers.terminal.idnumber import NumberHash, VillageKey, mask_foreigner, mask_resident
from gridwire.persons import birth_date, is_foreigner_number, is_resident_number, parse_date

PREAMBLE = bytes.fromhex("AAAAAA9669")
_LEN_AT, _BODY_AT = len(PREAMBLE), len(PREAMBLE) + 2
_MIN_LEN, _MAX_LEN = 4, 0x0508
READ_ANSWER_BYTES = _BODY_AT + _MAX_LEN  # 1295
TEXT_BYTES = 256


def request(command: int, parameter: int) -> bytes:
    """The bytes of a request without data."""
    body = bytes((0, 3, command, parameter))
    return PREAMBLE + body + bytes((xor_of(body),))


STATUS = request(0x11, 0xFF)
MODULE_ID = request(0x12, 0xFF)
FIND = request(0x20, 0x01)
SELECT = request(0x20, 0x02)
READ = request(0x30, 0x01)


_READ_HEAD = PREAMBLE + bytes.fromhex("0508 000090 0100 0400")
_TEXT_END = len(_READ_HEAD) + TEXT_BYTES
NO_CARD_ANSWER = PREAMBLE + bytes.fromhex("00040000 8084")
"""To FIND, as long as nothing lies there."""


class Status(IntEnum):
    """SW3 of an answer."""

    DONE = 0x90
    FOUND = 0x9F
    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    READ_FAILED = 0x41
    SELF_TEST_FAILED = 0x60
    NOT_AUTHORISED = 0x66
    NO_CARD = 0x80
    SELECT_FAILED = 0x81
    NO_SUCH_ITEM = 0x91


@dataclass(frozen=True)
class Answer:
    """One answer of the reader. `status` is SW3; a number that is in no table stays a plain number."""

    status: int
    data: bytes = field(default=b"", repr=False)

    @property
    def is_fine(self) -> bool:
        return self.status in (Status.DONE, Status.FOUND)

    @property
    def status_name(self) -> str:
        """For people: `no card`, or `status 5A` when it is unknown."""
        try:
            return Status(self.status).name.lower().replace("_", " ")
        except ValueError:
            return f"status {self.status:02X}"


@dataclass(frozen=True)
class TextAhead:
    """The text of a card whose photo is still on its way, 90 ms long at 115200 baud: no checksum has seen it yet."""

    text: bytes = field(repr=False)


SamFrame = Answer | TextAhead


class SamDecoder(ScanningDecoder[SamFrame]):
    """Answers out of the byte stream of a reader; ahead of a long one its text, once."""

    def __init__(self) -> None:
        super().__init__()
        self._is_told_ahead = False

    def feed(self, data: bytes) -> list[SamFrame]:
        is_told = self._is_told_ahead and self.is_midway
        frames = super().feed(data)
        has_text = len(self._buffer) >= _TEXT_END and self._buffer.startswith(_READ_HEAD)
        if has_text and (frames or not is_told):
            frames.append(TextAhead(self._buffer[len(_READ_HEAD) : _TEXT_END]))
        self._is_told_ahead = has_text
        return frames

    def frame_length(self, data: bytes, at: int) -> int | None:
        """Preamble, then a LEN that an answer to one of our requests can have."""
        head = data[at : at + _BODY_AT]
        if not PREAMBLE.startswith(head[:_LEN_AT]):
            return 0
        if len(head) < _BODY_AT:
            return None
        length = int.from_bytes(head[_LEN_AT:], "big")
        return _BODY_AT + length if _MIN_LEN <= length <= _MAX_LEN else 0

    def parse(self, raw: bytes) -> SamFrame | None:
        """The answer in one frame."""
        if xor_of(raw[_LEN_AT:]) != 0:  # the XOR of all with their XOR
            return None
        return Answer(raw[_BODY_AT + 2], raw[_BODY_AT + 3 : -1])


class CardUnreadable(Exception):
    """A card was read, and cannot be believed or is not known. `reason` is stable and holds nothing of the card."""

    def __init__(self, reason: str, zh: str) -> None:
        super().__init__(f"{reason} / {zh}")
        self.reason = reason


class ReadsDiffer(CardUnreadable):
    """Two reads of one card do not agree: one of them was spoilt on its way."""

    def __init__(self) -> None:
        super().__init__("two reads differ", "两次读取不一致")


def _bad_length() -> CardUnreadable:
    return CardUnreadable("wrong length", "长度不符")


@dataclass(frozen=True)
class IdCard:
    """What is kept of an ID card."""

    kind: str
    masked: str
    number_hash: NumberHash
    name: str = field(default="", repr=False)


def card_text(answer: Answer) -> bytes:
    """The 256 bytes of text in the answer to READ; the photo ends here. Raises CardUnreadable."""
    data = answer.data
    text_bytes, photo_bytes = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if text_bytes != TEXT_BYTES or len(data) != 4 + text_bytes + photo_bytes:
        raise _bad_length()
    return data[4 : 4 + TEXT_BYTES]


# Field -> bytes, UTF-16LE, space padded. Position 248 tells the kind of card.
_RESIDENT_FIELDS = {
    "name": 30, "sex": 2, "nation": 4, "birth": 16, "address": 70, "number": 36,
    "issuer": 30, "begin": 16, "end": 16, "reserved": 36,
}  # fmt: skip
_FOREIGNER_FIELDS = {
    "name": 120, "sex": 2, "number": 30, "nationality": 6, "chinese_name": 30, "begin": 16, "end": 16, "birth": 16,
    "version": 4, "authority": 8, "kind": 2, "reserved": 6,
}  # fmt: skip
_FOREIGNER_2023_FIELDS = {
    "chinese_name": 30, "sex": 2, "renewals": 4, "birth": 16, "name": 70, "number": 36, "reserved": 30, "begin": 16,
    "end": 16, "name_rest": 22, "nationality": 6, "kind": 2, "former": 6,
}  # fmt: skip
_KIND_AT = 248
_FOREIGNER_MARK = "9"
_PADDING = " \0"


def parse_card(text: bytes, key: VillageKey, *, keep_name: bool = False) -> IdCard:
    """What is kept of the card whose text is given. Raises CardUnreadable for a card that is damaged or not known."""
    if len(text) != TEXT_BYTES:
        raise _bad_length()
    kind = text[_KIND_AT : _KIND_AT + 2]
    if kind in (b" \0", b"\0\0"):  # a resident card has nothing there but padding
        return _resident(_split(text, _RESIDENT_FIELDS), key, keep_name)
    if kind == b"I\0":
        return _foreigner(_split(text, _FOREIGNER_FIELDS), key, keep_name)
    if kind == b"Y\0":
        return _foreigner_2023(_split(text, _FOREIGNER_2023_FIELDS), key, keep_name)
    raise CardUnreadable("unknown card kind", "未知证件类型")


def parse_twice_read(first: bytes, second: bytes, key: VillageKey, *, keep_name: bool = False) -> IdCard:
    """The card whose text was read twice: XOR and check digit let some flipped bits through, so both must agree.

    Raises ReadsDiffer, CardUnreadable.
    """
    if first != second:
        raise ReadsDiffer
    return parse_card(first, key, keep_name=keep_name)


def _split(text: bytes, fields: dict[str, int]) -> dict[str, str]:
    values: dict[str, str] = {}
    at = 0
    for name, size in fields.items():
        try:
            values[name] = text[at : at + size].decode("utf-16-le").strip(_PADDING)
        except UnicodeDecodeError:
            raise CardUnreadable("damaged text", "文字损坏") from None  # the cause would quote the card
        at += size
    return values


def _checked_number(fields: dict[str, str]) -> str:
    """The 18 characters with check digit and birth date, as cards of all kinds but that of 2017 have them."""
    number = fields["number"]
    if not is_resident_number(number):
        raise CardUnreadable("check digit wrong", "身份证号校验码错误")
    if parse_date(fields["birth"]) != birth_date(number):
        raise CardUnreadable("birth date differs", "出生日期与身份证号不符")
    return number


def _resident(fields: dict[str, str], key: VillageKey, keep_name: bool) -> IdCard:
    number = _checked_number(fields)
    name = fields["name"] if keep_name else ""
    return IdCard("resident", mask_resident(number), key.hash_number(number), name)


def _foreigner_2023(fields: dict[str, str], key: VillageKey, keep_name: bool) -> IdCard:
    """Issued since 1 December 2023: the number is 9, province (2), nationality (3), birth (8), serial (3), check digit.

    By MOD 11-2, as a citizen's: rules for the machine-readable data of the permanent resident card, 2023 version,
    National Immigration Administration, sections 2 and 3.
    """
    number = _checked_number(fields)
    if not number.startswith(_FOREIGNER_MARK):
        raise CardUnreadable("number malformed", "证件号码格式错误")
    name = fields["chinese_name"] or (fields["name"] + fields["name_rest"]).strip()
    return IdCard("foreigner", mask_resident(number), key.hash_number(number), name if keep_name else "")


def _foreigner(fields: dict[str, str], key: VillageKey, keep_name: bool) -> IdCard:
    """Issued from 2017 to 2023."""
    number = fields["number"]
    if not is_foreigner_number(number) or parse_date(fields["birth"]) is None:
        raise CardUnreadable("number malformed", "证件号码格式错误")
    name = fields["name"] if keep_name else ""
    return IdCard("foreigner", mask_foreigner(number), key.hash_number(number), name)
