"""What browsers are told without asking: new rows, later pictures, boxes that changed; and what they missed."""

import contextlib

import pytest

from countyhub.ingest.committed import Committed
from countyhub.web.streams import seat
from gridwire.events import Alarm, Checkin
from tests.browser.client import get, live
from tests.browser.county import console, county, jpeg
from tests.harness import until

BOX, OTHER = "431126101201", "431126101202"
pytestmark = pytest.mark.usefixtures("database")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def hub(tmp_path):
    async with county(tmp_path) as place:
        yield place


def pulse(kind="smoke"):
    return Alarm(kind=kind, state="pulse")


async def settled(stream):
    """The first update of a fresh connection, which brings everything that there is."""
    return (await stream.update())[0]


async def test_a_new_event_appears_and_the_counts_follow(hub):
    await hub.box(BOX, "下灌村")
    async with console(hub.store) as url, live(url, "lang=zh") as stream:
        await settled(stream)
        await hub.event(BOX, pulse())
        position, update = await stream.update()
        assert position.startswith("1-")
        assert [row["id"] for row in update["rows"]] == [1]
        assert "烟雾" in update["rows"][0]["html"]
        assert "今日报警" in update["summary"]
        assert update["boxes"] == []


async def test_what_was_missed_is_sent_from_the_last_event_id(hub):
    for _ in range(3):
        await hub.event(BOX, pulse())
    async with console(hub.store) as url:
        async with live(url) as stream:
            position, update = await stream.update()
            assert [row["id"] for row in update["rows"]] == [1, 2, 3]
        await hub.event(BOX, pulse())
        await hub.event(BOX, pulse())
        for said, missed in ((position, [4, 5]), ("2", [3, 4, 5])):
            async with live(url, last_event_id=said) as stream:
                rows = []
                while len(rows) < len(missed):  # the console may have looked between the two events
                    rows += (await stream.update())[1]["rows"]
                assert [row["id"] for row in rows] == missed


async def test_an_id_of_an_earlier_process_brings_every_box_again_but_no_row_twice(hub):
    await hub.box(BOX)
    await hub.event(BOX, pulse())
    async with console(hub.store) as url, live(url) as stream:
        position, _ = await stream.update()
    async with console(hub.store) as url, live(url, last_event_id=position) as stream:
        _, update = await stream.update()
        assert update["rows"] == []
        assert [box["id"] for box in update["boxes"]] == [BOX]


async def test_the_page_says_where_its_stream_goes_on(hub):
    await hub.event(BOX, pulse())
    async with console(hub.store) as url:
        page = (await get(url + "/events?type=alarm")).text
        query = page.split('data-stream="/live?')[1].split('"')[0].replace("&amp;", "&")
        async with live(url, query) as stream:
            await hub.event(BOX, Checkin(method="card", person="", key=""))
            await hub.event(BOX, pulse("fire"))
            rows = []
            while not rows:
                rows = (await stream.update())[1]["rows"]
            assert [row["id"] for row in rows] == [3]


async def test_rows_are_filtered_by_box_and_type(hub):
    await hub.event(OTHER, pulse())
    await hub.event(BOX, Checkin(method="card", person="", key=""))
    await hub.event(BOX, pulse())
    async with console(hub.store) as url, live(url, f"box={BOX}&type=alarm") as stream:
        assert [row["id"] for row in (await stream.update())[1]["rows"]] == [3]


async def test_an_alarms_picture_comes_to_its_row_by_itself(hub):
    alarm = await hub.event(BOX, pulse())
    async with console(hub.store) as url, live(url) as stream:
        await settled(stream)
        path = await hub.picture_of(alarm, BOX, jpeg(1))
        html = ""
        while path[1:] not in html:
            _, update = await stream.update()
            assert update["rows"] == []
            html = "".join(row["html"] for row in update["changed"] if row["id"] == 1)


async def test_a_picture_named_by_the_alarm_itself_comes_too(hub):
    async with console(hub.store) as url, live(url) as stream:
        await settled(stream)
        ref = hub.reference(BOX, jpeg(1))
        await hub.event(BOX, Alarm(kind="smoke", state="pulse", pictures=(ref,)))
        assert "图片传输中" in (await stream.update())[1]["rows"][0]["html"]
        path = await hub.picture(BOX, ref, jpeg(1))
        (row,) = (await stream.update())[1]["changed"]
        assert path[1:] in row["html"]


async def test_a_box_that_changes_is_sent_alone(hub):
    await hub.box(BOX, "甲村")
    await hub.box(OTHER, "乙村")
    async with console(hub.store) as url, live(url, "lang=en") as stream:
        await settled(stream)
        await hub.change_box(OTHER, status="lost")
        _, update = await stream.update()
        assert [box["id"] for box in update["boxes"]] == [OTHER]
        assert "out of contact" in update["boxes"][0]["html"]
        assert "1 out of contact" in update["summary"]


async def test_fragments_are_escaped_like_pages(hub):
    await hub.box(BOX, HOSTILE)
    await hub.device(BOX, "cam-1", HOSTILE, state="down", detail=HOSTILE)
    await hub.event(BOX, Alarm(kind="other", state="pulse", source=HOSTILE), device="cam-1")
    async with console(hub.store) as url, live(url) as stream:
        _, update = await stream.update()
        assert "&lt;script&gt;" in update["rows"][0]["html"]
        assert "<script" not in str(update)


async def test_the_hubs_feed_wakes_the_console(hub):
    feed = Committed(hub.store)
    async with console(hub.store, feed, poll_interval_s=20.0) as url, live(url) as stream:
        feed.tell(0)
        await settled(stream)
        await hub.event(BOX, pulse())
        feed.tell(1)
        assert [row["id"] for row in (await stream.update())[1]["rows"]] == [1]


async def test_a_quiet_stream_still_says_that_it_lives(hub):
    async with console(hub.store, keepalive_s=0.05) as url, live(url) as stream:
        await settled(stream)
        assert (await stream.message())["event"] == "tick"


async def test_the_server_stops_although_browsers_listen(hub):
    async with contextlib.AsyncExitStack() as server:
        url = await server.enter_async_context(console(hub.store))
        async with live(url) as stream:
            await settled(stream)
            await server.aclose()
            with pytest.raises(EOFError):
                await stream.update()


async def test_an_unreadable_id_is_refused(hub):
    async with console(hub.store) as url:
        assert (await get(url + "/live", last_event_id="nonsense")).status == 400


async def test_who_finds_no_place_is_told_so_in_the_page_s_language_and_when_to_come_again(hub, monkeypatch):
    monkeypatch.setattr(seat, "STREAMS_MAX", 1)
    async with console(hub.store) as url, live(url) as stream:
        await settled(stream)
        for path, said in (("/live?lang=en", "Too many watch"), ("/live/board?lang=zh", "同时查看的人太多")):
            reply = await get(url + path)
            assert (reply.status, reply.headers["retry-after"], said in reply.text) == (503, "10", True)


async def test_a_database_error_ends_no_stream_of_others(hub, caplog):
    async with console(hub.store) as url, live(url) as stream:
        await settled(stream)
        async with hub.store.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE event RENAME TO elsewhere")
        await until(lambda: "console cannot read the database" in caplog.text)
        async with hub.store.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO event")
        await hub.event(BOX, pulse())
        assert [row["id"] for row in (await stream.update())[1]["rows"]] == [1]
