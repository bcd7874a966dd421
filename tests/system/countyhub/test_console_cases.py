"""The console's pages of cases over real HTTP: filters, tables to take away, scope, and acts that are refused."""

import csv
import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from simulators.county.build import COUNTY
from tests.browser.client import csrf, get, live, look, post
from tests.browser.county import console
from tests.browser.living import living
from tests.logins import cookie

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def here(tmp_path):
    async with living(tmp_path, many=0) as place:
        yield place


def numbers(page):
    return list(dict.fromkeys(re.findall(r'href="/cases/([0-9-]+)"', page[page.index("<tbody>") :])))


async def test_a_list_is_what_its_address_says(here):
    first, other = here.grids[0], here.grids[-1]
    red, far = await here.open(first, title="污水外溢"), await here.open(other, title="=1+1 路灯")
    await here.light(red, "red", here.now())
    await here.light(far, "green", here.now() + timedelta(hours=1))
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        for query, found in (
            ("", [red, far]),
            ("?order=newest", [far, red]),
            ("?mine=yes&state=all", []),
            ("?category=none", []),
            ("?light=red", [red]),
            ("?light=green&light=red", [red, far]),
            (f"?area={first}", [red]),
            (f"?township={COUNTY}100&village={other[:12]}", [far]),
            (f"?owner={first}", [red]),
            ("?category=01", [red, far]),
            ("?q=%E6%B1%A1%E6%B0%B4", [red]),
            ("?q=%25", []),
            (f"?q={far}", [far]),
            (f"?q={far.replace('-', '')}", [far]),
            ("?stage=handling", []),
            ("?state=closed", []),
            ("?since=2020-01-01&until=2020-01-02", []),
        ):
            reply = await get(f"{url}/cases{query}")
            assert reply.status == 200, query
            assert (numbers(reply.text) if found else "没有符合条件的案件" in reply.text and []) == found, query
            assert f"<small>共 {len(found)} 件</small>" in reply.text, query
        for query in ("?light=pink", "?area=1", "?since=x", "?after=x", "?owner=x", "?order=x", "?category=zz"):
            assert (await get(f"{url}/cases{query}")).status == 400, query
        table = [*csv.DictReader(io.StringIO((await get(f"{url}/cases.csv?order=due")).body.decode("utf-8-sig")))]
        assert [(row["案号"], row["灯色"]) for row in table] == [(red, "红灯"), (far, "绿灯")]
        assert table[1]["事项"] == "'=1+1 路灯", "never a formula"
        sheet = load_workbook(io.BytesIO((await get(f"{url}/cases.xlsx?lang=en&light=red")).body)).active
        assert [cell.value for cell in sheet[1]][:4] == ["Number", "Light", "Stage", "Matter"]
        assert [cell.value for cell in sheet[2]][:4] == [red, "red", "registered", "污水外溢"]
        assert sheet.max_row == 2


async def test_nobody_sees_or_takes_away_what_is_not_his(here):
    mine, other = here.grids[0], here.grids[-1]
    number, foreign = await here.open(mine), await here.open(other)
    worker, clerk = await here.login("grid_worker", mine), await here.login("village_clerk", mine[:12])
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        page = (await get(url + "/cases")).text
        assert numbers(page) == [number]
        assert "cases.csv" not in page
        assert (await get(url + "/cases.csv")).status == 403
        for path in (f"/cases/{foreign}", "/cases/nothing", f"/cases/{foreign}/files/1"):
            assert (await get(url + path)).status == 404
        token = await csrf(f"{url}/cases/{number}")
        for path in (f"/cases/{foreign}/acts", f"/cases/{foreign}/files"):
            assert (await post(url + path, [("csrf", token), ("act", "note"), ("text", "x")])).status == 404
        into = [("csrf", token), ("act", "merge"), ("parent", foreign)]
        refused = await post(f"{url}/cases/{number}/acts", into)
        assert (refused.status, f"没有案件 {foreign}" in refused.text) == (409, True)
        assert f'value="{foreign}"' in refused.text, "what was typed stays"
        form = [("csrf", token), ("place", other), ("title", "x")]
        assert (await post(url + "/cases", form)).status == 422, "not his grid"
        async with live(url, f"number={foreign}", path="/live/case") as stream:
            with pytest.raises(EOFError):
                await stream.update()
    async with console(here.store, book=here.book, who=clerk, county=COUNTY) as url:
        board = (await get(url + "/")).text
        assert 'class="value">1<' in board
        assert foreign not in board


