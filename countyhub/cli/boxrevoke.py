"""`countyhub box revoke BOX`: its certificates are void, the broker is made to know, its live session is ended.

Ends with 0 when the box is out, 1 when that could not be made sure (and says what to do), 2 for a box that is wrong.
"""

from __future__ import annotations

import argparse
import logging
import sys
from datetime import UTC, datetime

from countyhub.ca import identities, inforce, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.inforce import InForce, Probe, SessionNotEnded
from countyhub.cli.ca import who
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store.engine import locate, open_reader
from gridwire.problem import Language

OK, FAILED = 0, 1


async def revoke(config: Config, args: argparse.Namespace) -> int:
    logging.getLogger("gridwire.mqtt").setLevel(logging.CRITICAL)  # that a connection is refused is what we want
    count, probe = await _void(config, args)
    print(say(args.language, en=f"{args.box}: {count} certificates on the revocation list",
              zh=f"{args.box}：{count} 个证书已列入吊销列表"))  # fmt: skip
    in_force = await inforce.until_in_force(config, probe)
    ended = await _end(config, args.box, args.language)
    print(_told(in_force, args.language), file=sys.stdout if in_force == "yes" else sys.stderr)
    return OK if in_force == "yes" and ended else FAILED


async def _void(config: Config, args: argparse.Namespace) -> tuple[int, Probe]:
    now = datetime.now(UTC)
    authority = Authority.open(renewal.ca_folder(config))
    store = await open_reader(locate(config))
    try:
        async with store.write() as connection:
            count = await identities.revoke(connection, args.box, by=who(), now=now, reason=args.reason)
            probe = await inforce.make_probe(connection, authority, now)
        await renewal.keep(store, config, now)
    finally:
        await store.close()
    return count, probe


async def _end(config: Config, box: str, language: Language) -> bool:
    try:
        await inforce.end_session(config, box)
    except SessionNotEnded as problem:
        print(problem.text(language), file=sys.stderr)
        return False
    print(say(language, en=f"{box}: session ended", zh=f"{box}：连接已断开"))
    return True


def _told(in_force: InForce, language: Language) -> str:
    order = (
        "countyhub broker-config --out /etc/mosquitto/countyhub --include /etc/mosquitto/conf.d "
        "--apply mosquitto.service; journalctl -u countyhub-broker"
    )
    if in_force == "yes":
        return say(language, en="the broker refuses it from now on", zh="消息服务器已开始拒绝该盒子")
    if in_force == "no":
        return say(language, en=f"the broker does NOT know the new list yet, the box may come back. Run: {order}",
                   zh=f"消息服务器尚未读取新的吊销列表，盒子可能重新连上。请执行：{order}")  # fmt: skip
    return say(language, en=f"the broker cannot be reached at the boxes' port; when it runs again: {order}",
               zh=f"无法连接消息服务器的盒子端口；恢复后请执行：{order}")  # fmt: skip
