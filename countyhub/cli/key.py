"""`countyhub key init`, `countyhub key village BOX`: the county key, made once, and from it the key of each village."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from countyhub import configfile
from countyhub.cli.say import say
from countyhub.gridworkers import villagekey
from gridwire.identifiers import BadBoxId

OK, FAILED, WRONG_USE = 0, 1, 2
PROBLEMS = (
    BadBoxId,
    villagekey.CountyKeyAbsent,
    villagekey.CountyKeyExposed,
    villagekey.CountyKeyMalformed,
    villagekey.FileExists,
    villagekey.NotWritten,
)


def execute(args: argparse.Namespace) -> int:
    try:
        return _init(args) if args.action == "init" else _village(args)
    except PROBLEMS as problem:
        print(problem.text(args.language), file=sys.stderr)
        return WRONG_USE if isinstance(problem, BadBoxId) else FAILED


def county_key_file(args: argparse.Namespace) -> Path:
    """Where the county key is. Raises the problems of `configfile`."""
    if args.key_file is not None:
        return Path(args.key_file)
    return Path(configfile.load(args.config).data_dir) / villagekey.FILE_NAME


def _init(args: argparse.Namespace) -> int:
    path = county_key_file(args)
    path.parent.mkdir(parents=True, exist_ok=True)
    key = villagekey.make_county_key(path, args.generation)
    print(
        say(
            args.language,
            en=f"{path}: county key {key.id} made. Keep one copy off line, in a safe: without it no new village key "
            "can be made, and with it every hash can be tried.",
            zh=f"{path}：已生成县级密钥 {key.id}。请离线保管一份副本：丢失后无法再生成村密钥，"
            "泄露后各村的哈希可被逐一试出。",
        )
    )
    return OK


def _village(args: argparse.Namespace) -> int:
    key = villagekey.village_key(villagekey.load_county_key(county_key_file(args)), args.box)
    if args.out is None:
        print(key.line)
        return OK
    villagekey.write_secret(args.out, key.line)
    print(say(args.language, en=f"{args.out}: key {key.id}, mode 600; the terminal's key_file",
              zh=f"{args.out}：密钥 {key.id}，权限 600；即终端的 key_file"))  # fmt: skip
    return OK
