"""Pins the wire of this release into tests/data/wire/RELEASE/: schemas, AsyncAPI, topics, limits, samples by bytes.

What is pinned stays: tests/contract/test_wire_pinned.py holds today's code to it. A release that is out (a git tag
names it) is never pinned again; bump the version first. Before that, a folder is written anew.
Exits 1 when the release is out, 2 when generated files are stale. `--check` writes nothing and exits 1 when what would
be pinned differs from what is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from gridwire import enrolment, limits  # noqa: E402 - found by the line above, also where nothing is installed
from gridwire.topics import TOPICS  # noqa: E402
from scripts.pinsamples import ENROLMENT, samples  # noqa: E402

PINNED = ROOT / "tests" / "data" / "wire"
SCHEMAS = ROOT / "docs" / "schema"
NOT_THE_WIRE = ("asyncapi", "hub-asyncapi", "openapi")
Json = dict[str, Any]


def release() -> str:
    """`0.1` of version 0.1.7: within a release the wire does not change."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return ".".join(str(project["version"]).split(".")[:2])


def is_out(name: str) -> bool:
    """Whether a tag names it."""
    command = ["git", "tag", "--list", f"v{name}", f"v{name}.*"]
    return bool(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip())


def is_stale() -> bool:
    """Whether the schemas are not what the definitions say; it is told which."""
    command = [sys.executable, ROOT / "scripts" / "generate.py", "--check"]
    told = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout.splitlines()
    stale = [line for line in told if "docs/schema/" in line and Path(line).stem not in NOT_THE_WIRE[1:]]
    sys.stdout.write("".join(f"{line}; make generate\n" for line in stale))
    return bool(stale)


def schemas() -> dict[str, str]:
    """Name -> text: events and messages as generated, and what is said at enrolment."""
    found = {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(SCHEMAS.glob("*.json"))
        if path.stem not in NOT_THE_WIRE
    }
    for name in ENROLMENT:
        found[f"enrol.{name}"] = _text(msgspec.json.schema(getattr(enrolment, name)))
    return found


def topics() -> Json:
    """Each row, without its words."""
    return {
        name: {"path": row.path, "sender": row.sender, "retain": row.retain, "expiry_s": row.expiry_s}
        for name, row in TOPICS.items()
    }


def bounds() -> dict[str, int]:
    """How large anything may be."""
    return {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}


def files() -> dict[str, str]:
    """Everything that follows from the definitions: name -> text."""
    made = {f"schema/{name}.json": text for name, text in schemas().items()}
    made["asyncapi.json"] = (SCHEMAS / "asyncapi.json").read_text(encoding="utf-8")
    made["topics.json"], made["limits.json"] = _text(topics()), _text(bounds())
    made["samples.jsonl"] = lines(samples())
    return made


def lines(found: list[Json]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when what is pinned is not today's")
    parser.add_argument("--no-record", action="store_true", help="leave recorded.jsonl as it is; needs no mosquitto")
    args = parser.parse_args()
    name = release()
    folder = PINNED / name
    if is_stale():
        return 2
    if args.check:
        return _check(folder)
    if folder.exists() and is_out(name):
        sys.stdout.write(
            f"release {name} is out: what it said is pinned for good. Bump the version in pyproject.toml first.\n"
        )
        return 1
    for path, text in files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    if not args.no_record:
        from scripts.pinrecord import record

        (folder / "recorded.jsonl").write_text(lines(asyncio.run(record())), encoding="utf-8")
    for old in set((folder / "schema").glob("*.json")) - {folder / path for path in files()}:
        old.unlink()
    sys.stdout.write(
        f"pinned in {folder.relative_to(ROOT)}; now run tests/contract/test_wire_pinned.py, and commit the folder\n"
    )
    return 0


def _check(folder: Path) -> int:
    texts = files()
    paths = {path: folder / path for path in texts}
    differ = [p for p, file in paths.items() if not file.exists() or file.read_text(encoding="utf-8") != texts[p]]
    for path in differ:
        sys.stdout.write(f"differs from what {folder.name} has pinned: {path}\n")
    if differ:
        sys.stdout.write(
            "not out yet: python scripts/pinwire.py; out already: bump the version in pyproject.toml first\n"
        )
    return 1 if differ else 0


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
