"""A live page whose session is over leads to the log-in and back; one whose viewer sees other places comes anew."""

import pytest
from sqlalchemy import update

from countyhub.store.accounttables import session
from gridwire.events import Alarm
from tests.browser.county import console, county
from tests.browser.driver import expect, live, needs_browser
from tests.logins import PASSWORD, user

pytestmark = [pytest.mark.slow, needs_browser]
BOX = "431126101201"


@pytest.mark.parametrize("where", ["/events?type=alarm", "/boxes"])
async def test_who_is_logged_out_is_led_to_the_log_in_and_back(tmp_path, browser, monkeypatch, where):
    monkeypatch.setattr("countyhub.web.door.openanswers.CHECK_EVERY_S", 0.0)
    async with county(tmp_path) as hub:
        await hub.box(BOX)
        me = await user(hub.store)
        async with console(hub.store, who=me) as url:
            page = await browser.person(url + where)
            await live(page)
            async with hub.store.write() as connection:
                await connection.execute(update(session).values(ended=me.created, why="ended"))
            await hub.event(BOX, Alarm(kind="smoke", state="pulse"))
            await hub.change_box(BOX, status="lost")
            await page.wait_for_url("**/login?next=*")
            await page.fill("input[name=name]", me.name)
            await page.fill("input[name=password]", PASSWORD)
            await page.click("main button")
            await page.wait_for_url(url + where)
            await live(page)
            await expect(page.locator("#main")).to_be_visible()
