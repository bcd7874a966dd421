"""The box's identity on disk: `identity/` in the store's folder, which belongs to the agent's user and to nobody else.

Key and certificate stand in one file, so that they are never of different ages; it and all others are replaced whole.
What is asked for and not yet answered is kept too: whoever is cut off in the middle goes on with the same key.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from gridwire import wholefile
from gridwire.problem import Problem

FOLDER = "identity"
RECORD, PEM, CA, PENDING, PENDING_KEY = "enrolled.json", "identity.pem", "ca.pem", "pending.json", "pending.key"
_PRIVATE, _PUBLIC = 0o600, 0o644
Instant = Annotated[datetime, Meta(tz=True)]


class NotEnrolled(Problem):
    code = "enrol.not-enrolled"
    en = "this box has no certificate of the hub's in {folder}: edgeagent enroll --token-file FILE"
    zh = "{folder} 中没有汇聚端签发的证书：请执行 edgeagent enroll --token-file 文件"


class IdentityNotWritten(Problem):
    code = "enrol.not-written"
    en = "{path} cannot be written: {reason}. Are you root (sudo)?"
    zh = "无法写入 {path}：{reason}。是否以 root 身份（sudo）执行？"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What was granted last. `renew_from` and `expires` tell the agent, which does not read certificates."""

    box: str
    county: str
    hub_host: str
    hub_port: int
    renew_from: Instant
    expires: Instant
    broker_host: str
    broker_port: int
    name: str = ""
    token: str = ""
    """SHA-256 of the token's secret, hex."""
    config_key: str = ""
    """Public key, base64, by which the county signs its part of the configuration."""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What `pending.key` is for: `token:…` or `renews:…`, with a digest."""

    purpose: str


class Identity:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pem, self.ca, self.pending_key = folder / PEM, folder / CA, folder / PENDING_KEY

    @classmethod
    def of_store(cls, store: Path) -> Identity:
        return cls(store / FOLDER)

    def record(self) -> Record | None:
        """None when there is none, or it cannot be read: then the box enrols anew, or a person looks."""
        try:
            return msgspec.json.decode((self.folder / RECORD).read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError):
            return None

    def pending(self, purpose: str) -> bytes | None:
        """The key, PEM, with which this was asked for before; None when it was not."""
        try:
            pending = msgspec.json.decode((self.folder / PENDING).read_bytes(), type=Pending)
            return self.pending_key.read_bytes() if pending.purpose == purpose else None
        except (OSError, msgspec.DecodeError):
            return None

    def ask(self, purpose: str, key: bytes) -> None:
        """Keep the key until the answer is here. Raises `IdentityNotWritten`."""
        self._prepare()
        write(self.folder / PENDING, msgspec.json.encode(Pending(purpose="")), private=True)
        write(self.pending_key, key, private=True)
        write(self.folder / PENDING, msgspec.json.encode(Pending(purpose=purpose)), private=True)

    def keep_ca(self, ca: str) -> None:
        """Raises `IdentityNotWritten`."""
        self._prepare()
        write(self.ca, ca.encode(), private=False)

    def keep(self, record: Record, certificate: str, key: bytes, ca: str) -> None:
        """In this order every moment in between is a good one. Raises `IdentityNotWritten`."""
        self.keep_ca(ca)
        write(self.pem, certificate.encode() + key, private=True)
        write(self.folder / RECORD, msgspec.json.encode(record), private=True)

    def forget_pending(self) -> None:
        for name in (PENDING, PENDING_KEY):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    def _prepare(self) -> None:
        """Raises `IdentityNotWritten`."""
        try:
            for folder in (self.folder.parent, self.folder):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700, parents=True)
                    own(folder, folder.parent if folder is self.folder else folder)
        except OSError as error:
            raise IdentityNotWritten(path=self.folder, reason=error.strerror or error) from error


def write(path: Path, data: bytes, *, private: bool) -> None:
    """Replace the file in one step, on the disk. Raises `IdentityNotWritten`."""
    try:
        wholefile.replace(path, data, mode=_PRIVATE if private else _PUBLIC, owner=wholefile.owner_like(path.parent))
    except OSError as error:
        raise IdentityNotWritten(path=path, reason=error.strerror or error) from error


def own(path: Path, like: Path) -> None:
    """Root enrols, the agent's user reads: what root makes belongs to the owner of the folder around it."""
    if owner := wholefile.owner_like(like):
        os.chown(path, *owner)
