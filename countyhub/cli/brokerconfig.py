"""`countyhub broker-config`: what mosquitto needs, from what the hub keeps; run by root, by hand or on a change.

Ends with 0 when everything stands where it should, 1 when the service could not be told.
"""

from __future__ import annotations

import argparse
import grp
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Literal

from countyhub import configfile
from countyhub.ca import brokerfiles, files, keeping
from countyhub.cli.say import say
from countyhub.config import Config
from gridwire.problem import Language, Problem

OK, FAILED = 0, 1
_TIMEOUT_S = 60
_RESTART = (brokerfiles.CONF, brokerfiles.CA)
"""Files that mosquitto reads at its start only; the others it reads again on SIGHUP."""
_SECRET = (brokerfiles.KEY, brokerfiles.PASSWORDS, brokerfiles.ACL)


class NothingYet(Problem):
    code = "ca.nothing-for-broker"
    en = "{path} is missing: first countyhub ca init, or countyhub ca renew"
    zh = "缺少 {path}：请先执行 countyhub ca init 或 countyhub ca renew"


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    if args.out is None:
        folder = Path("/etc/mosquitto/countyhub")
        print(brokerfiles.configuration(folder, config.enrol, store=args.store, listen=args.listen), end="")
        print(f"\n# {folder / brokerfiles.ACL}\n{brokerfiles.acl(config.county)}")
        return OK
    changed = write(config, args.out, include=args.include, store=args.store, group=args.group, listen=args.listen)
    print(_told(changed, args.language))
    password_file = keeping.broker_folder(config) / keeping.PASSWORD_FILE
    if config.broker.username != brokerfiles.HUB_USER:
        print(say(args.language, en="countyhub.toml should say:", zh="countyhub.toml 中应写：")
              + f"\n{brokerfiles.hub_settings(config.enrol, password_file)}")  # fmt: skip
    step = needed(changed)
    return _apply(args.apply, step, args.language) if args.apply and step else OK


def write(config: Config, out: Path, *, include: Path | None, store: Path | None, group: str, listen: str) -> list[str]:
    """All files; returns the names of those that have changed. Raises `NothingYet`, `NotWritten`, `KeyOpen`."""
    kept, folder = keeping.broker_folder(config), files.folder(out.absolute(), 0o755)
    gid = _gid(group)
    server = _read(kept / keeping.SERVER_FILE)
    split = server.index(b"-----BEGIN PRIVATE KEY-----")
    texts = {
        brokerfiles.CA: _read(kept / keeping.CA_FILE),
        brokerfiles.CERTIFICATE: server[:split],
        brokerfiles.KEY: server[split:],
        brokerfiles.CRL: _read(kept / keeping.CRL_FILE),
        brokerfiles.ACL: brokerfiles.acl(config.county).encode(),
        brokerfiles.PASSWORDS: brokerfiles.passwords(_password(kept)).encode(),
        brokerfiles.CONF: brokerfiles.configuration(folder, config.enrol, store=store, listen=listen).encode(),
    }
    changed = []
    for name, data in texts.items():
        path = (include or folder) / name if name == brokerfiles.CONF else folder / name
        mode = files.PUBLIC if name not in _SECRET else files.PRIVATE if gid is None else 0o640
        if files.write(path, data, mode, gid=gid):
            changed.append(name)
    return changed


def needed(changed: list[str]) -> Literal["", "reload", "restart"]:
    """What mosquitto must be told."""
    if not changed:
        return ""
    return "restart" if set(changed) & set(_RESTART) else "reload"


def _password(kept: Path) -> str:
    """The hub's own, made once."""
    path = kept / keeping.PASSWORD_FILE
    if not path.exists():
        files.write(path, secrets.token_urlsafe(24).encode() + b"\n", files.PRIVATE)
    files.check_private(path)
    return path.read_text().strip()


def _gid(group: str) -> int | None:
    """None where there is no such group, or we could not give anything to it."""
    try:
        return grp.getgrnam(group).gr_gid if os.geteuid() == 0 else None
    except KeyError:
        return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NothingYet(path=path) from error


def _told(changed: list[str], language: Language) -> str:
    if not changed:
        return say(language, en="nothing has changed", zh="没有变化")
    names, step = ", ".join(changed), needed(changed)
    return say(language, en=f"written: {names}; mosquitto must {step}",
               zh=f"已写入：{names}；mosquitto 需要{'重启' if step == 'restart' else '重新加载'}")  # fmt: skip


def _apply(unit: str, step: str, language: Language) -> int:
    try:
        done = subprocess.run(
            ["systemctl", step, unit], check=False, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
        failed = done.stderr.strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        failed = str(error)
    if failed:
        order = f"systemctl {step} {unit}"
        print(say(language, en=f"{order} failed: {failed}", zh=f"{order} 失败：{failed}"), file=sys.stderr)
        return FAILED
    return OK
