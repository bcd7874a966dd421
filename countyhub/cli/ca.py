"""`countyhub ca init|show|renew`: the county's own certificate authority.

Ends with 0 when it was done, 1 when the database or a folder cannot be used, 78 when something must be put right first.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from countyhub import configfile
from countyhub.ca import files, identities, renewal
from countyhub.ca.authority import Authority
from countyhub.ca.identities import Identity
from countyhub.ca.keeper import outlook
from countyhub.cli.attempt import OK, Trouble, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store.engine import locate, open_reader
from gridwire.enrolment import shown
from gridwire.problem import Language, Problem

_STATES = {"expected": "待注册", "active": "在用", "leaving": "更换中", "revoked": "已吊销"}


_TROUBLE = Trouble("无法完成", "this cannot be done")


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    work = {"init": _init, "show": _show, "renew": _renew}[args.action]
    return attempt(args.language, lambda: work(config, args.language), database=_TROUBLE)


def _init(config: Config, language: Language) -> int:
    now = datetime.now(UTC)
    if not config.enrol.names:
        raise renewal.NoNames
    files.folder(Path(config.data_dir))
    authority = Authority.create(renewal.ca_folder(config), config.county, config.enrol, now)
    renewal.refresh(config, {}, now)
    pin = shown(authority.signing(now).pin)
    print(
        say(language, en=f"county CA made; fingerprint of its key:\n  {pin}", zh=f"县级 CA 已建立，公钥指纹：\n  {pin}")
    )
    print(say(language, en=_ADVICE_EN, zh=_ADVICE_ZH).format(
        folder=renewal.ca_folder(config), parent=config.data_dir, port=config.enrol.port,
    ))  # fmt: skip
    return OK


_ADVICE_EN = """
Next: countyhub broker-config --out /etc/mosquitto/countyhub --include /etc/mosquitto/conf.d --apply mosquitto.service
      restart the hub; boxes then enrol at port {port}; countyhub box add CODE

Keep a copy of {folder} that is encrypted and not on this machine: without it every box must be visited, and whoever
has it unencrypted can pass for any box. `countyhub backup` does not contain it.
  tar -C {parent} -c ca | openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -out county-ca.tar.enc
  back again: openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -in county-ca.tar.enc | tar -C {parent} -x"""
_ADVICE_ZH = """
下一步：countyhub broker-config --out /etc/mosquitto/countyhub --include /etc/mosquitto/conf.d --apply mosquitto.service
        重启汇聚端；盒子在端口 {port} 注册；countyhub box add 编号

请把 {folder} 加密备份到别处（countyhub backup 不包含它）：
丢失则每个盒子都要重新上门注册，未加密地落入他人之手则可冒充任何盒子。
  tar -C {parent} -c ca | openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -out county-ca.tar.enc
  恢复：openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -in county-ca.tar.enc | tar -C {parent} -x"""


def _renew(config: Config, language: Language) -> int:
    async def work() -> renewal.Round:
        store = await open_reader(locate(config))
        try:
            return await renewal.keep(store, config, datetime.now(UTC))
        finally:
            await store.close()

    done = asyncio.run(work())
    names = [name for name, made in done._asdict().items() if made]
    print(say(language, en=f"made anew: {', '.join(names)}" if names else "nothing was due",
              zh=f"已更新：{'、'.join(names)}" if names else "没有需要更新的"))  # fmt: skip
    return OK


def _show(config: Config, language: Language) -> int:
    now = datetime.now(UTC)
    authority = Authority.open(renewal.ca_folder(config))
    signing = authority.signing(now)
    for each in authority.trusted(now):
        role = say(language, en="signs", zh="签发中") if each is signing else say(language, en="trusted", zh="受信任")
        until = say(language, en=f"until {each.expires:%Y-%m-%d}", zh=f"有效至 {each.expires:%Y-%m-%d}")
        print(f"CA {each.number}  {role}  {until}\n  {shown(each.pin)}")
    for name, end in renewal.ends(config, now)._asdict().items():
        print(f"{name:8}{end:%Y-%m-%d}")
    boxes, warnings = asyncio.run(_look(config, now))
    for box in boxes:
        print(_line(box, language))
    for warning in warnings:
        print(warning.text(language), file=sys.stderr)
    return OK


async def _look(config: Config, now: datetime) -> tuple[list[Identity], list[Problem]]:
    store = await open_reader(locate(config))
    try:
        async with store.read() as connection:
            return await identities.every(connection, now), await outlook(store, config, now)
    finally:
        await store.close()


def _line(box: Identity, language: Language) -> str:
    expires = f"{box.expires:%Y-%m-%d}" if box.expires else "–"
    parts = [box.box, say(language, en=box.state, zh=_STATES[box.state]),
             say(language, en=f"certificate until {expires}", zh=f"证书至 {expires}")]  # fmt: skip
    if box.token_until:
        until = f"{box.token_until:%Y-%m-%d}"
        parts.append(say(language, en=f"token until {until}", zh=f"令牌至 {until}"))
    if box.successor:
        parts.append(f"→ {box.successor}")
    return "  ".join(parts)


def who() -> str:
    """The person at the keyboard, as far as the system knows."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"cli/{user}"[:64]
