"""How our processes log: to standard error, for journald (priority before each line), as JSON, or plain.

Of one kind of message only so many lines are written in a minute (`loglimit`). What came from outside cannot begin a
line of its own.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TextIO

from gridwire.logformats import FORMATS
from gridwire.loglimit import Limit

VARIABLE: Final = "LOG_FORMAT"
MAX_CHARS: Final = 8192
MAX_TRACE_CHARS: Final = 4 * MAX_CHARS

_PRIORITY: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG: Final = 7
_CONTROLS: Final = {*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029} - {0x09, 0x0A}
_SHOWN: Final = {code: f"\\x{code:02x}" for code in _CONTROLS}
"""What moves a terminal's cursor, or begins a line for some readers."""
_QUIET: Final = ("alembic", "httpx", "httpcore")
"""They tell every step, and whole addresses: with telephones, texts and tokens."""


def start(wanted: str = "", environment: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> None:
    """Sets up logging of the process, in place of what was there. `wanted`: a format; empty: as `LOG_FORMAT` says."""
    handler = LimitedHandler(stream or sys.stderr, Limit())
    handler.setFormatter(formatter(wanted or environment.get(VARIABLE, ""), environment, handler.stream))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(wanted: str, environment: Mapping[str, str], stream: TextIO) -> logging.Formatter:
    """A format that nobody knows counts as `auto`: logging must not keep anything from starting."""
    known = wanted if wanted in FORMATS and wanted != "auto" else ""
    if not known:
        known = "journal" if is_journal(environment.get("JOURNAL_STREAM", ""), stream) else "plain"
    return _Json() if known == "json" else _Lines(with_priority=known == "journal")


def is_journal(named: str, stream: TextIO) -> bool:
    """Whether `JOURNAL_STREAM` (device:inode, see systemd.exec) is this stream; a child's may be another."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Writes what the limit lets through, and what it left out once nothing more of the kind comes."""

    def __init__(self, stream: TextIO, limit: Limit) -> None:
        super().__init__(stream)
        self._limit = limit

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(self._limit.silent())
        left_out = self._limit.admit(record)
        if left_out is not None:
            record.left_out = left_out
            super().emit(record)

    def close(self) -> None:
        """At the end of the process: nothing is left out without a word."""
        self.acquire()
        try:
            self._tell(self._limit.silent(at_once=True))
        finally:
            self.release()
        super().close()

    def _tell(self, summaries: list[logging.LogRecord]) -> None:
        for summary in summaries:
            super().emit(summary)


def _message(record: logging.LogRecord) -> str:
    """Of bounded length, without characters that control a terminal."""
    text = record.getMessage()
    return (text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…").translate(_SHOWN)


def _trace(formatting: logging.Formatter, record: logging.LogRecord) -> list[str]:
    """The traceback and the stack, if the record has any; of a long one the end."""
    parts = [formatting.formatException(record.exc_info)] if record.exc_info else []
    parts += [formatting.formatStack(record.stack_info)] if record.stack_info else []
    return [line.translate(_SHOWN) for part in parts for line in part[-MAX_TRACE_CHARS:].split("\n")]


def _left_out(record: logging.LogRecord) -> int:
    return int(getattr(record, "left_out", 0))


class _Lines(logging.Formatter):
    """`LEVEL logger: message`. Further lines are indented, so that none looks like a message of its own."""

    def __init__(self, *, with_priority: bool) -> None:
        super().__init__()
        self._with_priority = with_priority

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = _message(record).split("\n")
        more = f" [{_left_out(record)} more like this were left out]" if _left_out(record) else ""
        lines = [f"{record.levelname} {record.name}: {first}{more}"]
        lines += [f"  {line}" for line in (*rest, *_trace(self, record))]
        mark = f"<{_priority(record)}>" if self._with_priority else ""
        return "\n".join(f"{mark}{line}" for line in lines)


class _Json(logging.Formatter):
    """One object a line: at, level, logger, message; left_out and trace where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        trace = _trace(self, record)
        found |= {name: value for name, value in (("left_out", _left_out(record)), ("trace", trace)) if value}
        return json.dumps(found, ensure_ascii=False)


def _priority(record: logging.LogRecord) -> int:
    return next((priority for level, priority in _PRIORITY if record.levelno >= level), _DEBUG)
