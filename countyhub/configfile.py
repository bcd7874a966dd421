"""`countyhub.toml` -> `Config`. All mistakes are reported at once, each with its key; and the sample is made here.

Secrets may stand elsewhere: `file:PATH` or `env:NAME`.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from countyhub.config import Config, Settings
from gridwire.problem import Problem


class ConfigUnreadable(Problem):
    code = "hub.config-unreadable"
    en = "cannot read the configuration {path}: {why}"
    zh = "无法读取配置文件 {path}：{why}"


class ConfigMistakes(Problem):
    code = "hub.config-mistakes"
    en = "{count} mistake(s) in {path}:\n{list}"
    zh = "{path} 中有 {count} 处错误：\n{list}"


class SecretUnreadable(Problem):
    code = "hub.secret-unreadable"
    en = "cannot read the secret “{where}”: {why}. Name a file that the hub's user may read"
    zh = "无法读取密码“{where}”：{why}。请填写汇聚端的用户可以读取的文件"


class SecretOpen(SecretUnreadable):
    code = "hub.secret-open"
    en = "others can read the secret {path} (mode {mode}): chmod 600 {path}. If somebody may have seen it, change it"
    zh = "其他用户可以读取密码文件 {path}（权限 {mode}）：请执行 chmod 600 {path}；如怀疑已泄露，请更换密码"


def load(path: Path) -> Config:
    """The configuration; raises `ConfigUnreadable`, `ConfigMistakes`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigUnreadable(path=path, why=error) from error
    mistakes = list(_mistakes(table, Config, ""))
    if mistakes:
        raise ConfigMistakes(path=path, count=len(mistakes), list="\n".join(f"  {line}" for line in mistakes))
    return msgspec.convert(table, Config)


def secret(text: str) -> str:
    """What `file:PATH` or `env:NAME` names, or the text itself; raises `SecretUnreadable` (also as `SecretOpen`)."""
    kind, _, where = text.partition(":")
    try:
        if kind == "file":
            path = own_file(where)
            if path == where:  # what systemd hands over is guarded by its folder
                _closed(Path(path))
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        if kind == "env":
            return os.environ[where]
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnreadable(where=text, why=error) from error
    except KeyError as error:
        raise SecretUnreadable(where=text, why="not set") from error
    return text


def _closed(path: Path) -> None:
    """Raises `SecretOpen`; OSError when it is not there."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SecretOpen(path=path, mode=f"{mode:04o}")


def own_file(path: str) -> str:
    """Where a secret file is to be read. What lies in a folder `secrets` comes from systemd, where the unit hands it
    over (`LoadCredential=sec:/etc/countyhub/secrets`): the service's user cannot read the folder itself."""
    handed, plain = os.environ.get("CREDENTIALS_DIRECTORY"), Path(path)
    if handed and plain.parent.name == "secrets":
        credential = Path(handed) / f"sec_{plain.name}"
        if credential.is_file():
            return str(credential)
    return path


def sample() -> str:
    """A commented `countyhub.toml` with every setting at its default."""
    head = "# 县级汇聚端配置 / configuration of the county hub. 去掉行首 # 即生效 / remove the # to change a default.\n"
    return head + "\n".join(_sample_lines(Config, "")) + "\n"


def _mistakes(table: Mapping[str, Any], struct: type[Settings], path: str) -> Iterator[str]:
    """Every mistake in one table and those below it, key by key."""
    hints = get_type_hints(struct, include_extras=True)
    for key in table.keys() - hints.keys():
        close = difflib.get_close_matches(key, hints, 1)
        meant = f"; 是不是 / did you mean “{close[0]}”?" if close else ""
        yield f"{path}{key}: 未知的设置 / unknown setting{meant}"
    for field in msgspec.structs.fields(struct):
        if field.name not in table:
            if field.required:
                yield f"{path}{field.name}: 缺少 / missing"
            continue
        below = _struct_in(hints[field.name])
        value = table[field.name]
        if below is not None and isinstance(value, dict):
            yield from _mistakes(value, below, f"{path}{field.name}.")
        else:
            yield from _mistake_in(value, hints[field.name], f"{path}{field.name}")


def _mistake_in(value: object, hint: Any, path: str) -> Iterator[str]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        yield f"{path}: {error}"


def _struct_in(hint: Any) -> type[Settings] | None:
    """The table's Struct in `Struct`, `Struct | None` or `Annotated[…]` of these."""
    if get_origin(hint) is Annotated:
        return _struct_in(get_args(hint)[0])
    for part in (hint, *get_args(hint)):
        if isinstance(part, type) and issubclass(part, Settings):
            return part
    return None


def _sample_lines(struct: type[Settings], path: str) -> Iterator[str]:
    hints = get_type_hints(struct, include_extras=True)
    tables = []
    for field in msgspec.structs.fields(struct):
        hint = hints[field.name]
        below = _struct_in(hint)
        if below is not None:
            tables.append((f"{path}{field.name}", below, field.default is None))
            continue
        metas = [meta for meta in get_args(hint) if isinstance(meta, msgspec.Meta)]
        about = next((meta.description for meta in metas), None)
        example = next((meta.examples[0] for meta in metas if meta.examples), "")
        yield f"# {about}"
        yield f'{field.name} = "431126"' if field.required and not path else _line(field, example)
    for name, below, optional in tables:
        yield ""
        yield from (f"# {line.strip()}" for line in (below.__doc__ or "").strip().splitlines())
        yield f"# [{name}]" if optional else f"[{name}]"
        yield from _sample_lines(below, f"{name}.")


def _line(field: msgspec.structs.FieldInfo, example: object) -> str:
    """The default, and where there is none the example."""
    value = field.default
    if value is msgspec.NODEFAULT:
        value = "" if field.required else {}
    if field.required and example:
        value = example
    if isinstance(value, dict):  # TOML writes these otherwise than JSON
        return f"# {field.name} = {{{', '.join(f'{_json(key)} = {_json(each)}' for key, each in value.items())}}}"
    return f"# {field.name} = {_json(value)}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
