"""The console's pages of places and machines: the map's states, cameras, boxes, a hub that hears nothing, settings."""

import html
import json
import re
from datetime import timedelta

import pytest

from countyhub.config import BrokerSettings, Config
from countyhub.registry.forms import Box
from countyhub.web.live.absences import HOLD
from countyhub.web.live.needs import SILENT
from countyhub.web.settingspage import tables
from simulators.county.build import COUNTY
from tests.browser.client import get, live
from tests.browser.county import console

pytestmark = pytest.mark.usefixtures("database")


async def test_the_map_shows_the_gravest_of_each_grid(here):
    grid, other = here.grids[0], here.grids[-1]
    for number, (place, light) in enumerate(((grid, "green"), (grid, "yellow"), (other, "grey"), (grid, "red"))):
        await here.light(await here.open(place, key=f"hand/{number}"), light)
    away, camera = here.boxes[0], here.cameras[-1]
    await here.change_box(away, status="lost")
    await here.break_camera(*camera)
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = (await get(url + "/map")).text
        assert set(re.findall(r'id="g([0-9]{15})"', page)) == set(here.grids)
        assert await _colours(url) == {"red": [grid], "grey": [other]}
        assert await _colours(url, f"area={other[:12]}") == {"grey": [other]}
        links = await _colours(url, "by=links")
        assert links["lost"] == [each for each in here.grids if each.startswith(away)]
        dark = (await _colours(url, "by=cameras"))["dark"]
        assert set(dark) == here.grids_of_cameras(away) | here.grids_of_cameras(*camera)
        assert (await get(f"{url}/map?by=moods")).status == 400
        assert (await get(f"{url}/map?area={COUNTY}999")).status == 404


async def _colours(url, query=""):
    """State -> grids, as the map is told."""
    state = (await get(f"{url}/map/state?{query}")).json()["parts"]["map-state"]
    return json.loads(html.unescape(re.search(r'data-state="([^"]*)"', state)[1]))


async def test_cameras_of_a_box_that_is_away_are_told_apart_from_dark_ones(here):
    away, camera = here.boxes[0], here.cameras[-1]
    silent, every = len([1 for box, _ in here.cameras if box == away]), len(here.cameras)
    await here.change_box(away, status="lost")
    await here.break_camera(*camera)
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = (await get(url + "/cameras?lang=en")).text
        assert f'<span class="sub">{every - silent - 1}/{every}</span>' in page
        assert page.count('class="state-line dark"') == 1
        assert "wrong password" in page
        one = (await get(f"{url}/cameras/{camera[0]}/{camera[1]}?lang=en")).text
        assert "wrong password" in one
        assert f"{silent} 台未知（盒子失联）" in (await get(f"{url}/events?lang=zh")).text
        assert "盒子在线时自动请求补发" not in (await get(f"{url}/events?lang=zh")).text, "nothing is missing"
        assert (await get(f"{url}/cameras/{camera[0]}/none")).status == 404


async def test_a_box_that_changes_is_sent_alone(here):
    box = here.boxes[0]
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        query = re.search(r'data-stream="/live/boxes\?([^"]+)"', (await get(url + "/boxes")).text)[1]
        async with live(url, query.replace("&amp;", "&"), path="/live/boxes") as stream:
            assert (await stream.update())[1]["parts"] == {}
            await here.change_box(box, status="lost", reason="")
            while not (parts := (await stream.update())[1]["parts"]):
                pass
        assert set(parts) - {"needs"} == {f"row{box}"}
        assert "失联" in parts[f"row{box}"]


