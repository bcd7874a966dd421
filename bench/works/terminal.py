"""Work k: a village's terminal with six ports: from the card to the beep, and what it costs while nobody comes.

The terminal is simulated, in a process of its own, on ptys, once without any delay and once with lines as slow as real
ones; ours is the whole `edgeagent run`, connected to broker and hub. The beep comes after the commit, so that its time
holds the commit's. Idle: CPU time over a minute with slow lines, whose answers wake the agent once more, less that of
the same agent without the terminal.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.county import agent_config, county
from bench.environment import OURS, ROOT
from bench.plan import Plan
from bench.processes import Child, child, rss_mib
from bench.results import OURS as WE
from bench.stats import percentile
from simulators.terminal.snippet import snippet
from simulators.terminal.terminal import KINDS, Part

NAME = "terminal"
PORTS: tuple[Part, ...] = ("idcard", "iccard", "scanner", "keypad", "printer", "bus")
_SETTLE_S = 8.0
_CARDS = 300
_PAUSE_S = 0.08
_ID_CARDS = 100
_LIES_S, _LIFTED_S = 0.6, 0.5
"""An ID card must have been missed by two looks before the next one is put down."""


class Terminal:
    """The simulated terminal, told by HTTP what people do."""

    def __init__(self, process: Child) -> None:
        told: dict[str, Any] = process.hear()
        self._url = told["control_url"]
        self._ports: Mapping[str, str] = told["ports"]

    def table(self, key: Path) -> str:
        """The agent's settings for it."""
        parts = [{"name": part, **KINDS[part], "port": self._ports[part]} for part in PORTS]
        return snippet(parts, key_file=str(key), window_s=0, privacy_notice="")

    def do(self, action: str, **body: object) -> dict[str, Any]:
        request = urllib.request.Request(f"{self._url}/{action}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))

    def beeps(self) -> list[float]:
        """When each was heard, monotonic seconds."""
        with urllib.request.urlopen(f"{self._url}/state", timeout=30) as answer:
            return [beep["monotonic_s"] for beep in json.load(answer)["beeps"]]


def run(plan: Plan) -> None:
    for _ in range(plan.repeats(1)):
        folder = plan.folder / NAME
        shutil.rmtree(folder, ignore_errors=True)
        with county(folder) as found:
            key = folder / "village.key"
            key.touch(0o600)
            key.write_text("v1:" + bytes(range(32)).hex())
            with _agent(folder / "bare", found.broker.port, "") as bare:
                alone = _idle(plan, bare.pid)
            with (
                _terminal(folder, "--paced") as terminal,
                _agent(folder / "slow", found.broker.port, terminal.table(key)) as agent,
            ):
                used = _idle(plan, agent.pid)
                print(f"  idle: {used:.4f} % of a core, without the terminal {alone:.4f}")
                plan.results.add(NAME, "CPU of six idle ports, % of a core", WE, max(0.0, used - alone))
                plan.results.add(NAME, "RSS, MiB", WE, rss_mib(agent.pid))
                _polled(plan, terminal, "ID card, slow line")
            with _terminal(folder) as terminal, _agent(folder / "box", found.broker.port, terminal.table(key)):
                _spoken(plan, terminal)
                _polled(plan, terminal, "ID card")


@contextlib.contextmanager
def _terminal(folder: Path, *more: str) -> Iterator[Terminal]:
    arguments = ("--dir", folder / "ports", "--json", *more)
    with child(OURS, "simulators.terminal", *arguments, log=folder / "terminal.log") as process:
        yield Terminal(process)


@contextlib.contextmanager
def _agent(folder: Path, port: int, devices: str) -> Iterator[subprocess.Popen[bytes]]:
    config = agent_config(folder, port, more="\n" + devices)
    with (folder / "agent.log").open("wb") as log:
        command: list[str | Path] = [OURS, "-m", "edgeagent.cli", "run", "--config", config]
        agent = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    try:
        time.sleep(_SETTLE_S)
        yield agent
    finally:
        agent.terminate()
        agent.wait(20)


def _idle(plan: Plan, pid: int) -> float:
    before, began = _cpu_s(pid), time.monotonic()
    time.sleep(plan.seconds(60, 20))
    return (_cpu_s(pid) - before) / (time.monotonic() - began) * 100


def _cpu_s(pid: int) -> float:
    """Time on a processor of all its threads, as the scheduler counts it: stat's ticks of 10 ms are too coarse here."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _spoken(plan: Plan, terminal: Terminal) -> None:
    """IC cards and codes, by turns: from the last byte of the card to the beep."""
    shown = []
    before = len(terminal.beeps())
    for number in range(plan.events(_CARDS)):
        body = {"uid": f"{number:08x}"} if number % 2 else {"text": f"W{number:06}"}
        shown.append(terminal.do("ic" if number % 2 else "scan", **body)["monotonic_s"])
        time.sleep(_PAUSE_S)
    _report(plan, terminal, "card or code", shown, before)


def _polled(plan: Plan, terminal: Terminal, what: str) -> None:
    """ID cards: from the moment in which one is put down; the reader is asked now and then, and read twice."""
    chance = random.Random(18)  # people do not come in step with the looks for them
    shown = []
    before = len(terminal.beeps())
    for _ in range(40 if plan.quick else _ID_CARDS):
        shown.append(terminal.do("card")["monotonic_s"])
        time.sleep(_LIES_S)
        terminal.do("lift")
        time.sleep(_LIFTED_S + chance.uniform(0.0, 0.3))
    _report(plan, terminal, what, shown, before)


def _report(plan: Plan, terminal: Terminal, what: str, shown: list[float], before: int) -> None:
    time.sleep(1.0)
    heard = terminal.beeps()[before:]
    late_ms = [1000 * (beep - at) for at, beep in zip(shown, heard, strict=False)]
    if len(heard) != len(shown):
        print(f"  {what}: {len(shown)} shown, {len(heard)} beeps")
        return
    for percent in (50, 99):
        plan.results.add(NAME, f"{what} to beep p{percent}, ms", WE, percentile(late_ms, percent))
    print(f"  {what}: p50 {percentile(late_ms, 50):.1f} ms, p99 {percentile(late_ms, 99):.1f} ms of {len(shown)}")
