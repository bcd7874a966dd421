"""The child's side of an ONVIF client as contender: set up all cameras, pull for ever, note when what arrived.

    python -m bench.peers.onvif_X CAMERAS     (a JSON list of [port, user, password])

Says `each_cpu_ms` and `done` (monotonic seconds) when all are subscribed; answers `report` with `times`, one list of
monotonic seconds for each camera. Standard library only: it runs in the environments of others.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.peers import child

POLL_S = 20
LIMIT = 100
RETRY_S = 1.0


class Address(NamedTuple):
    port: int
    user: str
    password: str


class Arrivals:
    """When notifications came, by camera. Appending to a list needs no lock."""

    def __init__(self, count: int) -> None:
        self.times: list[list[float]] = [[] for _ in range(count)]

    def note(self, camera: int, messages: int) -> None:
        self.times[camera] += [time.monotonic()] * messages


class Costs:
    """What the cameras after the first cost."""

    def __init__(self, count: int) -> None:
        self._count, self._done, self._first_cpu_s = count, 0, 0.0

    def one_more(self) -> None:
        self._done += 1
        if self._done == 1:
            self._first_cpu_s = time.process_time()

    def say(self) -> None:
        each_s = (time.process_time() - self._first_cpu_s) / max(1, self._count - 1)
        child.say(each_cpu_ms=each_s * 1000, done=time.monotonic())


def addresses() -> list[Address]:
    return [Address(*one) for one in json.loads(Path(sys.argv[1]).read_text())]


def answer(arrivals: Arrivals) -> None:
    """Obey the parent until it closes our stdin. Never returns to a loop that has work: call it in a thread."""
    while sys.stdin.readline():
        print(json.dumps({"times": arrivals.times}), flush=True)


Pull = Callable[[], int]


def run_threads(connect: Callable[[Address], Pull], failures: tuple[type[Exception], ...]) -> None:
    """For clients that block: a thread for each camera, as their examples do. `connect` gives what pulls once."""
    cameras = addresses()
    arrivals, costs = Arrivals(len(cameras)), Costs(len(cameras))
    for number, address in enumerate(cameras):
        pull = connect(address)
        costs.one_more()
        threading.Thread(target=_pull_on, args=(pull, number, arrivals, failures), daemon=True).start()
    costs.say()
    answer(arrivals)


def _pull_on(pull: Pull, number: int, arrivals: Arrivals, failures: tuple[type[Exception], ...]) -> None:
    while True:
        try:
            arrivals.note(number, pull())
        except failures:
            time.sleep(RETRY_S)
