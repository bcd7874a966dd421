"""`countyhub check`: is everything as it should be, and if not, what to do? One line a check. Changes nothing.

Exit code 78 when something fails; warnings alone are 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging

from countyhub import configfile
from countyhub.checks import scene as scenes
from countyhub.checks.catalogue import run
from countyhub.cli.say import say
from countyhub.config import Config
from gridwire.verdict import MARKS, Level, summary

EXIT_FAILED = 78
_NAME_COLUMNS = 12


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    logging.getLogger().addHandler(logging.NullHandler())  # what the parts log, the lines say better
    levels = asyncio.run(_check(config, args))
    return EXIT_FAILED if "fail" in levels else 0


async def _check(config: Config, args: argparse.Namespace) -> list[Level]:
    levels: list[Level] = []
    told: list[dict[str, str]] = []
    if not args.json:
        print(
            say(args.language, en=f"county {config.county}, configuration in order", zh=f"县 {config.county}，配置正确")
        )
    async with scenes.look(config) as scene:
        async for check, line in run(scene, frozenset(args.only), offline=args.offline):
            levels.append(line.level)
            told.append({"check": check.name, **line._asdict()})
            if not args.json:
                mark = MARKS[line.level].text(args.language)
                text = " ".join(line.text(args.language).split())
                print(f"{mark}  {check.name:{_NAME_COLUMNS}} {text}", flush=True)
    if args.json:
        answer = {"ok": "fail" not in levels, "county": config.county, "checks": told}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        print(summary(levels, args.language))
    return levels
