"""Every page of the console in a real browser: both languages, wide and on a phone, for every pair of eyes; and a case
from its report to its end, by clicks."""

import re
from pathlib import Path

import pytest

from countyhub.store import tables as t
from countyhub.store.mattertables import suppressed
from gridwire.events import Alarm, Checkin, Request
from simulators.county.build import COUNTY
from tests.browser.acts import does, form, opened
from tests.browser.county import console
from tests.browser.driver import expect, live, needs_browser, overflow
from tests.browser.living import living
from tests.browser.scenes import scene
from tests.browser.sweep import BOX, SWEEP
from tests.logins import cookie, user

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
pytestmark = [pytest.mark.slow, needs_browser]
AXE_RUN = """axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.map(
    (each) => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 160), each.nodes[0].failureSummary]))"""

FAULTS = """() => {
  const seen = (names) => [...document.querySelectorAll(names)].filter((each) => each.checkVisibility());
  const wide = seen("table, h1, h2, .card, .tile")
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1);
  const labels = seen("label > span, thead th, dt, .main-nav a, button, .tile-name").filter((each) =>
    each.textContent.trim().length > 1 && each.offsetWidth < 1.6 * parseFloat(getComputedStyle(each).fontSize));
  const foreign = seen("input[type=date], input[type=file]").filter((each) => getComputedStyle(each).opacity !== "0");
  const say = (what, found) => found.map((each) => `${what}: ${each.outerHTML.slice(0, 120)}`);
  return [...say("cut off", wide), ...say("letter above letter", labels), ...say("in the browser's words", foreign)];
}"""
"""Nothing may reach beyond the screen, not even in a box that scrolls: who has a phone does not look for it there."""

PHOTO = """
new Promise((done) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [4000, 3000];
  canvas.getContext("2d").fillRect(100, 100, 2000, 2000);
  canvas.toBlob((blob) => {
    const files = new DataTransfer();
    files.items.add(new File([blob], "photo.png", { type: "image/png" }));
    document.querySelector("[name=photos]").files = files.files;
    done(true);
  });
})
"""
"""A grid worker takes a picture, larger than what is sent."""


@pytest.fixture
async def here(tmp_path):
    async with living(tmp_path) as place:
        yield place


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: make browser")
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.timeout(600)
async def test_every_page_fits_is_quiet_stays_at_home_and_can_be_used_by_everybody(here, browser, language, width):
    there, whose, faults = await _something_everywhere(here), await _people(here), {}
    async with console(here.store, book=here.book, county=COUNTY, county_name="") as url:
        pages = {}
        for each in SWEEP:
            if each.who not in pages:
                given = {"width": width, "language": language, "cookie": whose[each.who] or "session=nobody"}
                pages[each.who] = await browser.person(url, **given)
            path = re.sub("CASE|PICTURE|LETTER", lambda found: there[found[0]], each.path)
            browser.problems.clear()
            answer = await pages[each.who].goto(url + path)
            found = [] if answer.status == each.status else [f"{answer.status}"]
            found += await _faults(pages[each.who])
            found += [said for said in browser.problems if each.status == 200 or f"{each.status}" not in said]
            if found:
                faults[each.who, path] = found
        for tried in range(7):
            await _log_in(pages[""], url, "clerk")
            if found := [] if 0 < tried < 6 else await _faults(pages[""]):
                faults["wrong password", tried] = found
        await expect(pages[""].locator("h1")).to_contain_text(here.book.registry.name(COUNTY, here.now()))
        assert browser.strangers(url) == []
    assert faults == {}


async def _log_in(page, url, name, password="wrong"):
    await page.goto(f"{url}/login")
    await page.locator("[name=name]").fill(name)
    await page.locator("[name=password]").fill(password)
    await page.locator("form.login button").click()
    await expect(page.locator(".wrong")).to_be_visible()


async def _faults(page):
    """Of the page that is open, in light and dark: what does not fit, what is in the browser's own words, and what
    axe-core finds."""
    await page.emulate_media(color_scheme="light")
    await expect(page.locator("main h1").first).to_be_visible()
    found = ["wider than the screen"] if await overflow(page) > 0 else []
    found += await page.evaluate(FAULTS)
    await page.evaluate(AXE.read_text("utf-8"))
    found += await page.evaluate(AXE_RUN)
    await page.emulate_media(color_scheme="dark")
    return found + [("dark", *each) for each in await page.evaluate(AXE_RUN)]


async def _people(here):
    """User of the sweep -> the cookie of a session."""
    worker = here.person("grid_worker", here.grids[0])
    made = {
        "county": await here.login("county"),
        "worker": await user(here.store, "worker", ("grid_worker",), person=worker),
        "auditor": await user(here.store, "auditor", ("auditor",), area=COUNTY),
        "new": await user(here.store, "new", ("inspector",), area=COUNTY, must_change=True),
        "left": await user(here.store, "left", ("village_clerk",), person="P-gone"),
    }
    return {"": "", **{name: await cookie(here.store, who) for name, who in made.items()}}


