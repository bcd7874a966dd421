"""The loop of a case in a browser: a hub process hears a box, people of every level act by clicks, each as himself."""

import re

import pytest

from gridwire.events import Alarm, Rating, Request
from simulators.week.county import BOX
from tests.browser.acts import does, form, opened
from tests.browser.driver import expect, live, needs_browser

pytestmark = [pytest.mark.slow, needs_browser, pytest.mark.timeout(400)]
STEP = ".steps [aria-current=step]"
NEWEST = "table.cases tbody tr:first-child"


@pytest.fixture
async def here(week, tmp_path):
    from tests.browser.running import running

    async with running(tmp_path / "hub", week) as found:
        yield found


async def _new(page, url):
    """The list says that there is a new case; a click shows it, another opens it. Gives its path."""
    await page.locator("#new-cases a").click()
    await page.locator(NEWEST).locator(".c-title a").click()
    await expect(page.locator("#case-head")).to_be_visible()
    return page.url.removeprefix(url).partition("?")[0]


async def test_from_the_alarm_to_its_end_over_every_level(here, browser):
    """发现 备案 上报 交办 处置 反馈 办结: the grid cannot, nor village or township; the centre assigns a department."""
    async with here.box() as box:
        worker = await here.login(browser, "worker", "/cases?lang=zh", width=390, height=844)
        await live(worker)
        await box.happens(Alarm(kind="intrusion", state="start", severity="critical", source="区域 1"), here.camera)
        path = await _new(worker, here.url)
    await expect(worker.locator("h1.title")).to_contain_text("区域入侵")
    await live(worker)
    await expect(worker.locator(STEP)).to_have_text("备案")
    await does(worker, "pass_up", "翻进了坝区，网格里管不了", stage="上报")
    await expect(form(worker, "begin")).to_have_count(0)
    for name, text in (("clerk", "村里没有执法权"), ("township", "请县里交办")):
        await does(await here.login(browser, name, path), "pass_up", text, stage="上报")
    dispatcher = await here.login(browser, "dispatcher", path)
    await does(dispatcher, "assign", target="县生态环境局", stage="交办")
    department = await here.login(browser, "department", path)
    await does(department, "begin", stage="处置")
    await does(department, "feed_back", "已劝离两人，坝区加装护栏", stage="反馈")
    await dispatcher.reload()
    await does(dispatcher, "close", "护栏已装好", stage="办结")
    await expect(worker.locator(STEP)).to_have_text("办结")
    said = await worker.locator("#case-timeline").inner_text()
    told = ("护栏已装好", "已劝离两人", "县生态环境局", "请县里交办", "村里没有执法权", "翻进了坝区", "备案", "立案")
    places = [said.index(each) for each in told]
    assert places == sorted(places), "newest first, each step once more on the phone that began it"
    assert browser.problems == []
    assert browser.strangers(here.url) == []


async def test_a_resident_reports_at_the_terminal_and_rates_what_was_done(here, browser):
    async with here.box() as box:
        terminal = here.village.terminal
        clerk = await here.login(browser, "clerk", "/cases?lang=zh")
        await live(clerk)
        await box.happens(Request(item="0101", mode="report", receipt="R-88-0001", text="井盖松动"), terminal)
        path = await _new(clerk, here.url)
        await expect(clerk.locator(".case-text")).to_contain_text("井盖松动")
        if await form(clerk, "register").count():
            await does(clerk, "register", stage="备案")
        resident = await here.login(browser, "county", path)
        await live(resident)
        await does(clerk, "begin", stage="处置")
        await does(clerk, "feed_back", "已更换井盖", stage="反馈")
        await does(clerk, "close", "已更换井盖", stage="办结")
        await expect(resident.locator(STEP)).to_have_text("办结")
        await box.happens(Rating(score=5, receipt="R-88-0001"), terminal)
        await expect(resident.locator("#case-timeline .act-rated")).to_contain_text("5")
    assert browser.problems == []


