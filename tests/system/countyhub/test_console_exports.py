"""Every table of the console is taken away as CSV and XLSX: by who may, of what he sees, and it is noted."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from countyhub.store.audittables import audit
from countyhub.store.casetables import cases
from countyhub.store.rolluptables import box_day, box_hour
from countyhub.web.export import exports
from simulators.county.build import COUNTY
from tests.browser.client import get, live
from tests.browser.county import console
from tests.logins import user
from tests.walks import FILES

pytestmark = pytest.mark.usefixtures("database")
WHOLE = ("suppressed", "suppressed-windows", "letters")
OTHERS = ("users", "audit")
"""By who may read them, not by who may take tables away."""


def rows(reply):
    return [*csv.reader(io.StringIO(reply.body.decode("utf-8-sig")))]


async def test_every_table_comes_in_both_kinds_with_a_name_that_people_read(here):
    number = await here.open(here.grids[0], title="=1+1 找13812345678")
    sums = {"looks": 4, "online": 3, "waiting": 7, "cameras": 8, "cameras_online": 6, "cameras_intact": 6}
    box, now = here.boxes[0], datetime.now(UTC)
    await here.insert(box_day, day=here.book.registry.day(now), box=box, **sums)
    await here.insert(box_hour, hour=now.replace(minute=0, second=0, microsecond=0), box=box, **sums)
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        found = {}
        for path, name in FILES.items():
            if path == "audit":
                continue
            file, query = path, f"box={box}" if path == "box-hours" else ""
            plain = await get(f"{url}/{path}.csv?lang=zh&{query}")
            assert plain.status == 200, file
            assert unquote(plain.headers["content-disposition"].partition("UTF-8''")[2]).startswith(f"{name}-20")
            sheet = load_workbook(io.BytesIO((await get(f"{url}/{path}.xlsx?lang=zh&{query}")).body)).active
            found[path] = rows(plain)
            assert [cell.value for cell in sheet[1]] == found[path][0], file
            assert sheet.max_row == len(found[path]), file
        assert found["cases"][1][:4] == [number, "无灯", "备案", "'=1+1 找138****5678"]
        assert len(found["cameras"]) == len(here.cameras) + 1
        assert len(found["boxes"]) == len(here.boxes) + 1
        assert [row[-1] for row in found["lights"]] == ["合计", "1"]
        assert found["camera-days"][-1][1] == "75 %"
        assert found["box-hours"][-1][1:] == ["75 %", "75 %", "7"]
        assert found["flow"][-1][6] == "1"
        assert (len(found["flow"]), len(found["camera-days"])) == (1 + 7, 1 + 7), "a county that began today"
        await here.insert(box_day, day=here.book.registry.day(now) - timedelta(days=19), box=box, **sums)
        again = [len(rows(await get(f"{url}/{name}.csv"))) for name in ("flow", "camera-days")]
        assert again == [1 + 20, 1 + 20], "without a case, or a look, on most of the days"
        assert (await get(f"{url}/box-hours.csv?box=nothing")).status == 404
        assert (await get(f"{url}/ranking.csv?month=x")).status == 400
        for page in ("/figures", "/cameras", f"/boxes/{box}"):
            shown = (await get(f"{url}{page}?lang=zh")).text
            assert 'class="chart"' in shown, page
            assert "/static/vendor/uPlot.js?" in shown
        assert (await get(f"{url}/static/vendor/uPlot.js")).status == 200
    async with here.store.read() as connection:
        noted = set((await connection.execute(select(audit.c.object).where(audit.c.kind == "export"))).scalars())
    assert {each.partition("?")[0] for each in noted} >= {
        f"/{file}.{kind}" for file in FILES if file != "audit" for kind in ("csv", "xlsx")
    }


async def test_who_sees_a_part_takes_a_part_and_who_may_not_look_takes_nothing(here):
    mine, foreign = here.grids[0], here.grids[-1]
    await here.open(mine, title="这里"), await here.open(foreign, title="那里")
    clerk = await here.login("village_clerk", mine[:12])
    async with console(here.store, book=here.book, who=clerk, county=COUNTY) as url:
        for file in FILES:
            assert (await get(f"{url}/{file}.csv")).status == 403, "no right to take away"
        assert 'class="exports"' not in (await get(f"{url}/cases")).text
        assert (await get(f"{url}/figures")).status == 200
    async with console(here.store, book=here.book, who=await here.login("township"), county=COUNTY) as url:
        for file in (*WHOLE, *OTHERS):
            assert (await get(f"{url}/{file}.csv")).status == 403, file
        assert len(rows(await get(f"{url}/cases.csv"))) == 3
        assert (await get(f"{url}/cases.csv?area=1")).status == 400


async def test_the_auditor_takes_the_audit_and_it_says_so(here):
    auditor = await user(here.store, "auditor.", ("auditor",))
    async with console(here.store, book=here.book, who=auditor, county=COUNTY) as url:
        for file in FILES:
            assert (await get(f"{url}/{file}.csv")).status == (200 if file in OTHERS else 403), file
        plain = rows(await get(f"{url}/audit.csv?kind=export&lang=zh"))
        sheet = load_workbook(io.BytesIO((await get(f"{url}/audit.xlsx?kind=export&lang=zh")).body)).active
        noted = [row[5] for row in sheet.iter_rows(values_only=True)][1:]
        assert noted[:2] == ["/audit.xlsx?kind=export&lang=zh", "/audit.csv?kind=export&lang=zh"], "the newest first"
        assert [row[5] for row in plain[1:]] == noted[1:]
        page = (await get(f"{url}/audit?kind=export&lang=zh")).text
        assert [row for row in noted if row.replace("&", "&amp;") not in page] == []


async def test_what_is_cut_off_is_said(here, monkeypatch):
    for each in range(3):
        await here.open(here.grids[0], key=f"hand/{each}")
    monkeypatch.setattr(exports, "ROWS_MAX", 2)
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        found = rows(await get(f"{url}/cases.csv?lang=en"))
        assert len(found) == 4
        assert found[3] == ["Only the first 2 rows, there are more: narrow the filter and take them in parts"]
        sheet = load_workbook(io.BytesIO((await get(f"{url}/cases.xlsx?lang=en")).body)).active
        assert sheet.cell(4, 1).value == found[3][0]


async def test_a_list_changes_in_its_places_and_says_what_is_new(here):
    number = await here.open(here.grids[0], at=datetime.now(UTC) - timedelta(hours=1))
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = (await get(f"{url}/cases?lang=zh")).text
        query = re.search(r'data-stream="/live/cases\?([^"]+)"', page)[1].replace("&amp;", "&")
        async with live(url, query, path="/live/cases") as updates:
            await here.light(number, "red", here.now())
            assert "红灯" in await arrives(updates, f"case-{number}", "红灯")
            fresh = await here.open(here.grids[1])
            parts = await arrives(updates, "new-cases", "有 1 件新案件")
            assert fresh not in parts, "a row under the hand does not move"


async def arrives(updates, part, text):
    """The part, once it says so; what else came meanwhile is in it too."""
    seen = ""
    while True:
        parts = (await updates.update())[1]["parts"]
        seen += "".join(html for name, html in parts.items() if name.startswith(("case-", "new-")))
        if text in parts.get(part, ""):
            return seen


async def test_steps_that_were_left_out_are_shown_so(here):
    number = await here.open(here.grids[0])
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = (await get(f"{url}/cases/{number}?lang=en")).text
        assert "skipped" not in page[page.index('class="steps"') : page.index("</ol>")]
        async with here.store.write() as connection:
            await connection.execute(update(cases).where(cases.c.number == number).values(open=False, stage="closed"))
        page = (await get(f"{url}/cases/{number}?lang=en")).text
        steps = page[page.index('class="steps"') : page.index("</ol>")]
        assert re.findall(r'class="skipped"><s>(\w+)', steps) == ["reported", "assigned", "handling", "feedback"]
