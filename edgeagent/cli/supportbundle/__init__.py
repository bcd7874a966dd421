"""`edgeagent support-bundle`: what somebody far away needs to help, in one file that may be sent to them.

Settings, state, checks, a day's log, numbers of the outbox, versions, hardware. No secret, no event, no picture, no
name or number of a person: everything goes through `clean`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from edgeagent import plugins
from edgeagent.checks import scene as scenes
from edgeagent.checks.catalogue import run
from edgeagent.cli.loose import files_of, read_loosely
from edgeagent.cli.say import choose, say
from edgeagent.cli.supportbundle import hardware
from edgeagent.cli.supportbundle.clean import Clean
from edgeagent.clock import Clock
from edgeagent.configfile import BadConfig, Loaded, load
from edgeagent.outbox import inspect
from edgeagent.outbox.survey import survey
from gridwire.problem import Problem

MAX_LOG_BYTES = 4 * 1024 * 1024
UNIT = "edgeagent"
_JOURNAL_S = 60.0


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when the file cannot be written. A wrong configuration is part of what is told."""
    loose = read_loosely(args.config)
    language = choose(args.language, loose.language)
    now = datetime.now(UTC)
    loaded, mistakes = _load(args.config)
    box = loaded.config.box if loaded else "unknown"
    out = args.out or Path(f"edgeagent-{box}-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    for device in loaded.config.device.values() if loaded else ():
        with contextlib.suppress(Problem):
            plugins.load(device.driver)  # what it says in Chinese is known from then on
    clean = Clean(files_of(args.config), keep=(box, box[:12], box[:6], *([loaded.hash] if loaded else ())))
    try:
        names = _write(out, _parts(args, loaded, mistakes, loose.store, clean), now)
    except OSError as error:
        why = error.strerror or error
        print(say(language, en=f"{out} cannot be written: {why}", zh=f"无法写入 {out}：{why}"), file=sys.stderr)
        return 1
    print(say(language, en=f"written: {out} ({', '.join(names)})", zh=f"已写入：{out}（{'、'.join(names)}）"))
    en = "Passwords, names, card and identity numbers were taken out. Look into it before you send it."
    print(say(language, en=en, zh="密码、姓名、卡号和证件号码已去除。发送前请自行查看。"))
    return 0


def _load(config: Path) -> tuple[Loaded | None, list[str]]:
    try:
        return load(config, plugins.resolve), []
    except BadConfig as bad:
        return None, [mistake.text("en") for mistake in bad.mistakes]


def _parts(
    args: argparse.Namespace, loaded: Loaded | None, mistakes: list[str], store: Path, clean: Clean
) -> Iterator[tuple[str, str]]:
    """Name and text of each file."""
    yield "versions.json", _json(hardware.versions())
    yield "hardware.json", _json(hardware.hardware())
    yield "config.json", _json(clean.tree({"config": loaded.redacted(), "hash": loaded.hash} if loaded else {}))
    yield "mistakes.txt", clean("\n".join(mistakes) + "\n")
    yield "outbox.json", _json(clean.tree(_outbox(store)))
    if loaded is not None:
        scene = scenes.look(loaded)
        if scene.running is not None:
            yield "status.json", _json(clean.tree(msgspec.to_builtins(scene.running.status)))
        logging.getLogger().addHandler(logging.NullHandler())  # what the parts log, the lines say better
        lines = run(scene, offline=args.offline)
        found = [{"check": check.name, "level": line.level, "code": line.code, "en": line.en} for check, line in lines]
        yield "check.json", _json(clean.tree(found))
    yield "service.txt", clean(_output("systemctl", "show", UNIT, "--property", hardware.PROPERTIES))
    since = "--since=-24h"
    yield "journal.txt", clean(_tail(_output("journalctl", "--unit", UNIT, since, "--output=short-iso", "--no-pager")))
    for number, file in enumerate(args.log):
        yield f"log-{number + 1}.txt", clean(_tail(_text(file)))


def _outbox(store: Path) -> Any:
    """Numbers and sizes, no event."""
    clock = Clock()
    try:
        with inspect.opened(store) as content:
            return msgspec.to_builtins(survey(content, clock.boot, clock.stamp()))
    except Problem as problem:
        return {"problem": problem.text("en")}


def _output(*command: str) -> str:
    """What a program of the system says; why not, where there is none."""
    program = shutil.which(command[0])
    if program is None:
        return f"{command[0]}: not installed\n"
    try:
        done = subprocess.run([program, *command[1:]], capture_output=True, timeout=_JOURNAL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}\n"
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - MAX_LOG_BYTES))
            return stream.read(MAX_LOG_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return f"{error.strerror or error}\n"


def _tail(text: str) -> str:
    """The end, from a whole line on."""
    if len(text) <= MAX_LOG_BYTES:
        return text
    return text[-MAX_LOG_BYTES:].partition("\n")[2]


def _write(out: Path, parts: Iterator[tuple[str, str]], now: datetime) -> list[str]:
    """Readable by its owner alone. Raises OSError."""
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    names = []
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in parts:
            data = text.encode("utf-8", "replace")
            entry = tarfile.TarInfo(f"edgeagent-support/{name}")
            entry.size, entry.mtime, entry.mode = len(data), int(now.timestamp()), 0o600
            archive.addfile(entry, io.BytesIO(data))
            names.append(name)
    return names


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n"
