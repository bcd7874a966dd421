"""Work b: stored events to a real mosquitto and an acknowledging sink in another process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.environment import OURS
from bench.plan import Plan
from bench.processes import ChildFailed, child
from bench.results import OURS as WE
from bench.senders import QUIET, Bridge, Ours, Paho, Sender, ThingsBoard
from tests.mosquitto import Mosquitto

NAME = "drain"
EVENTS = 50_000
MAX_STOOD_STILL = 3
_STOOD_STILL = "runs that stood still"


class Contender(NamedTuple):
    """`near` and `far`: how many events, so that a run takes about ten seconds at most."""

    name: str
    make: Callable[[], Sender]
    near: int
    far: int


_BRIDGE = "max_queued_messages 1000000"
CONTENDERS = (
    Contender(WE, Ours, EVENTS, EVENTS),
    Contender("ThingsBoard gateway, as shipped", ThingsBoard, 5_000, 500),
    Contender("ThingsBoard gateway, 1000 a read", lambda: ThingsBoard(1000), EVENTS, 20_000),
    Contender("paho-mqtt", lambda: Paho(20), EVENTS, 1_500),
    Contender("paho-mqtt, window 200", lambda: Paho(200), EVENTS, 12_000),
    Contender("mosquitto bridge", lambda: Bridge(_BRIDGE), EVENTS, EVENTS),
    Contender("mosquitto bridge, no Nagle", lambda: Bridge(f"{_BRIDGE}\nset_tcp_nodelay true"), EVENTS, EVENTS),
)


def run(plan: Plan) -> None:
    for _ in range(plan.rounds):
        for contender in CONTENDERS:
            once(plan, NAME, contender, plan.events(contender.near))


def once(
    plan: Plan, work: str, contender: Contender, events: int, *, round_trip_ms: float = 0, sink: tuple[str, ...] = ()
) -> None:
    """One contender, one round. A peer of which not all events arrive is given another run, and that is told; one that
    never finishes has no rate in this round."""
    stood_still = 0
    while stood_still < MAX_STOOD_STILL:
        try:
            arrived, finished = _drained(plan.folder / work, contender.make(), events, round_trip_ms, sink)
            break
        except ChildFailed as error:
            if contender.name == WE:
                raise
            stood_still += 1
            print(f"  {contender.name}: stood still: {error}\n{_last_words(plan.folder / work)}")
    else:
        plan.results.add(work, _STOOD_STILL, contender.name, MAX_STOOD_STILL)
        return
    rate = events / (max(arrived["last"], finished.get("done", 0.0)) - arrived["first"])
    plan.results.add(work, "events/s", contender.name, rate)
    plan.results.add(work, "CPU µs/event", contender.name, finished["cpu_s"] * 1e6 / events)
    plan.results.add(work, "payload bytes/event", contender.name, arrived["bytes"] / events)
    plan.results.add(work, _STOOD_STILL, contender.name, stood_still)
    print(f"  {contender.name}: {rate:,.0f}/s ({events} events)")


def _drained(
    folder: Path, sender: Sender, events: int, round_trip_ms: float, sink: tuple[str, ...]
) -> tuple[dict[str, float], dict[str, float]]:
    """One run: fresh broker, fresh sink, fresh link. What the sink and what the sender say of it."""
    shutil.rmtree(folder, ignore_errors=True)
    broker = Mosquitto(folder / "county", extra=QUIET)
    with child(OURS, "bench.delay", broker.port, round_trip_ms, log=folder / "link.log") as link:
        port = int(link.hear()["port"]) if round_trip_ms else broker.port
        try:
            sender.prepare(folder, port, events)
            with broker, child(OURS, "bench.sink", broker.port, events, *sink, log=folder / "sink.log") as far_end:
                far_end.hear()
                sender.go()
                far_end.hear(timeout_s=60)
                sender.began()
                return far_end.hear(timeout_s=120), sender.finish()
        finally:
            sender.stop()


def _last_words(folder: Path) -> str:
    """What sink, sender and link wrote at the end of a run that failed, for whoever asks why."""
    logs = {name: folder / f"{name}.log" for name in ("sink", "sender", "link")}
    tails = {name: path.read_text(errors="replace")[-1000:].strip() for name, path in logs.items() if path.exists()}
    return "\n".join(f"    {name}: {tail}" for name, tail in tails.items() if tail)
