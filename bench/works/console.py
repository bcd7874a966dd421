"""Work p: the console on a full-scale county: what a page takes in a browser, and what two hundred who watch cost."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import shutil
import statistics
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench import consolecounty
from bench.consolecounty import Sight
from bench.countyevents import speaking
from bench.environment import OURS
from bench.plan import Plan
from bench.processes import Child
from bench.results import OURS as WE
from bench.senders import QUIET
from simulators.county.build import COUNTY
from tests.browser.driver import MISSING, Chromium, Page, chromium, live
from tests.hubs import HubProcess
from tests.logins import COOKIES
from tests.mosquitto import Mosquitto
from tests.ports import free_port

NAME = "console"
CASES, CHECKINS = 200_000, 350_000
WATCHERS, EVENTS_A_SECOND = 200, 10
CASE = "/cases/{}"
"""The page of one case; everybody looks at another one."""
LOADS = 5
"""Each page is opened so often, every time with an empty cache; the median counts."""
RECOLOURS = ("cameras", "links", "lights")
LIVE = {"/events": 50, "/": 50, "/map": 30, "/cameras": 15, "/boxes": 15, "/cases": 25, CASE: 15}
"""How many of two hundred watch which page when all are watched."""
USERS = 100
"""Of each sort; a user may watch from two places."""
_PATIENCE_S = 90.0
_STREAM = re.compile(r'data-stream="([^"]+)"')


class Desk(NamedTuple):
    """A running hub, and what stands in its database."""

    hub: HubProcess
    broker: int
    port: int
    sight: Sight

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def run(plan: Plan) -> None:
    if MISSING:
        print(f"  {MISSING}")
        return
    folder = plan.folder / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    sight = asyncio.run(consolecounty.fill(folder, plan.events(CASES), plan.events(CHECKINS), USERS))
    print(f"  filled in {time.monotonic() - began:.0f} s")
    with _desk(folder, sight) as desk:
        asyncio.run(measure(plan, desk))


@contextmanager
def _desk(folder: Path, sight: Sight) -> Iterator[Desk]:
    port = free_port()
    with Mosquitto(folder / "broker", extra=QUIET) as broker:
        hub = HubProcess(folder, broker.port)
        hub.config.write_text(
            f'county = "{COUNTY}"\ndata_dir = "{folder}"\nname = "澄禾县"\n'
            f"[broker]\nport = {broker.port}\n[web]\nport = {port}\n"
        )
        with hub:
            _until(lambda: "subscribed: " in hub.log and f":{port}/" in hub.log, hub)
            yield Desk(hub, broker.port, port, sight)


def _until(stands: Any, hub: HubProcess) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not stands():
        if time.monotonic() > until:
            raise RuntimeError(f"the hub does not stand:\n{hub.log[-3000:]}")
        time.sleep(0.1)


async def measure(plan: Plan, desk: Desk) -> None:
    print(f"  load {os.getloadavg()[0]:.1f}")
    await _pages(plan, desk)
    print(f"  load {os.getloadavg()[0]:.1f}")
    await _watched(plan, desk)
    print(f"  load {os.getloadavg()[0]:.1f}")


# What one who opens a page waits for.


def pages(case: str) -> dict[str, str]:
    """The pages that are opened, by their addresses."""
    return {
        "lights": "/", "cases": "/cases", "a case": f"/cases/{case}", "map": "/map", "cameras": "/cameras",
        "boxes": "/boxes", "events": "/events",
    }  # fmt: skip


async def _pages(plan: Plan, desk: Desk) -> None:
    COOKIES[f"127.0.0.1:{desk.port}"] = desk.sight.cookies["all0"]
    async with chromium() as browser:
        page = await browser.person(desk.url)
        slowest, largest = 0.0, 0.0
        for name, path in pages(desk.sight.case).items():
            found = [await _opened(page, desk.url + path) for _ in range(2 if plan.quick else LOADS)]
            paint_ms, sent_kb = (statistics.median(column) for column in zip(*found, strict=True))
            slowest, largest = max(slowest, paint_ms), max(largest, sent_kb)
            plan.results.add(NAME, f"{name}: first paint, ms", WE, paint_ms)
            plan.results.add(NAME, f"{name}: KB", WE, sent_kb)
            worst = max(paint for paint, _ in found)
            print(f"  {name}: {paint_ms:.0f} ms (at most {worst:.0f}), {sent_kb:.1f} KB")
        plan.results.add(NAME, "slowest first paint, ms", WE, slowest)
        plan.results.add(NAME, "largest page, KB", WE, largest)
        await _recoloured(plan, desk, browser)


async def _opened(page: Page, url: str) -> tuple[float, float]:
    """First contentful paint in ms since the click, and all bytes that came for it, compressed as they were sent."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.clearBrowserCache")
    await session.detach()
    await page.goto("about:blank")
    await page.goto(url)
    await page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length == 1")
    paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    sent = await page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".reduce((sum, each) => sum + each.transferSize, 0)"
    )
    return float(paint), float(sent) / 1000


