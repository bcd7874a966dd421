"""A small file system of its own, mounted where it is wanted, that can be filled to the last byte."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, size_mb: int, *, read_only: bool = False) -> Iterator[Path]:
    """Mount it on `folder`, which it yields. The test is skipped where that is not possible."""
    with small_disk_if_allowed(folder, size_mb, read_only=read_only) as why_not:
        if why_not:
            pytest.skip(why_not)
        yield folder


@contextlib.contextmanager
def small_disk_if_allowed(folder: Path, size_mb: int, *, read_only: bool = False) -> Iterator[str]:
    """For tests that go on without; gives why it is not possible here, empty when it was."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        yield "mounting a small file system needs root"
        return
    options = f"size={size_mb}m,{'ro' if read_only else 'rw'}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        yield f"mount is not allowed here: {mounted.stderr.decode().strip()}"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def becomes_read_only(folder: Path) -> None:
    """As the kernel makes a disk that it no longer trusts."""
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


def fill(folder: Path) -> Path:
    """Take all that is left of the disk; gives the file to remove."""
    filler = folder / "somebody-elses.log"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096) == 4096:
            pass
    return filler
