"""The ledger of check-ins as its readers have it: every village and day, a day one by one, a month whole."""

import csv
import io
import re
from datetime import timedelta

import msgspec
import pytest
from openpyxl import load_workbook

from countyhub.rollup import checkins
from countyhub.store.tables import stream
from gridwire.events import Checkin
from gridwire.messages import Health
from simulators.county.build import COUNTY
from tests.browser.client import get
from tests.browser.county import console
from tests.browser.living import ZONE

pytestmark = pytest.mark.usefixtures("database")
NUMBER = "431126199001011234"


def rows(reply):
    return [*csv.reader(io.StringIO(reply.body.decode("utf-8-sig")))]


async def known(here, box, since):
    """The hub heard of it for the first time then."""
    values = {"boot": "", "current": True, "first_seen": since}
    await here.insert(stream, box=box, stream=here.stream(box), **values)


async def test_who_cannot_be_known_of_is_not_said_to_have_stayed_away(here):
    """A box that is away, one that still sends what is days old, and days before a village had one."""
    day = timedelta(days=1)
    now, today = here.now(), here.book.day(here.now())
    place = {box: here.book.registry.belongs(box, today).village for box in here.boxes}
    fine, away, behind, new = [*{village: box for box, village in place.items()}.values()][:4]
    for box in here.boxes:
        await known(here, box, now - (day if box == new else 9 * day))
    await here.change_box(away, status="lost", last_seen=now - day)
    health = Health(at=now, uptime_s=1.0, clock="synced", waiting={"record": 5}, oldest_waiting_s=86400.0)
    await here.change_box(behind, health=msgspec.json.encode(health), last_seen=now)
    await checked_in(here, away, 2 * day)
    while await checkins.step(here.store, ZONE):
        pass
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        range_ = f"lang=zh&since={today - 3 * day}&until={today}"
        table = rows(await get(f"{url}/checkins.csv?{range_}"))
        notes = {(row[0], row[2]): row[-1] for row in table[1:]}
        names = {box: here.book.registry.belongs(box, today).village_name for box in here.boxes}
        said = {
            box: [notes[str(today - ago * day), names[box]] for ago in range(4)] for box in (fine, away, behind, new)
        }
        none, gone, still = "无人签到", "盒子失联，数据未到", "盒子补传中，数据未到齐"
        assert said == {
            fine: [none] * 4,
            away: [gone, gone, "", none],
            behind: [still, still, none, none],
            new: [none, none, "未启用", "未启用"],
        }
        days = rows(await get(f"{url}/checkin-days.csv?{range_}"))
        villages = len(set(place.values()))
        assert [tuple(map(int, row[-2:])) for row in days[1:]] == [
            (villages - 1, 0), (villages - 2, 0), (villages - 2, 2), (villages - 2, 2),
        ]  # fmt: skip
        without = rows(await get(f"{url}/checkins.csv?only=none&{range_}"))[1:]
        assert len(without) == 4 * villages - 7
        assert {row[-1] for row in without} == {none}
        page = (await get(f"{url}/checkins?{range_}")).text
        assert f"共 {4 * villages - 6} 个村日；另有 4 个盒子数据未到，2 个未启用，不计入" in page


async def checked_in(here, box, ago=timedelta(0), **given):
    said = {"method": "id", "person": "p" * 64, "key": "k1", "name": "张三丰", "masked": NUMBER, **given}
    return await here.event(box, Checkin(**said), device="terminal", at=here.now() - ago)


async def test_the_ledger_is_shown_filtered_and_taken_away(here):
    mine, foreign = here.boxes[0], here.boxes[-1]
    registry, today = here.book.registry, here.book.day(here.now())
    belongs = registry.belongs(mine, today)
    for box in here.boxes:
        await known(here, box, here.now() - timedelta(days=9))
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
            "",
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
        assert [(row[0], row[4], row[-2]) for row in days[1:]][-1] == (str(today), "3", str(len(villages) - 2))
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
