"""`edgeagent outbox`: what the box keeps is shown, exported, verified, sent again. Only that last needs the agent."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from edgeagent import control
from edgeagent.cli.say import Language, choose, say, table
from edgeagent.clock import Clock
from edgeagent.config import Config, StoreSettings
from edgeagent.outbox import inspect
from edgeagent.outbox.since import Moments, Since
from edgeagent.outbox.verify import Finding, verify
from edgeagent.status.words import duration, size, word
from gridwire import instants
from gridwire.events import LANES
from gridwire.problem import Problem

_AGO = re.compile(r"^([0-9]{1,6})([mhd])$")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MIB = 2**20


class BadTime(Problem):
    code = "outbox.bad-time"
    en = "“{text}” is no time: write 2026-05-01, 2026-05-01T08:30 or 90m, 6h, 3d"
    zh = "“{text}”不是时间：请写作 2026-05-01、2026-05-01T08:30 或 90m、6h、3d"


class ReplayOfWhat(Problem):
    code = "outbox.replay-of-what"
    en = "say what to send again: --since TIME, or --stream, --lane, --from and --to together"
    zh = "请指明要补传的内容：--since 时间，或同时给出 --stream、--lane、--from、--to"


class Settings(NamedTuple):
    """What matters of the configuration, as far as it can be read: whoever asks may not read the secrets."""

    folder: Path
    max_bytes: int
    pictures_max_bytes: int
    zone: ZoneInfo
    language: Language


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when something is wrong, or cannot be done."""
    settings = _settings(args)
    actions = {"show": _show, "export": _export, "verify": _verify, "replay": _replay}
    try:
        return actions[args.action](args, settings)
    except Problem as problem:
        print(problem.text(settings.language), file=sys.stderr)
        return 1


def _settings(args: argparse.Namespace) -> Settings:
    from edgeagent.configfile.reader import read

    found: dict[str, Any] = {}
    for file in (args.config, *sorted((args.config.parent / "conf.d").glob("*.toml"))):
        data = read(file).data
        found |= {key: data[key] for key in ("timezone", "language") if isinstance(data.get(key), str)}
        store = data.get("store")
        found |= store if isinstance(store, dict) else {}
    usual = StoreSettings()
    max_mb, pictures_max_mb = (
        found[key] if isinstance(found.get(key), int) else getattr(usual, key) for key in ("max_mb", "pictures_max_mb")
    )
    folder = found.get("dir")
    return Settings(
        Path(folder if isinstance(folder, str) else usual.dir),
        max_mb * _MIB,
        pictures_max_mb * _MIB,
        _zone(found.get("timezone")),
        choose(args.language, found.get("language")),
    )


def _zone(name: str | None) -> ZoneInfo:
    for each in (name, next(field.default for field in msgspec.structs.fields(Config) if field.name == "timezone")):
        try:
            return ZoneInfo(str(each))
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A time as people write it; without a zone it is the box's. Raises `BadTime`."""
    if ago := _AGO.match(text):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        return instants.typed(text, zone)
    except ValueError as error:
        raise BadTime(text=text[:64]) from error


# -- show ----------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace, settings: Settings) -> int:
    clock = Clock()
    with inspect.opened(settings.folder) as content:
        survey = inspect.survey(content, clock.boot, clock.stamp())
    if args.json:
        quotas = {"max_bytes": settings.max_bytes, "pictures_max_bytes": settings.pictures_max_bytes}
        _print_json(msgspec.to_builtins(survey) | quotas)
    else:
        print("\n\n".join("\n".join(block) for block in _blocks(survey, settings)))
    return 0


def _blocks(survey: inspect.Survey, settings: Settings) -> list[list[str]]:
    language = settings.language
    blocks = [table(_facts(survey, settings)), table(_streams(survey, language)), table(_lanes(survey, language))]
    if survey.damaged:
        heading = say(
            language,
            en="damaged files that a rescue has put aside (may be deleted once nobody wants to look into them):",
            zh="抢救时留下的损坏文件（无需分析时可以删除）：",
        )
        blocks.append([heading, *table([(f"  {name}", size(count)) for name, count in survey.damaged.items()])])
    return blocks


def _facts(survey: inspect.Survey, settings: Settings) -> list[tuple[str, ...]]:
    language = settings.language
    none = say(language, en="none: the disk is or was full", zh="无：磁盘已满或曾经写满")
    on_disk = say(language, en="on the disk", zh="占用磁盘")
    return [
        (say(language, en="file", zh="文件"), survey.path),
        (
            word("outbox", language),
            f"{size(survey.used_bytes)} / {size(settings.max_bytes)} ({on_disk} {size(survey.file_bytes)})",
        ),
        (
            word("pictures", language),
            f"{survey.pictures}: {size(survey.pictures_bytes)} / {size(settings.pictures_max_bytes)}",
        ),
        (
            say(language, en="ballast", zh="预留空间"),
            size(survey.ballast_bytes) if survey.ballast_bytes else none,
        ),
    ]


def _streams(survey: inspect.Survey, language: Language) -> list[tuple[str, ...]]:
    current = say(language, en="current", zh="当前")
    head = (word("stream", language), "boot", "", say(language, en="kept numbers", zh="保存的编号"))
    rows: list[tuple[str, ...]] = [head]
    for stream in survey.streams:
        kept = ", ".join(
            f"{word(lane, language)} {it.oldest_kept}-{it.next - 1}"
            for lane, it in stream.lanes.items()
            if it.oldest_kept < it.next
        )
        rows.append((stream.stream, stream.boot[:8] or "-", current if stream.current else "", kept))
    return rows


