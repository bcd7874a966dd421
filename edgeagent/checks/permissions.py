"""`permissions`: can the service's user read what it needs, and can nobody change it behind its back?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Account, Scene
from edgeagent.configfile.reader import read
from gridwire.verdict import Fault, Line, found, passed

_FILE_KEYS = frozenset({"ca", "cert", "roster_file"})
_KEY_KEYS = frozenset({"key", "key_file"})
"""Of files that nobody else may read: a group that can would be refused."""


class Unreadable(Fault):
    code = "check.file-unreadable"
    en = "{path}: user {user}, as which the agent runs, cannot read it: chgrp {user} {path} && chmod g+r {path}"
    zh = "{path}：代理以用户 {user} 运行，无权读取：请执行 chgrp {user} {path} && chmod g+r {path}"


class SecretClosed(Fault):
    code = "check.secret-closed"
    en = (
        "{path}: user {user}, as which the agent runs, cannot read it, and nobody else may: move it to {secrets}, from "
        "where systemd hands it over, or chown {user} {path}"
    )
    zh = (
        "{path}：代理以用户 {user} 运行，无权读取，而此文件又不可让他人读取：请移到 {secrets}（由 systemd 交给服务），"
        "或执行 chown {user} {path}"
    )


class FolderClosed(Fault):
    code = "check.folder-closed"
    en = "{path}: user {user}, as which the agent runs, may not enter {folder}: chmod o+x {folder}"
    zh = "{path}：代理以用户 {user} 运行，无权进入 {folder}：请执行 chmod o+x {folder}"


class StoreClosed(Fault):
    code = "check.store-closed"
    en = "{path}: user {user} cannot write here, nothing would be stored: chown -R {user}: {path}"
    zh = "{path}：用户 {user} 无权写入，事件无法保存：请执行 chown -R {user}: {path}"


class WritableByOthers(Fault):
    code = "check.file-writable"
    level = "warn"
    en = "{path} has mode {mode}: every user of this machine can change it: chmod go-w {path}"
    zh = "{path} 的权限是 {mode}，本机任何用户都能修改：请执行 chmod go-w {path}"


def _look(scene: Scene) -> Iterable[Line]:
    count = 0
    for path in scene.loaded.files:
        yield from _open_to_change(path)
    folder = scene.loaded.files[0].parent.absolute() / "secrets"
    for path, private in dict(_needed(scene, folder)).items():
        count += 1
        problem = SecretClosed(path=path, user=scene.account.name, secrets=folder) if private else None
        yield from _readable(path, scene.account, problem)
    store = scene.store
    if store.is_dir() and not allowed(store, scene.account, 0o3):
        yield found(StoreClosed(path=store, user=scene.account.name))
    user = scene.account.name
    yield passed(f"用户 {user}：共检查 {count} 个文件", f"user {user}: {count} files looked at")


def _open_to_change(path: Path) -> Iterator[Line]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & 0o002:
        yield found(WritableByOthers(path=path, mode=f"{mode:04o}"))


def _readable(path: Path, account: Account, problem: Fault | None) -> Iterator[Line]:
    for folder in reversed(path.absolute().parents):
        if not allowed(folder, account, 0o1):
            yield found(FolderClosed(path=path, folder=folder, user=account.name))
            return
    if path.exists() and not allowed(path, account, 0o4):
        yield found(problem or Unreadable(path=path, user=account.name))


def _needed(scene: Scene, secrets: Path) -> Iterator[tuple[Path, bool]]:
    """The configuration's files, and those that it names, each with whether nobody else may read it. What lies in
    `secrets/` is handed over by systemd, which may read all."""
    for file in scene.loaded.files:
        yield file, False
        for name, private in _named(read(file).data):
            path = secrets.parent / name
            if path.parent != secrets:
                yield path, private


def _named(value: Any, key: str = "") -> Iterator[tuple[str, bool]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _named(below, name)
    elif isinstance(value, list):
        for below in value:
            yield from _named(below, key)
    elif isinstance(value, str) and value.startswith("file:"):
        yield value.removeprefix("file:"), True
    elif isinstance(value, str) and value and key in _FILE_KEYS | _KEY_KEYS:
        yield value, key in _KEY_KEYS


def allowed(path: Path, account: Account, wanted: int) -> bool:
    """Whether the mode gives this account all of these bits (r 4, w 2, x 1); true for what is not there.

    Access lists and read-only mounts are not looked at.
    """
    if account.uid == 0:
        return True
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if status.st_uid == account.uid:
        bits = status.st_mode >> 6
    elif status.st_gid in account.groups:
        bits = status.st_mode >> 3
    else:
        bits = status.st_mode
    return bits & wanted == wanted


CHECK = Check(
    "permissions",
    "文件与密码的权限：服务用户能读取，其他用户不能修改，数据目录可写",
    "files and secrets: the service's user can read them, others cannot change them, the store can be written",
    _look,
    (Unreadable, SecretClosed, FolderClosed, StoreClosed, WritableByOthers),
)
