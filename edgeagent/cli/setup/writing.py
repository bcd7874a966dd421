"""Shows what is to be written, and writes it: all or nothing, each file whole, secrets for nobody else to read."""

from __future__ import annotations

import contextlib
import difflib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from edgeagent.cli.newdevices import NotWritten, replace
from edgeagent.cli.setup.plan import Plan
from gridwire import wholefile

_SECRET_MODE = 0o600


def difference(file: Path, old: bytes | None, new: bytes) -> str:
    """The lines that change, with a line around each."""
    before = (old or b"").decode("utf-8", "replace").splitlines()
    after = new.decode("utf-8", "replace").splitlines()
    lines = list(difflib.unified_diff(before, after, str(file) if old is not None else "/dev/null", str(file), n=1,
                                      lineterm=""))  # fmt: skip
    return "\n".join(_harmless(line) for line in lines)


def _harmless(line: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in line)


def write(plan: Plan) -> list[Path]:
    """Secrets, `conf.d`, then the main file. Raises `NotWritten`; everything is then as it was.

    Ctrl-C waits until it is done, or undone.
    """
    done: list[tuple[Path, bytes | None, bytes]] = []
    made: list[Path] = []
    with _not_interrupted():
        try:
            made += _write_secrets(plan)
            for file, (old, new) in plan.files().items():
                file.parent.mkdir(parents=True, exist_ok=True)
                replace(Path(os.path.realpath(file)), old or b"", new)
                done.append((file, old, new))
        except (OSError, NotWritten) as error:
            _undo(done, made)
            if isinstance(error, NotWritten):
                raise
            why = error.strerror or str(error)
            raise NotWritten(file=error.filename or plan.present.folder, why_en=why, why_zh=why) from error
    return [*made, *(file for file, _, _ in done)]


def _write_secrets(plan: Plan) -> list[Path]:
    """Those that are not there yet. Raises OSError; those made by then are gone again."""
    folder = plan.present.folder / "secrets"
    made: list[Path] = []
    try:
        if plan.secrets:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in plan.secrets.items():
            wholefile.create(folder / name, text.encode() + b"\n", mode=_SECRET_MODE)
            made.append(folder / name)
    except OSError:
        _undo([], made)
        raise
    return made


def _undo(done: list[tuple[Path, bytes | None, bytes]], made: list[Path]) -> None:
    """As far as the disk lets us: what was there stands there again, what is new is gone."""
    for file, old, new in reversed(done):
        with contextlib.suppress(OSError, NotWritten):
            if old is None:
                file.unlink(missing_ok=True)
            else:
                replace(Path(os.path.realpath(file)), new, old)
    for file in made:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _not_interrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
