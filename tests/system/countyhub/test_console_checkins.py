"""The ledger of check-ins as its readers have it: every village and day, a day one by one, a month whole."""

import csv
import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from countyhub.rollup import checkins
from gridwire.events import Checkin
from simulators.county.build import COUNTY
from tests.browser.client import get
from tests.browser.county import console
from tests.browser.living import ZONE, living

pytestmark = pytest.mark.usefixtures("database")
NUMBER = "431126199001011234"


@pytest.fixture
async def here(tmp_path):
    async with living(tmp_path, many=0, still=True) as place:
        yield place


def rows(reply):
    return [*csv.reader(io.StringIO(reply.body.decode("utf-8-sig")))]


async def checked_in(here, box, ago=timedelta(0), **given):
    said = {"method": "id", "person": "p" * 64, "key": "k1", "name": "张三丰", "masked": NUMBER, **given}
    return await here.event(box, Checkin(**said), device="terminal", at=here.now() - ago)


async def test_the_ledger_is_shown_filtered_and_taken_away(here):
    mine, foreign = here.boxes[0], here.boxes[-1]
    registry, today = here.book.registry, here.book.day(here.now())
    belongs = registry.belongs(mine, today)
    for _ in range(2):
        await checked_in(here, mine, slot="morning", verified=True, point="=东塘")
    await checked_in(here, foreign)
    while await checkins.step(here.store, ZONE):
        pass
    range_ = f"since={today - timedelta(days=2)}&until={today}"
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        whole = rows(await get(f"{url}/checkins.csv?lang=zh&{range_}"))
        assert whole[0][:6] == ["日期", "乡镇", "村", "签到", "上午", "下午"]
        villages = {registry.belongs(box, today).village for box in here.boxes}
        assert len(whole) == 1 + 3 * len(villages), "also those in which nobody checked in"
        assert sum(int(row[3]) for row in whole[1:]) == 3
        assert [
            str(today),
            belongs.township_name,
            belongs.village_name,
            "2",
            "2",
            "0",
            "0",
            "2",
            "0",
            "0",
            "0",
        ] in whole
        one = f"village={belongs.village}&since={today}&until={today}"
        page = (await get(f"{url}/checkins?lang=zh&{one}")).text
        lines = rows(await get(f"{url}/checkin-rows.csv?lang=zh&{one}"))
        assert [line[1:7] for line in lines[1:]] == [
            ["张**", "*" * 14 + "1234", "名册内", "身份证", "上午巡查", "'=东塘"]
        ] * 2
        assert page.count("张**") == 2
        assert NUMBER not in page
        assert "三丰" not in page
        assert re.findall(r'/look\?object=event[^"]+', page), "by which it is seen in full, for a reason"
        book = load_workbook(io.BytesIO((await get(f"{url}/checkins.xlsx?lang=zh&{range_}")).body))
        assert book.sheetnames == ["签到台账", "签到明细"]
        assert [sheet.max_row for sheet in book.worksheets] == [len(whole), 4]
        days = rows(await get(f"{url}/checkin-days.csv?lang=zh&{range_}"))
        assert [(row[0], row[4], row[-1]) for row in days[1:]][-1] == (str(today), "3", str(len(villages) - 2))
        none = rows(await get(f"{url}/checkins.csv?only=none&{range_}"))
        assert len(none) == len(whole) - 2
        assert 'class="chart"' in (await get(f"{url}/checkins?lang=en")).text
        for wrong in ("since=x", "since=2020-01-01", f"since={today}&until={today - timedelta(days=9)}", "village=1",
                      f"village={belongs.township}", "start=x"):  # fmt: skip
            assert (await get(f"{url}/checkins?{wrong}")).status == 400, wrong
            assert (await get(f"{url}/checkins.csv?{wrong}")).status == 400, wrong


async def test_who_sees_a_village_sees_its_check_ins_alone(here):
    mine, foreign = here.boxes[0], here.boxes[-1]
    await checked_in(here, mine), await checked_in(here, foreign)
    while await checkins.step(here.store, ZONE):
        pass
    belongs = here.book.registry.belongs(mine, here.now())
    async with console(
        here.store, book=here.book, who=await here.login("village_clerk", belongs.village), county=COUNTY
    ) as url:
        page = (await get(f"{url}/checkins?lang=zh")).text
        other = here.book.registry.belongs(foreign, here.now())
        assert belongs.village_name in page
        assert f'data-label="村">{other.village_name}' not in page
        assert (await get(f"{url}/checkins.csv")).status == 403, "no right to take away"
        today = here.book.day(here.now())
        alien = await get(f"{url}/checkins?village={other.village}&since={today}&until={today}")
        assert "张**" not in alien.text
    async with console(here.store, book=here.book, who=await here.login("township"), county=COUNTY) as url:
        seen = {row[1] for row in rows(await get(f"{url}/checkins.csv?lang=zh"))[1:]}
        assert len(seen) == 1, "his township"
    async with console(here.store, book=here.book, who=await here.login("grid_worker"), county=COUNTY) as url:
        assert (await get(f"{url}/checkins")).status == 403
