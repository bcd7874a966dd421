"""What is there, and what is to be written: nothing is changed before `writing` is called.

A setting is changed where it stands; new ones go into the main file, new cameras and the terminal into files of
`conf.d`. Secrets are files of their own, `secrets/…`, and never stand in TOML.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeagent.cli.loose import files_of, tables
from edgeagent.cli.setup.tomledit import appended, with_value
from edgeagent.config import StoreSettings
from edgeagent.configfile.boxmistakes import BadConfig, NoFile
from edgeagent.configfile.merge import merge
from edgeagent.configfile.reader import read
from edgeagent.enrol.enrolledfile import FILE as ENROLLED
from gridwire.problem import Problem
from gridwire.settings.mistakes import Mistake

CAMERAS, TERMINAL = "cameras.toml", "terminal.toml"
_HEADING = {
    "": "# 由 edgeagent setup 建立；可手工修改，再次运行时保留 / made by edgeagent setup; edit it, your changes stay\n",
}
MAX_SECRETS = 100


class EnrolledOtherwise(Problem):
    code = "setup.enrolled-otherwise"
    en = "{key} comes from the enrolment ({file}): edgeagent enroll --move makes this machine another box"
    zh = "{key} 由注册写入（{file}）：要改为另一个盒子，请用 edgeagent enroll --move"


class NoRoomForSecret(Problem):
    code = "setup.no-room-for-secret"
    en = "{folder}: there are {count} files {name}-… already"
    zh = "{folder} 中已有 {count} 个 {name}-… 文件"


class Present:
    """The files as they are. `data`: their tables together. Raises `BadConfig` for what is no TOML."""

    def __init__(self, config: Path) -> None:
        self.config, self.folder = config, config.parent
        files = [file for file in files_of(config) if file.exists()]
        sources = [read(file) for file in files]
        mistakes: list[Mistake] = [each for one in sources for each in one.mistakes if not isinstance(each, NoFile)]
        self._tree = merge(str(config), sources)
        if mistakes := [*mistakes, *self._tree.mistakes]:
            raise BadConfig(mistakes)
        self.texts: dict[Path, bytes] = {file: file.read_bytes() for file in files}
        self.data: dict[str, Any] = self._tree.data
        self.devices: dict[str, dict[str, Any]] = tables(self.data)

    def get(self, *path: str, default: Any = None) -> Any:
        found: Any = self.data
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return default if found is None else found

    def file_of(self, path: tuple[str, ...]) -> Path:
        """Where the setting stands, else where its table stands, else the main file."""
        return Path(self._tree.place(path).file) if self.get(*path[:-1]) is not None else self.config

    @property
    def store(self) -> Path:
        return Path(str(self.get("store", "dir", default=StoreSettings().dir)))

    def devices_of(self, driver: str) -> dict[str, dict[str, Any]]:
        return {name: one for name, one in self.devices.items() if one.get("driver") == driver}


class Plan:
    """The files as they shall be. `changed`: keys with a value in a file that get another one."""

    def __init__(self, present: Present) -> None:
        self.present = present
        self.changed: list[str] = []
        self.secrets: dict[str, str] = {}
        """Name of the file in `secrets/` -> what it shall hold."""
        self.enroll: argparse.Namespace | None = None
        self._texts: dict[Path, str] = {}

    def text(self, file: Path) -> str:
        if file not in self._texts:
            self._texts[file] = self.present.texts.get(file, b"").decode("utf-8-sig")
        return self._texts[file]

    def put(self, path: tuple[str, ...], value: Any) -> None:
        """Set one setting, unless it is so already. Raises `LeftToYou`, `EnrolledOtherwise`."""
        old = self.present.get(*path)
        if old == value:
            return
        file = self.present.file_of(path)
        if file.name == ENROLLED and old is not None:
            raise EnrolledOtherwise(key=".".join(path), file=file)
        file = self.present.config if file.name == ENROLLED else file
        if old is not None:
            self.changed.append(".".join(path))
        self._texts[file] = with_value(self.text(file) or _HEADING[""], path, value, file=str(file))

    def append(self, name: str, block: str) -> None:
        """Add tables to a file of `conf.d`."""
        file = self.present.folder / "conf.d" / name
        self._texts[file] = appended(self.text(file) or _HEADING[""], block)

    def replace(self, file: Path, text: str) -> None:
        self._texts[file] = text

    def keep_secret(self, kind: str, text: str) -> str:
        """What the configuration says for it: a file that holds it already, or a new one. Raises `NoRoomForSecret`."""
        folder = self.present.folder / "secrets"
        name = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")[:32] or "secret"
        for number in range(1, MAX_SECRETS):
            file = folder / (name if number == 1 else f"{name}-{number}")
            held = self.secrets.get(file.name)
            if held is None and file.exists():
                held = file.read_text("utf-8", "replace").rstrip("\r\n")
            if held is None:
                self.secrets[file.name] = text
            if held in (None, text):
                return f"file:secrets/{file.name}"
        raise NoRoomForSecret(folder=folder, count=MAX_SECRETS, name=name)

    def files(self) -> dict[Path, tuple[bytes | None, bytes]]:
        """Each file that changes: its bytes before (None: it is new) and after; `conf.d` first, the main file last."""
        found: dict[Path, tuple[bytes | None, bytes]] = {}
        for file in sorted(self._texts, key=lambda file: (file == self.present.config, file)):
            old, text = self.present.texts.get(file), self._texts[file]
            mark = b"\xef\xbb\xbf" if old is not None and old.startswith(b"\xef\xbb\xbf") else b""
            if mark + text.encode() != (old or b""):
                found[file] = (old, mark + text.encode())
        if not self.present.config.exists() and self.present.config not in found:
            found[self.present.config] = (None, _HEADING[""].encode())
        return found
