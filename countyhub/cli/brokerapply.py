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
    state = _systemctl("show", "--property=ActiveState", "--value", unit)
    if state in ("inactive", "deactivating"):
        return ""
    order = "reload" if step == "reload" and state == "active" else "restart"
    try:
        done = subprocess.run(
            ["systemctl", order, unit], check=False, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"systemctl {order} {unit}: {error}"
    return f"systemctl {order} {unit}: {done.stderr.strip() or done.returncode}" if done.returncode else ""


def _systemctl(*words: str) -> str:
    """What it prints; empty when it cannot be asked."""
    try:
        done = subprocess.run(["systemctl", *words], check=False, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
