"""Writes a .deb: ar(5) of two xz-compressed tars. The same tree and time give the same bytes, whatever the machine."""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Mapping
from typing import NamedTuple

_AR_MAGIC = b"!<arch>\n"


class File(NamedTuple):
    """`mode`: permission bits; 0755 for programs. A `link` is a symbolic link and has no `data`."""

    data: bytes
    mode: int = 0o644
    link: str = ""


Tree = dict[str, File]
"""Path below / -> file. Folders are made as needed; one that is empty or private is named with a trailing slash."""


def deb(control: Mapping[str, File], data: Mapping[str, File], epoch_s: int, level: int) -> bytes:
    """The package. `epoch_s`: time stamp of everything in it; `level` of xz: 6 takes ten times as long as 0."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": _xz(_tar(control, epoch_s), level),
        "data.tar.xz": _xz(_tar(data, epoch_s), level),
    }
    return _AR_MAGIC + b"".join(_member(name, content, epoch_s) for name, content in members.items())


def _member(name: str, content: bytes, epoch_s: int) -> bytes:
    head = f"{name:<16}{epoch_s:<12}{0:<6}{0:<6}{0o100644:<8o}{len(content):<10}`\n".encode("ascii")
    return head + content + b"\n" * (len(content) % 2)


def _xz(content: bytes, level: int) -> bytes:
    return lzma.compress(content, preset=level)


def _tar(tree: Mapping[str, File], epoch_s: int) -> bytes:
    packed = io.BytesIO()
    entries = {**{folder: File(b"", 0o755) for folder in _folders(tree)}, **tree}
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, file in sorted(entries.items()):
            info = tarfile.TarInfo("./" + path)
            info.mode, info.mtime, info.uname, info.gname = file.mode, epoch_s, "root", "root"
            if path.endswith("/") or not path:
                info.type = tarfile.DIRTYPE
            elif file.link:
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, file.link, 0o777
            else:
                info.size = len(file.data)
            tar.addfile(info, io.BytesIO(file.data))
    return packed.getvalue()


def _folders(tree: Mapping[str, File]) -> set[str]:
    """Every folder above a file, with a trailing slash; the root as the empty name."""
    found = {""}
    for path in tree:
        parts = path.rstrip("/").split("/")
        found |= {"/".join(parts[:end]) + "/" for end in range(1, len(parts))}
    return found
