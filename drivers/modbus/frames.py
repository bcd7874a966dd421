"""Modbus RTU on RS-485: contacts (SOS button, door), registers and coils (siren). Sans-I/O.

| what                        | request                   | answer                    |
|-----------------------------|---------------------------|---------------------------|
| registers 4, one, of unit 1 | 01 03 00 04 00 01 C5 CB   | 01 03 02 04 D2 3A D9      |
| contacts 0-7 of unit 2      | 02 02 00 00 00 08 79 FF   | 02 02 01 01 60 0C         |
| coil 0 of unit 2 on         | 02 05 00 00 FF 00 8C 09   | the same                  |
| refused                     |                           | 01 83 02 C0 F1            |

CRC-16 (polynomial A001, start FFFF), low byte first. An answer does not repeat the address: one request at a time.
Source: Modbus Application Protocol V1.1b3, Modbus over Serial Line V1.02.
"""

from dataclasses import dataclass

from drivers.seriallink.framing import ScanningDecoder

READ_COILS, READ_CONTACTS, READ_HOLDING, READ_INPUT, WRITE_COIL = 1, 2, 3, 4, 5
_READS = (READ_COILS, READ_CONTACTS, READ_HOLDING, READ_INPUT)
_EXCEPTION = 0x80
_EXCEPTION_BYTES, _WRITE_BYTES, _AROUND_DATA = 5, 8, 5
MAX_DATA_BYTES = 250
_PROBLEMS = {1: "function not supported", 2: "no such address", 3: "value refused", 4: "device failure", 6: "busy"}


@dataclass(frozen=True)
class Reply:
    """An answer: `data` are the bytes that were asked for, `exception` 0 or the device's code of refusal."""

    unit: int
    function: int
    data: bytes = b""
    exception: int = 0

    @property
    def problem(self) -> str:
        """The refusal in words, empty when there is none."""
        return _PROBLEMS.get(self.exception, f"exception {self.exception}") if self.exception else ""

    def bit(self, index: int) -> bool:
        """The contact or coil so many after the first that was asked for. Raises IndexError."""
        return bool(self.data[index // 8] >> index % 8 & 1)

    def register(self, index: int) -> int:
        """The unsigned register so many after the first that was asked for. Raises IndexError."""
        return self.data[2 * index] << 8 | self.data[2 * index + 1]


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC_OF_BYTE = tuple(map(_crc_of_byte, range(256)))


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc


def with_crc(data: bytes) -> bytes:
    """These bytes and their checksum."""
    return data + crc16(data).to_bytes(2, "little")


def read(unit: int, function: int, address: int, count: int) -> bytes:
    """The request for so many contacts, coils or registers."""
    return with_crc(bytes((unit, function)) + address.to_bytes(2, "big") + count.to_bytes(2, "big"))


def write_coil(unit: int, address: int, *, on: bool) -> bytes:
    """The request to switch a coil; its answer is the same bytes."""
    return with_crc(bytes((unit, WRITE_COIL)) + address.to_bytes(2, "big") + (b"\xff\x00" if on else b"\x00\x00"))


def reply_bytes(reply: Reply) -> bytes:
    """The frame in which such an answer to a reading comes."""
    return with_crc(bytes((reply.unit, reply.function, len(reply.data))) + reply.data)


class ReplyDecoder(ScanningDecoder[Reply]):
    """Answers out of a byte stream; what a device sends beside them is passed over."""

    def frame_length(self, data: bytes, at: int) -> int | None:
        if at + 2 > len(data):
            return None
        function = data[at + 1]
        if function & _EXCEPTION and function - _EXCEPTION in (*_READS, WRITE_COIL):
            return _EXCEPTION_BYTES
        if function == WRITE_COIL:
            return _WRITE_BYTES
        if function not in _READS:
            return 0
        if at + 3 > len(data):
            return None
        return data[at + 2] + _AROUND_DATA if 0 < data[at + 2] <= MAX_DATA_BYTES else 0

    def parse(self, raw: bytes) -> Reply | None:
        if crc16(raw[:-2]) != int.from_bytes(raw[-2:], "little"):
            return None
        unit, function = raw[0], raw[1]
        if function & _EXCEPTION:
            return Reply(unit, function - _EXCEPTION, exception=raw[2])
        return Reply(unit, function, raw[2:-2] if function == WRITE_COIL else raw[3:-2])
