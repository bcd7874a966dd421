"""A small file system of its own, mounted where it is wanted, that can be filled to the last byte."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[str]:
    """Mount it on `folder`; gives why that is not possible here, empty when it was."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        yield "mounting a small file system needs root"
        return
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        yield f"mount is not allowed here: {mounted.stderr.decode().strip()}"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Take all that is left of the disk; gives the file to remove."""
    filler = folder / "somebody-elses.log"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096) == 4096:
            pass
    return filler