@pytest.mark.sqlite_only
async def test_a_hub_that_hears_nothing_says_so_on_every_page_also_on_open_ones(here):
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        assert "中心收不到任何消息" not in (await get(url + "/settings")).text
    for box in here.boxes:
        await here.change_box(box, last_seen=here.now() - SILENT + timedelta(seconds=1))
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        query = re.search(r'data-stream="/live/boxes\?([^"]+)"', (await get(url + "/boxes")).text)[1]
        async with live(url, query.replace("&amp;", "&"), path="/live/boxes") as stream:
            while "中心收不到任何消息" not in (await stream.update())[1]["parts"].get("needs", ""):
                pass
        for path in ("/", "/cases", "/settings"):
            assert "中心收不到任何消息" in (await get(url + path)).text


async def test_every_page_leads_to_what_is_dark_away_and_overdue_in_one_click(here):
    away, (box, device) = here.boxes[0], here.cameras[-1]
    clerk, worker = await here.login("village_clerk", box), await here.login("grid_worker", box)
    assert box != away
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        assert 'class="needs calm"' in (await get(url + "/")).text
    await here.change_box(away, status="offline", since=here.now() - timedelta(minutes=5))
    await here.break_camera(box, device)
    await here.light(await here.open(here.grids[0]), "red", due=here.now() - timedelta(days=1))
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        assert await _needs(url) == ["/cases?light=red&order=due", f"/cameras/{box}/{device}", f"/boxes/{away}"]
        assert (await get(f"{url}/cameras/{box}/{device}")).status == (await get(f"{url}/boxes/{away}")).status == 200
    async with console(here.store, book=here.book, who=clerk, county=COUNTY) as url:
        assert await _needs(url) == [f"/cameras/{box}/{device}"], "and nothing of other villages"
    async with console(here.store, book=here.book, who=worker, county=COUNTY) as url:
        assert await _needs(url) == [], "who may not see boxes gets no link to them"


async def test_of_several_that_are_dark_the_page_lists_them_and_names_the_longest(here):
    away, longest = here.boxes[:2]
    await here.change_box(away, status="lost", since=here.now() - timedelta(hours=2))
    await here.change_box(longest, status="lost", since=here.now() - timedelta(days=2))
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        assert await _needs(url) == ["/boxes"], "cameras of a box that is away are told with it"
        page = (await get(url + "/cases?lang=en")).text
        name = next(row.name for row in here.book.registry.in_force(Box, here.now()) if row.box == longest)
        assert f"for longest: {name}" in page


@pytest.mark.sqlite_only
async def test_what_is_away_for_a_moment_needs_nobody_and_an_open_page_is_told_once_it_stays_away(here):
    box, short = here.boxes[:2]
    await here.change_box(short, status="lost", since=here.now())
    async with console(here.store, book=here.book, who=await here.login("county"), county=COUNTY) as url:
        page = (await get(url + "/boxes")).text
        assert 'class="needs calm"' in page
        assert "失联" in page, "what it is now the page says all the same"
        await here.change_box(box, status="lost", since=here.now() - HOLD + timedelta(seconds=1))
        query = re.search(r'data-stream="/live/boxes\?([^"]+)"', page)[1]
        async with live(url, query.replace("&amp;", "&"), path="/live/boxes") as stream:
            while "needs" not in (parts := (await stream.update())[1]["parts"]):
                pass
        assert f"/boxes/{box}" in parts["needs"]
        assert f"/boxes/{short}" not in parts["needs"]


async def _needs(url):
    """Where the lines of what needs a person lead."""
    strip = re.search(r'<aside class="needs.*?</aside>', (await get(url + "/")).text, re.DOTALL)[0]
    return [html.unescape(each) for each in re.findall(r'href="([^"]*)"', strip)]


def test_settings_show_no_secret():
    config = Config(county=COUNTY, broker=BrokerSettings(username="hub", password="swordfish"))
    shown = {f"{name}.{line.name}": line.value for name, lines in tables(config) for line in lines}
    assert shown["broker.port"] == "1883"
    assert shown["web.host"] == "127.0.0.1"
    assert shown["broker.username"] == "hub"
    assert shown["broker.password"] is None
    assert "swordfish" not in str(shown)
