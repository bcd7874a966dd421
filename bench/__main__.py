"""`python -m bench`: measure everything, or what `--only` names, and write docs/benchmarks.md.

Results are kept in .cache/bench/results.json, so that `--only` replaces its own part of the page and no other.
A quick look (`--quick`) is printed and neither kept nor written.
"""

from __future__ import annotations

import argparse
import fcntl
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from subprocess import CalledProcessError

from bench import environment, machine, report
from bench.plan import Plan
from bench.results import Results
from bench.works import (
    append,
    cameras,
    console,
    consumer,
    drain,
    end_to_end,
    far,
    flash,
    hub_cases,
    hub_store,
    idle,
    month,
    picture,
    slow_disk,
    small_box,
    storm,
    storm_cases,
    terminal,
)

_ALL = (
    append, slow_disk, flash, drain, consumer, far, end_to_end, idle, month, cameras, picture, hub_store, hub_cases,
    terminal, small_box,
    storm, storm_cases, console,
)  # fmt: skip
WORKS: Mapping[str, Callable[[Plan], None]] = {work.NAME: work.run for work in _ALL}
PAGE = environment.ROOT / "docs" / "benchmarks.md"
KEPT = environment.CACHE / "results.json"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=sorted(WORKS), help="this work; may be given several times")
    parser.add_argument("--rounds", type=int, default=None, help="rounds (3; 1 of a quick look or of a long work)")
    parser.add_argument("--quick", action="store_true", help="a look of about fifteen minutes, printed only")
    parser.add_argument("--write", action="store_true", help="with --quick: write the page all the same")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if missing := environment.missing():
        print(f"apt-get install -y {' '.join(missing)}", file=sys.stderr)
        return 1
    with one_at_a_time():
        return run(options)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another bench of this tree: two at once would measure each other, and share their folders."""
    environment.CACHE.mkdir(parents=True, exist_ok=True)
    with (environment.CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(options: argparse.Namespace) -> int:
    try:
        environment.install()
    except (OSError, CalledProcessError) as error:
        print(f"the peers cannot be installed: {error}", file=sys.stderr)
        return 1
    folder = environment.CACHE / "run"
    for stale in (folder, environment.CACHE / "filled"):
        shutil.rmtree(stale, ignore_errors=True)
    folder.mkdir(parents=True)
    results = Results() if options.quick else Results.load(KEPT)
    rounds = options.rounds or (1 if options.quick else 3)
    measure(Plan(folder, results, rounds, options.quick), options.only or list(WORKS))
    if not options.quick or options.write:
        PAGE.write_text(report.render(results, machine.facts(folder, results)), encoding="utf-8")
        print(f"written: {PAGE.relative_to(environment.ROOT)}")
    print(report.targets(results))
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def measure(plan: Plan, names: list[str]) -> None:
    for name in names:
        began = time.monotonic()
        print(f"{name}:")
        plan.results.forget(name)
        WORKS[name](plan)
        plan.results.days[name] = datetime.now(UTC).date().isoformat()
        if not plan.quick:
            plan.results.save(KEPT)
        print(f"  took {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
