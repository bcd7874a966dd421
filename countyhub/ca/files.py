"""Writes the files of the CA and the broker: whole or not at all, keys for nobody else, owned as the folder is.

The command line is mostly run by root, the hub is not: what root makes must be the hub's to read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gridwire import wholefile
from gridwire.problem import Problem

PRIVATE, PUBLIC = 0o600, 0o644
_OTHERS = 0o077


class KeyOpen(Problem):
    code = "ca.key-open"
    en = "others can read {path} (mode {mode}): chmod 600 {path}. If somebody may have copied it, make a new CA"
    zh = "其他用户可以读取 {path}（权限 {mode}）：请执行 chmod 600 {path}；如怀疑已被复制，应重建 CA"


class NotWritten(Problem):
    code = "ca.not-written"
    en = "{path} cannot be written: {reason}"
    zh = "无法写入 {path}：{reason}"


def folder(path: Path, mode: int = 0o700) -> Path:
    """The folder, made if need be, owned as the one around it. Raises `NotWritten`."""
    try:
        if not path.is_dir():
            path.mkdir(mode=mode, parents=True)
            if owner := wholefile.owner_like(path.parent):
                os.chown(path, *owner)
    except OSError as error:
        raise NotWritten(path=path, reason=error.strerror or error) from error
    return path


def write(path: Path, data: bytes, mode: int, *, gid: int | None = None) -> bool:
    """Put the bytes there in one step, on the disk; False when they stand there already. `gid`: group that may read
    it, else that of the folder. Raises `NotWritten`."""
    try:
        if path.is_file() and path.read_bytes() == data:
            return False
        owner = wholefile.owner_like(path.parent)
        if owner is not None and gid is not None:
            owner = owner._replace(gid=gid)
        wholefile.replace(path, data, mode=mode, owner=owner)
    except OSError as error:
        raise NotWritten(path=path, reason=error.strerror or error) from error
    return True


def hand_out(path: Path, data: bytes) -> None:
    """Onto a stick, whose file system may know neither owners nor modes. Raises `NotWritten`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise NotWritten(path=path, reason=error.strerror or error) from error


def check_private(path: Path) -> None:
    """Raises `KeyOpen`, OSError."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise KeyOpen(path=path, mode=f"{mode:04o}")
