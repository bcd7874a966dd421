"""`countyhub prune [--dry-run]`: what is older than the days of its kind goes, as the hub does it daily.

Never the audit: the hub alone gives up its rows.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from countyhub import configfile
from countyhub.audit import pruning
from countyhub.cli.attempt import OK, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store import retention
from countyhub.store.engine import locate, open_reader
from countyhub.store.retention import Pruned

_ZH = {"pictures": "图片", "events": "事件", "letters": "已处理的未识别报文", "reused": "已处理的重号",
       "gaps": "盒子声明的缺口", "orders": "指令", "replies": "指令的答复", "deliveries": "推送记录",
       "matters": "事项", "links": "盒子连接记录", "suppressed": "未立案信号计数",
       "attachments": "已结案件的附件", "cases": "已结案件"}  # fmt: skip
_EN = {
    "letters": "unread messages dealt with",
    "reused": "numbers used twice, dealt with",
    "replies": "answers to orders",
    "deliveries": "deliveries of webhooks",
    "links": "links that came and went",
    "suppressed": "counts of what was held back",
    "attachments": "attachments of cases that are over",
    "cases": "cases that are over",
}


def execute(args: argparse.Namespace) -> int:
    return attempt(args.language, lambda: _prune(configfile.load(args.config), args))


def _prune(config: Config, args: argparse.Namespace) -> int:
    found, due = asyncio.run(_gone(config, dry_run=args.dry_run))
    if args.json:
        print(msgspec.json.encode([each._asdict() for each in found]).decode())
    else:
        _print(args, found)
        _print_audit(args, max(config.retention.audit_days, pruning.LEAST_DAYS), due)
    return OK


async def _gone(config: Config, *, dry_run: bool) -> tuple[list[Pruned], int]:
    """And whether rows of the audit are due, which only the hub gives up: more than 0, though not how many."""
    now = datetime.now(UTC)
    store = await open_reader(locate(config))
    try:
        found = await retention.prune(store, config.retention, now, dry_run=dry_run)
        return found, await pruning.prune(store, config.retention.audit_days, now, dry_run=True)
    finally:
        await store.close()


def _print(args: argparse.Namespace, found: Sequence[Pruned]) -> None:
    gone = say(args.language, en="would go" if args.dry_run else "gone", zh="将清理" if args.dry_run else "已清理")
    for kind, before, rows in found:
        name = say(args.language, en=_EN.get(kind, kind), zh=_ZH[kind])
        print(say(args.language, en=f"{name} before {before:%Y-%m-%d}: {rows} {gone}",
                  zh=f"{name}（{before:%Y-%m-%d} 之前）：{gone} {rows} 行"))  # fmt: skip


def _print_audit(args: argparse.Namespace, days: int, due: int) -> None:
    """Nobody takes rows out of the audit by hand: neither here."""
    state = say(args.language, en="some are due" if due else "none is due", zh="有待清理" if due else "尚无到期")
    print(say(args.language,
              en=f"the audit is not touched: the hub alone gives up rows after {days} days and notes it ({state})",
              zh=f"审计记录不受此命令影响：满 {days} 天后由汇聚端自行清理并留痕（{state}）"))  # fmt: skip
