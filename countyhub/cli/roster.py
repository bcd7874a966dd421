"""`countyhub roster BOX --in people.csv --out roster.csv`: names and numbers in, names and keyed hashes out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from countyhub.cli.key import FAILED, OK, PROBLEMS, WRONG_USE, county_key_file
from countyhub.cli.say import say
from countyhub.gridworkers import roster, villagekey
from gridwire import wholefile
from gridwire.identifiers import BadBoxId


def execute(args: argparse.Namespace) -> int:
    try:
        key = villagekey.village_key(villagekey.load_county_key(county_key_file(args)), args.box)
        people = roster.read_file(args.people)
        workers = roster.hash_people(people, args.people, key, reversed_uids=args.uid_order == "reversed")
        text = roster.write(workers)
        if args.out is None:
            sys.stdout.write(text)
            return OK
        _write(args.out, text)
    except (*PROBLEMS, roster.RosterRefused, roster.RosterUnreadable) as problem:
        print(problem.text(args.language), file=sys.stderr)
        return WRONG_USE if isinstance(problem, BadBoxId) else FAILED
    names = len({worker.name for worker in workers})
    print(say(args.language, en=f"{args.out}: {len(workers)} cards and numbers of {names} people, key {key.id}",
              zh=f"{args.out}：{names} 人，共 {len(workers)} 个证件、卡或工牌，密钥 {key.id}"))  # fmt: skip
    return OK


def _write(path: Path, text: str) -> None:
    """Whole or not at all; an earlier one is replaced. Raises `NotWritten`."""
    try:
        wholefile.replace(path, text.encode(), mode=0o640)
    except OSError as error:
        raise villagekey.NotWritten(path=path, why=error.strerror or error) from error
