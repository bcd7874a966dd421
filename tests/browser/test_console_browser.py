"""Every page of the console in a real browser: both languages, wide and on a phone, for every pair of eyes; and a case
from its report to its end, by clicks."""

import json
import tempfile
from pathlib import Path

import pytest

from simulators.county.build import COUNTY
from tests.browser.chromium import APT, PATH, chromium
from tests.browser.county import console
from tests.browser.living import living

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PATH is None, reason=f"no chromium: {APT}")]
BOX = f"{COUNTY}100200"
PAGES = (
    "/", f"/?area={COUNTY}100", "/cases", "/cases?light=red&order=due", "/map", f"/map?area={BOX}&by=cameras",
    "/map?by=links", "/cameras", f"/cameras/{BOX}/cam-1", "/boxes", f"/boxes/{BOX}", "/events", "/report",
    "/suppressed", "/letters", "/settings", "CASE",
)  # fmt: skip
LIVE = "document.getElementById('live').className == 'live on'"
ERROR = "document.querySelector('[role=alert]:not([hidden])')?.textContent ?? ''"

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


@pytest.fixture
async def page():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with chromium(Path(profile)) as tab:
            yield tab


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: npm ci --prefix tests/browser")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.timeout(300)
async def test_every_page_fits_is_quiet_stays_at_home_and_can_be_used_by_everybody(here, page, language):
    number = await here.open(here.grids[0], urgent=True, key="sos/1", title="求助")
    script = AXE.read_text("utf-8")
    faults = {}
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        for path in (each.replace("CASE", f"/cases/{number}") for each in PAGES):
            for width in (1440, 390):
                page.problems.clear()
                await page.open(f"{url}{path}{'&' if '?' in path else '?'}lang={language}", width=width)
                found = list(page.problems)
                assert await page.value("document.querySelector('#main h1') !== null"), path
                if await page.value("document.documentElement.scrollWidth") > width:
                    found.append("wider than the screen")
                await page.value(f"{script}; true")
                said = await page.value(
                    "axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations.map("
                    "(v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 160), v.nodes[0].failureSummary])))"
                )
                found += json.loads(said)
                if found:
                    faults[path, width] = found
        assert [each for each in page.requests if not each.startswith((url, "about:", "data:"))] == []
    assert faults == {}


async def test_a_case_from_its_report_to_its_end_by_clicks(here, page):
    """A grid worker reports it on the phone, passes it up; the village handles it, feeds back and closes it."""
    grid = here.grids[0]
    worker, clerk = await here.login("grid_worker", grid), await here.login("village_clerk", grid[:12])
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        await page.open(url + "/report?lang=zh", width=390, height=844)
        assert await page.value("document.querySelectorAll('[name=place] option').length") == 1
        await _fill(page, title="路灯不亮", text="村口第三盏", category="0101")
        await page.value(PHOTO)
        await page.value("document.querySelector('#report button').click()")
        await page.until("location.pathname.startsWith('/cases/')")
        path = await page.value("location.pathname")
        await page.until(
            "document.readyState == 'complete' && document.querySelector('.files img')?.naturalWidth == 1600"
        )
        await _act(page, "pass_up", "网格里修不了", "上报")
    async with console(here.store, book=here.book, who=clerk, county=COUNTY) as url:
        await page.open(url + path + "?lang=zh")
        await _act(page, "begin", "", "处置")
        await _act(page, "feed_back", "已联系电工更换", "反馈")
        await _act(page, "close", "灯亮了", "办结")
        said = await page.value("document.getElementById('case-timeline').innerText")
        assert said.index("灯亮了") < said.index("已联系电工更换") < said.index("网格里修不了"), "newest first"
        assert page.problems == []


async def test_who_is_overtaken_keeps_what_is_typed(here, page):
    grid = here.grids[0]
    worker = await here.login("grid_worker", grid)
    number = await here.open(grid, by=here.book.actor(worker.person, here.now()))
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        await page.open(f"{url}/cases/{number}?lang=zh")
        await page.until(LIVE)
        await page.value("document.querySelector('details[data-key=pass_up]').open = true")
        await page.value("document.querySelector('details[data-key=pass_up] textarea').value = '要上报的话'")
        await here.note(number, worker.person, "别人先写的")
        await page.until("!document.getElementById('case-changed').hidden")
        assert "别人先写的" in await page.value("document.getElementById('case-timeline').innerText")
        await page.value("document.querySelector('details[data-key=pass_up] button').click()")
        await page.until("document.querySelector('[role=alert]')?.textContent.includes('抢先')")
        assert (
            await page.value("document.querySelector('details[data-key=pass_up][open] textarea').value") == "要上报的话"
        )
        await page.value("document.querySelector('details[data-key=pass_up] button').click()")
        await page.until("document.querySelector('.steps .now')?.textContent == '上报'")


async def test_lights_and_map_change_without_reload(here, page):
    grid = here.grids[-1]
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        await page.open(url + "/map?lang=zh")
        await page.until(LIVE)
        for each in await here.open_in(grid):
            await here.end(each)
        number = await here.open(grid)
        await here.light(number, "red")
        await page.until(f"document.getElementById('g{grid}').getAttribute('class') == 's-red'")
        await page.open(url + "/?lang=zh")
        await page.until(LIVE)
        red = int(await page.value("document.querySelector('.tile.light-red .value').textContent"))
        await here.light(await here.open(grid, key="hand/another"), "red")
        await page.until(f"document.querySelector('.tile.light-red .value').textContent == '{red + 1}'")
        await page.until(f"document.getElementById('needs').innerText.includes('{red + 1}')")


async def _fill(page, **fields):
    for name, value in fields.items():
        await page.value(f"document.querySelector('[name={name}]').value = {json.dumps(value)}")


async def _act(page, act, text, stage):
    """Opens the act, writes, confirms; waits for the stage that comes of it."""
    form = f"document.querySelector('details[data-key={act}]')"
    await page.value(f"{form}.querySelector('summary').click()")
    if text:
        await page.value(f"{form}.querySelector('textarea').value = {json.dumps(text)}")
    await page.value(f"{form}.querySelector('form button').click()")
    await page.until(f"document.querySelector('.steps .now')?.textContent == {json.dumps(stage)}")
    assert await page.value(ERROR) == ""