async def test_two_at_once_on_one_case(here, browser):
    """The second is told before and after he sends; nothing of what he typed is lost, and then it is done."""
    async with here.box() as box:
        clerk = await here.login(browser, "clerk", "/cases?lang=zh")
        await live(clerk)
        request = Request(item="0101", mode="report", receipt="R-88-0002", text="路灯歪了")
        await box.happens(request, here.village.terminal)
        path = await _new(clerk, here.url)
    if await form(clerk, "register").count():
        await does(clerk, "register", stage="备案")
    await does(clerk, "pass_up", "要用吊车", stage="上报")
    first = await here.login(browser, "township", path)
    second = await here.login(browser, "township", path)
    await live(second)
    typed = "请综治中心派吊车，周三前扶正"
    act = await opened(second, "assign", target="岚湾综治中心")
    note = await opened(second, "note", typed)
    await does(first, "note", "先问了电力公司", stage="上报")
    await expect(second.locator("#case-changed")).to_be_visible()
    await expect(second.locator("#case-timeline")).to_contain_text("先问了电力公司")
    await expect(note.locator("textarea")).to_have_value(typed)
    await expect(act.locator("select")).not_to_have_value("")
    async with second.expect_response(re.compile("/acts")) as answer:
        await note.locator("form button").click()
    assert (await answer.value).status == 409
    await expect(second.locator("[role=alert]:visible")).to_contain_text("抢先")
    await expect(form(second, "note").locator("textarea")).to_have_value(typed)
    await form(second, "note").locator("form button").click()
    await expect(second.locator("#case-timeline")).to_contain_text(typed)
    await expect(second.locator("[role=alert]:visible")).to_have_count(0)
    said = await first.locator("#case-timeline").inner_text()
    await expect(first.locator("#case-timeline")).to_contain_text(typed)
    assert said.count("先问了电力公司") == 1
    assert [each for each in browser.problems if "409" not in each] == []


@pytest.mark.parametrize("path", ["/", "/cases", "/map", "/events"])
async def test_the_hub_restarts_under_an_open_page(here, browser, path):
    """The mark goes red and green again; what was there is there, and what came meanwhile too."""
    page = await here.login(browser, "county", f"{path}?lang=zh")
    await live(page)
    before = await _shown(page, path)
    assert before
    await here.down()
    await expect(page.locator("#live")).to_have_class(re.compile("broken"))
    assert await _shown(page, path) == before, "what was seen stays while the hub is away"
    await here.again()
    await live(page)
    async with here.box() as box:
        await box.happens(Alarm(kind="intrusion", state="start", severity="critical"), here.camera)
        await _grown(page, path, before)
    assert [each for each in browser.problems if "ERR_" not in each] == []


async def _shown(page, path):
    """What must not be lost: the ids of events, the numbers of cases, the coloured shapes, or the counts."""
    script = {
        "/": "[document.querySelector('.tiles li:last-child .value').textContent]",
        "/cases": "[...document.querySelectorAll('table.cases tbody .c-number')].map(each => each.textContent)",
        "/map": "[...document.querySelectorAll('#map path[class]')].map(each => each.id)",
        "/events": "[...document.querySelectorAll('#event-list .event')].map(each => each.id)",
    }[path]
    return await page.evaluate(script)


async def _grown(page, path, before):
    """The alarm has reached the page, and nothing of before is gone."""
    if path == "/":
        await expect(page.locator(".tiles li:last-child .value")).to_have_text(str(int(before[0]) + 1))
    elif path == "/events":
        await expect(page.locator("#event-list .event strong").first).to_contain_text("入侵")
        after = await _shown(page, path)
        assert after[after.index(before[0]) :] == before[: len(after) - after.index(before[0])]
    elif path == "/cases":
        await page.locator("#new-cases a").wait_for()
        assert await _shown(page, path) == before
    else:
        await expect(page.locator(f"#g{BOX}001[class]")).to_have_count(1)
        assert set(before) <= set(await _shown(page, path))
