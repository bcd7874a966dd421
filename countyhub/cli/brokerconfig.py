"""`countyhub broker-config`: what mosquitto needs, from what the hub keeps; by hand, or by `countyhub-broker.service`.

All files are tried out first: those that mosquitto does not take replace nothing (78). Ends with 0 when everything
stands where it should, 1 when the service could not be told (the next call goes on), 3 when it did not start with what
is new: then the former files are back.
"""

from __future__ import annotations

import argparse
import grp
import os
import secrets
import sys
from pathlib import Path
from typing import NamedTuple

from countyhub import configfile
from countyhub.ca import brokerfiles, brokertrial, files, renewal
from countyhub.cli import brokerapply
from countyhub.cli.brokerapply import Step
from countyhub.cli.say import say
from countyhub.config import Config
from gridwire.problem import Language, Problem

OK, FAILED, ROLLED_BACK = 0, 1, 3
_RESTART = (brokerfiles.CONF, brokerfiles.CA)
"""Files that mosquitto reads at its start only; the others it reads again on SIGHUP."""
_SECRET = (brokerfiles.KEY, brokerfiles.PASSWORDS, brokerfiles.ACL)


class NothingYet(Problem):
    code = "ca.nothing-for-broker"
    en = "{path} is missing: first countyhub ca init, or countyhub ca renew"
    zh = "缺少 {path}：请先执行 countyhub ca init 或 countyhub ca renew"


class Unreadable(Problem):
    code = "ca.unreadable"
    en = "{path} cannot be read: {reason}"
    zh = "无法读取 {path}：{reason}"


class Wanted(NamedTuple):
    """A file as it should be. `before`: what stands there now; None: nothing."""

    name: str
    path: Path
    data: bytes
    mode: int
    before: bytes | None

    @property
    def is_new(self) -> bool:
        return self.data != self.before


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    if args.out is None:
        folder = Path("/etc/mosquitto/countyhub")
        print(brokerfiles.configuration(folder, config.enrol, store=args.store, listen=args.listen), end="")
        print(f"\n# {folder / brokerfiles.ACL}\n{brokerfiles.acl(config.county)}")
        return OK
    if args.again and not (args.out / brokerfiles.CA).exists():
        _take_note(config)
        print(say(args.language, en=f"{args.out}: nothing was set up here, nothing is done",
                  zh=f"{args.out}：此处未曾设置，不作处理"))  # fmt: skip
        return OK
    with renewal.alone(files.folder(args.out.absolute(), 0o755)) as folder:
        return _bring_up_to_date(config, folder, args)


def _bring_up_to_date(config: Config, folder: Path, args: argparse.Namespace) -> int:
    owed: Step = ""
    if args.apply:
        owed = brokerapply.pending(folder)
        brokerapply.remember(folder, owed)  # before the note is gone: a power cut in between is made good
        _take_note(config)
    gid = _gid(args.group)
    listed = wanted(config, folder, include=args.include, store=args.store, gid=gid, listen=args.listen)
    changed = [each.name for each in listed if each.is_new]
    if changed and not brokertrial.try_out({each.name: each.data for each in listed}, config.enrol):
        print(say(args.language, en="there is no mosquitto here: these files were not tried out",
                  zh="本机没有 mosquitto：这些文件未经试用"), file=sys.stderr)  # fmt: skip
    step = brokerapply.more((owed, needed(changed)))
    if args.apply:
        brokerapply.remember(folder, step)
    place(listed, gid)
    code = _apply(folder, listed, gid, step, args) if args.apply else OK
    if code == ROLLED_BACK:
        return code
    print(_told(changed, args.language))
    password_file = renewal.broker_folder(config) / renewal.PASSWORD_FILE
    if config.broker.username != brokerfiles.HUB_USER:
        print(say(args.language, en="countyhub.toml should say:", zh="countyhub.toml 中应写：")
              + f"\n{brokerfiles.hub_settings(config.enrol, password_file)}")  # fmt: skip
    return code


