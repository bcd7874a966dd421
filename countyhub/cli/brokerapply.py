"""Tells a service that its files have changed, and remembers over a power cut that it must still be told.

While `.pending` lies beside the files, the service may not know them yet: whoever comes next does the rest.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from countyhub.ca import files

Step = Literal["", "reload", "restart"]
PENDING_FILE = ".pending"
_STEPS: tuple[Step, ...] = ("", "reload", "restart")
_TIMEOUT_S = 90


def pending(folder: Path) -> Step:
    """What was not done to its end."""
    try:
        word = (folder / PENDING_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return next((step for step in _STEPS if step == word), "restart")


def more(steps: Iterable[Step]) -> Step:
    """The one that includes the others."""
    return max(steps, key=_STEPS.index)


def remember(folder: Path, step: Step) -> None:
    """Raises `NotWritten`."""
    files.write(folder / PENDING_FILE, f"{step}\n".encode(), files.PUBLIC)


def forget(folder: Path) -> None:
    (folder / PENDING_FILE).unlink(missing_ok=True)


def tell(unit: str, step: Step) -> str:
    """Reload or restart. One that a person has stopped stays so: it reads the files when it starts. One that has
    failed is started. Returns what went wrong, empty when nothing did."""
    state, _ = _systemctl("show", "--property=ActiveState", "--value", unit)
    if state in ("inactive", "deactivating"):
        return ""
    if step == "reload" and state == "active" and _reloaded(unit):
        return ""
    _, failed = _systemctl("restart", unit)
    return failed


def _reloaded(unit: str) -> bool:
    """Debian's unit reloads by /bin/kill, which is not there without the package procps: then systemd sends it."""
    _, failed = _systemctl("reload", unit)
    if failed:
        _, failed = _systemctl("kill", "--kill-who=main", "--signal=HUP", unit)
    return not failed


def _systemctl(*words: str) -> tuple[str, str]:
    """What it prints, and what went wrong."""
    order = ["systemctl", *words]
    try:
        done = subprocess.run(order, check=False, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{' '.join(order)}: {error}"
    failed = f"{' '.join(order)}: {done.stderr.strip() or done.returncode}" if done.returncode else ""
    return done.stdout.strip(), failed
