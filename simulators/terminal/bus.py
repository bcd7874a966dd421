"""Devices on an RS-485 bus that speak Modbus RTU: contacts, coils and registers, alive or dead.

Written from the standard, not from the driver: its own checksum, its own frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

COILS, CONTACTS, HOLDING, INPUT, WRITE_COIL = 1, 2, 3, 4, 5
_REQUEST_BYTES = 8
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS = 1, 2
Fault = Literal["", "dead", "refuses"]


def checksum(data: bytes) -> bytes:
    """CRC-16 of Modbus, bit by bit, low byte first."""
    remainder = 0xFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            carry = remainder & 1
            remainder >>= 1
            if carry:
                remainder ^= 0xA001
    return bytes((remainder & 0xFF, remainder >> 8))


@dataclass
class BusDevice:
    """One device. What is not in its tables it refuses."""

    contacts: dict[int, bool] = field(default_factory=dict)
    coils: dict[int, bool] = field(default_factory=dict)
    holding: dict[int, int] = field(default_factory=dict)
    inputs: dict[int, int] = field(default_factory=dict)
    fault: Fault = ""
    switched: list[tuple[int, bool]] = field(default_factory=list)
    """Every coil that was written, in order."""

    def answer(self, function: int, address: int, value: int) -> bytes:
        """Function and data of the answer."""
        if self.fault == "refuses":
            return bytes((function | 0x80, _ILLEGAL_ADDRESS))
        if function == WRITE_COIL:
            return self._write(address, value)
        tables: dict[int, Mapping[int, int]] = {
            COILS: self.coils, CONTACTS: self.contacts, HOLDING: self.holding, INPUT: self.inputs,
        }  # fmt: skip
        if function not in tables:
            return bytes((function | 0x80, _ILLEGAL_FUNCTION))
        table, wanted = tables[function], range(address, address + value)
        if not value or any(each not in table for each in wanted):
            return bytes((function | 0x80, _ILLEGAL_ADDRESS))
        values = [table[each] for each in wanted]
        data = _bits(values) if function <= CONTACTS else b"".join(each.to_bytes(2, "big") for each in values)
        return bytes((function, len(data))) + data

    def _write(self, address: int, value: int) -> bytes:
        if address not in self.coils:
            return bytes((WRITE_COIL | 0x80, _ILLEGAL_ADDRESS))
        self.coils[address] = value == 0xFF00
        self.switched.append((address, value == 0xFF00))
        return bytes((WRITE_COIL,)) + address.to_bytes(2, "big") + value.to_bytes(2, "big")


class Bus:
    """All devices on one pair of wires; `requests` keeps what the driver has asked, whole frames only."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.devices: dict[int, BusDevice] = {
            1: BusDevice(holding=dict.fromkeys(range(16), 0) | {4: 1234}),
            2: BusDevice(contacts=dict.fromkeys(range(8), False), coils=dict.fromkeys(range(8), False)),
        }
        self.requests: list[bytes] = []
        self._send = send
        self._buffer = b""

    def lose_power(self) -> None:
        self._buffer = b""

    def press(self, unit: int = 2, contact: int = 0, *, pressed: bool = True) -> None:
        self.devices[unit].contacts[contact] = pressed

    def is_on(self, unit: int = 2, coil: int = 0) -> bool:
        return self.devices[unit].coils[coil]

    def take(self, data: bytes) -> None:
        """Bytes from the driver; every request of these functions has eight."""
        self._buffer += data
        while len(self._buffer) >= _REQUEST_BYTES:
            frame = self._buffer[:_REQUEST_BYTES]
            if checksum(frame[:-2]) != frame[-2:]:
                self._buffer = self._buffer[1:]
                continue
            self._buffer = self._buffer[_REQUEST_BYTES:]
            self.requests.append(frame)
            self._serve(frame)

    def _serve(self, frame: bytes) -> None:
        device = self.devices.get(frame[0])
        if device is None or device.fault == "dead":
            return
        body = device.answer(frame[1], int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big"))
        answer = frame[:1] + body
        self._send(answer + checksum(answer))


def _bits(values: Sequence[int]) -> bytes:
    return sum(value << at for at, value in enumerate(values)).to_bytes((len(values) + 7) // 8, "little")
