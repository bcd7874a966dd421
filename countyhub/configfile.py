"""`countyhub.toml` -> `Config`. All mistakes are reported at once, each with line and key; the sample is made here.

Secrets may stand elsewhere: `file:PATH` or `env:NAME`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from countyhub.config import Config, Settings, meaning
from gridwire.problem import Both, Language, Problem
from gridwire.settings.decode import Decoder, build, fields_of
from gridwire.settings.mistakes import Mistake, Place, in_order
from gridwire.settings.reader import parsed
from gridwire.settings.tomltext import toml


class ConfigUnreadable(Problem):
    code = "hub.config-unreadable"
    en = "cannot read the configuration {path}: {why}"
    zh = "无法读取配置文件 {path}：{why}"


class ConfigAbsent(ConfigUnreadable):
    code = "hub.config-absent"
    en = "there is no configuration {path}; make one: countyhub sample > {path}"
    zh = "没有配置文件 {path}；可这样生成：countyhub sample > {path}"


class ConfigMistakes(Problem):
    code = "hub.config-mistakes"
    en = "{count} mistake(s) in {path}:"
    zh = "{path} 中有 {count} 处错误："

    def __init__(self, path: Path, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = in_order(mistakes)
        super().__init__(path=path, count=len(self.mistakes))

    def sentence(self, language: Language) -> str:
        """Each mistake on a line of its own below."""
        return "\n".join([super().sentence(language), *(f"  {each.text(language)}" for each in self.mistakes)])


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
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigAbsent(path=path) from error
    except OSError as error:
        raise ConfigUnreadable(path=path, why=error) from error
    source = parsed(str(path), raw)
    decoder = Decoder(source, _as_it_stands, complete=source.complete)
    decoder.mistakes += source.mistakes
    right = decoder.table(fields_of(Config), source.data, ())
    config: Config | None = None if decoder.mistakes else build(decoder, Config, right, ())
    if config is None:
        raise ConfigMistakes(path, decoder.mistakes)
    return config


def _as_it_stands(text: str, _place: Place, _key: str) -> str:
    """What a secret's reference names is read where it is needed, by `secret`."""
    return text


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


def sample(language: Language = "zh") -> str:
    """A commented `countyhub.toml` with every setting at its default, its texts in that language."""
    head = Both(
        "县级汇聚端配置。去掉设置项行首的 # 即可修改。检查：countyhub check --offline",
        "Configuration of the county hub. Remove the # before a setting to change it. Check: countyhub check --offline",
    )
    return f"# {head.text(language)}\n" + "\n".join(_sample_lines(Config, "", language)) + "\n"


def _struct_in(hint: Any) -> type[Settings] | None:
    """The table's Struct in `Struct`, `Struct | None` or `Annotated[…]` of these."""
    if get_origin(hint) is Annotated:
        return _struct_in(get_args(hint)[0])
    for part in (hint, *get_args(hint)):
        if isinstance(part, type) and issubclass(part, Settings):
            return part
    return None


def _sample_lines(struct: type[Settings], path: str, language: Language) -> Iterator[str]:
    hints = get_type_hints(struct, include_extras=True)
    tables = []
    for field in msgspec.structs.fields(struct):
        hint = hints[field.name]
        below = _struct_in(hint)
        if below is not None:
            tables.append((f"{path}{field.name}", below, meaning(hint), field.default is None))
            continue
        yield f"# {meaning(hint).text(language)}"
        line = _line(field, _example(hint))
        yield line.removeprefix("# ") if field.required and not path else line
    for name, below, what, optional in tables:
        yield ""
        yield f"# {what.text(language)}"
        yield f"# [{name}]" if optional else f"[{name}]"
        yield from _sample_lines(below, f"{name}.", language)


def _example(hint: Any) -> object:
    metas = [meta for meta in get_args(hint) if isinstance(meta, msgspec.Meta)]
    return next((meta.examples[0] for meta in metas if meta.examples), "")


def _line(field: msgspec.structs.FieldInfo, example: object) -> str:
    """The default, and where there is none the example."""
    value = field.default
    if value is msgspec.NODEFAULT:
        value = "" if field.required else {}
    if field.required and example:
        value = example
    return f"# {field.name} = {toml(value)}"
