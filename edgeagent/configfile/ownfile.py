"""Reads the secrets and names the key files that a setting points to; refuses what other users of the box can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from edgeagent.configfile.boxmistakes import SecretMissing, SecretOpen, SecretUnset, TlsFile
from gridwire.problem import Both
from gridwire.settings.mistakes import Mistake, Place

MAX_SECRET_BYTES = 64 * 1024
FOLDER = "secrets"
"""Beside `edgeagent.toml`: only root reads it, and systemd hands its files to the service."""
_OTHERS = 0o077
_MISSING = Both("不存在", "does not exist")
_EMPTY = Both("是空的", "is empty")
_NO_FILE = Both("不是普通文件", "is not a file")
_NOT_HANDED = Both(
    "systemd 未交给服务：放入该文件，然后 systemctl restart edgeagent",
    "was not handed over by systemd: put it there, then systemctl restart edgeagent",
)
_NOT_TEXT = Both("不是 64 KiB 以内的 UTF-8 文本", "is not UTF-8 text of at most 64 KiB")


class OwnFiles:
    """Finds the files that settings name: relative ones beside `edgeagent.toml`.

    What lies in `secrets/` beside it is taken from systemd's credentials when the unit hands them over
    (`LoadCredential=sec:/etc/edgeagent/secrets`): the service's user cannot read the folder itself.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder.absolute(), environ

    def secret(self, text: str, place: Place, key: str) -> str:
        """The secret that `file:PATH`, `env:NAME` or the text itself means. Raises a `Mistake`."""
        if text.startswith("env:"):
            name = text.removeprefix("env:")
            if not self._environ.get(name):
                raise SecretUnset(place, key, name=name)
            return self._environ[name]
        if text.startswith("file:"):
            return self._read(text.removeprefix("file:"), place, key)
        return text

    def key_file(self, path: str, place: Place, key: str) -> str:
        """The absolute path of a private key. Raises a `Mistake` if it is missing or others can read it."""
        file = self._find(path)
        _look(file, place, key, TlsFile, private=file == self._plain(path), handed=self._is_handed(file))
        return str(file)

    def public_file(self, path: str, place: Place, key: str) -> str:
        """The absolute path of a certificate. Raises a `Mistake` if it is missing."""
        file = self._find(path)
        _look(file, place, key, TlsFile, private=False, handed=self._is_handed(file))
        return str(file)

    def path(self, path: str) -> str:
        """The absolute path of a file that somebody else reads and judges."""
        return str(self._find(path))

    def _plain(self, path: str) -> Path:
        return self._folder / path

    def _find(self, path: str) -> Path:
        plain = self._plain(path)
        if self._is_handed(plain):
            credential = Path(self._environ["CREDENTIALS_DIRECTORY"]) / f"sec_{plain.name}"
            if credential.is_file():
                return credential
        return plain

    def _is_handed(self, plain: Path) -> bool:
        """Whether it is for systemd to hand it over, at the start of the service."""
        return bool(self._environ.get("CREDENTIALS_DIRECTORY")) and plain.parent == self._folder / FOLDER

    def _read(self, path: str, place: Place, key: str) -> str:
        file = self._find(path)
        _look(file, place, key, SecretMissing, private=file == self._plain(path), handed=self._is_handed(file))
        try:
            with file.open("rb") as stream:
                raw = stream.read(MAX_SECRET_BYTES + 1)
        except OSError as error:
            raise SecretMissing(place, key, path=file, reason=_cannot(error)) from None
        try:
            text = raw.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise SecretMissing(place, key, path=file, reason=_NOT_TEXT) from None
        if not text or len(raw) > MAX_SECRET_BYTES:
            raise SecretMissing(place, key, path=file, reason=_NOT_TEXT if text else _EMPTY)
        return text


def open_to_others(file: Path) -> str:
    """The mode of a file that other users can read, e.g. `0644`; empty if they cannot, or if there is none."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except (OSError, ValueError):
        return ""
    return f"{mode:04o}" if mode & _OTHERS else ""


def _look(file: Path, place: Place, key: str, problem: type[Mistake], *, private: bool, handed: bool) -> None:
    try:
        status = file.stat()
    except FileNotFoundError:
        raise problem(place, key, path=file, reason=_MISSING) from None
    except PermissionError as error:
        raise problem(place, key, path=file, reason=_NOT_HANDED if handed else _cannot(error)) from None
    except (OSError, ValueError) as error:
        raise problem(place, key, path=file, reason=_cannot(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise problem(place, key, path=file, reason=_NO_FILE)
    if private and stat.S_IMODE(status.st_mode) & _OTHERS:
        raise SecretOpen(place, key, path=file, mode=f"{stat.S_IMODE(status.st_mode):04o}")
    if not os.access(file, os.R_OK):
        raise problem(place, key, path=file, reason=Both("当前用户无权读取", "cannot be read by this user"))


def _cannot(error: Exception) -> Both:
    why = getattr(error, "strerror", None) or str(error)
    return Both(f"无法读取：{why}", f"cannot be read: {why}")
