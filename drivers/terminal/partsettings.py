"""The settings of each kind of part that a terminal may have, told apart by `protocol`."""

import re
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from drivers.modbus.registers import NumberType
from drivers.seriallink import SerialSettings
from drivers.terminal.actions import GRAMMAR, Action, parse_action
from drivers.terminal.frames.keymap import FrameForm
from edgeagent.driver import about
from gridwire.identifiers import NAME_PATTERN

Bytes = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2} ?)*$", max_length=384)]
"""Bytes as hex digits, blanks allowed between them."""
Name = Annotated[
    str,
    about(
        "报告中使用的名称，仅限小写字母、数字和 -；留空则用协议名",
        "name in reports, a-z, 0-9 and -; empty: the protocol's",
        pattern=r"^[a-z0-9-]{0,16}$",
    ),
]
ReaderRole = Annotated[
    Literal["reader"],
    about("识别人员；也读取表示诉求的二维码", "reads who is there, and codes that say what is wanted"),
]
Unit = Annotated[int, about("设备在总线上的地址", "address of the device on the bus", ge=1, le=247)]
CoilOrContact = Annotated[int, about("设备内编号，从 0 起", "number on the device, counted from 0", ge=0, le=65535)]


class PartSettings(SerialSettings, frozen=True, kw_only=True, tag_field="protocol"):
    """What every part has: role, name and the settings of its port. 每个部件共有的设置。"""

    name: Name = ""


class SamIdCard(PartSettings, frozen=True, kw_only=True, tag="sam_idcard"):
    """Resident ID-card reader (SAM module). 居民身份证阅读器（SAM 模块）。"""

    role: ReaderRole = "reader"
    baud: Annotated[int, about("波特率", "bits per second", ge=50, le=4_000_000)] = 115200
    poll_s: Annotated[float, about("两次寻卡的间隔，秒", "seconds between two looks for a card", gt=0, le=10)] = 0.175
    answer_timeout_s: Annotated[
        float, about("等待读卡器应答的最长时间，秒", "seconds that the reader may take to answer", gt=0, le=30)
    ] = 3.0
    require_second_read: Annotated[
        bool,
        about(
            "false：读卡器不支持二次读取时接受单次读取",
            "false: believe a single read when the reader gives no second one",
        ),
    ] = True
    keep_name: Annotated[
        bool,
        about("除掩码和哈希外，是否同时上报姓名", "send the name too, not only the masked number and its hash"),
    ] = False


UidOrder = Annotated[
    Literal["as-sent", "reversed"],
    about(
        "UID 的字节顺序，各厂家不同：as-sent 原序，reversed 倒序",
        "byte order of the UID; it differs from maker to maker",
    ),
]


class IcEm(PartSettings, frozen=True, kw_only=True, tag="icem"):
    """IC or EM card reader with binary frames: 02 LEN TYPE UID XOR 03. IC/EM 读卡器，二进制帧。"""

    role: ReaderRole = "reader"
    uid_order: UidOrder = "as-sent"


class EmAscii(PartSettings, frozen=True, kw_only=True, tag="em_ascii"):
    """EM card reader that sends text: 02, 12 hex digits, 03; some leave 02 and 03 out. EM 读卡器，文本帧。"""

    role: ReaderRole = "reader"
    uid_order: UidOrder = "as-sent"


class Line(PartSettings, frozen=True, kw_only=True, tag="line"):
    """QR and barcode scanner: one code a line. 扫码器：每个码一行。"""

    role: ReaderRole = "reader"
    prefix: Annotated[
        str,
        about(
            "扫码器加在每个码前的字符，不带的丢弃",
            "what the scanner puts before each code; others drop",
            max_length=32,
        ),
    ] = ""
    suffix: Annotated[
        str,
        about("扫码器加在每个码后的字符，不带的丢弃", "what it puts behind each code; others drop", max_length=32),
    ] = ""


class EscPos(PartSettings, frozen=True, kw_only=True, tag="escpos"):
    """Receipt printer (ESC/POS), or only its beeper. Tones are the bytes that make them, `1B 42 n t` by default.

    小票打印机（ESC/POS），或仅用其蜂鸣器。提示音为发出该音的字节。
    """

    role: Annotated[
        Literal["printer", "beeper"],
        about("printer：打印并蜂鸣；beeper：仅蜂鸣", "printer: prints and beeps; beeper: beeps only"),
    ] = "printer"
    done: Annotated[Bytes, about("提示音：已入库", "tone: stored")] = "1B 42 01 02"
    already: Annotated[
        Bytes, about("提示音：刚刚已登记，不重复登记", "tone: was stored a moment ago; no second event")
    ] = "1B 42 02 01"
    failed: Annotated[Bytes, about("提示音：未读出或未入库", "tone: not read or not stored")] = "1B 42 03 09"
    next: Annotated[
        Bytes, about("提示音：已收到，请继续刷卡或按键", "tone: understood, now show a card or press on")
    ] = "1B 42 01 01"


