"""A box with the memory that its unit allows and half a core: two dozen cameras, a terminal and a backlog at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stats import percentile
from tests import cgroups, smallbox

MIB = 2**20
MEMORY_BYTES = 400 * MIB
CORES = 0.5
BACKLOG = 200_000
ROUNDS = 3
UNIT = Path(__file__).resolve().parents[3] / "systemd" / "edgeagent.service"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(cgroups.missing()), reason=cgroups.missing()),
]


def of_unit(key: str) -> str:
    found = re.search(rf"^{key}=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert found, key
    return found[1]


def test_a_group_notices_what_it_is_to_notice():
    """Else all that follows would prove nothing: too much memory is ended and counted, too much work is held."""
    with cgroups.limited("greedy", memory_bytes=40 * MIB, cores=0.25) as group:
        greedy = [*group.enter, sys.executable, "-c", "len(bytearray(200 * 2**20))"]
        assert subprocess.run(greedy, check=False).returncode == -9
        assert group.oom_kills == 1
        assert 30 * MIB < group.peak_bytes <= 40 * MIB
        busy = "import time\nwhile time.process_time() < 0.3: pass"
        subprocess.run([*group.enter, sys.executable, "-c", busy], check=True)
        assert group.cpu_s >= 0.3
        assert group.throttled_s > 0


def test_the_unit_allows_what_is_tried_here():
    assert of_unit("MemoryMax") == f"{MEMORY_BYTES // MIB}M"


async def test_two_dozen_cameras_a_terminal_and_a_backlog_on_a_small_box(tmp_path, counted):
    watchdog_s = float(of_unit("WatchdogSec"))
    with cgroups.limited("small-box", memory_bytes=MEMORY_BYTES, cores=CORES) as group:
        async with smallbox.village(tmp_path, group, BACKLOG, watchdog_s) as box:
            took = await smallbox.live(box, BACKLOG, ROUNDS)
            kinds = {
                "alarms": box.alarms(), "check-ins": box.check_ins(), "backlog": box.backlog(BACKLOG),
                "pictures": box.pictures(),
            }  # fmt: skip
            counted(f"{smallbox.ABOUT}; {MEMORY_BYTES // MIB} MiB without swap, {CORES:g} cores")
            for name, count in kinds.items():
                counted(f"{name}: {count}")
            for line in told(box, took, watchdog_s):
                counted(line)
            assert group.oom_kills == 0
            for count in kinds.values():
                assert count.stored == count.arrived
                assert (count.lost, count.twice) == (0, 0)
            for name in ("alarms", "check-ins", "backlog"):
                assert kinds[name].raised == kinds[name].stored
            assert kinds["pictures"].stored >= kinds["pictures"].raised * 0.9
            assert box.behind_the_call() > BACKLOG / 2
            seen = box.seen
            assert (seen.dead, seen.alive > 0, box.systemd.fed > 0) == (0, True, True)
            assert box.systemd.hungry_s < watchdog_s
            assert seen.threads < int(of_unit("TasksMax"))
            assert seen.files < int(of_unit("LimitNOFILE"))
            assert box.agent.stop() == 0


async def test_with_too_little_memory_a_picture_is_missed_and_never_an_alarm(tmp_path, counted):
    """The kernel ends the picture process, not the agent, as `OOMPolicy=continue` counts on."""
    with cgroups.limited("tiny-box", memory_bytes=TINY_BYTES, cores=1.0) as group:
        async with smallbox.village(tmp_path, group, 0, 120.0) as box:
            box.hub.start()
            box.broker.start()
            await box.until(box.all_up, "all devices up")
            pid = box.agent.pid
            await box.storm()
            await box.round()
            await box.until(box.all_sent, "all sent")
            alarms, pictures = box.alarms(), box.pictures()
            counted(f"{TINY_BYTES // MIB} MiB: killed {group.oom_kills}; alarms: {alarms}; pictures: {pictures}")
            assert group.oom_kills > 0
            assert box.agent.pid == pid
            assert alarms.raised == alarms.stored == alarms.arrived
            assert (alarms.lost, alarms.twice) == (0, 0)


TINY_BYTES = 100 * MIB


def told(box: smallbox.Village, took: smallbox.Took, watchdog_s: float) -> list[str]:
    group, seen, commit_ms, beep_ms = box.group, box.seen, box.commit_ms(), box.beep_ms()
    return [
        f"backlog stored at the hub after the call for help: {box.behind_the_call():,} of {BACKLOG:,}",
        f"alarm to commit p50 {percentile(commit_ms, 50):.0f} ms, p99 {percentile(commit_ms, 99):.0f} ms of "
        f"{len(commit_ms)}; card to beep p50 {percentile(beep_ms, 50):.0f} ms, p99 {percentile(beep_ms, 99):.0f} ms "
        f"of {len(beep_ms)}",
        f"all devices up from cold in {took.cold_s:.1f} s; drain {took.drain_s:.1f} s, "
        f"{BACKLOG / took.drain_s:,.0f} events/s; what was raised meanwhile sent {took.rest_s:.1f} s after",
        f"memory: own {seen.own_bytes / MIB:.0f} MiB at most, with cache {group.peak_bytes / MIB:.0f};"
        f" killed {group.oom_kills}",
        f"processes {seen.processes}, threads {seen.threads}, files open at the agent {seen.files}",
        f"CPU {group.cpu_s:.1f} of {took.all_s:.1f} s, held for {group.throttled_s:.1f} s",
        f"watchdog fed {box.systemd.fed} times, waited {box.systemd.hungry_s:.1f} of {watchdog_s:g} s at most; "
        f"/livez {seen.alive} times, slowest {seen.slowest_s:.2f} s",
    ]
