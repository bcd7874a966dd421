"""`edgeagent outbox show`: how much is kept, of which streams and lanes, and what a rescue has put aside."""

from __future__ import annotations

import argparse

import msgspec

from edgeagent.cli.loose import Loose
from edgeagent.cli.say import print_json, say, table
from edgeagent.clock import Clock
from edgeagent.outbox import inspect
from edgeagent.outbox.survey import Survey, survey
from edgeagent.status.words import duration, size, word
from gridwire.problem import Language

_MIB = 2**20


def execute(args: argparse.Namespace, box: Loose, language: Language) -> int:
    clock = Clock()
    with inspect.opened(box.store) as content:
        found = survey(content, clock.boot, clock.stamp())
    if args.json:
        quotas = {"max_bytes": box.max_mb * _MIB, "pictures_max_bytes": box.pictures_max_mb * _MIB}
        print_json(msgspec.to_builtins(found) | quotas)
    else:
        print("\n\n".join("\n".join(block) for block in _blocks(found, box, language)))
    return 0


def _blocks(found: Survey, box: Loose, language: Language) -> list[list[str]]:
    blocks = [table(_facts(found, box, language)), table(_streams(found, language)), table(_lanes(found, language))]
    if found.damaged:
        heading = say(
            language,
            en="damaged files that a rescue has put aside (may be deleted once nobody wants to look into them):",
            zh="抢救时留下的损坏文件（无需分析时可以删除）：",
        )
        blocks.append([heading, *table([(f"  {name}", size(count)) for name, count in found.damaged.items()])])
    return blocks


def _facts(found: Survey, box: Loose, language: Language) -> list[tuple[str, ...]]:
    none = say(language, en="none: the disk is or was full", zh="无：磁盘已满或曾经写满")
    on_disk = say(language, en="on the disk", zh="占用磁盘")
    return [
        (say(language, en="file", zh="文件"), found.path),
        (
            word("outbox", language),
            f"{size(found.used_bytes)} / {size(box.max_mb * _MIB)} ({on_disk} {size(found.file_bytes)})",
        ),
        (
            word("pictures", language),
            f"{found.pictures}: {size(found.pictures_bytes)} / {size(box.pictures_max_mb * _MIB)}",
        ),
        (
            say(language, en="ballast", zh="预留空间"),
            size(found.ballast_bytes) if found.ballast_bytes else none,
        ),
    ]


def _streams(found: Survey, language: Language) -> list[tuple[str, ...]]:
    current = say(language, en="current", zh="当前")
    head = (word("stream", language), "boot", "", say(language, en="kept numbers", zh="保存的编号"))
    rows: list[tuple[str, ...]] = [head]
    for stream in found.streams:
        kept = ", ".join(
            f"{word(lane, language)} {it.oldest_kept}-{it.next - 1}"
            for lane, it in stream.lanes.items()
            if it.oldest_kept < it.next
        )
        rows.append((stream.stream, stream.boot[:8] or "-", current if stream.current else "", kept))
    return rows


def _lanes(found: Survey, language: Language) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            word("lane", language),
            say(language, en="kept", zh="保存"),
            say(language, en="not acknowledged", zh="未确认"),
            word("next", language),
            say(language, en="oldest", zh="最早一条"),
        )
    ]
    for lane, it in found.lanes.items():
        age = duration(it.oldest_age_s, language) if it.oldest_age_s is not None else ""
        rows.append((word(lane, language), str(it.kept), str(it.unsettled), str(it.next), age))
    return rows
