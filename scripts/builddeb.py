"""`make deb`: builds the Debian packages into dist/, with SHA256SUMS, an SBOM each and nothing compiled.

The same sources give the same bytes: times are those of the last commit, or of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from deb.build import Built, build, known
from deb.target import MACHINES, PACKAGES, PYTHONS, TARGETS, Target
from deb.wheels import ROOT


def main() -> int:
    args = _arguments()
    chosen = [each for each in TARGETS if each.arch in args.arch and each.debian in args.debian]
    work = [(name, target) for name in args.package for target in chosen]
    args.out.mkdir(parents=True, exist_ok=True)
    version, epoch_s = args.version or _version(), _epoch_s()
    with ProcessPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(_timed, name, target, version, epoch_s, args.level) for name, target in work]
        for job in jobs:
            built, took_s = job.result()
            (args.out / f"{built.name}.deb").write_bytes(built.package)
            (args.out / f"{built.name}.cdx.json").write_bytes(built.sbom)
            sys.stdout.write(f"{built.name}.deb  {len(built.package) / 1e6:.1f} MB  {took_s:.1f} s\n")
            sys.stdout.flush()
    _sums(args.out)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("package", nargs="*", default=list(PACKAGES), help="default: all")
    parser.add_argument("--arch", nargs="+", choices=MACHINES, default=list(MACHINES))
    parser.add_argument("--debian", nargs="+", choices=PYTHONS, default=list(PYTHONS), help="release: 12 or 13")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--version", help="instead of the one in pyproject.toml, e.g. 0.2.0+3")
    parser.add_argument("--level", type=int, default=6, help="of xz; 0 is ten times faster, and a third larger")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.package = [known(name).name for name in args.package]
    return args


def _timed(name: str, target: Target, version: str, epoch_s: int, level: int) -> tuple[Built, float]:
    begun = time.monotonic()
    return build(known(name), target, version, epoch_s, level), time.monotonic() - begun


def _version() -> str:
    """As dpkg compares versions: 0.2.0rc1 comes before 0.2.0."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return re.sub(r"(a|b|rc|\.dev)([0-9]+)$", r"~\1\2", str(project["version"]))


def _epoch_s() -> int:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    said = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(said.stdout.strip() or 1_750_000_000)


def _sums(folder: Path) -> None:
    """Of everything there, as `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".deb", ".json"))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
