"""`edgeagent config diff`: what the files set otherwise than the defaults, and otherwise than the running agent has it.

Secrets are never shown: that one has changed is not seen here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edgeagent import control, plugins
from edgeagent.cli.asking import ending
from edgeagent.cli.say import choose, say, table
from edgeagent.configfile import Loaded, load
from edgeagent.configfile.merge import Tree, merge
from edgeagent.configfile.reader import read
from edgeagent.configfile.redact import redacted
from gridwire.problem import Language, Problem

_ABSENT: Any = None


class Setting(NamedTuple):
    """One setting of the files. `default` is None where there is none."""

    key: str
    value: Any
    default: Any
    where: str


class Other(NamedTuple):
    """A setting that the running agent has otherwise; None: one of them does not have it."""

    key: str
    file: Any
    running: Any


def execute(args: argparse.Namespace) -> int:
    """0, also with differences; 78 when the files are wrong."""
    return ending(lambda: _diff(args), choose(args.language))


def _diff(args: argparse.Namespace) -> int:
    loaded = load(args.config, plugins.resolve)
    language = choose(args.language, loaded.config.language)
    settings = list(_own(loaded, merge(str(args.config), [read(file) for file in loaded.files])))
    running = _running(Path(loaded.config.store.dir))
    others = list(_others(loaded, running)) if running is not None else None
    if args.json:
        told = {"settings": [each._asdict() for each in settings],
                "running": None if others is None else [each._asdict() for each in others]}  # fmt: skip
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(settings, others, language)
    return 0


def _own(loaded: Loaded, tree: Tree) -> Iterator[Setting]:
    values = flat(loaded.redacted())
    defaults = dict(_defaults(loaded.config, ()))
    for path, value in values.items():
        default = defaults.get(path, _ABSENT)
        if value != default and value not in (None, [], {}):
            place = tree.place(tuple(part for part in path if part != "options"))
            yield Setting(_shown(path), value, default, f"{place.file}:{place.line}" if place.line else place.file)


def _defaults(settings: msgspec.Struct, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The default of every setting that has one, under the path that `flat` gives it."""
    for field in msgspec.structs.fields(settings):
        here, value = (*path, field.encode_name), getattr(settings, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _defaults(value, here)
        elif isinstance(value, dict):
            for name, item in value.items():
                if isinstance(item, msgspec.Struct):
                    yield from _defaults(item, (*here, name))
        elif isinstance(value, tuple | list) and value and isinstance(value[0], msgspec.Struct):
            for index, item in enumerate(value):
                yield from _defaults(item, (*here, index))
        elif field.default is not msgspec.NODEFAULT:
            plain = field.default
            yield here, redacted(plain) if isinstance(plain, msgspec.Struct) else msgspec.to_builtins(plain)


def flat(data: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Tables as one, by path; lists of plain values stay whole."""
    if isinstance(data, dict) and data:
        items: list[tuple[Any, Any]] = list(data.items())
    elif isinstance(data, list) and data and isinstance(data[0], dict):
        items = list(enumerate(data))
    else:
        return {path: data}
    return {below: value for key, item in items for below, value in flat(item, (*path, key)).items()}


def _running(store: Path) -> dict[str, Any] | None:
    """What the running agent has loaded, secrets hidden; None where none answers."""
    try:
        answer = control.ask(store, "config", {})
    except Problem:
        return None
    found = answer.result.get("config") if answer.ok else None
    return found if isinstance(found, dict) else None


def _others(loaded: Loaded, running: dict[str, Any]) -> Iterator[Other]:
    ours, theirs = flat(msgspec.to_builtins(loaded.redacted())), flat(running)
    for path in dict.fromkeys((*ours, *theirs)):
        mine, other = ours.get(path), theirs.get(path)
        if mine != other and not (mine in (None, [], {}) and other in (None, [], {})):
            yield Other(_shown(path), mine, other)


def _shown(path: tuple[Any, ...]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif part != "options":
            text += f".{part}" if text else str(part)
    return text


def _print(settings: list[Setting], others: list[Other] | None, language: Language) -> None:
    print(say(language, en="set in the files, and the defaults:", zh="文件中的设置及其默认值："))
    none = say(language, en="no default", zh="无默认值")
    rows = [
        (f"  {each.key} = {_value(each.value)}", none if each.default is None else _value(each.default), each.where)
        for each in settings
    ]
    print("\n".join(table(list(rows))) if rows else say(language, en="  nothing", zh="  无"))
    print()
    if others is None:
        print(say(language, en="no agent runs here, or it does not answer us (sudo?)",
                  zh="没有代理在运行，或无权询问（是否需要 sudo？）"))  # fmt: skip
        return
    if not others:
        print(say(language, en="the running agent has the same (changed secrets are not seen)",
                  zh="运行中的代理设置相同（密码的改动不显示）"))  # fmt: skip
        return
    print(say(language, en="the running agent has it otherwise; systemctl reload edgeagent, or restart it:",
              zh="运行中的代理与文件不同；请执行 systemctl reload edgeagent 或重启："))  # fmt: skip
    files, agent = say(language, en="files", zh="文件"), say(language, en="agent", zh="代理")
    differ = [(f"  {o.key}", f"{files} {_value(o.file)}", f"{agent} {_value(o.running)}") for o in others]
    print("\n".join(table(list(differ))))


def _value(value: Any) -> str:
    return "–" if value is None else json.dumps(value, ensure_ascii=False)
