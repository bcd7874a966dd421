"""`edgeagent outbox export`: events byte by byte as they are sent, one a line; what is damaged is told and left out."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from edgeagent.cli.loose import Loose
from edgeagent.cli.moments import moment, tell_unsure
from edgeagent.cli.say import say
from edgeagent.clock import Clock
from edgeagent.outbox import export, inspect
from edgeagent.outbox.since import Moments, Since
from gridwire.problem import Language


def execute(args: argparse.Namespace, box: Loose, language: Language) -> int:
    """The exact bytes, whatever the terminal thinks of them."""
    time = moment(args.since, box.zone, datetime.now(UTC)) if args.since else None
    code = 0
    with inspect.opened(box.store) as content:
        rows = export.select(content, lane=args.lane, stream=args.stream, unsent=args.unsent)
        if time is not None:
            clock = Clock()
            moments = Moments(clock.boot, clock.stamp())
            since = Since(time, moments, content.book, lane=args.lane, stream=args.stream)
            export.gather(content, since)
            rows = {lane: numbers.common(since.rows[lane]) for lane, numbers in rows.items()}
            unsure = sum(numbers.common(since.unsure[lane]).count() for lane, numbers in rows.items())
            tell_unsure(unsure, language)
        for line in export.lines(content, rows):
            if line.body is None:
                code = 1
                print(_damaged(line, language), file=sys.stderr)
            else:
                sys.stdout.buffer.write(line.body + b"\n")
    sys.stdout.buffer.flush()
    return code


def _damaged(line: export.Line, language: Language) -> str:
    return say(
        language,
        en=f"left out, because damaged: lane {line.lane}, stream {line.stream}, number {line.seq}",
        zh=f"已损坏，未导出：通道 {line.lane}，数据流 {line.stream}，编号 {line.seq}",
    )
