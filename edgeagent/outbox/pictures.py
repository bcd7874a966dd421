"""Pictures as files: written durably before their row is committed, removed after it. Blocking: in a thread."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gridwire.identifiers import new_ulid
from gridwire.wholefile import sync_folder

FOLDER = "pictures"
"""Beside the outbox's file."""


class PictureFile(msgspec.Struct, frozen=True):
    """A JPEG on disk: the body of a row in lane `media`."""

    name: str
    sha256: str
    bytes: int


class PictureFolder:
    """The folder of the pictures. A file without a row is a leftover of a crash and is swept at start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def write(self, jpegs: Iterable[bytes]) -> tuple[PictureFile, ...]:
        """Write each to a temporary file, fsync, rename; then fsync the folder. Raises OSError, leaving nothing.

        Not by `wholefile`, which syncs the folder for each file: here once for all, as flash is slow and wears.
        """
        done: list[PictureFile] = []
        try:
            for jpeg in jpegs:
                picture = PictureFile(f"{new_ulid()}.jpg", hashlib.sha256(jpeg).hexdigest(), len(jpeg))
                done.append(picture)
                self._write_one(picture.name, jpeg)
            if done:
                sync_folder(self.path)
        except OSError:
            self.remove(done)
            raise
        return tuple(done)

    def read(self, picture: PictureFile) -> bytes | None:
        """The JPEG; None when the file is gone or is not what was written."""
        try:
            jpeg = (self.path / picture.name).read_bytes()
        except OSError:
            return None
        return jpeg if hashlib.sha256(jpeg).hexdigest() == picture.sha256 else None

    def remove(self, pictures: Iterable[PictureFile]) -> None:
        for picture in pictures:
            for name in (picture.name, picture.name + ".tmp"):
                (self.path / name).unlink(missing_ok=True)

    def sweep(self, known: Iterable[PictureFile]) -> int:
        """Remove every file without a row; gives how many."""
        keep = {picture.name for picture in known}
        strays = [file for file in self.path.iterdir() if file.name not in keep and file.is_file()]
        for file in strays:
            file.unlink(missing_ok=True)
        return len(strays)

    def _write_one(self, name: str, jpeg: bytes) -> None:
        temporary = self.path / (name + ".tmp")
        with temporary.open("wb") as file:
            file.write(jpeg)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.path / name)
