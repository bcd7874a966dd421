"""Commands typed at a machine's terminal, as a person does: questions are answered when they are asked."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

from tests.nspawn import Machine

PATIENCE_S = 170.0


def typed(machine: Machine, command: str, answers: dict[str, str]) -> tuple[int, str]:
    """Exit status, and what stood on the screen. `answers`: question -> what is typed, each as often as it is asked."""
    ours, theirs = pty.openpty()
    order = ["setsid", "--ctty", "--wait", *machine.order(f"TERM=dumb; export TERM; {command}")]
    process = subprocess.Popen(order, stdin=theirs, stdout=theirs, stderr=theirs, cwd="/")
    os.close(theirs)
    try:
        screen = _read(ours, answers, time.monotonic() + PATIENCE_S)
        return process.wait(PATIENCE_S), screen
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int, answers: dict[str, str], end: float) -> str:
    """Until the other side has closed it."""
    screen, answered = "", 0
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"nothing more comes:\n{screen}"
        try:
            more = os.read(terminal, 65536)
        except OSError:  # EIO: the last of them has closed it
            return screen
        if not more:
            return screen
        screen += more.decode("utf-8", "replace")
        for question, answer in answers.items():
            at = screen.find(question, answered)
            if at >= 0:
                answered = at + len(question)
                os.write(terminal, f"{answer}\n".encode())
