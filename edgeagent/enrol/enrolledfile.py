"""Writes what enrolment knows into `conf.d/10-enrolled.toml`, and nothing else: the technician's files are not touched.

What the technician has set stays as it is when it is about addresses, and is a mistake to be mended when it is about
who the box is: both is said aloud, the latter before the token is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edgeagent.config import StoreSettings
from edgeagent.configfile.merge import Tree, merge
from edgeagent.configfile.reader import read
from edgeagent.enrol.identity import Identity, Record, write
from gridwire.identifiers import county_of
from gridwire.problem import Language, Problem

FILE = "10-enrolled.toml"
_HEAD = "# 由 edgeagent enroll 写入，每次注册都会覆盖 / written by edgeagent enroll, and again at every enrolment\n"
_EMPTY = "# 设备写在这里或 conf.d/*.toml / devices go here or into conf.d/*.toml; see edgeagent sample\n"
_ASKED = ("box", "hub.tls.ca", "hub.tls.cert", "hub.tls.key")
"""What must not say something else."""


class SettingsConflict(Problem):
    code = "enrol.settings-conflict"
    en = "these lines differ from the hub's; remove them, enrolment sets them itself. Nothing was changed:\n{lines}"
    zh = "以下各行与汇聚端不一致，请删除（注册时会自动设置）。未作任何改动：\n{lines}"


class NoConfigFolder(Problem):
    code = "enrol.no-config-folder"
    en = "{path} cannot be made: {reason}. Are you root (sudo)?"
    zh = "无法建立 {path}：{reason}。是否以 root 身份（sudo）执行？"


class Other(NamedTuple):
    """A setting of the technician's that differs from the hub's."""

    where: str
    key: str
    theirs: object
    ours: object

    def text(self, language: Language) -> str:
        stays = "保留" if language == "zh" else "kept"
        return f"{self.where}: {self.key} = {_toml(self.theirs)}（{stays}；{self.key} = {_toml(self.ours)}）"


class Own:
    """The configuration without our own file: what the technician has written."""

    def __init__(self, config: Path) -> None:
        self.config, self.file = config, config.parent / "conf.d" / FILE
        files = [config, *sorted(self.file.parent.glob("*.toml"))]
        sources = [read(file) for file in files if file != self.file and file.exists()]
        self._tree: Tree = merge(str(config), sources)

    def get(self, key: str) -> Any:
        """The value of a dotted key; None where nothing is set."""
        value: Any = self._tree.data
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def where(self, key: str) -> str:
        place = self._tree.place(tuple(key.split(".")))
        return f"{place.file}:{place.line}" if place.line else place.file

    def store(self) -> Path:
        """The store's folder, as it is set or by default."""
        folder = self.get("store.dir")
        return Path(folder if isinstance(folder, str) else StoreSettings().dir)

    def language(self) -> Language | None:
        found = self.get("language")
        return "zh" if found == "zh" else "en" if found == "en" else None

    def check(self, box: str, identity: Identity) -> None:
        """Before anything is asked of the hub. Raises `SettingsConflict`."""
        wanted = {"box": box, **_tls(identity)}
        others = [other for other in self.others(wanted) if other.key in _ASKED and other.ours]
        if others:
            lines = "\n".join(f"  {other.where}: {other.key} = {_toml(other.theirs)}" for other in others)
            raise SettingsConflict(lines=lines)

    def others(self, wanted: Mapping[str, object]) -> list[Other]:
        """Where the technician says something else."""
        said = {key: self.get(key) for key in wanted}
        return [
            Other(self.where(key), key, said[key], ours)
            for key, ours in wanted.items()
            if said[key] is not None and said[key] != ours
        ]

    def write(self, record: Record, identity: Identity) -> list[Other]:
        """Our file, with what nobody else says; returns what stays different. Raises `IdentityNotWritten`,
        `NoConfigFolder`."""
        wanted = _wanted(record, identity)
        text = _HEAD + _tables({key: value for key, value in wanted.items() if self.get(key) is None})
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NoConfigFolder(path=self.file.parent, reason=error.strerror or error) from error
        if not self.config.exists():
            write(self.config, _EMPTY.encode(), private=False)
        write(self.file, text.encode(), private=False)
        return self.others(wanted)


def _wanted(record: Record, identity: Identity) -> dict[str, object]:
    """Dotted key -> value."""
    county = {"county": record.county} if county_of(record.box) != record.county else {}
    name = {"name": record.name} if record.name else {}
    hub = {"hub.host": record.broker_host, "hub.port": record.broker_port}
    return {"box": record.box, **county, **name, **hub, **_tls(identity)}


def _tls(identity: Identity) -> dict[str, object]:
    return {"hub.tls.ca": str(identity.ca), "hub.tls.cert": str(identity.pem), "hub.tls.key": str(identity.pem)}


def _tables(settings: Mapping[str, object]) -> str:
    lines: dict[str, list[str]] = {}
    for key, value in settings.items():
        table, _, name = key.rpartition(".")
        lines.setdefault(table, []).append(f"{name} = {_toml(value)}")
    parts: Sequence[str] = [("\n".join([f"[{table}]"] * bool(table) + said)) for table, said in lines.items()]
    return "\n\n".join(parts) + "\n"


def _toml(value: object) -> str:
    """A string or number; JSON's form is TOML's for these."""
    return json.dumps(value, ensure_ascii=False)
