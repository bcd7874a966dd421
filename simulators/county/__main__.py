"""`python -m simulators.county --out DIR`: the files of an invented county, for tests, demo and load."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from countyhub.registry.content import Content
from countyhub.registry.folder import write_folder
from countyhub.registry.forms import Area
from simulators.county.build import SMALL, Plan, build, merge


def main() -> int:
    args = _arguments()
    small = SMALL if args.small else Plan()
    given = {name: getattr(args, name) for name in Plan.__dataclass_fields__ if getattr(args, name) is not None}
    rows = build(Plan(**{**vars(small), **given}))
    if args.merge:
        villages = [row for row in rows if isinstance(row, Area) and row.level == "village"]
        first, second = villages[-2:]
        code, name = first.code[:9] + "299", "合" + first.name[0] + second.name[0] + "村"
        into = Area(code=code, name=name, level="village", parent=first.parent, valid_from=args.merge)
        rows = merge(rows, (first.code, second.code), into)
        print(f"{first.name} {first.code} + {second.name} {second.code} -> {into.name} {into.code}, {args.merge}")
    for path in write_folder(args.out, Content.bare(rows), args.language):
        print(path)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators.county", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the files")
    parser.add_argument("--small", action="store_true", help="1 township and 5 villages instead of a full-scale county")
    for name, about in {
        "townships": "townships", "villages": "villages", "grids": "grids in all", "cameras": "cameras in all",
        "departments": "departments of the county", "seed": "another seed, another county",
    }.items():  # fmt: skip
        parser.add_argument(f"--{name}", type=int, metavar="N", help=about)
    parser.add_argument(
        "--merge", type=date.fromisoformat, metavar="DAY", help="the last two villages become one on this day"
    )
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of headings and words")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
