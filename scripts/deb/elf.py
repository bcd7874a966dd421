"""Which shared libraries a compiled module needs, read from its ELF file (64 bit, little-endian): amd64 and arm64."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from deb.archive import File

_DYNAMIC, _LOAD = 2, 1
_NEEDED, _STRTAB = 1, 5
_MACHINES = {62: "amd64", 183: "arm64"}
PACKAGE_OF = {
    "libc.so.6": "libc6",
    "libm.so.6": "libc6",
    "libdl.so.2": "libc6",
    "librt.so.1": "libc6",
    "libpthread.so.0": "libc6",
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
}
"""What wheels may expect of the system (PEP 600), and which Debian package has it."""


class WrongMachine(ValueError):
    """A compiled module for another kind of machine."""


def depends(tree: Mapping[str, File], arch: str) -> set[str]:
    """The Debian packages that compiled modules need. Raises `WrongMachine`; LookupError for an unknown library."""
    needed: set[str] = set()
    bundled = {path.rpartition("/")[2] for path in tree}
    for path, file in tree.items():
        if file.data.startswith(b"\x7fELF"):
            machine = _MACHINES.get(struct.unpack_from("<H", file.data, 18)[0], "?")
            if machine != arch:
                raise WrongMachine(f"{path} is for {machine}, not for {arch}")
            needed |= {name for name in libraries(file.data) if name not in bundled}
    unknown = needed - PACKAGE_OF.keys()
    if unknown:
        raise LookupError(f"no Debian package is known for {', '.join(sorted(unknown))}")
    return {PACKAGE_OF[name] for name in needed}


def libraries(data: bytes) -> list[str]:
    """The names under DT_NEEDED."""
    offset, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<IIQQQQ", data, offset + at * size) for at in range(count)]
    loads = [(address, at, length) for kind, _, at, address, _, length in headers if kind == _LOAD]
    entries: list[tuple[int, int]] = []
    for kind, _, at, _, _, length in headers:
        if kind == _DYNAMIC:
            entries += [struct.unpack_from("<qQ", data, at + step) for step in range(0, length, 16)]
    strings = next((value for tag, value in entries if tag == _STRTAB), 0)
    table = next((at + strings - address for address, at, length in loads if address <= strings < address + length), 0)
    return [_text(data, table + value) for tag, value in entries if tag == _NEEDED]


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("ascii")