def _lanes(survey: inspect.Survey, language: Language) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            word("lane", language),
            say(language, en="kept", zh="保存"),
            say(language, en="not acknowledged", zh="未确认"),
            word("next", language),
            say(language, en="oldest", zh="最早一条"),
        )
    ]
    for lane, it in survey.lanes.items():
        age = duration(it.oldest_age_s, language) if it.oldest_age_s is not None else ""
        rows.append((word(lane, language), str(it.kept), str(it.unsettled), str(it.next), age))
    return rows


# -- export --------------------------------------------------------------------------------------------------------


def _export(args: argparse.Namespace, settings: Settings) -> int:
    """The exact bytes, whatever the terminal thinks of them."""
    time = moment(args.since, settings.zone, datetime.now(UTC)) if args.since else None
    code = 0
    with inspect.opened(settings.folder) as content:
        rows = inspect.select(content, lane=args.lane, stream=args.stream, unsent=args.unsent)
        if time is not None:
            clock = Clock()
            moments = Moments(clock.boot, clock.stamp())
            since = Since(time, moments, content.book, lane=args.lane, stream=args.stream)
            inspect.gather(content, since)
            rows = {lane: inspect.common(numbers, since.rows[lane]) for lane, numbers in rows.items()}
            unsure = sum(inspect.common(numbers, since.unsure[lane]).count() for lane, numbers in rows.items())
            _tell_unsure(unsure, settings.language)
        for line in inspect.lines(content, rows):
            if line.body is None:
                code = 1
                print(_damaged(line, settings.language), file=sys.stderr)
            else:
                sys.stdout.buffer.write(line.body + b"\n")
    sys.stdout.buffer.flush()
    return code


def _damaged(line: inspect.Line, language: Language) -> str:
    return say(
        language,
        en=f"left out, because damaged: lane {line.lane}, stream {line.stream}, number {line.seq}",
        zh=f"已损坏，未导出：通道 {line.lane}，数据流 {line.stream}，编号 {line.seq}",
    )


# -- verify --------------------------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace, settings: Settings) -> int:
    language, count = settings.language, 0
    findings = []
    with inspect.opened(settings.folder, snapshot=True) as content:
        kept = sum(content.kept(lane).count() for lane in LANES)
        for finding in verify(content):
            count += 1
            findings.append(finding)
            if not args.json:
                print(_told(finding, language))
    if args.json:
        answer = [msgspec.to_builtins(finding) | _advice(finding) for finding in findings]
        _print_json({"ok": not findings, "rows": kept, "findings": answer})
    elif count:
        print(say(language, en=f"findings: {count}, rows: {kept}", zh=f"发现 {count} 处问题，共 {kept} 行"))
    else:
        print(say(language, en=f"all is well, rows: {kept}", zh=f"完好，共 {kept} 行"))
    return 1 if count else 0


def _told(finding: Finding, language: Language) -> str:
    """Where, what, and what to do."""
    where = finding.file
    if finding.numbers is not None:
        first, last = finding.numbers
        numbers = f"{first}" if first == last else f"{first}-{last}"
        lane = word(str(finding.lane), language)
        where += say(
            language,
            en=f": lane {lane}, stream {finding.stream}, number {numbers}",
            zh=f"：通道 {lane}，数据流 {finding.stream}，编号 {numbers}",
        )
    advice = _advice(finding)[language]
    return f"{where}: {finding.detail}: {advice}" if finding.detail else f"{where}: {advice}"


def _advice(finding: Finding) -> dict[str, str]:
    """What it means and what to do, in both languages."""
    if finding.what == "file":
        return {
            "en": "the file is damaged. Restart the agent: it takes over what can be read and declares the rest. "
            "If it happens again, replace the card or disk",
            "zh": "文件已损坏。请重启代理：能读出的会自动转存，其余声明为缺口。反复出现请更换存储卡或硬盘",
        }
    if not finding.unsettled:
        return {
            "en": f"{finding.what}: the hub has it or knows of it; it only cannot be sent again. Nothing to do",
            "zh": f"{finding.what}：县级平台已收到或已知晓，只是无法再补传，无需处理",
        }
    if finding.what == "hole":
        return {
            "en": "hole: the row is missing and the hub has not got it. Look into the files *.damaged-* beside it, "
            "and tell the county",
            "zh": "hole：该行缺失且县级平台未收到。请在旁边的 *.damaged-* 文件中查找，并告知县级管理员",
        }
    return {
        "en": f"{finding.what}: damaged before the hub had it. The agent declares it as a gap when its turn comes. "
        "If there are many, replace the card or disk",
        "zh": f"{finding.what}：县级平台收到前已损坏，轮到发送时会自动声明为缺口。数量多时请更换存储卡或硬盘",
    }


# -- replay --------------------------------------------------------------------------------------------------------


def _replay(args: argparse.Namespace, settings: Settings) -> int:
    answer = control.ask(settings.folder, "replay", _wanted(args, settings.zone))
    if args.json:
        _print_json(msgspec.to_builtins(answer))
    elif not answer.ok:
        print(answer.text(settings.language), file=sys.stderr)
    else:
        rows = answer.result.get("rows")
        print(
            say(
                settings.language,
                en=f"rows that go again: {rows} (at once, or with the next connection; see edgeagent status)",
                zh=f"将重新发送 {rows} 行（立即发送，未连接时在下次连接后发送；进度见 edgeagent status）",
            )
        )
        _tell_unsure(answer.result.get("unsure"), settings.language)
    return 0 if answer.ok else 1


def _tell_unsure(count: object, language: Language) -> None:
    if count:
        print(
            say(
                language,
                en=f"among them {count} of which nobody knows the time: the clock was not synchronised",
                zh=f"其中 {count} 行时间不明（当时时钟未同步），一并计入",
            ),
            file=sys.stderr,
        )


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


def _print_json(answer: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
