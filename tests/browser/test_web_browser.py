"""The console in a real browser: it lives, it survives a restart of the hub, and it fits a wall and a phone."""

import contextlib
import tempfile
from pathlib import Path

import pytest

from countyhub.web.texts import text
from gridwire.events import Alarm, Checkin
from tests.browser.chromium import APT, PATH, chromium
from tests.browser.county import console, county
from tests.browser.scenes import VILLAGES, scene, usual_afternoon

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PATH is None, reason=f"no chromium: {APT}")]
BOX = VILLAGES[0][0]
FIRST = "document.querySelector('#event-list .event strong').textContent"
LIVE = "document.getElementById('live').className"


@pytest.fixture
async def hub(tmp_path):
    async with county(tmp_path) as place:
        await usual_afternoon(place)
        yield place


@pytest.fixture
async def page():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with chromium(Path(profile)) as tab:
            yield tab


async def test_events_boxes_and_pictures_appear_without_reload(hub, page):
    async with console(hub.store) as url:
        await page.open(url + "/events?lang=zh")
        await page.until(f"{LIVE} == 'live on'")
        before = int(await page.value("document.querySelector('#summary .tile:nth-child(3) .value').textContent"))
        alarm = await hub.event(BOX, Alarm(kind="fire", state="start", severity="critical"), device="cam-1")
        await page.until(f"{FIRST} == '火情'")
        await page.until(f"document.querySelector('#summary .tile:nth-child(3) .value').textContent == {before + 1}")
        path = await hub.picture_of(alarm, BOX, scene(2))
        thumb = "document.querySelector('#event-list .event a.thumb')"
        await page.until(f"{thumb}?.getAttribute('href') == '/look?object={path[1:]}'")
        await hub.change_box(BOX, status="lost")
        await page.until(f"document.querySelector('#b{BOX}').classList.contains('link-lost')")
        assert await page.value("document.querySelector('#box-list li').dataset.rank[0]") == "0"
        assert page.problems == []
        assert [request for request in page.requests if not request.startswith((url, "about:"))] == []


async def test_a_restart_of_the_hub_is_shown_and_nothing_is_missed(hub, page):
    async with contextlib.AsyncExitStack() as first:
        url = await first.enter_async_context(console(hub.store))
        await page.open(url + "/events?lang=zh")
        await page.until(f"{LIVE} == 'live on'")
        await first.aclose()
        await page.until(f"{LIVE} == 'live broken'")
        assert await page.value("document.getElementById('live').innerText") == text("live.broken", "zh")
    await hub.event(BOX, Alarm(kind="smoke", state="pulse", source="while it was away"))
    async with console(hub.store, port=int(url.rpartition(":")[2])):
        await page.until(f"{LIVE} == 'live on'")
        await page.until("document.querySelector('#event-list .details').textContent == 'while it was away'")
        ids = await page.value("[...document.querySelectorAll('.event')].map(e => e.id)")
        assert len(ids) == len(set(ids))


async def test_hostile_names_stay_text(hub, page):
    name = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    async with console(hub.store) as url:
        await page.open(url + "/events?lang=en")
        await page.until(f"{LIVE} == 'live on'")
        await hub.box("431126999999", name)
        await hub.device("431126999999", "cam-1", name, state="down", detail=name)
        alarm = await hub.event("431126999999", Alarm(kind="other", state="pulse", source=name), device="cam-1")
        await hub.picture_of(alarm, "431126999999", scene(1))
        await page.until("document.querySelector('#event-list .place').textContent.startsWith('<img')")
        await page.until("document.querySelector('#event-list .event:first-child a.thumb') !== null")
        assert "owned" not in await page.value("document.title")
        assert page.problems == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [390, 768, 1440])
async def test_nothing_is_wider_than_the_screen(hub, page, width, language):
    async with console(hub.store) as url:
        await page.open(f"{url}/events?lang={language}", width=width)
        await page.until(f"{LIVE} == 'live on'")
        assert await page.value("document.documentElement.scrollWidth") <= width
        wide = await page.value(
            "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.className)"
        )
        assert wide == []


async def test_text_can_be_read_by_day_and_by_night(hub, page):
    async with console(hub.store) as url:
        for dark in (False, True):
            await page.open(url + "/events", dark=dark)
            assert await page.value(CONTRAST) == []


async def test_the_filter_keeps_the_stream_to_what_is_wanted(hub, page):
    async with console(hub.store) as url:
        await page.open(f"{url}/events?lang=en&type=alarm&box={BOX}")
        await page.until(f"{LIVE} == 'live on'")
        await hub.event(BOX, Checkin(method="card", person="", key="", name="nobody"))
        await hub.event(BOX, Alarm(kind="fire", state="pulse"))
        await page.until(f"{FIRST} == 'fire'")
        assert "nobody" not in await page.value("document.getElementById('event-list').textContent")


# Text smaller than 24 px needs 4.5:1 (WCAG 2.1, 1.4.3); colours with transparency lie on the page's own.
CONTRAST = """
(() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = c.map((v) => linear(v / 255)); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest(".drill, svg, .number, noscript, option, .event.fresh, .changed") || !e.checkVisibility()) continue;
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) bad.push([e.className, e.textContent.slice(0, 20), (a + .05) / (b + .05)]);
  }
  return bad;
})()
"""
