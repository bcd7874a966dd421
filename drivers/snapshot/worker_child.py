"""The worker process: calls functions of ours, named `module:function`, one after the other until its parent leaves.

A function gets `(header, data)` and returns bytes. It raises `NotDone` for what is expected; anything else ends the
process, after its last words.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import TracebackType
from typing import IO, Any

from drivers.snapshot.frames import SIZES, pack, unpack
from drivers.snapshot.notdone import NotDone

# After these the process is replaced: memory that was short may be in pieces.
LAST_WORDS = frozenset({"crash", "memory"})


def answer(head: dict[str, Any], data: bytes) -> bytes:
    """The answer to one request, as it goes over the pipe."""
    module, _, name = head["function"].partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
        return pack({}, function(head["header"], data))
    except NotDone as problem:
        return _refusal(problem.reason, problem.why)
    except ImportError as error:
        return _refusal("missing", str(error))
    except MemoryError:
        return _refusal("memory", "MemoryError")


def _refusal(reason: str, why: str) -> bytes:
    return pack({"reason": reason, "why": why[:300]}, b"")


def serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """Until the parent closes the pipe."""
    while len(sizes := source.read(SIZES.size)) == SIZES.size:
        head_bytes, data_bytes = SIZES.unpack(sizes)
        sink.write(answer(*unpack(source.read(head_bytes), source.read(data_bytes))))
        sink.flush()


def main() -> None:
    # A library that prints would spoil the pipe: descriptor 1 is standard error from here on.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sink.write(_refusal("crash", f"{kind.__name__}: {error}"))
        sink.flush()

    sys.excepthook = last_words
    serve(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
