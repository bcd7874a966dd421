"""What we set ourselves, and whether it was met. Pure."""

from __future__ import annotations

from typing import NamedTuple

from bench.results import Results
from bench.stats import Spread, ratios, spread


class Target(NamedTuple):
    """`peer`: a ratio of ours to this contender (its measure `peer_measure`, or the same); without: our own figure."""

    what: str
    work: str
    measure: str
    bound: float
    at_most: bool = False
    peer: str = ""
    peer_measure: str = ""

    @property
    def wanted(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:,g}{'×' if self.peer else ''}"


class Verdict(NamedTuple):
    """`found` is None when it was not measured. Met when the median meets it."""

    target: Target
    found: Spread | None

    @property
    def met(self) -> bool | None:
        if self.found is None:
            return None
        if self.target.at_most:
            return self.found.median <= self.target.bound
        return self.found.median >= self.target.bound


_RATE = "events/s"
TARGETS = (
    Target("single append, to sqlite3 FULL", "append", "one by one, events/s", 0.9, peer="sqlite3 FULL"),
    Target(
        "64 producers, to single commits of sqlite3 FULL",
        "append",
        "64 producers, events/s",
        30,
        peer="sqlite3 FULL",
        peer_measure="one by one, events/s",
    ),
    Target("single append, to sqlite3 FULL, slow disk", "slow-disk", "one by one, events/s", 0.9, peer="sqlite3 FULL"),
    Target(
        "64 producers, to single commits of sqlite3 FULL, slow disk",
        "slow-disk",
        "64 producers, events/s",
        30,
        peer="sqlite3 FULL",
        peer_measure="one by one, events/s",
    ),
    Target("drain, to ThingsBoard gateway as shipped", "drain", _RATE, 8, peer="ThingsBoard gateway, as shipped"),
    Target("drain, to ThingsBoard gateway, 1000 a read", "drain", _RATE, 8, peer="ThingsBoard gateway, 1000 a read"),
    Target("drain, to paho-mqtt", "drain", _RATE, 5, peer="paho-mqtt"),
    Target("drain, to paho-mqtt, window 200", "drain", _RATE, 5, peer="paho-mqtt, window 200"),
    Target("drain, to mosquitto bridge", "drain", _RATE, 1.5, peer="mosquitto bridge"),
    Target("drain, to mosquitto bridge, no Nagle", "drain", _RATE, 1.5, peer="mosquitto bridge, no Nagle"),
    Target("80 ms, to ThingsBoard gateway as shipped", "far", _RATE, 3, peer="ThingsBoard gateway, as shipped"),
    Target("80 ms, to ThingsBoard gateway, 1000 a read", "far", _RATE, 3, peer="ThingsBoard gateway, 1000 a read"),
    Target("end to end, events/s", "end-to-end", _RATE, 12_000),
    Target("live, box to hub, median, ms", "end-to-end", "live p50, ms", 15, at_most=True),
    Target("live, box to hub, 99 of 100, ms", "end-to-end", "live p99, ms", 100, at_most=True),
    Target("idle agent, MiB", "idle", "RSS, MiB", 40, at_most=True),
    Target("idle agent, % of a core", "idle", "CPU, % of a core", 0.3, at_most=True),
    Target("agent with 64 cameras, MiB", "cameras", "RSS, MiB", 60, at_most=True),
    Target("agent with 64 quiet cameras, % of a core", "cameras", "CPU, % of a core", 1, at_most=True),
    Target("set-up of a further camera, ms of CPU", "cameras", "set-up, ms CPU/camera", 30, at_most=True),
    Target("64 cameras from cold, s", "cameras", "64 from cold, s", 5, at_most=True),
    Target("alarm, camera to commit, median, ms", "cameras", "alarm p50, ms", 50, at_most=True),
    Target("alarm, camera to commit, 99 of 100, ms", "cameras", "alarm p99, ms", 500, at_most=True),
    Target("subscribed again after a camera's restart, s", "cameras", "subscribed again, s", 1.5, at_most=True),
    Target("live subscriptions after 20 kills", "cameras", "subscriptions after 20 kills", 1, at_most=True),
    Target("card or code to beep, 99 of 100, ms", "terminal", "card or code to beep p99, ms", 200, at_most=True),
    Target("ID card to beep, 99 of 100, ms", "terminal", "ID card to beep p99, ms", 200, at_most=True),
    Target(
        "terminal of six idle ports, % of a core", "terminal", "CPU of six idle ports, % of a core", 0.1, at_most=True
    ),
    Target("flash for a single append, KB", "flash", "KB/event, by the process", 10, at_most=True),
    Target("medium and severe faults of pictures, any alarm", "picture", "medium and severe: any alarm", 0.98),
    Target("of these the right kind", "picture", "medium and severe: right kind", 0.95),
    Target("of these the kind that is found least", "picture", "medium and severe: worst kind", 0.85),
    Target("mild faults of pictures, any alarm", "picture", "mild: any alarm", 0.85),
    Target("mild blur", "picture", "mild blur", 0.5),
    Target("false alarms of one picture", "picture", "false alarms, one picture", 0.01, at_most=True),
    Target("false alarms by two of three pictures", "picture", "false alarms, two of three", 0.001, at_most=True),
    Target("alarms in a street video", "picture", "alarms in the street video", 0, at_most=True),
    Target("check to grey quarter decode", "picture", "check by grey quarter decode, 1080p", 2.5, at_most=True),
    Target("baseline of a camera, KiB", "picture", "state, KiB", 64, at_most=True),
    Target("a month on a SIM card without pictures, MB", "month", "MB a month without pictures", 10, at_most=True),
    *(
        Target(f"storm day, cases per cause, {order}", "storm", f"cases per cause, {order}", 1.2, at_most=True)
        for order in ("in order", "backlog", "any")
    ),
    Target("storm day, different results over all orders", "storm", "different results", 1, at_most=True),
    Target("console, slowest first paint of a page, ms", "console", "slowest first paint, ms", 600, at_most=True),
    Target("console, largest page, KB", "console", "largest page, KB", 200, at_most=True),
    Target("console, recolour of the county's map, ms", "console", "recolour of the map, ms", 200, at_most=True),
    *(
        Target(f"200 at {what}, % of a core", "console", f"200 at {what}, % of a core", 25, at_most=True)
        for what in ("the events", "all pages")
    ),
    *(
        Target(f"{what}: s an update", "console", f"{what}: s an update, the busiest watcher", 0.95)
        for what in ("the events", "all pages")
    ),
    Target("slowest list among 200,000 cases, ms", "cases", "slowest list of either, ms", 50, at_most=True),
    Target("storm day, µs of the hub an event, any order", "storm", "µs/event, any", 20, at_most=True),
    *(
        Target(
            f"storm day through the store, cases per cause, {database}, {order}",
            "storm-cases",
            f"{database}: cases per cause, {order}",
            1.2,
            at_most=True,
        )
        for database in ("SQLite", "PostgreSQL")
        for order in ("in order", "any")
    ),
    *(
        Target(
            f"storm day, ingest with cases to ingest alone, {database}",
            "storm-cases",
            f"{database}: share of the inbox's rate, in order",
            0.5,
        )
        for database in ("SQLite", "PostgreSQL")
    ),
)


def judge(target: Target, results: Results) -> Verdict:
    """The verdict by the median; not measured when a side is missing or the rounds do not match."""
    ours = results.get(target.work, target.measure)
    if target.peer:
        peer = results.get(target.work, target.peer_measure or target.measure, target.peer)
        ours = ratios(ours, peer) if len(ours) == len(peer) else []
    return Verdict(target, spread(ours) if ours else None)