async def _something_everywhere(here):
    """A case, a picture and a letter to be looked at, and rows on the pages that would be empty."""
    now = here.now()
    number = await here.open(here.grids[0], urgent=True, key="sos/1", title="求助")
    await here.note(number, here.person("grid_worker", here.grids[0]), "已到现场，等待材料。" * 20)
    alarm = await here.event(BOX, Alarm(kind="smoke", state="start", severity="critical"), device="cam-1")
    picture = await here.picture_of(alarm, BOX, scene(1))
    done = {"method": "card", "person": "a" * 64, "key": "k1", "masked": "******4417", "verified": True}
    await here.event(BOX, Checkin(**done, slot="morning", point="村部"), device="terminal-1")
    await here.event(
        BOX, Request(item="0101", mode="report", receipt="R-1", text="电话13812345678"), device="terminal-1"
    )
    for uid in ("fair-2026@example.org", "works-of-the-road-and-the-bridge-at-the-river-20261122T080000Z@example.org"):
        await here.insert(suppressed, day=here.book.registry.day(now), reason=f"window/{uid}", count=66)
    letter = {"topic": f"grid/1/{COUNTY}/{BOX}/up/event", "payload": b"{", "size": 1, "code": "wire.not-json"}
    said = {"text_zh": "wire.not-json: 不是有效的 JSON", "text_en": "wire.not-json: is not JSON", "digest": b"0" * 16}
    await here.insert(t.dead_letter, id=1, box=BOX, received=now, last_received=now, count=1, **letter, **said)
    return {"CASE": number, "PICTURE": picture.removeprefix("/"), "LETTER": "1"}


async def test_a_case_from_its_report_on_a_phone_to_its_end_by_clicks(here, browser):
    """A grid worker reports it on the phone, passes it up; the village handles it, feeds back and closes it."""
    grid = here.grids[0]
    worker, clerk = await here.login("grid_worker", grid), await here.login("village_clerk", grid[:12])
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        page = await browser.person(url + "/report", width=390, height=844)
        assert await page.locator("[name=place] option").count() == 1
        await page.locator("[name=title]").fill("路灯不亮")
        await page.locator("[name=text]").fill("村口第三盏")
        await page.locator("[name=category]").select_option("0101")
        await page.evaluate(PHOTO)
        await page.locator("#report button").click()
        photo = page.locator(".files img")
        await photo.wait_for()
        await photo.evaluate("each => each.decode()")
        assert await photo.evaluate("each => each.naturalWidth") == 1600
        path = page.url.removeprefix(url)
        await does(page, "pass_up", "网格里修不了", stage="上报")
        await page.context.close()
    async with console(here.store, book=here.book, who=clerk, county=COUNTY) as url:
        page = await browser.person(url + path)
        await does(page, "begin", stage="处置")
        await does(page, "feed_back", "已联系电工更换", stage="反馈")
        await does(page, "close", "灯亮了", stage="办结")
        said = await page.locator("#case-timeline").inner_text()
        assert said.index("灯亮了") < said.index("已联系电工更换") < said.index("网格里修不了"), "newest first"
        assert browser.problems == []


async def test_who_is_overtaken_keeps_what_is_typed(here, browser):
    grid = here.grids[0]
    worker = await here.login("grid_worker", grid)
    number = await here.open(grid, by=here.book.actor(worker.person, here.now()))
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        page = await browser.person(f"{url}/cases/{number}")
        await live(page)
        await opened(page, "pass_up", "要上报的话")
        await here.note(number, worker.person, "别人先写的")
        await expect(page.locator("#case-changed")).to_be_visible()
        await expect(page.locator("#case-timeline")).to_contain_text("别人先写的")
        await form(page, "pass_up").locator("form button").click()
        await expect(page.locator("[role=alert]:visible")).to_contain_text("抢先")
        await expect(form(page, "pass_up").locator("textarea")).to_have_value("要上报的话")
        await form(page, "pass_up").locator("form button").click()
        await expect(page.locator(".steps .now")).to_have_text("上报")


async def test_lights_and_map_change_without_reload(here, browser):
    grid = here.grids[-1]
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = await browser.person(url + "/map")
        await live(page)
        for each in await here.open_in(grid):
            await here.end(each)
        number = await here.open(grid)
        await here.light(number, "red")
        await expect(page.locator(f"#g{grid}")).to_have_class("s-red")
        await page.goto(url)
        await live(page)
        tile = page.locator(".tile.light-red .value")
        red = int(await tile.inner_text())
        await here.light(await here.open(grid, key="hand/another"), "red")
        await expect(tile).to_have_text(str(red + 1))
        await expect(page.locator("#needs")).to_contain_text(str(red + 1))


async def test_a_case_prints_on_a_sheet_without_what_is_there_to_click(here, browser):
    number = await here.open(here.grids[0])
    for _ in range(6):
        await here.note(number, here.person("grid_worker", here.grids[0]), "已到现场，等待材料。" * 6)
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = await browser.person(f"{url}/cases/{number}", dark=True)
        pdf = await page.pdf(prefer_css_page_size=True, print_background=True)
        sheets = re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]", pdf)
        assert 1 <= len(sheets) <= 2
        assert set(sheets) <= {(b"594", b"841"), (b"595", b"842"), (b"595", b"841")}, "A4 in points"
        await page.emulate_media(media="print", color_scheme="dark")
        for what in (".main-nav", ".top .side", "#print", ".acts", ".needs", ".skip"):
            await expect(page.locator(what).locator("visible=true")).to_have_count(0)
        await expect(page.locator("#case-timeline")).to_contain_text("等待材料")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
