"""The child's side of a sending contender: say `ready`, wait for `go`, say what came of it. Standard library only."""

from __future__ import annotations

import json
import sys


def wait_for_go() -> None:
    """Everything is prepared; returns when the parent says that broker and sink stand. Ends when the parent is gone."""
    print(json.dumps({"ready": True}), flush=True)
    if not sys.stdin.readline():
        sys.exit(1)


def say(**found: float) -> None:
    print(json.dumps(found), flush=True)
