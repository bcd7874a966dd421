"""Work h: 64 simulated cameras, subscribed: what that costs, how soon an alarm is known, what a crash leaves behind.

Ours is `edgeagent run`, connected to broker and hub. The peers are libraries: each is a small program that does what
its documentation shows, and no more than that.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from bench.cameras import Farm, farm
from bench.county import county
from bench.onvif_clients import Agent, Client, OnvifPython, OnvifZeep, OnvifZeepAsync
from bench.plan import Plan
from bench.processes import cpu_s, rss_mib
from bench.stats import percentile

NAME = "cameras"
CAMERAS = 64
SLOTS = 5
KILLS = 20
KILLED_CAMERAS = 8
KILLED_SLOTS = 32
_SETTLE_S = 5.0
_ALARMS = 256
_ALARM_PAUSE_S = 0.05
_REBOOTED = 5
_DOWN_S = 3.0
_BACK_PATIENCE_S = 45.0


CLIENTS: tuple[type[Client], ...] = (Agent, OnvifZeepAsync, OnvifPython, OnvifZeep)


def run(plan: Plan) -> None:
    for _ in range(plan.repeats(1)):
        for client in CLIENTS:
            folder = plan.folder / NAME / client.name
            shutil.rmtree(folder, ignore_errors=True)
            with _hub_for(client, folder / "county"):
                _one(plan, client, folder)
                _kills(plan, client, folder / "kills")


@contextlib.contextmanager
def _hub_for(client: type[Client], folder: Path) -> Iterator[None]:
    if client is not Agent:
        yield
        return
    with county(folder) as found:
        Agent.port = found.broker.port
        yield


def _one(plan: Plan, kind: type[Client], folder: Path) -> None:
    with farm(CAMERAS, SLOTS, folder) as found:
        first_ms = _first_camera_ms(kind, folder / "first", found) if kind is Agent else 0.0
        with _started(kind(folder / "all", found, CAMERAS)) as client:
            cold = client.ready()
            each_ms = cold.each_cpu_ms
            if kind is Agent:
                each_ms = (each_ms * CAMERAS - first_ms) / (CAMERAS - 1)
            _add(plan, kind, "set-up, ms CPU/camera", each_ms)
            _add(plan, kind, "64 subscribed, s", cold.subscribed_s)
            _add(plan, kind, "64 from cold, s", cold.done_s)
            time.sleep(_SETTLE_S)
            _idle(plan, client)
            _alarms(plan, client)
            _reboots(plan, client)


def _first_camera_ms(kind: type[Client], folder: Path, found: Farm) -> float:
    """What the agent costs with one camera only."""
    with _started(kind(folder, found, 1)) as client:
        return client.ready().each_cpu_ms


@contextlib.contextmanager
def _started(client: Client) -> Iterator[Client]:
    client.start()
    try:
        yield client
    finally:
        client.stop()


def _idle(plan: Plan, client: Client) -> None:
    before, began = cpu_s(client.process.pid), time.monotonic()
    time.sleep(plan.seconds(60, 24))
    used = (cpu_s(client.process.pid) - before) / (time.monotonic() - began) * 100
    _add(plan, type(client), "RSS, MiB", rss_mib(client.process.pid))
    _add(plan, type(client), "CPU, % of a core", used)


def _alarms(plan: Plan, client: Client) -> None:
    """Motion begins and ends at one camera after the other; from the camera's moment to the first that is known."""
    client.arrivals()
    raised = []
    for number in range(_ALARMS):
        camera = number % CAMERAS
        raised.append((camera, client.farm.alarm(camera, active=number // CAMERAS % 2 == 0)))
        time.sleep(_ALARM_PAUSE_S)
    time.sleep(2.0)
    times = client.arrivals()
    late = [next((known - at for known in times[camera] if known >= at), None) for camera, at in raised]
    late_ms = [each * 1000 for each in late if each is not None]
    if len(late_ms) < len(raised):
        print(f"  {client.name}: {len(raised) - len(late_ms)} of {len(raised)} alarms never came")
    for percent in (50, 99):
        _add(plan, type(client), f"alarm p{percent}, ms", percentile(late_ms, percent))


def _reboots(plan: Plan, client: Client) -> None:
    """Five cameras restart; the slowest counts: from its being back to its being subscribed."""
    for number in range(_REBOOTED):
        client.farm.reboot(number, _DOWN_S)
    back: dict[int, float] = {}
    subscribed: dict[int, float] = {}
    went: set[int] = set()
    until = time.monotonic() + _DOWN_S + _BACK_PATIENCE_S
    while len(subscribed) < _REBOOTED and time.monotonic() < until:
        now = time.monotonic()
        for number, camera in enumerate(client.farm.look()[:_REBOOTED]):
            if camera["down"]:
                went.add(number)
            elif number in went:
                back.setdefault(number, now)
                if camera["subscriptions"]:
                    subscribed.setdefault(number, now)
        time.sleep(0.01)
    if len(subscribed) == _REBOOTED:
        _add(plan, type(client), "subscribed again, s", max(subscribed[each] - back[each] for each in back))
    else:
        lost = _REBOOTED - len(subscribed)
        print(f"  {client.name}: {lost} of {_REBOOTED} not subscribed after {_BACK_PATIENCE_S:g} s")


def _kills(plan: Plan, kind: type[Client], folder: Path) -> None:
    """Killed again and again, as soon as it is subscribed; then it runs, and the cameras' slots are counted."""
    kills = 5 if plan.quick else KILLS
    with farm(KILLED_CAMERAS, KILLED_SLOTS, folder) as found:
        client = kind(folder / "box", found, KILLED_CAMERAS)
        for _ in range(kills):
            client.start()
            client.ready()
            client.kill()
        with _started(client):
            client.ready()
            time.sleep(1.0)
            _add(plan, kind, f"subscriptions after {kills} kills", max(found.subscriptions()))


def _add(plan: Plan, kind: type[Client], measure: str, value: float) -> None:
    plan.results.add(NAME, measure, kind.name, value)
    print(f"  {kind.name}: {measure} {value:.4g}", flush=True)
