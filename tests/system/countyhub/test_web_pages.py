"""The console over real HTTP on a real database: pages, pictures, health for machines, and who is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from countyhub.store import tables as t
from countyhub.web.live.today import Counts
from gridwire.events import Alarm, Checkin, DeviceState, Picture, Reading
from gridwire.messages import Health
from tests.browser.client import get, look
from tests.browser.county import console, county, jpeg

BOX, OTHER = "431126101201", "431126101202"
pytestmark = pytest.mark.usefixtures("database")
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&'


@pytest.fixture
async def hub(tmp_path):
    async with county(tmp_path) as place:
        yield place


async def test_an_empty_hub_says_so_in_the_readers_language(hub):
    async with console(hub.store) as url:
        zh = await get(url + "/events")
        assert zh.status == 200
        assert "还没有盒子报到" in zh.text
        assert '<html lang="zh-CN">' in zh.text
        assert "没有需要处理的事项" in zh.text
        en = await get(url + "/events", accept_language="en-GB,en;q=0.9")
        assert "No box has reported yet" in en.text
        chosen = await get(url + "/events?lang=en")
        assert chosen.headers["set-cookie"].startswith("lang=en;")
        assert "No events yet" in (await get(url + "/events", cookie="lang=en")).text


async def test_the_page_shows_boxes_devices_alarms_and_checkins(hub):
    health = Health(at=datetime.now(UTC), uptime_s=1.0, clock="unsynced", waiting={"alarm": 3, "record": 4})
    await hub.box(BOX, "下灌村", status="lost", health=health)
    await hub.device(BOX, "cam-1", "村口", state="down", reason="wrong-password", detail="NotAuthorized")
    await hub.event(BOX, Alarm(kind="smoke", state="start", severity="critical"), device="cam-1")
    await hub.event(BOX, Checkin(method="card", person="a" * 64, key="k", masked="***4417"), device="terminal-1")
    await hub.event(BOX, Reading(quantity="water_level", value=1.0), device="cam-1")
    async with console(hub.store) as url:
        page = (await get(url + "/events")).text
        for words in (
            "下灌村",
            "失联",
            "村口",
            "密码错误",
            "NotAuthorized",
            "烟雾",
            "严重",
            "***4417 签到",
            "时钟未校准",
        ):
            assert words in page
    snapshot = await hub.look()
    assert (snapshot.summary.boxes, snapshot.summary.lost) == (1, 1)
    assert snapshot.summary.today == Counts(alarms=1, critical=1, checkins=1)
    (box,) = snapshot.boxes
    assert (box.waiting, box.devices[0].reason) == (7, "wrong-password")
    assert [event.type for event in await hub.listed()] == ["checkin", "alarm"]


async def test_counts_of_today_leave_out_drills_ends_and_other_days(hub):
    now = datetime.now(UTC)
    await hub.event(BOX, Alarm(kind="smoke", state="start"))
    await hub.event(BOX, Alarm(kind="smoke", state="end"))
    await hub.event(BOX, Alarm(kind="smoke", state="start", drill=True))
    await hub.event(BOX, Alarm(kind="smoke", state="start"), at=now - timedelta(days=2), delay=timedelta(days=2))
    await hub.event(BOX, Alarm(kind="smoke", state="start"), at=datetime(1970, 1, 1, tzinfo=UTC), clock="unsynced",
                    delay=now - datetime(1970, 1, 1, tzinfo=UTC))  # fmt: skip
    assert (await hub.look()).summary.today.alarms == 2
    await hub.event(BOX, Alarm(kind="smoke", state="pulse"))
    assert (await hub.look()).summary.today.alarms == 3


async def test_names_and_texts_of_devices_are_text_and_nothing_else(hub):
    await hub.box(BOX, HOSTILE, version=HOSTILE[:32], reason=HOSTILE, status="offline")
    await hub.device(BOX, "cam-1", HOSTILE, state="down", reason=HOSTILE, detail=HOSTILE)
    alarm = await hub.event(BOX, Alarm(kind="other", state="start", source=HOSTILE, object=HOSTILE), device="cam-1")
    await hub.picture_of(alarm, BOX, jpeg())
    await hub.event(BOX, Checkin(method="card", person="", key="", name=HOSTILE, slot="<b>", point=HOSTILE))
    await hub.event(BOX, DeviceState(state="down", reason=HOSTILE, detail=HOSTILE), device="cam-1")
    async with console(hub.store, county_name=HOSTILE) as url:
        for path in (
            "/events",
            "/events?lang=en",
            f"/events?box={BOX}&type=alarm",
            f"/events?box={HOSTILE}&type=%22%3E%3Cscript%3E".replace(" ", "%20"),
        ):
            page = await get(url + path)
            assert page.status == 200
            assert "alert(" in page.text or "box=%3C" in page.text
            assert "<script>alert" not in page.text
            assert "<img src=x" not in page.text
            assert "<b>" not in page.text


async def test_a_late_event_shows_both_times_and_its_mark(hub):
    happened = datetime.now(UTC) - timedelta(hours=30)
    await hub.event(BOX, Alarm(kind="smoke", state="pulse"), at=happened, delay=timedelta(hours=30))
    async with console(hub.store) as url:
        page = (await get(url + "/events")).text
        assert "补传" in page
        assert happened.isoformat() in page
        assert "收到 <time" in page


async def test_an_unset_clock_is_marked_and_corrected_once_the_truth_is_known(hub):
    booted = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
    wrong = datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)
    await hub.event(BOX, Alarm(kind="smoke", state="pulse"), at=wrong, delay=booted - wrong, clock="unsynced")
    async with console(hub.store) as url:
        (before,) = await hub.listed()
        assert (before.time_known, before.late) == (False, False)
        page = (await get(url + "/events")).text
        assert "盒子没有从网络对上时间" in page
        assert "真实时间未知" in page
        await hub.insert(t.stream, box=BOX, stream=hub.stream(BOX), first_seen=booted, booted=booted)
        (after,) = await hub.listed()
        assert (after.time_known, after.happened.isoformat()) == (True, "2026-05-01T04:00:12.345000+00:00")
        page = (await get(url + "/events")).text
        assert "时间已校正" in page
        assert "真实时间未知" not in page
        assert '盒子时钟 <time datetime="1970-01-01T00:00:09+00:00">1970-01-01 08:00:09</time>' in page
        assert '<span class="clock">12:00:12</span>' in page


async def test_what_a_box_recorded_long_after_it_happened_says_so(hub):
    happened = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
    await hub.event(BOX, Alarm(kind="smoke", state="pulse"), at=happened, recorded=happened + timedelta(hours=2))
    await hub.event(BOX, Alarm(kind="smoke", state="end"), at=happened)
    async with console(hub.store) as url:
        page = (await get(url + "/events?lang=en")).text
        assert page.count("box recorded") == 1
        assert 'box recorded <time datetime="2026-05-01T06:00:00+00:00">05-01 14:00:00</time>' in page


@pytest.mark.parametrize(
    ("counters", "zh", "en"),
    [
        ({}, "", ""),
        ({"data_month_bytes": 61_400_000}, "本月流量 61 MB", "61 MB this month"),
        ({"data_month_bytes": 1_234_000_000, "data_level": 1}, "图片已缩小", "pictures are smaller"),
        ({"data_level": 2}, "报警暂不带图片", "alarms come without pictures"),
        ({"data_level": 3}, "状态每小时一报", "health once an hour"),
        ({"data_level": 99, "data_month_bytes": 1}, "状态每小时一报", "health once an hour"),
    ],
)
async def test_the_data_budget_is_said_in_words(hub, counters, zh, en):
    health = Health(at=datetime.now(UTC), uptime_s=1.0, clock="synced", counters=counters)
    await hub.box("431126101202", "流量村", health=health)
    async with console(hub.store) as url:
        pages = [(await get(f"{url}/events?lang={language}")).text for language in ("zh", "en")]
    (box,) = (await hub.look()).boxes
    assert zh in pages[0]
    assert en in pages[1]
    assert ("流量" in pages[0].replace("流量村", "")) == bool(counters)
    assert (box.data_level, box.data_month_bytes) == (
        min(counters.get("data_level", 0), 3),
        counters.get("data_month_bytes", 0),
    )


async def test_a_disk_that_is_nearly_full_is_said_in_words_and_in_numbers(hub):
    health = Health(at=datetime.now(UTC), uptime_s=1.0, clock="synced", counters={"disk_free_mb": 300})
    await hub.box("431126101202", "石桥村", health=health)
    await hub.box("431126101203", "下灌村")
    async with console(hub.store) as url:
        pages = [(await get(f"{url}/events?lang={language}")).text for language in ("zh", "en")]
        metrics = (await get(url + "/metrics")).text
    assert "磁盘将满：仅余 315 MB" in pages[0]
    assert "Disk nearly full: 315 MB left" in pages[1]
    assert 'countyhub_box_low_disk_free_bytes{box="431126101202"} 3.145728e+08' in metrics
    assert 'countyhub_box_low_disk_free_bytes{box="431126101203"}' not in metrics
    assert (await hub.look()).boxes[0].id == "431126101202", "worth a look: it stands above"


async def test_pictures_of_an_alarm_come_with_it_or_in_a_later_event(hub):
    alarm = await hub.event(BOX, Alarm(kind="smoke", state="pulse"))
    ref = hub.reference(BOX, jpeg(1))
    await hub.event(BOX, Picture(pictures=(ref,), owner=alarm.id, cause="alarm"))
    async with console(hub.store) as url:
        assert "图片传输中" in (await get(url + "/events")).text
        path = await hub.picture(BOX, ref, jpeg(1))
        assert f'href="/look?object={path[1:]}"' in (await get(url + "/events")).text
        assert (await get(url + path)).status == 403, "nobody sees a picture who has not said why"
        await look(url, path)
        picture = await get(url + path)
        assert (picture.status, picture.body) == (200, jpeg(1))
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.headers["x-content-type-options"] == "nosniff"
        assert picture.headers["etag"] == f'"{ref.sha256}"'
        assert "no-store" in picture.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        f"/picture/{BOX}/01ARZ3NDEKTSV4RRFFQ69G5FAV/9",
        f"/picture/{BOX}/01ARZ3NDEKTSV4RRFFQ69G5FAV/99999999999999999999",
        f"/picture/{BOX}/../1",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/api/none",
    ],
)
async def test_what_is_not_there_is_404(hub, path):
    async with console(hub.store) as url:
        assert (await get(url + path)).status == 404


async def test_events_are_filtered_and_paged(hub):
    for _ in range(3):
        await hub.event(BOX, Alarm(kind="smoke", state="pulse"))
        await hub.event(OTHER, Checkin(method="card", person="", key=""))
    async with console(hub.store, page_rows=2) as url:
        first = await hub.listed(4)
        rest = await hub.listed(4, before=first[-1].id)
        assert [event.id for event in (*first, *rest)] == [6, 5, 4, 3, 2, 1]
        assert [event.id for event in await hub.listed(box=OTHER, type="checkin")] == [6, 4, 2]
        assert await hub.listed(box=OTHER, type="alarm") == []
        page = (await get(f"{url}/events?type=alarm")).text
        assert "before=3" in page
        older = (await get(f"{url}/events?type=alarm&before=3")).text
        assert 'id="e1"' in older
        assert 'id="e3"' not in older
        assert "data-stream" not in older


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=1.5", "before=99999999999999999999", "before=²"])
async def test_what_is_no_number_is_refused(hub, query):
    async with console(hub.store) as url:
        reply = await get(f"{url}/events?{query}".replace("²", "%C2%B2"), accept_language="en")
        assert reply.status == 400
        assert "Bad request" in reply.text


async def test_attention_says_what_and_what_to_do(hub):
    now = datetime.now(UTC)
    await hub.box(BOX, "下灌村")
    stream = hub.stream(BOX)
    numbers = {"oldest_unacked": 64, "next": 70, "stored_through": 40, "above": b"[[45,51]]", "missing": 16}
    await hub.insert(t.stream_state, box=BOX, stream=stream, lane="record", **numbers)
    await hub.insert(t.stream, box=BOX, stream=stream, first_seen=now, ended=now, tail="unknown")
    await hub.insert(t.number_reused, box=BOX, stream=stream, lane="alarm", seq=7, known_digest=b"1" * 16,
                     digest=b"2" * 16, raw=b"", received=now)  # fmt: skip
    await hub.insert(t.dead_letter, box=BOX, topic="x", payload=b"", size=0, code="wire.unknown-type", text_zh="",
                     text_en="", received=now, last_received=now, count=1, digest=b"0" * 16)  # fmt: skip
    async with console(hub.store) as url:
        snapshot = await hub.look()
        assert [item.kind for item in snapshot.trouble.items] == ["number_reused", "dead", "missing", "ended"]
        assert snapshot.trouble.items[2].lanes == (("record", "41–44, 52–63"),)
        assert (snapshot.summary.missing, snapshot.summary.dead_letters) == (16, 1)
        page = (await get(url + "/events")).text
        for words in ("编号重复使用", "wire.unknown-type", "41–44, 52–63", "编号流已结束", "怎么办", "先升级中心"):
            assert words in page


async def test_only_reading_is_possible_and_only_under_a_name_of_ours(hub):
    async with console(hub.store, host_names=("hub.example",)) as url:
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            assert (await get(url + "/events", method)).status == 405
        assert (await get(url + "/events", host="evil.example")).status == 421
        assert (await get(url + "/metrics", host="evil.example:80")).status == 421
        assert (await get(url + "/events", host="hub.example")).status == 200
        assert (await get(url + "/events", "HEAD")).status == 200


async def test_every_answer_forbids_foreign_content(hub):
    async with console(hub.store) as url:
        for path in ("/", "/static/console.js", "/nothing", "/api/1/boxes"):
            headers = (await get(url + path)).headers
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert headers["x-content-type-options"] == "nosniff"
        page = (await get(url + "/events")).text
        assert " style=" not in page
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in page


async def test_machines_can_ask_how_the_hub_is(hub):
    await hub.box(BOX)
    async with console(hub.store) as url:
        assert (await get(url + "/livez")).status == 200
        assert (await get(url + "/readyz")).status == 200
        metrics = (await get(url + "/metrics")).text
        assert 'countyhub_boxes{state="online"} 1.0' in metrics
        assert "countyhub_dead_letters 0.0" in metrics
    await hub.store.close()


async def test_a_database_that_cannot_be_read_makes_it_not_ready(hub):
    async with hub.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE event RENAME TO elsewhere")
    async with console(hub.store) as url:
        assert (await get(url + "/livez")).status == 200
        assert (await get(url + "/readyz")).status == 503
        page = await get(url + "/events")
        assert page.status == 503
        assert "数据库暂时无法读取" in page.text