async def test_a_refused_act_says_why_and_keeps_what_was_typed(here):
    number = await here.open(here.grids[0])
    async with console(
        here.store, book=here.book, who=await here.login("grid_worker", here.grids[0]), county=COUNTY
    ) as url:
        page = (await get(f"{url}/cases/{number}?lang=zh")).text
        grey = page[page.index('class="greyed"') :]
        assert "只有以下环节可以办结：反馈" in grey
        assert "case." not in grey.partition("</details>")[0], "people read no codes"
        form = [("csrf", await csrf(f"{url}/cases/{number}")), ("act", "pass_up"), ("expected", "1")]
        empty = await post(f"{url}/cases/{number}/acts", [*form, ("text", " ")])
        assert empty.status == 409
        assert "请填写原因或结果" in empty.text
        assert (await post(f"{url}/cases/{number}/acts", [*form, ("text", "修不了")])).status == 303
        again = await post(f"{url}/cases/{number}/acts", [*form, ("text", "<b>第二次</b>")])
        assert again.status == 409
        assert "他人抢先了一步" in again.text
        assert "&lt;b&gt;第二次&lt;/b&gt;</textarea>" in again.text
        assert (await post(f"{url}/cases/{number}/acts", [("act", "note"), ("text", "x")])).status == 403, "no token"
        unknown = await post(f"{url}/cases/{number}/acts", [form[0], ("act", "adopt"), ("text", "x")])
        assert unknown.status == 409, "the hub's own acts are nobody's"


async def test_a_clerk_works_an_entry_of_the_ledger_in_five_steps(here):
    """R-LIFE-21"""
    grid = here.grids[0]
    number, today = await here.open(grid), here.book.day(here.now())
    async with console(
        here.store, book=here.book, who=await here.login("village_clerk", grid[:12]), county=COUNTY
    ) as url:
        page, acts = f"{url}/cases/{number}?lang=zh", f"{url}/cases/{number}/acts"
        form = (await get(page)).text.partition('data-key="ledger_step"')[2].partition("</form>")[0]
        assert f'name="day" value="{today}"' in form
        following = re.search(r'name="step" value="(\w+)"', form)[1]
        step = [("csrf", await csrf(page)), ("act", "ledger_step"), ("step", following)]
        for day, why in ((today + timedelta(days=1), "还没有到"), ("昨天", "请填写这一步的日期")):
            wrong = await post(acts, [*step, ("day", str(day)), ("text", "开会")])
            assert (wrong.status, why in wrong.text, "开会</textarea>" in wrong.text) == (409, True, True)
        done = await post(acts, [*step, ("day", f"{today}"), ("text", "开会")])
        assert done.status == 303
        shown = (await get(f"{url}{done.headers['location']}&lang=zh")).text
        assert "下一步：核账" in shown
        assert f"议帐 {today} 开会" in shown[shown.index('id="case-timeline"') :]
        for path in ("", "/sheet"):
            head = re.sub(r"<[^>]+>", "", (await get(f"{url}/cases/{number}{path}?lang=zh")).text)
            assert re.search(rf"议帐 {today}.*晒账 –", head, re.DOTALL), path
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        (row,) = csv.DictReader(io.StringIO((await get(f"{url}/cases.csv?lang=en")).body.decode("utf-8-sig")))
        assert row["Five steps of the ledger"] == f"discuss {today}"
        assert row["Ledger"]


