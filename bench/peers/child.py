"""The child's side of a sending contender: say `ready`, wait for `go`, say what came of it. Standard library only."""

from __future__ import annotations

import json
import os
import sys
import threading


def wait_for_go() -> None:
    """Everything is prepared; returns when the parent says that broker and sink stand.

    From then on the process ends as soon as the parent closes its stdin, or is gone.
    """
    print(json.dumps({"ready": True}), flush=True)
    if not sys.stdin.readline():
        os._exit(1)
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


def say(**found: float) -> None:
    print(json.dumps(found), flush=True)
