"""`edgeagent outbox replay`: has the running agent send again what is kept, by number or since a time."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from edgeagent import control
from edgeagent.cli.loose import Loose
from edgeagent.cli.moments import moment, tell_unsure
from edgeagent.cli.say import print_json, say
from gridwire.problem import Language, Problem


class ReplayOfWhat(Problem):
    code = "outbox.replay-of-what"
    en = "say what to send again: --since TIME, or --stream, --lane, --from and --to together"
    zh = "请指明要补传的内容：--since 时间，或同时给出 --stream、--lane、--from、--to"


def execute(args: argparse.Namespace, box: Loose, language: Language) -> int:
    answer = control.ask(box.store, "replay", _wanted(args, box.zone))
    if args.json:
        print_json(msgspec.to_builtins(answer))
    elif not answer.ok:
        print(answer.text(language), file=sys.stderr)
    else:
        rows = answer.result.get("rows")
        print(
            say(
                language,
                en=f"rows that go again: {rows} (at once, or with the next connection; see edgeagent status)",
                zh=f"将重新发送 {rows} 行（立即发送，未连接时在下次连接后发送；进度见 edgeagent status）",
            )
        )
        tell_unsure(answer.result.get("unsure"), language)
    return 0 if answer.ok else 1


def _wanted(args: argparse.Namespace, zone: ZoneInfo) -> dict[str, object]:
    """Arguments of the operation. Raises `ReplayOfWhat`, `BadTime`."""
    given = {"stream": args.stream, "lane": args.lane}
    wanted: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    numbers = (args.first, args.last)
    if args.since is not None and numbers == (None, None):
        return wanted | {"since": moment(args.since, zone, datetime.now(UTC)).isoformat()}
    if args.since is not None or len(wanted) < 2 or None in numbers or args.first > args.last:
        raise ReplayOfWhat
    return wanted | {"ranges": [numbers]}
