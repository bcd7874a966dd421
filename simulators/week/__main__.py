"""`python -m simulators.week --url sqlite:///DIR/hub.db --seed 1`: a county with a week behind it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from countyhub.accounts import passwords
from countyhub.accounts.passwords import Hasher
from countyhub.audit import trail
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import UNAVAILABLE, Store, open_store, parse
from gridwire.problem import Problem
from simulators.camera import PictureUnavailable
from simulators.week import users
from simulators.week.county import COUNTY, ZONE, NotEmpty
from simulators.week.course import WentWrong
from simulators.week.fill import TELLER, fill


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators.week", description=__doc__)
    add = parser.add_argument
    add("--url", required=True, help="database, which must be empty / 空数据库: sqlite:///PATH, postgresql://…")
    add("--seed", type=int, default=1, help="another seed, another week / 随机种子")
    add("--now", type=_instant, help="where the week ends, e.g. 2026-11-20T12:00:00+08:00 / 一周的终点，默认现在")
    add("--windows", type=Path, metavar="DIR", help="folder for the hub's calendar.windows_dir / 预期告警时段文件夹")
    add("--users", action="store_true", help="a user for each role, password printed / 每种角色建一个用户并显示密码")
    add("--language", choices=("zh", "en"), default="zh", help="of the cases' titles / 案件标题的语言")
    return parser.parse_args(arguments)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text}: +08:00?")
    return found.astimezone(UTC)


async def run(args: argparse.Namespace) -> int:
    url, now = parse(args.url), args.now or datetime.now(UTC)
    windows = args.windows or Path(url.database or ".").parent / "windows"
    store = await open_store(url)
    try:
        week = await fill(store, now=now, seed=args.seed, language=args.language, windows=windows)
        print(f'county = "{COUNTY}"  [calendar] windows_dir = "{windows.absolute()}"')
        print(f"events {week.events}  unread messages {week.letters}  dark {'/'.join(week.dark)}  away {week.away}")
        if args.users:
            await _users(store, args.language, max(now, datetime.now(UTC)))
    finally:
        await store.close()
    return 0


async def _users(store: Store, language: str, now: datetime) -> None:
    """Now, and not before the week is over."""
    registry = LiveRegistry(store, ZONE)
    await registry.refresh()
    password = passwords.generate()
    hashed = await Hasher().hash(password)
    with trail.as_(TELLER, clock=lambda: now):
        async with store.write() as connection:
            made = await users.make(connection, registry.current, hashed, now, "zh" if language == "zh" else "en")
    print(f"password {password}")
    for each in made:
        print(f"{each.user.name:12} {each.about}")


def main() -> int:
    args = parse_arguments()
    logging.getLogger("countyhub").setLevel(logging.ERROR)  # a call for help of the past is none
    try:
        return asyncio.run(run(args))
    except (Problem, NotEmpty, PictureUnavailable, WentWrong, *UNAVAILABLE) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
