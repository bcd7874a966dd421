"""Work g: what a village costs on a SIM card. Each piece is measured as TLS bytes on a counting link, then multiplied.

A real agent with twelve simulated cameras and a terminal, its defaults for keepalive and health, mosquitto with TLS,
and the hub. The picture is a simulated camera's snapshot, fetched over HTTP.
"""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.alarm import CAMERAS
from bench.county import County, agent_config, county
from bench.environment import OURS
from bench.month import HEADER_BYTES, Pieces, month, total_mb
from bench.plan import Plan
from bench.processes import Child, child
from bench.results import OURS as WE
from simulators.terminal.snippet import snippet
from simulators.terminal.terminal import KINDS

NAME = "month"
_SETTLE_S = 3.0
_PING_S = 10
"""The shortest keepalive, to see pings within seconds; a ping has the same bytes at 240 s."""


class Meter:
    """Reads the counting link: bytes both ways, and packets as far as chunks tell."""

    def __init__(self, link: Child) -> None:
        self._link = link
        self.port = int(link.hear()["port"])
        self._last = 0.0
        self._last_chunks = 0.0

    def since(self, *, cut: bool = False) -> tuple[float, float]:
        """Bytes and chunks since the last call."""
        self._link.say("cut" if cut else "count")
        found = self._link.hear()
        total, chunks = found["up"] + found["down"], found["chunks_up"] + found["chunks_down"]
        passed = total - self._last, chunks - self._last_chunks
        self._last, self._last_chunks = total, chunks
        return passed


def run(plan: Plan) -> None:
    folder = plan.folder / NAME
    shutil.rmtree(folder, ignore_errors=True)
    with county(folder, tls=True) as found:
        ping = _ping(folder / "ping", found)
        pieces, chunks = _village(folder / "village", found, ping, plan.events(100 * 2) // 2)
    for name, value in pieces._asdict().items():
        plan.results.add(NAME, f"{name}, bytes", WE, value)
    for name, value in chunks._asdict().items():
        plan.results.add(NAME, f"{name}, TCP segments", WE, value)
    for pictures, title in ((False, "without pictures"), (True, "with 20 pictures a day")):
        mb = total_mb(month(pieces, pictures=pictures))
        headers = total_mb(month(Pieces(*(2 * count * HEADER_BYTES for count in chunks)), pictures=pictures))
        plan.results.add(NAME, f"MB a month {title}", WE, mb)
        plan.results.add(NAME, f"MB a month {title}, TCP/IP headers on top", WE, headers)
        print(f"  {title}: {mb:.2f} MB, headers {headers:.2f} MB")


def _ping(folder: Path, found: County) -> tuple[float, float]:
    """An agent with nothing to say but pings."""
    with child(OURS, "bench.delay", found.broker.port, 0, log=folder / "link.log") as link:
        meter = Meter(link)
        config = agent_config(folder, meter.port, ca=found.ca, hub=f"keepalive_s = {_PING_S}\nhealth_every_s = 3600")
        with child(OURS, "bench.peers.agent", config, log=folder / "agent.log") as agent:
            agent.hear()
            agent.say("drain")
            agent.hear()
            time.sleep(6)  # a first health message comes 5 s after the start
            meter.since()
            time.sleep(2.6 * _PING_S)
            passed, chunks = meter.since()
    pings = round(chunks / 2)
    return (passed / pings, chunks / pings) if pings else (0.0, 0.0)


def _village(folder: Path, found: County, ping: tuple[float, float], events: int) -> tuple[Pieces, Pieces]:
    folder.mkdir(parents=True)
    with devices(folder) as (tables, snapshot):
        jpeg = folder / "picture.jpg"
        jpeg.write_bytes(snapshot)
        with child(OURS, "bench.delay", found.broker.port, 0, log=folder / "link.log") as link:
            meter = Meter(link)
            config = agent_config(folder, meter.port, ca=found.ca, more=tables)
            with child(OURS, "bench.peers.agent", config, log=folder / "agent.log") as agent:
                agent.hear()
                return _pieces(agent, meter, jpeg, ping, events)


def _pieces(agent: Child, meter: Meter, jpeg: Path, ping: tuple[float, float], events: int) -> tuple[Pieces, Pieces]:
    def ask(order: str) -> None:
        agent.say(order)
        agent.hear()
        time.sleep(_SETTLE_S)

    ask(f"quiet {CAMERAS + 1}")
    time.sleep(12)  # the birth is told again within 10 s, with what the cameras say of themselves
    meter.since(cut=True)
    time.sleep(5)
    ask("drain")
    connection = meter.since()
    ask(f"events {events} 0.05")
    event = meter.since()
    ask("health 10")
    health = meter.since()
    ask(f"pictures 10 {jpeg}")
    picture = meter.since()
    counted = ((connection, 1), (event, events), (health, 10), (ping, 1), (picture, 10))
    return tuple(Pieces(*(passed[which] / number for passed, number in counted)) for which in (0, 1))  # type: ignore[return-value]


@contextmanager
def devices(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Twelve simulated cameras and a terminal: their tables of the configuration, and a snapshot."""
    with ExitStack() as stack:
        farm = _simulator(stack, "camera", folder, "--count", CAMERAS)
        terminal = _simulator(stack, "terminal", folder, "--dir", folder / "ports")
        cameras = farm["cameras"]
        tables = [
            f'[device.cam-{number}]\ndriver = "onvif"\nname = "摄像机 {number}"\n'
            f'address = "127.0.0.1:{camera["port"]}"\n'
            f'username = "{camera["user"]}"\npassword = "{camera["password"]}"\n'
            for number, camera in enumerate(cameras, 1)
        ]
        yield "\n".join([*tables, _terminal(folder, terminal["ports"])]), _snapshot(cameras[0])


def _simulator(stack: ExitStack, name: str, folder: Path, *words: object) -> dict[str, Any]:
    simulator = Child(OURS, f"simulators.{name}", *words, "--json", log=folder / f"{name}.log")
    stack.callback(simulator.stop)
    return simulator.hear()


def _terminal(folder: Path, ports: dict[str, str]) -> str:
    key = folder / "village.key"
    key.write_text("v1:" + bytes(range(32)).hex())
    key.chmod(0o600)
    parts = [{"name": part, **KINDS[part], "port": port} for part, port in ports.items()]
    return snippet(parts, device="terminal-1", name="村站终端", key_file=str(key))


def _snapshot(camera: dict[str, Any]) -> bytes:
    """Over HTTP Digest, as the driver fetches it."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, camera["snapshot_uri"], camera["user"], camera["password"])
    opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
    with opener.open(camera["snapshot_uri"], timeout=10) as answer:
        jpeg: bytes = answer.read()
    return jpeg