class Keymap(PartSettings, frozen=True, kw_only=True, tag="keymap"):
    """Keypad, described: a frame of fixed length, or, with `length = 0`, one line of text a key.

    按键盘（评价器等）：固定长度的帧，或每个按键一行文本。
    """

    role: Annotated[
        Literal["keypad"], about("用于评价、办事、上报、求助的按键", "keys for rating, services, matters, help")
    ] = "keypad"
    length: Annotated[
        int,
        about("整帧字节数；0：每个按键一行文本", "bytes of a whole frame; 0: a line of text for each key", ge=0, le=64),
    ] = 0
    header: Annotated[Bytes, about("帧头字节", "bytes with which a frame begins")] = ""
    at: Annotated[
        int, about("键值字节在帧中的位置，从 0 起", "place of the key's byte in the frame, counted from 0", ge=0, le=63)
    ] = 0
    checksum: Annotated[
        Literal["none", "xor", "sum8", "crc16"],
        about("校验方式；crc16 为 CRC-16/MODBUS，低字节在前", "checksum; crc16: CRC-16/MODBUS, low byte first"),
    ] = "none"
    covers_from: Annotated[
        int, about("校验覆盖的首字节位置", "place of the first byte that the checksum covers", ge=0, le=63)
    ] = 0
    tail: Annotated[Bytes, about("校验之后的帧尾字节", "bytes behind the checksum")] = ""
    keys: Annotated[
        dict[str, str],
        about(
            f"按键（两位十六进制键值，或该行文本）→ 含义：{GRAMMAR}",
            f"key (its byte as two hex digits, or the line of text) → what it asks for: {GRAMMAR}",
            min_length=1,
            example={"31": "rate:5", "32": "rate:3"},
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
    """A help button on the bus: a contact, coil or register. 总线上的求助按钮。"""

    unit: Unit
    address: CoilOrContact
    function: Annotated[
        Literal[1, 2, 3, 4],
        about(
            "Modbus 功能码：1 线圈、2 离散输入、3 保持寄存器、4 输入寄存器",
            "Modbus function: 1 coil, 2 contact, 3 holding, 4 input register",
        ),
    ] = 2
    pressed_when: Annotated[bool, about("false：按下时断开的触点", "false: a contact that opens when pressed")] = True
    point: Annotated[str, about("按钮标识，如所在位置", "which button, e.g. its place", max_length=64)] = ""


class Siren(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coil that switches a siren. 控制警笛的线圈。"""

    unit: Unit
    address: CoilOrContact
    sounds_s: Annotated[
        float, about("鸣响时长，到时自动关闭，秒", "it is switched off after so many seconds", gt=0, le=600)
    ] = 30.0


class Register(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measured value in one or two registers, e.g. a water level. 寄存器中的测量值，如水位。"""

    unit: Unit
    address: Annotated[
        int, about("首个寄存器编号，从 0 起", "number of the first register, counted from 0", ge=0, le=65535)
    ]
    quantity: Annotated[
        str,
        about(
            "测量量名称，小写字母、数字和 _，如 water_level",
            "what is measured, a-z, 0-9 and _, e.g. water_level",
            pattern=NAME_PATTERN,
            example="water_level",
        ),
    ]
    function: Annotated[
        Literal[3, 4],
        about("Modbus 功能码：3 保持寄存器、4 输入寄存器", "Modbus function: 3 holding, 4 input register"),
    ] = 3
    type: Annotated[
        NumberType,
        about(
            "数值类型；占两个寄存器时高字在前，`-swapped` 为低字在前",
            "how the number is written; two registers: high word first, `-swapped`: low word first",
        ),
    ] = "uint16"
    scale: Annotated[float, about("数值乘以此系数", "the number is multiplied by it")] = 1.0
    offset: Annotated[float, about("再加上此值", "then this is added")] = 0.0
    measured_in: Annotated[
        str, about("结果的单位，如 m", "unit of the result, UCUM where there is one, e.g. m", max_length=16)
    ] = ""
    every_s: Annotated[float, about("两次读数的间隔，秒", "seconds between two readings", ge=1, le=86400)] = 60.0


class Modbus(PartSettings, frozen=True, kw_only=True, tag="modbus"):
    """Help buttons, siren and sensors on an RS-485 bus (Modbus RTU). RS-485 总线：求助按钮、警笛、传感器。"""

    role: Annotated[
        Literal["sos", "siren", "sensor"],
        about(
            "sos：含求助按钮，可同时含其他；siren：有警笛、无按钮；sensor：仅寄存器",
            "sos: buttons, and whatever else; siren: no buttons; sensor: only registers",
            example="sos",
        ),
    ]
    poll_s: Annotated[
        float, about("两次查询按钮的间隔，秒", "seconds between two looks at the buttons", ge=0.02, le=10)
    ] = 0.175
    answer_timeout_s: Annotated[
        float, about("等待设备应答的最长时间，秒", "seconds that a device may take to answer", gt=0, le=10)
    ] = 0.5
    contact: Annotated[tuple[Contact, ...], about("求助按钮", "help buttons", max_length=16)] = ()
    siren: Annotated[Siren | None, about("有人求助时鸣响的警笛", "what sounds when somebody calls for help")] = None
    register: Annotated[tuple[Register, ...], about("测量值", "measured values", max_length=32)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.role == "sos" and not self.contact:
            raise ValueError("role “sos” needs a contact / 角色 sos 至少需要一个 contact")
        if self.role == "siren" and (self.siren is None or self.contact):
            raise ValueError("role “siren” needs a siren, and no contact / 角色 siren 需要 siren，且不含 contact")
        if self.role == "sensor" and (not self.register or self.contact or self.siren):
            raise ValueError("role “sensor” needs a register, and nothing else / 角色 sensor 需要 register，且不含其他")


Part: TypeAlias = SamIdCard | IcEm | EmAscii | Line | Keymap | EscPos | Modbus
"""One part of a terminal, told apart by its `protocol`."""
