"""How many lines of one kind are written: whatever fails every second, the disk does not fill, and nothing is left out
without being counted.

A kind is a message (as it stands in the code) and the first thing that it is about, such as a camera.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias

MAX_LINES: Final = 10
WINDOW_S: Final = 60.0
MAX_WHEN_GOING_ON: Final = 1
"""Lines of a kind in a minute that follows one in which something was left out."""
MAX_OF_MESSAGE: Final = 60
"""Lines a minute of one message, whatever it is about: what differs each time does not get around the limit."""
KINDS_KEPT: Final = 1000
_SUBJECT_CHARS: Final = 64
_TEMPLATE_CHARS: Final = 200

_Template: TypeAlias = tuple[str, int, str]
"""Logger, level, message as in the code."""
_Key: TypeAlias = tuple[_Template, str]
_WHOLE: Final = "\0"
"""In place of a subject: all of the message."""


class _Kind:
    """Of one minute: how many lines were written, and how many were not since the last one that was."""

    __slots__ = ("count", "left_out", "max_lines", "since_s")

    def __init__(self, since_s: float) -> None:
        self.since_s, self.count, self.left_out, self.max_lines = since_s, 0, 0, MAX_LINES

    def begin_anew(self, now_s: float) -> None:
        self.since_s, self.count = now_s, 0
        self.max_lines = MAX_WHEN_GOING_ON if self.left_out else MAX_LINES


class Limit:
    """Not for several threads at once: a handler has its lock. `clock_s`: any clock that only runs forward."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._kinds: OrderedDict[_Key, _Kind] = OrderedDict()
        self._looked_s = clock_s()
        self._forgotten = 0
        """Left out of kinds that are not remembered any more."""

    def admit(self, record: logging.LogRecord) -> int | None:
        """None: it is not to be written. Else how many of its kind were left out before it."""
        now_s = self._clock_s()
        message = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        template = (record.name, record.levelno, message[:_TEMPLATE_CHARS])
        whole, one = self._kind((template, _WHOLE), now_s), self._kind((template, _subject(record)), now_s)
        if one.count >= one.max_lines or whole.count >= MAX_OF_MESSAGE:
            one.left_out += 1
            return None
        one.count += 1
        whole.count += 1
        left_out, one.left_out = one.left_out, 0
        return left_out

    def silent(self, *, at_once: bool = False) -> list[logging.LogRecord]:
        """A line for each kind of which something was left out and nothing more has come since (`at_once`: for each
        kind). Looks once a minute."""
        now_s = self._clock_s()
        if not at_once and now_s - self._looked_s < WINDOW_S:
            return []
        self._looked_s = now_s
        found = []
        for (template, subject), kind in self._kinds.items():
            if kind.left_out and (at_once or now_s - kind.since_s >= 2 * WINDOW_S):
                found.append(_summary(template, subject, kind.left_out))
                kind.left_out = 0
        if self._forgotten:
            found.append(_summary((__name__, logging.WARNING, ""), "", self._forgotten))
            self._forgotten = 0
        return found

    def _kind(self, key: _Key, now_s: float) -> _Kind:
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(now_s)
            if len(self._kinds) > KINDS_KEPT:
                self._forgotten += self._kinds.popitem(last=False)[1].left_out
        elif now_s - kind.since_s >= WINDOW_S:
            kind.begin_anew(now_s)
        self._kinds.move_to_end(key)
        return kind


def _subject(record: logging.LogRecord) -> str:
    """Texts and numbers as they are; of anything else, such as an error, the type: turned to text it may differ each
    time."""
    if not (isinstance(record.args, tuple) and record.args):
        return ""
    first = record.args[0]
    return str(first)[:_SUBJECT_CHARS] if isinstance(first, str | int) else type(first).__name__


def _summary(template: _Template, subject: str, left_out: int) -> logging.LogRecord:
    name, level, message = template
    about = f" ({subject})" if subject else ""
    text = f"{left_out} lines were left out of: {message}{about}"
    return logging.LogRecord(name, level, __file__, 0, text, None, None)
