"""`edgeagent check`: is the configuration right? Reads files only, connects to nothing. Exit code 78 if it is not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from edgeagent import plugins
from edgeagent.cli.say import Language, choose, say
from edgeagent.configfile import BadConfig, DriverBroken, Loaded, Mistake, load
from edgeagent.configfile.mistakes import BrokenDriver, Place


def execute(args: argparse.Namespace) -> int:
    try:
        loaded = load(args.config, plugins.resolve)
    except BadConfig as bad:
        _print_bad(bad, choose(args.language, bad.language), as_json=args.json)
        return bad.exit_code
    loaded = loaded._replace(warnings=(*loaded.warnings, *_broken_drivers(loaded)))
    _print_good(loaded, choose(args.language, loaded.config.language), as_json=args.json)
    return 0


def _broken_drivers(loaded: Loaded) -> list[Mistake]:
    """Drivers whose settings are right and whose code cannot be loaded; loading the configuration does not try."""
    found: list[Mistake] = []
    for name, device in loaded.config.device.items():
        if device.options is not None:
            try:
                plugins.load(device.driver)
            except DriverBroken as problem:
                place = Place(str(loaded.files[0]))
                found.append(BrokenDriver(place, f"device.{name}.driver", name=device.driver, reason=problem.reason))
    return found


def _print_bad(bad: BadConfig, language: Language, *, as_json: bool) -> None:
    if as_json:
        _print_json({"ok": False}, bad.mistakes, bad.warnings)
        return
    for mistake in bad.mistakes:
        print(mistake.text(language))
    _print_warnings(bad.warnings, language)
    print(bad.summary(language))


def _print_good(loaded: Loaded, language: Language, *, as_json: bool) -> None:
    config = loaded.config
    if as_json:
        names = [str(file) for file in loaded.files]
        _print_json({"ok": True, "box": config.box, "files": names, "hash": loaded.hash}, (), loaded.warnings)
        return
    _print_warnings(loaded.warnings, language)
    devices, rules, files = len(config.device), len(config.rule), len(loaded.files)
    print(
        say(
            language,
            en=f"configuration is right: box {config.box}, devices {devices}, rules {rules}, files {files}, "
            f"warnings {len(loaded.warnings)}, hash {loaded.hash[:12]}",
            zh=f"配置正确：盒子 {config.box}，设备 {devices} 台，规则 {rules} 条，文件 {files} 个，"
            f"警告 {len(loaded.warnings)} 条，摘要 {loaded.hash[:12]}",
        )
    )


def _print_warnings(warnings: Sequence[Mistake], language: Language) -> None:
    for warning in warnings:
        print(say(language, en="warning: ", zh="警告：") + warning.text(language))


def _print_json(answer: dict[str, object], mistakes: Sequence[Mistake], warnings: Sequence[Mistake]) -> None:
    answer = answer | {"mistakes": [_plain(m) for m in mistakes], "warnings": [_plain(w) for w in warnings]}
    print(json.dumps(answer, ensure_ascii=False, indent=2))


def _plain(mistake: Mistake) -> dict[str, object]:
    return {
        "code": mistake.code,
        "file": mistake.place.file,
        "line": mistake.place.line,
        "key": mistake.key,
        "en": mistake.sentence("en"),
        "zh": mistake.sentence("zh"),
    }