async def _recoloured(plan: Plan, desk: Desk, browser: Chromium) -> None:
    """From the click on another colouring to the frame after which all shapes have it."""
    page = await browser.person(f"{desk.url}/map")
    await live(page)
    took = [float(await page.evaluate(_RECOLOUR % {"by": by})) for by in RECOLOURS * (1 if plan.quick else 3)]
    plan.results.add(NAME, "recolour of the map, ms", WE, statistics.median(took))
    print(f"  recolour: {statistics.median(took):.0f} ms (at most {max(took):.0f})")


_RECOLOUR = """new Promise((done) => {
  const link = document.querySelector('nav.tabs a[data-by=%(by)s]');
  const told = () => {
    if (document.getElementById('map-state').dataset.by != '%(by)s') return;
    document.removeEventListener('parts', told);
    requestAnimationFrame(() => setTimeout(() => done(performance.measure('recolour', 'click').duration)));
  };
  document.addEventListener('parts', told);
  performance.mark('click');
  link.click();
})"""


# What those who watch cost.


async def _watched(plan: Plan, desk: Desk) -> None:
    """The hub with nobody at the console, with all at the events, with all over all pages."""
    seconds = plan.seconds(20, 8)
    async with speaking(desk.broker, desk.sight.cameras, EVENTS_A_SECOND):
        await asyncio.sleep(plan.seconds(10, 5))  # what a start costs is over by then
        alone = await _used(desk.hub.pid, seconds)
        plan.results.add(NAME, "hub with nobody at the console, % of a core", WE, alone)
        print(f"  nobody: {alone:.1f} % of a core")
        for what, live in {"the events": {"/events": WATCHERS}, "all pages": LIVE}.items():
            await _crowd(plan, desk, what, live, alone, seconds)


def _streams(desk: Desk, live: dict[str, int]) -> list[dict[str, str]]:
    """Where the pages themselves say that their updates come from, as a browser has it. Every third in English. One in
    four of those who may sees his township alone; the others see the county, and every one another case."""
    paths = [page for page, count in live.items() for _ in range(count)]
    cases = [
        row[0] for row in desk.hub.rows(f"SELECT number FROM cases WHERE open ORDER BY arrived DESC LIMIT {USERS}")
    ]
    found = []
    for number, page in enumerate(paths):
        some = number % 4 == 0 and page not in ("/events", CASE)
        cookie = desk.sight.cookies[f"{'some' if some else 'all'}{number % USERS}"]
        where = f"{page.format(cases[number % USERS])}?lang={'en' if number % 3 == 0 else 'zh'}"
        request = urllib.request.Request(desk.url + where, headers={"cookie": cookie})  # our own hub
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            stream = _STREAM.search(answer.read().decode())
        if stream is None:
            raise RuntimeError(f"{where} is not live")
        found.append({"path": html.unescape(stream[1]), "cookie": cookie})
    return found


async def _crowd(plan: Plan, desk: Desk, what: str, live: dict[str, int], alone: float, seconds: float) -> None:
    streams = await asyncio.to_thread(_streams, desk, live)
    crowd = Child(OURS, "bench.watchers", desk.port, log=desk.hub.folder / "watchers.log")
    try:
        crowd.say(json.dumps(streams))
        await asyncio.to_thread(crowd.hear, _PATIENCE_S)
        await asyncio.sleep(3)
        last = desk.hub.rows("SELECT max(id) FROM event")[0][0]
        used = await _used(desk.hub.pid, seconds) - alone
        through = desk.hub.rows("SELECT max(id) FROM event")[0][0]
        await asyncio.sleep(4)
        crowd.say("end")
        told: Any = (await asyncio.to_thread(crowd.hear, _PATIENCE_S))["told"]
    finally:
        crowd.stop()
    _judge(told, range(last + 1, through + 1))
    plan.results.add(NAME, f"{WATCHERS} at {what}, % of a core", WE, used)
    updates = sum(each["updates"] for each in told)
    print(f"  {len(told)} at {what}: {used:.1f} % of a core more, {updates} updates, {through - last} events")
    least_s = min(each["least_s"] for each in told)
    plan.results.add(NAME, f"{what}: least s between two updates", WE, least_s)
    mean_s = min(each["mean_s"] for each in told)
    plan.results.add(NAME, f"{what}: s an update, the busiest watcher", WE, mean_s)
    print(f"  {what}: {mean_s:.2f} s an update at the busiest watcher, two as they arrived {least_s:.2f} s apart")


def _judge(told: Sequence[dict[str, Any]], expected: Sequence[int]) -> None:
    """Raises when somebody was thrown out, or did not see all, or saw a thing twice."""
    for each in told:
        if each["ended"]:
            raise RuntimeError(f"{each['path']}: {each['ended']}")
        if not each["updates"]:
            raise RuntimeError(f"{each['path']} was told nothing")
        if not each["path"].startswith("/live?"):
            continue  # told what is, not what came
        if len(set(each["ids"])) != len(each["ids"]) or not set(expected) <= set(each["ids"]):
            missing = sorted(set(expected) - set(each["ids"]))
            raise RuntimeError(f"{each['path']} did not see each event once: {missing[:9]} of {len(expected)}")


async def _used(pid: int, seconds: float) -> float:
    """Time on a processor of all its threads, in percent of a core."""
    before, began = _cpu_s(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (_cpu_s(pid) - before) / (time.monotonic() - began) * 100


def _cpu_s(pid: int) -> float:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
