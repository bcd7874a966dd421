"""`edgeagent check`: is everything as it should be, and if not, what to do? One line a check. Changes nothing.

Mistakes in the configuration come first and end the command, since all else depends on it. Exit code 78 when something
fails; warnings alone are 0.
"""

from __future__ import annotations

import argparse
import functools
import json
import logging
import sys
from collections.abc import Iterator, Sequence

from edgeagent import plugins
from edgeagent.checks import scene as scenes
from edgeagent.checks.catalogue import run
from edgeagent.checks.check import Check
from edgeagent.cli.check import trial
from edgeagent.cli.say import choose, say, width
from edgeagent.configfile import BadConfig, Loaded, Mistake, load
from gridwire.problem import Language
from gridwire.verdict import MARKS, Level, Line, summary

_NAME_COLUMNS = 12


def execute(args: argparse.Namespace) -> int:
    """0 also with warnings, 78 when a check fails or the configuration is wrong, 2 for a user that is unknown."""
    try:
        loaded = load(args.config, plugins.resolve)
    except BadConfig as bad:
        _print_bad(bad, choose(args.language, bad.language), as_json=args.json)
        return bad.exit_code
    language = choose(args.language, loaded.config.language)
    try:
        scene = scenes.look(loaded, args.user, args.root)
    except KeyError:
        print(say(language, en=f"no such user: {args.user}", zh=f"没有这个用户：{args.user}"), file=sys.stderr)
        return 2
    logging.getLogger().addHandler(logging.NullHandler())  # what the parts log, the lines say better
    scene = scene._replace(trials=functools.partial(trial.try_drivers, loaded, scene.account))
    lines = run(scene, frozenset(args.only), offline=args.offline)
    levels = _print_json(loaded, lines) if args.json else _print_lines(lines, language)
    return BadConfig.exit_code if "fail" in levels else 0


def _print_lines(lines: Iterator[tuple[Check, Line]], language: Language) -> list[Level]:
    """Each as soon as it is known; then how many of which kind."""
    levels: list[Level] = []
    for check, line in lines:
        mark = MARKS[line.level].text(language)
        pad = " " * max(0, _NAME_COLUMNS - width(check.name))
        print(f"{mark}  {check.name}{pad} {' '.join(line.text(language).split())}", flush=True)
        levels.append(line.level)
    print(summary(levels, language))
    return levels


def _print_json(loaded: Loaded, lines: Iterator[tuple[Check, Line]]) -> list[Level]:
    found = list(lines)
    told = [
        {"check": check.name, "level": line.level, "code": line.code, "subject": line.subject, "en": line.en,
         "zh": line.zh}
        for check, line in found
    ]  # fmt: skip
    levels = [line.level for _, line in found]
    answer = {"ok": "fail" not in levels, "box": loaded.config.box, "files": [str(file) for file in loaded.files]}
    _dump({**answer, "hash": loaded.hash, "checks": told}, (), loaded.warnings)
    return levels


def _print_bad(bad: BadConfig, language: Language, *, as_json: bool) -> None:
    if as_json:
        _dump({"ok": False, "checks": []}, bad.mistakes, bad.warnings)
        return
    for mistake in bad.mistakes:
        print(mistake.text(language))
    for warning in bad.warnings:
        print(say(language, en="warning: ", zh="警告：") + warning.text(language))
    print(bad.summary(language))


def _dump(answer: dict[str, object], mistakes: Sequence[Mistake], warnings: Sequence[Mistake]) -> None:
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
