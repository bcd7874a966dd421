"""`countyhub.toml` -> `Config`. All mistakes are reported at once, each with its key; and the sample is made here.

Secrets may stand elsewhere: `file:PATH` or `env:NAME`.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from countyhub.config import Config, Settings, meaning
from gridwire import fullwidth
from gridwire.problem import Both, Language, Problem


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

    def __init__(self, path: Path, mistakes: list[Both]) -> None:
        self.mistakes = mistakes
        super().__init__(path=path, count=len(mistakes))

    def text(self, language: Language) -> str:
        """Each mistake on a line of its own below."""
        return "\n".join([super().text(language), *(f"  {each.text(language)}" for each in self.mistakes)])


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
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigAbsent(path=path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigUnreadable(path=path, why=error) from error
    slips = _slips(text)
    try:
        table = tomllib.loads(fullwidth.mend(text, slips))
    except tomllib.TOMLDecodeError as error:
        raise ConfigMistakes(path, [_told(slip) for slip in slips] or [_syntax(error)]) from error
    mistakes = [*map(_told, slips), *_mistakes(table, Config, "")]
    if mistakes:
        raise ConfigMistakes(path, mistakes)
    return msgspec.convert(table, Config)


def _slips(text: str) -> list[fullwidth.Slip]:
    """Full-width characters where TOML wants others; none in a text that is TOML as it stands."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return fullwidth.find(text)
    return []


def _told(slip: fullwidth.Slip) -> Both:
    asked = slip.asked if isinstance(slip.asked, Both) else Both(slip.asked, slip.asked)
    return Both(
        f"line {slip.line}, column {slip.column}: {slip.name.en} {slip.shown} of a Chinese input method, "
        f"type {asked.en} instead",
        f"第 {slip.line} 行第 {slip.column} 列：中文输入法的{slip.name.zh} {slip.shown}，请改用英文半角的 {asked.zh}",
    )


def _syntax(error: tomllib.TOMLDecodeError) -> Both:
    """The parser's words, with those that people meet most explained."""
    message, place = str(error), Both("", "")
    found = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if found is not None:
        message, line, column = message[: found.start()], found[1], found[2]
        place = Both(f"line {line}, column {column}: ", f"第 {line} 行第 {column} 列：")
    meant = next((words for begin, words in _SYNTAX.items() if message.startswith(begin)), Both(message, message))
    return Both(place.en + meant.en, place.zh + meant.zh)


_SYNTAX: Final = {
    "Invalid value": Both(
        'the value is missing or wrong; text needs quotes: "…"', '缺少值或值不合法；文本要加引号 "…"'
    ),
    "Expected '=' after a key": Both("“=” is missing after the name", "设置项名称后缺少“=”"),
    "Cannot declare": Both("this [table] stands above already: put both into one", "上面已有这个 [表]：请合并为一处"),
    "Cannot overwrite": Both("this is set above already", "上面已经设置过"),
    "Expected newline": Both("something stands after the value", "值的后面有多余内容"),
    "Illegal character '\\n'": Both("the closing quotation mark is missing", "缺少结束的引号"),
    "Unclosed array": Both("a list is not closed: “]” is missing", "列表没有结束，缺少“]”"),
}


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
        "Configuration of the county hub. Remove the # before a setting to change it. Check: countyhub check --offline",
        "县级汇聚端配置。去掉设置项行首的 # 即可修改。检查：countyhub check --offline",
    )
    return f"# {head.text(language)}\n" + "\n".join(_sample_lines(Config, "", language)) + "\n"


def _mistakes(table: Mapping[str, Any], struct: type[Settings], path: str) -> Iterator[Both]:
    """Every mistake in one table and those below it, key by key."""
    hints = get_type_hints(struct, include_extras=True)
    for key in table.keys() - hints.keys():
        close = difflib.get_close_matches(key, hints, 1)
        meant = Both(f", did you mean “{close[0]}”?", f"，是不是“{close[0]}”？") if close else Both("", "")
        yield Both(f"{path}{key}: there is no such setting{meant.en}", f"{path}{key}：没有这个设置项{meant.zh}")
    for field in msgspec.structs.fields(struct):
        if field.name not in table:
            if field.required:
                yield _missing(f"{path}{field.name}", meaning(hints[field.name]))
            continue
        below = _struct_in(hints[field.name])
        value = table[field.name]
        if below is not None and isinstance(value, dict):
            yield from _mistakes(value, below, f"{path}{field.name}.")
        else:
            yield from _mistake_in(value, hints[field.name], f"{path}{field.name}")


def _mistake_in(value: object, hint: Any, path: str) -> Iterator[Both]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        what = meaning(hint) if " matching regex " in str(error) else Both("", "")
        en, zh = (f" ({what.en})", f"（{what.zh}）") if what.en else ("", "")
        yield Both(f"{path}: {error}{en}", f"{path}：{_in_chinese(str(error))}{zh}")


def _missing(path: str, what: Both) -> Both:
    return Both(f"{path}: is missing ({what.en})", f"{path}：缺少这一项（{what.zh}）")


def _in_chinese(message: str) -> str:
    """What msgspec says of a value, as far as it is about types and bounds; the rest as it is."""
    for pattern, words in _TYPES.items():
        message = re.sub(pattern, words, message)
    return message


_TYPES: Final = {
    r"`str`": "文本（带引号）", r"`int`": "整数", r"`float`": "数字", r"`bool`": " true 或 false", r"`array`": "列表",
    r"`object`": "表", r"`null`": "空", r"Invalid enum value ('[^']*'|\S+)": r"不能是 \1",
    r"Expected (.+), got (.+)": r"应为\1，现在是\2", r"Expected (.+)": r"应为\1",
    r" of length (>=|<=) (\d+)": r"，长度 \1 \2",
    r" matching regex '(.*)'": r"，形如 \1", r" - at `\$(.*)`": r"（\1）", r" \| ": "或",
}  # fmt: skip


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
    if isinstance(value, dict):  # TOML writes these otherwise than JSON
        return f"# {field.name} = {{{', '.join(f'{_json(key)} = {_json(each)}' for key, each in value.items())}}}"
    return f"# {field.name} = {_json(value)}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
