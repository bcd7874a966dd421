"""What the parts of a terminal say on the line: one file a protocol. Sans-I/O: bytes in, frames out, and back.

ID-card readers → `sam_idcard`; card readers → `icem`, `em_ascii`; scanners → `line`; keypads → `keymap`
printers → `escpos`; buttons, sirens, registers → `drivers.modbus`; noise in between → `drivers.seriallink.framing`
"""