def wanted(
    config: Config, folder: Path, *, include: Path | None, store: Path | None, gid: int | None, listen: str
) -> list[Wanted]:
    """All files. Raises `NothingYet`, `Unreadable`, `KeyOpen`, `NotWritten`."""
    kept = renewal.broker_folder(config)
    server = _read(kept / renewal.SERVER_FILE)
    split = server.index(b"-----BEGIN PRIVATE KEY-----")
    texts = {
        brokerfiles.CA: _read(kept / renewal.CA_FILE),
        brokerfiles.CERTIFICATE: server[:split],
        brokerfiles.KEY: server[split:],
        brokerfiles.CRL: _read(kept / renewal.CRL_FILE),
        brokerfiles.ACL: brokerfiles.acl(config.county).encode(),
        brokerfiles.PASSWORDS: brokerfiles.passwords(_password(kept)).encode(),
        brokerfiles.CONF: brokerfiles.configuration(folder, config.enrol, store=store, listen=listen).encode(),
    }
    listed = []
    for name, data in texts.items():
        path = (include or folder) / name if name == brokerfiles.CONF else folder / name
        mode = files.PUBLIC if name not in _SECRET else files.PRIVATE if gid is None else 0o640
        listed.append(Wanted(name, path, data, mode, path.read_bytes() if path.is_file() else None))
    return listed


def place(listed: list[Wanted], gid: int | None) -> None:
    """Raises `NotWritten`."""
    for each in listed:
        files.write(each.path, each.data, each.mode, gid=gid)


def write(config: Config, out: Path, *, include: Path | None, store: Path | None, group: str, listen: str) -> list[str]:
    """All files, without trying them; returns the names of those that have changed."""
    gid, folder = _gid(group), files.folder(out.absolute(), 0o755)
    listed = wanted(config, folder, include=include, store=store, gid=gid, listen=listen)
    place(listed, gid)
    return [each.name for each in listed if each.is_new]


def needed(changed: list[str]) -> Step:
    """What mosquitto must be told."""
    if not changed:
        return ""
    return "restart" if set(changed) & set(_RESTART) else "reload"


def _apply(folder: Path, listed: list[Wanted], gid: int | None, step: Step, args: argparse.Namespace) -> int:
    failed = brokerapply.tell(args.apply, step) if step else ""
    if not failed:
        brokerapply.forget(folder)
        return OK
    print(failed, file=sys.stderr)
    former = [each._replace(data=each.before or b"") for each in listed if each.is_new]
    if not former:
        return FAILED
    for each in former:
        if each.before is None:
            each.path.unlink()
    place([each for each in former if each.before is not None], gid)
    still = brokerapply.tell(args.apply, "restart")
    brokerapply.forget(folder)
    print(say(args.language, en="the former files are back", zh="已恢复原来的文件") + (f"; {still}" if still else ""),
          file=sys.stderr)  # fmt: skip
    return ROLLED_BACK


def _take_note(config: Config) -> None:
    """The hub's note that something has changed is taken away before the files are read: one that comes meanwhile
    is a new one. Raises `NotWritten`."""
    path = renewal.broker_folder(config) / renewal.STAMP_FILE
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise files.NotWritten(path=path, reason=error.strerror or error) from error


def _password(kept: Path) -> str:
    """The hub's own, made once."""
    path = kept / renewal.PASSWORD_FILE
    if not path.exists():
        files.write(path, secrets.token_urlsafe(24).encode() + b"\n", files.PRIVATE)
    files.check_private(path)
    return _read(path).decode().strip()


def _gid(group: str) -> int | None:
    """None where there is no such group, or we could not give anything to it."""
    try:
        return grp.getgrnam(group).gr_gid if os.geteuid() == 0 else None
    except KeyError:
        return None


def _read(path: Path) -> bytes:
    """Not by a link: root reads here what the hub's user has written, and hands it on."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()
    except FileNotFoundError as error:
        raise NothingYet(path=path) from error
    except OSError as error:
        raise Unreadable(path=path, reason=error.strerror or error) from error


def _told(changed: list[str], language: Language) -> str:
    if not changed:
        return say(language, en="nothing has changed", zh="没有变化")
    names, step = ", ".join(changed), needed(changed)
    return say(language, en=f"written: {names}; mosquitto must {step}",
               zh=f"已写入：{names}；mosquitto 需要{'重启' if step == 'restart' else '重新加载'}")  # fmt: skip
