"""A disk whose power fails: an ext4 in an image, stopped in the midst of its writes; proof of what a cut drops.

`EXT4_IOC_SHUTDOWN` without flushing the journal: from then on nothing more gets from the kernel's memory to the image.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from pathlib import Path

import pytest

IMAGE_BYTES = 192 * 1024 * 1024
PROBE_BYTES = 100_000
_EXT4_IOC_SHUTDOWN = 0x8004587D
_WITHOUT_FLUSHING_THE_JOURNAL = struct.pack("I", 2)


class Disk:
    """An ext4 in a file, mounted on `folder`; what was on it outlives `stop` and `replug` if it was synced.

    Skips the test where such a thing cannot be mounted.
    """

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder, self._image = folder, image
        folder.mkdir(parents=True)
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        _or_skip("mkfs.ext4", "-q", "-F", image)
        _or_skip("mount", "-o", "loop", image, folder)

    def stop(self) -> None:
        """From this moment on nothing more is written, and nothing that waits for it is."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, _WITHOUT_FLUSHING_THE_JOURNAL)
        finally:
            os.close(descriptor)

    def replug(self) -> None:
        """Take what the disk has, while it is still mounted, and go on with that; the stopped one is thrown away."""
        copy = self._image.with_suffix(".copy")
        subprocess.run(["cp", "--sparse=always", self._image, copy], check=True)
        self.unplug()
        copy.replace(self._image)
        subprocess.run(["mount", "-o", "loop", self._image, self.folder], check=True)

    def unplug(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)


def _or_skip(*words: str | Path) -> None:
    try:
        done = subprocess.run(list(map(str, words)), check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip(f"{words[0]} is not installed")
    if done.returncode:
        pytest.skip(f"not possible here: {' '.join(map(str, words))}: {done.stderr.strip()}")


class Probes:
    """Files that show what a cut does: one synced, one not."""

    def __init__(self, folder: Path) -> None:
        self._synced, self._unsynced = folder / "probe-synced", folder / "probe-unsynced"
        self.dropped = self.kept = 0

    def write(self) -> None:
        for path in (self._synced, self._unsynced):
            path.unlink(missing_ok=True)
        with self._synced.open("wb") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        self._unsynced.write_bytes(bytes(PROBE_BYTES))

    def look(self) -> None:
        self.kept += self._synced.stat().st_size == PROBE_BYTES
        self.dropped += not self._unsynced.exists() or self._unsynced.stat().st_size < PROBE_BYTES
