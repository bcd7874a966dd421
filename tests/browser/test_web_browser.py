"""The console in a real browser: it lives, it survives a restart of the hub, and it fits a wall and a phone."""

import contextlib

import pytest

from countyhub.web.texts.table import text
from gridwire.events import Alarm, Checkin
from tests.browser.county import console, county
from tests.browser.driver import BROKEN, expect, live, needs_browser, overflow
from tests.browser.scenes import VILLAGES, scene, usual_afternoon

pytestmark = [pytest.mark.slow, needs_browser]
BOX = VILLAGES[0][0]
FIRST = "#event-list .event:first-child"


@pytest.fixture
async def hub(tmp_path):
    async with county(tmp_path) as place:
        await usual_afternoon(place)
        yield place


async def test_events_boxes_and_pictures_appear_without_reload(hub, browser):
    async with console(hub.store) as url:
        page = await browser.person(url + "/events?lang=zh")
        await live(page)
        count = page.locator("#summary .tile:nth-child(3) .value")
        before = int(await count.inner_text())
        alarm = await hub.event(BOX, Alarm(kind="fire", state="start", severity="critical"), device="cam-1")
        await expect(page.locator(f"{FIRST} strong").first).to_have_text("火情")
        await expect(count).to_have_text(str(before + 1))
        path = await hub.picture_of(alarm, BOX, scene(2))
        thumb = page.locator("#event-list .event a.thumb").first
        await expect(thumb).to_have_attribute("href", f"/look?object={path[1:]}")
        await hub.change_box(BOX, status="lost")
        await expect(page.locator(f"#b{BOX}.link-lost")).to_be_visible()
        assert (await page.locator("#box-list li").first.get_attribute("data-rank"))[0] == "0"
        assert browser.problems == []
        assert browser.strangers(url) == []


async def test_a_restart_of_the_hub_is_shown_and_nothing_is_missed(hub, browser):
    async with contextlib.AsyncExitStack() as first:
        url = await first.enter_async_context(console(hub.store))
        page = await browser.person(url + "/events?lang=zh")
        await live(page)
        rows = page.locator("#event-list .event")
        before = await rows.evaluate_all("all => all.map(each => each.id)")
        await first.aclose()
        await expect(page.locator("#live")).to_have_class(BROKEN)
        await expect(page.locator("#live")).to_have_text(text("live.broken", "zh"))
    await hub.event(BOX, Alarm(kind="smoke", state="pulse", source="while it was away"))
    async with console(hub.store, port=int(url.rpartition(":")[2])):
        await live(page)
        await expect(page.locator("#event-list .details").first).to_contain_text("while it was away")
        after = await rows.evaluate_all("all => all.map(each => each.id)")
        assert after[1:] == before, "nothing twice, nothing lost"


async def test_hostile_names_stay_text(hub, browser):
    name = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    async with console(hub.store) as url:
        page = await browser.person(url + "/events?lang=en")
        await live(page)
        await hub.box("431126999999", name)
        await hub.device("431126999999", "cam-1", name, state="down", detail=name)
        alarm = await hub.event("431126999999", Alarm(kind="other", state="pulse", source=name), device="cam-1")
        await hub.picture_of(alarm, "431126999999", scene(1))
        await expect(page.locator("#event-list .place").first).to_contain_text("<img")
        await expect(page.locator(f"{FIRST} a.thumb")).to_be_visible()
        assert "owned" not in await page.title()
        assert browser.problems == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [390, 768, 1440])
async def test_nothing_is_wider_than_the_screen(hub, browser, width, language):
    async with console(hub.store) as url:
        page = await browser.person(f"{url}/events?lang={language}", width=width)
        await live(page)
        assert await overflow(page) <= 0
        wide = await page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.className)"
        )
        assert wide == []


async def test_text_can_be_read_by_day_and_by_night(hub, browser):
    async with console(hub.store) as url:
        for dark in (False, True):
            page = await browser.person(url + "/events", dark=dark)
            assert await page.evaluate(CONTRAST) == []


async def test_the_filter_keeps_the_stream_to_what_is_wanted(hub, browser):
    async with console(hub.store) as url:
        page = await browser.person(f"{url}/events?lang=en&type=alarm&box={BOX}")
        await live(page)
        await hub.event(BOX, Checkin(method="card", person="", key="", name="nobody"))
        await hub.event(BOX, Alarm(kind="fire", state="pulse"))
        await expect(page.locator(f"{FIRST} strong").first).to_have_text("fire")
        await expect(page.locator("#event-list")).not_to_contain_text("nobody")


# Text smaller than 24 px needs 4.5:1 (WCAG 2.1, 1.4.3); colours with transparency lie on the page's own.
CONTRAST = """
() => {
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
}
"""
