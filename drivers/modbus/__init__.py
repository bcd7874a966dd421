"""Modbus RTU on a serial port, for any family: a terminal's buttons and siren, a gauge on RS-485.

`keep_open(config, ReplyDecoder, use, on_lost)` of `seriallink` gives the link, `Line(link, …).ask(read(…), …)` answers.

bytes of requests and answers → `frames`; numbers in registers → `registers`
one question at a time, and its answer → `line`; a whole bus of buttons at work → `drivers.terminal.bus`
"""

from drivers.modbus.frames import READ_HOLDING, READ_INPUT, Reply, ReplyDecoder, read, write_coil
from drivers.modbus.line import Line
from drivers.modbus.registers import NumberType, number_in, word_count

__all__ = [
    "READ_HOLDING",
    "READ_INPUT",
    "Line",
    "NumberType",
    "Reply",
    "ReplyDecoder",
    "number_in",
    "read",
    "word_count",
    "write_coil",
]