async def test_what_has_no_kind_gets_one_and_who_closes_is_told_of_what_came_after_the_feedback(here):
    grid = here.grids[0]
    number = await here.open(grid, category="", key="hand/again")
    async with console(here.store, book=here.book, who=await here.login("grid_worker", grid), county=COUNTY) as url:
        page, acts = f"{url}/cases/{number}?lang=zh", f"{url}/cases/{number}/acts"
        assert "分类后开始计算办理时限" in (await get(page)).text
        assert numbers((await get(f"{url}/cases?category=none&mine=yes")).text) == [number]
        token = ("csrf", await csrf(page))
        wrong = await post(acts, [token, ("act", "classify"), ("category", "9999")])
        assert (wrong.status, "没有事项分类 9999" in wrong.text) == (409, True)
        assert (await post(acts, [token, ("act", "classify"), ("category", "0101")])).status == 303
        assert "没有符合条件的案件" in (await get(f"{url}/cases?category=none")).text
        for act in ("begin", "feed_back"):
            done = await post(acts, [token, ("act", act), ("text", "看过了")])
            assert done.status == 303
        assert "已完成：反馈" in (await get(f"{url}{done.headers['location']}&lang=zh")).text
        assert "反馈之后又有新信号" not in (await get(page)).text
        assert await here.open(grid, category="", key="hand/again") == number, "seen again, it joins"
        close = [token, ("act", "close"), ("text", "都好了"), ("expected", "4")]
        unseen = await post(acts, close)
        assert unseen.status == 409
        assert "请核实现场后再办结" in unseen.text
        assert "反馈后又有" in unseen.text[unseen.text.index('id="case-timeline"') :]
        assert "都好了</textarea>" in unseen.text
        seen = re.search(r'name="signals" value="([0-9]+)"', unseen.text)[1]
        assert (await post(acts, [*close, ("signals", seen)])).status == 303


async def test_what_is_sent_twice_is_reported_once(here):
    grid = here.grids[0]
    async with console(here.store, book=here.book, who=await here.login("grid_worker", grid), county=COUNTY) as url:
        page = (await get(url + "/report")).text
        key = re.search(r'name="key" value="([0-9A-Z]{26})"', page)[1]
        form = [("csrf", await csrf(url + "/report")), ("key", key), ("place", grid), ("title", "路灯不亮")]
        said = [await post(url + "/cases", form, accept="text/plain") for _ in range(2)]
        assert [each.status for each in said] == [201, 201]
        assert said[0].text == said[1].text
        assert "路灯不亮" in (await get(url + "/report")).text, "it is his to handle"
        assert "请说明什么事" in (await post(url + "/cases", [*form[:3], ("title", " ")])).text


async def test_who_comes_back_gets_the_parts_as_they_are_now(here):
    grid = here.grids[0]
    number = await here.open(grid)
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        before = re.search(r'data-stream="/live/board\?([^"]+)"', (await get(url + "/")).text)[1]
        await here.light(number, "red")
        async with live(url, before.replace("&amp;", "&"), path="/live/board") as stream:
            told: dict[str, str] = {}
            while "needs" not in told:  # at once, or with the next look at the hub
                told |= (await stream.update())[1]["parts"]
        assert "light-red" in told["board"]
        now = re.search(r'data-stream="/live/board\?([^"]+)"', (await get(url + "/")).text)[1]
        async with live(url, now.replace("&amp;", "&"), path="/live/board") as stream:
            assert (await stream.update())[1]["parts"] == {}, "it shows all of it already"


async def test_what_was_opened_for_a_reason_stays_open_while_it_is_live_and_for_nobody_else(here):
    number, said = await here.open(here.grids[0]), "13812345678"
    await here.note(number, here.person("county"), f"请回电{said}")
    first, second = await here.login("county"), await here.login("county")
    async with console(here.store, book=here.book, who=first, county=COUNTY) as url:
        other = await cookie(here.store, second)
        assert said not in (await get(f"{url}/cases/{number}")).text
        await look(url, f"case/{number}")
        page = (await get(f"{url}/cases/{number}")).text
        assert said in page[page.index('id="case-timeline"') :]
        stream = re.search(r'data-stream="/live/case\?([^"]+)"', page)[1].replace("&amp;", "&")
        mine = live(url, stream, path="/live/case")
        foreign = live(url, stream, path="/live/case", session=other)
        async with mine as own, foreign as others:
            assert (await own.update())[1]["parts"] == {}, "nothing is taken away from who has it"
            assert said not in str((await others.update())[1]), "the same address gives it to nobody else"
            await here.note(number, here.person("county"), "已回电")
            timelines = [await _part(each, "case-timeline") for each in (own, others)]
            assert [said in each for each in timelines] == [True, False]
            assert all("已回电" in each for each in timelines)


async def _part(stream, name):
    while name not in (parts := (await stream.update())[1]["parts"]):
        pass
    return parts[name]
