"""Device tables for what was found: ids that last, text as TOML, added to a file without touching what people wrote.

An id follows from serial number, hardware address or endpoint, never from the address: the same camera gets the same
id wherever it moves. What is known already, by any of these or by its address, is left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgeagent.cli.loose import tables
from edgeagent.cli.places import place
from edgeagent.driver import Found
from gridwire import wholefile
from gridwire.problem import Language, Problem
from gridwire.settings.tomltext import toml

ID_CHARS = 12
MAX_NAME_CHARS = 64
_NEW_FILE_MODE = 0o644
_LOGIN = ("username", "password")


class NotWritten(Problem):
    code = "discover.not-written"
    en = "{file} was not written: {why_en}"
    zh = "未写入 {file}：{why_zh}"


class Named(NamedTuple):
    """What was found, with its id. `known`: the table that a configuration has for it, None for a new one."""

    driver: str
    found: Found
    id: str
    known: Mapping[str, Any] | None = None

    @property
    def moved(self) -> bool:
        """It answers at another address than the configuration says."""
        said = place((self.known or {}).get("address"))
        return said is not None and said not in {place(one) for one in (self.found.address, *self.found.also)}


def name_all(found: Iterable[tuple[str, Found]], known: Mapping[str, Mapping[str, Any]]) -> list[Named]:
    """Give each its id: that of the configuration, else one of its own. `known`: device tables by id."""
    named: list[Named] = []
    taken = set(known)
    for driver, one in found:
        ids = [_id_of(one.prefix, key) for key in one.keys]
        own = _known(one, ids, known)
        if own is not None:
            named.append(Named(driver, one, own, known[own]))
            continue
        fresh = next((each for each in ids if each not in taken), None) or _numbered(ids[-1], taken)
        taken.add(fresh)
        named.append(Named(driver, one, fresh))
    return named


def _known(one: Found, ids: list[str], known: Mapping[str, Mapping[str, Any]]) -> str | None:
    by_id = next((each for each in ids if each in known), None)
    if by_id is not None:
        return by_id
    places = {place(address) for address in (one.address, *one.also)}
    return next(
        (each for each, table in known.items() if place(table.get("address") or table.get("url")) in places), None
    )


def _id_of(prefix: str, key: str) -> str:
    """Device id from one key: its last characters, which are what differs between two of one batch."""
    kind, _, value = key.partition(":")
    plain = re.sub(r"[^a-z0-9]", "", value.lower())
    tail = plain[-ID_CHARS:]
    if kind == "address":
        tail = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:24].strip("-")
    elif kind == "endpoint" and len(set(tail)) < 4:
        tail = hashlib.blake2b(plain.encode(), digest_size=ID_CHARS // 2).hexdigest()
    return f"{prefix}-{tail}"[:32].strip("-")


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name[:28]}-{number}" in taken:
        number += 1
    return f"{name[:28]}-{number}"


def table_of(named: Named, language: Language) -> str:
    """The device's table as TOML, with a comment that says what it is and what is wrong with it."""
    found = named.found
    what = " ".join(part for part in (found.maker, found.model, found.firmware, found.serial) if part)
    lines = [f"# {_one_line(what)}"] if what else []
    lines += [f"# {_one_line(problem.text(language).partition(': ')[2])}" for problem in found.problems]
    name = _one_line(found.name or f"{found.maker} {found.model}".strip())[:MAX_NAME_CHARS]
    settings = {"driver": named.driver, "name": name, **found.settings}
    lines += [f"[device.{named.id}]", *(f"{key} = {toml(value)}" for key, value in settings.items() if value)]
    if "password" not in found.settings:
        lines.append(_no_login(named.id))
    return "\n".join(lines) + "\n"


def _no_login(device: str) -> str:
    """What stands where nobody could log in, for people to fill in."""
    return f'#username = "onvif"\n#password = "file:secrets/{device}"'


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def without_login(file: Path, named: Iterable[Named]) -> list[Named]:
    """Those in the file that were written when no login worked, and now one does. Raises OSError."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    return [one for one in named if one.known is not None and not one.known.get("username")
            and one.found.settings.get("username") and text.count(_no_login(one.id)) == 1]  # fmt: skip


def add(file: Path, texts: Iterable[str], logins: Iterable[Named] = ()) -> None:
    """Append the tables, fill in the `logins` of others (see `without_login`), all or none.

    Raises `NotWritten`; the file is then as it was.
    """
    file = Path(os.path.realpath(file))
    try:
        old = file.read_bytes()
    except FileNotFoundError:
        old = b""
    except OSError as error:
        raise _failed(file, error) from error
    new = added(file, old, texts, logins)
    try:
        replace(file, old, new)
    except OSError as error:
        raise _failed(file, error) from error


def added(file: Path, old: bytes, texts: Iterable[str], logins: Iterable[Named] = ()) -> bytes:
    """What `add` makes of what stands in the file. Raises `NotWritten` where it would change something else."""
    filled = list(logins)
    before = old
    for one in filled:
        login = [f"{key} = {toml(one.found.settings[key])}" for key in _LOGIN if one.found.settings.get(key)]
        before = before.replace(_no_login(one.id).encode(), "\n".join(login).encode())
    gap = b"" if not old else b"\n" if old.endswith(b"\n") else b"\n\n"
    tail = "\n".join(texts).encode()
    new = before + (gap + tail if tail else b"")
    _check(file, old, new, {one.id for one in filled})
    return new


def _check(file: Path, old: bytes, new: bytes, filled: Collection[str]) -> None:
    """What people wrote must stand in it as before; those `filled` have got a login, and nothing else."""
    try:
        before, after = (tomllib.loads(raw.decode("utf-8-sig")) for raw in (old, new))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotWritten(
            file=file,
            why_en=f"what stands in it is not right ({error}); see `edgeagent check`",
            why_zh=f"文件内容有误（{error}），请先运行 edgeagent check",
        ) from error
    rest = {key: value for key, value in after.items() if key != "device"}
    kept = isinstance(before.get("device", {}), dict)
    now = {name: _less_login(table) if name in filled else table for name, table in tables(after).items()}
    kept = kept and all(now.get(name) == table for name, table in tables(before).items())
    if not kept or rest != {key: value for key, value in before.items() if key != "device"}:
        raise NotWritten(file=file, why_en="its tables would change", why_zh="原有内容会被改变")


def _less_login(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in _LOGIN}


def replace(file: Path, old: bytes, new: bytes) -> None:
    """Whole or not at all, with the mode and owner that the file had. Raises OSError, and `NotWritten` where the
    file is not `old` any more (empty: there is none)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    status = file.stat() if file.exists() else None

    def unchanged() -> None:
        if (file.read_bytes() if file.exists() else b"") != old:
            raise NotWritten(file=file, why_en="somebody has just changed it; try again", why_zh="刚被他人修改，请重试")

    mode = status.st_mode & 0o777 if status else _NEW_FILE_MODE
    wholefile.replace(file, new, mode=mode, owner=wholefile.owner_like(file) if status else None, last_look=unchanged)


def _failed(file: Path, error: OSError) -> NotWritten:
    why = error.strerror or str(error)
    return NotWritten(file=file, why_en=why, why_zh=why)
