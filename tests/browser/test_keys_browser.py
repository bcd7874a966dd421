"""The keys of the console: they go where links go, say themselves at `?`, and are silent while somebody types."""

import re

import pytest

from simulators.county.build import COUNTY
from tests.browser.county import console
from tests.browser.driver import expect, needs_browser
from tests.browser.living import living

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture
async def here(tmp_path):
    async with living(tmp_path) as place:
        yield place


async def test_keys_go_where_links_go(here, browser):
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = await browser.person(url)
        for keys, path in (("gm", "/map"), ("gc", "/cases"), ("gl", "/"), ("gc", "/cases")):
            for key in keys:
                await page.keyboard.press(key)
            await expect(page).to_have_url(url + path)
            await page.wait_for_load_state()
        links = page.locator("table.cases .c-title a")
        await page.keyboard.press("j")
        await expect(links.nth(0)).to_be_focused()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await expect(links.nth(1)).to_be_focused()
        title = await links.nth(1).inner_text()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1.title")).to_contain_text(title)
        assert browser.problems == []


async def test_keys_are_text_where_somebody_types(here, browser):
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = await browser.person(f"{url}/cases")
        field = page.locator("main input[type=search]")
        await page.keyboard.press("/")
        await expect(field).to_be_focused()
        await page.keyboard.type("gm/?jk")
        await expect(field).to_have_value("gm/?jk")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await page.keyboard.press("Escape")
        await expect(field).not_to_be_focused()
        await page.keyboard.press("Control+m")
        await page.keyboard.press("g")
        await page.keyboard.press("x")
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.keyboard.press("j")
        await page.keyboard.press("Escape")
        await expect(page.locator("#keys")).not_to_be_visible()
        await expect(page).to_have_url(re.compile("/cases$"))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_who_may_not_go_there_is_not_told_of_its_key(here, browser, language):
    worker = await here.login("grid_worker", here.grids[0])
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        page = await browser.person(url, language=language)
        await page.locator("#keys-open").click()
        said = await page.locator("#keys").inner_text()
        assert ("案件" if language == "zh" else "Cases") in said
        assert ("事件" if language == "zh" else "Events") not in said
        await page.locator("#keys button").click()
        await page.keyboard.press("g")
        await page.keyboard.press("e")
        await expect(page).to_have_url(re.compile(f"^{url}/$"))
