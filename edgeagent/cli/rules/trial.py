"""`edgeagent rules try`: recorded alarms played through the rules of the configuration. Changes nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edgeagent.cli.moments import moment
from edgeagent.cli.say import say, table
from edgeagent.configfile.rulepart import RulePart
from edgeagent.rules import REASONS, SUPPRESSIONS, Origin, Rules, Why, reason_name
from edgeagent.rules.dryrun import DryRun, Outcome
from gridwire.events import TYPE_OF, Alarm, ClockState
from gridwire.kinds import kind_name
from gridwire.problem import Language, Problem

_CAUSE: dict[Why, str] = {
    "dropped": "drop",
    "disarmed": "armed",
    "cooldown": "cooldown_s",
    "too-short": "min_duration_s",
    "merged": "merge_gap_s",
}
"""Which setting suppressed it."""


class NoRecord(Problem):
    code = "rules.no-record"
    en = "{path} cannot be read: {reason}"
    zh = "无法读取 {path}：{reason}"


class _Line(msgspec.Struct):
    type: str
    subject: str
    time: datetime
    data: msgspec.Raw
    clock: ClockState = "synced"


class Recorded(NamedTuple):
    """An alarm of the record."""

    time: datetime
    device: str
    alarm: Alarm
    clock: ClockState


class Record:
    """What a record holds: alarms in the order of their times, and how much else."""

    def __init__(self, lines: Iterator[bytes], since: datetime | None) -> None:
        self.others, self.unreadable = 0, []
        found: list[Recorded] = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                event = msgspec.json.decode(line, type=_Line)
                if event.type != TYPE_OF[Alarm]:
                    self.others += 1
                    continue
                alarm = msgspec.json.decode(event.data, type=Alarm)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.unreadable.append(number)
                continue
            time = event.time if event.time.tzinfo else event.time.replace(tzinfo=UTC)
            if since is None or time >= since:
                found.append(Recorded(time, event.subject, alarm, event.clock))
        self.alarms = sorted(found, key=lambda one: one.time)

    unreadable: list[int]
    """Numbers of lines that are no events, from 1."""


def execute(
    args: argparse.Namespace, part: RulePart, rules: Rules, language: Language, tell_origin: Callable[[Origin], str]
) -> int:
    """Exit code 1 when lines could not be read. Raises `NoRecord`, `BadTime` and those of an outbox."""
    since = moment(args.since, rules.zone, datetime.now(UTC)) if args.since else None
    record = Record(_outbox_lines(part) if args.outbox else _file_lines(args.file), since)
    run = DryRun(rules)
    for one in record.alarms:
        run.feed(one.device, one.alarm, one.time, one.clock)
    outcomes = run.finish()
    causes = [_cause(rules, outcome, tell_origin) for outcome in outcomes]
    if args.json:
        _print_json(outcomes, causes, record)
    else:
        _print(outcomes, causes, record, rules, language)
    return 1 if record.unreadable else 0


def _file_lines(file: Path) -> Iterator[bytes]:
    if str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as stream:
            yield from stream
    except OSError as error:
        raise NoRecord(path=file, reason=error.strerror or error) from error


def _outbox_lines(part: RulePart) -> Iterator[bytes]:
    """A damaged row is an empty line: it cannot be judged, and the agent declares it."""
    from edgeagent.outbox import export, inspect

    with inspect.opened(Path(part.store.dir)) as content:
        for line in export.lines(content, export.select(content, lane="alarm")):
            yield line.body or b""


def _cause(rules: Rules, outcome: Outcome, tell_origin: Callable[[Origin], str]) -> str:
    """Where the setting stands that suppressed it; empty when none did."""
    setting = _CAUSE.get(outcome.why)
    origin = rules.effective(outcome.device, outcome.alarm.kind).origins.get(setting) if setting else None
    return tell_origin(origin) if origin is not None else ""


# -- for people ----------------------------------------------------------------------------------------------------


_STATES = {"start": ("开始", "start"), "end": ("结束", "end"), "pulse": ("脉冲", "pulse")}


def _print(outcomes: list[Outcome], causes: list[str], record: Record, rules: Rules, language: Language) -> None:
    index = 0 if language == "zh" else 1
    rows: list[tuple[str, ...]] = [
        (
            outcome.time.astimezone(rules.zone).strftime("%m-%d %H:%M:%S"),
            outcome.device,
            kind_name(outcome.alarm.kind, language),
            _STATES[outcome.alarm.state][index],
            reason_name(outcome.why, language),
            say(language, en=REASONS[outcome.why].en_text, zh=REASONS[outcome.why].zh_text),
            cause,
        )
        for outcome, cause in zip(outcomes, causes, strict=True)
    ]
    if rows:
        print("\n".join(table(rows)) + "\n")
    print("\n".join(table(_summary(outcomes, language))))
    if record.others:
        print(
            say(
                language, en=f"other events, not judged: {record.others}", zh=f"其他事件 {record.others} 条，未参与试算"
            )
        )
    if record.unreadable:
        shown = ", ".join(map(str, record.unreadable[:10]))
        print(
            say(language, en=f"lines that are no events: {shown}", zh=f"无法识别的行：{shown}"),
            file=sys.stderr,
        )


def _tally(outcomes: list[Outcome]) -> dict[tuple[str, str], Counter[Why]]:
    tally: dict[tuple[str, str], Counter[Why]] = {}
    for outcome in outcomes:
        tally.setdefault((outcome.device, outcome.alarm.kind), Counter())[outcome.why] += 1
    return dict(sorted(tally.items()))


def _summary(outcomes: list[Outcome], language: Language) -> list[tuple[str, ...]]:
    """A row for each device and kind, and the sum; a column for each reason that occurs."""
    tally = _tally(outcomes)
    total = sum(tally.values(), Counter[Why]())
    columns: list[Why] = ["stored", *(why for why in SUPPRESSIONS if total[why])]
    head = (
        say(language, en="device", zh="设备"),
        say(language, en="kind", zh="类型"),
        say(language, en="alarms", zh="报警"),
    )
    rows: list[tuple[str, ...]] = [(*head, *(reason_name(why, language) for why in columns))]
    for (device, kind), counts in tally.items():
        numbers = (str(counts.total()), *(str(counts[why]) for why in columns))
        rows.append((device, kind_name(kind, language), *numbers))
    rows.append((say(language, en="all", zh="合计"), "", str(total.total()), *(str(total[why]) for why in columns)))
    return rows


def _print_json(outcomes: list[Outcome], causes: list[str], record: Record) -> None:
    alarms: list[dict[str, Any]] = [
        {
            "time": outcome.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "device": outcome.device,
            "kind": outcome.alarm.kind,
            "state": outcome.alarm.state,
            "source": outcome.alarm.source,
            "why": outcome.why,
            "severity": outcome.severity,
            "picture": outcome.picture,
            "waited": outcome.waited,
            "from": cause,
        }
        for outcome, cause in zip(outcomes, causes, strict=True)
    ]
    summary = [
        {"device": device, "kind": kind, "alarms": counts.total(), "by": dict(counts)}
        for (device, kind), counts in _tally(outcomes).items()
    ]
    answer = {"alarms": alarms, "summary": summary, "others": record.others, "unreadable": record.unreadable}
    print(json.dumps(answer, ensure_ascii=False, indent=2))
