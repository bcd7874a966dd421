"""A county of a few villages as on a usual afternoon, with drawn camera pictures, to look at the console with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from countyhub.store import tables as t
from gridwire.events import Alarm, Checkin, DeviceState, Rating, Request, Sos
from gridwire.messages import Health
from tests.browser.county import County

VILLAGES = (
    ("431126101201", "下灌村", "online"),
    ("431126101202", "周家坝村", "online"),
    ("431126102205", "路亭村", "online"),
    ("431126102207", "大界村", "lost"),
    ("431126103211", "小桃源村", "online"),
    ("431126104203", "久安背村", "offline"),
    ("431126105218", "湾井镇东安头村", "online"),
)


def scene(seed: int) -> bytes:
    """A village road by day or by night, 640x360."""
    rng = np.random.default_rng(seed)
    night = seed % 3 == 0
    top, bottom = ((30, 22, 16), (58, 44, 34)) if night else ((214, 190, 160), (232, 224, 214))
    rows = np.linspace(0, 1, 360)[:, None]
    image = np.repeat((np.array(top) * (1 - rows) + np.array(bottom) * rows)[:, None, :], 640, axis=1)
    image = np.ascontiguousarray(image.astype(np.uint8))
    ground = (44, 52, 50) if night else (122, 160, 142)
    cv2.rectangle(image, (0, 190), (640, 360), ground, -1)
    road = (66, 64, 62) if night else (168, 170, 172)
    cv2.fillPoly(image, [np.array([[250, 190], [330, 190], [560, 360], [60, 360]], np.int32)], road)
    for _ in range(5):
        x, width, height = int(rng.integers(0, 600)), int(rng.integers(50, 110)), int(rng.integers(40, 80))
        wall = (
            tuple(int(v) for v in rng.integers(50, 90, 3))
            if night
            else tuple(int(v) for v in rng.integers(150, 225, 3))
        )
        cv2.rectangle(image, (x, 196 - height), (x + width, 196), wall, -1)
        cv2.fillPoly(
            image,
            [np.array([[x - 8, 196 - height], [x + width // 2, 170 - height], [x + width + 8, 196 - height]])],
            (70, 74, 96),
        )
    x = int(rng.integers(230, 330))
    cv2.ellipse(image, (x, 262), (11, 30), 0, 0, 360, (52, 60, 120), -1)
    cv2.circle(image, (x, 224), 10, (140, 165, 200), -1)
    cv2.rectangle(image, (x - 22, 206), (x + 22, 300), (70, 210, 250), 2)
    image = cv2.add(image, rng.integers(0, 12, image.shape, dtype=np.uint8))
    cv2.putText(
        image,
        f"2026-11-22 14:0{seed % 10}:12  CAM-{seed:02d}",
        (16, 30),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.6,
        (255, 255, 255),
        1,
        cv2.LINE_AA,
    )
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


async def usual_afternoon(county: County) -> None:
    now = datetime.now(UTC)
    await _boxes(county, now)
    await _events(county, now)
    await _troubles(county, now)


async def _boxes(county: County, now: datetime) -> None:
    for n, (box, name, status) in enumerate(VILLAGES):
        health = Health(
            at=now,
            uptime_s=86400.0,
            clock="unsynced" if n == 4 else "synced",
            waiting={"alarm": 3, "record": 14} if n == 1 else {},
            counters={"data_month_bytes": 61_400_000 + 310_000_000 * n, "data_level": max(n - 3, 0) % 4},
        )
        seen = now - (timedelta(hours=5) if status != "online" else timedelta(seconds=20 * n))
        reason = "stop" if status == "offline" else ""
        since = now - timedelta(hours=3 + 7 * n)
        await county.box(box, name, status=status, reason=reason, since=since, last_seen=seen, health=health)
        await county.device(box, "cam-1", "村口", updated=now)
        await county.device(box, "cam-2", "村部门前", updated=now)
        await county.device(box, "cam-3", "水库大坝", updated=now)
        await county.device(box, "terminal-1", "自助服务终端", driver="terminal", updated=now)
    async with county.store.write() as connection:
        for device, state, reason, detail in (
            ("cam-3", "down", "wrong-password", "ONVIF ter:NotAuthorized, 192.168.1.63"),
            ("cam-2", "degraded", "timeout", "事件订阅无响应，改用轮询"),
        ):
            await connection.execute(
                t.device_state.update()
                .where(t.device_state.c.box == VILLAGES[2][0], t.device_state.c.device == device)
                .values(state=state, reason=reason, detail=detail)
            )


async def _events(county: County, now: datetime) -> None:
    def ago(**values: float) -> datetime:
        return now - timedelta(**values)

    b = [village[0] for village in VILLAGES]
    await county.event(
        b[5],
        Checkin(
            method="card", person="a" * 64, key="k1", masked="******4417", slot="morning", verified=True, point="村部"
        ),
        device="terminal-1",
        at=ago(hours=6),
        delay=timedelta(hours=5, minutes=30),
    )
    await county.event(
        b[0],
        Checkin(
            method="id",
            person="b" * 64,
            key="k1",
            masked="431126********1006",
            name="",
            verified=True,
            slot="afternoon",
            point="村部",
        ),
        device="terminal-1",
        at=ago(minutes=29),
    )
    one = await county.event(
        b[0], Alarm(kind="intrusion", state="start", source="区域1", object="Human"), device="cam-1", at=ago(minutes=25)
    )
    await county.picture_of(one, b[0], scene(1))
    await county.event(b[0], Alarm(kind="intrusion", state="end", source="区域1"), device="cam-1", at=ago(minutes=24))
    await county.event(
        b[4],
        Alarm(kind="door", state="pulse", severity="notice"),
        device="cam-2",
        at=datetime(1970, 1, 1, 0, 12, tzinfo=UTC),
        delay=now - datetime(1970, 1, 1, 0, 31, tzinfo=UTC),
        clock="unsynced",
    )
    await county.insert(
        t.stream, box=b[6], stream=county.stream(b[6]), first_seen=now, booted=ago(minutes=21)
    )  # since known: its clock stood at the day of its factory
    await county.event(
        b[6],
        Alarm(kind="motion", state="pulse", severity="notice"),
        device="cam-3",
        at=datetime(2024, 3, 5, 0, 12, tzinfo=UTC),
        delay=now - datetime(2024, 3, 5, 0, 32, tzinfo=UTC),
        clock="unsynced",
    )
    await county.event(
        b[2],
        DeviceState(state="down", reason="wrong-password", detail="ter:NotAuthorized"),
        device="cam-3",
        at=ago(minutes=19),
    )
    await county.event(
        b[1],
        Request(item="0102", mode="proxy", receipt="430-0117", text="帮老人代办高龄补贴"),
        device="terminal-1",
        at=ago(minutes=15),
    )
    two = await county.event(
        b[6],
        Alarm(kind="person", state="start", severity="info", source="VideoSource_1", drill=True),
        device="cam-2",
        at=ago(minutes=12),
    )
    await county.picture_of(two, b[6], scene(4))
    await county.picture_of(two, b[6], scene(7))
    await county.event(b[1], Rating(score=5, receipt="430-0117"), device="terminal-1", at=ago(minutes=9))
    fire = await county.event(
        b[2],
        Alarm(
            kind="smoke",
            state="start",
            severity="critical",
            source="山林 2 号",
        ),
        device="cam-1",
        at=ago(minutes=6),
    )
    await county.picture_of(fire, b[2], scene(3))
    await county.event(
        b[6],
        Checkin(method="qr", person="c" * 64, key="k1", name="李建国", slot="afternoon", point="大坝"),
        device="terminal-1",
        at=ago(minutes=4),
    )
    await county.event(b[0], Sos(state="start", point="大厅"), device="terminal-1", at=ago(minutes=2))
    ref = county.reference(b[0], scene(5))
    await county.event(
        b[0],
        Alarm(kind="motion", state="pulse", severity="notice", pictures=(ref,)),
        device="cam-2",
        at=ago(seconds=40),
    )
    last = await county.event(
        b[1],
        Alarm(kind="line_crossing", state="start", source="警戒线", object="Vehicle"),
        device="cam-1",
        at=ago(seconds=15),
    )
    await county.picture_of(last, b[1], scene(8))


async def _troubles(county: County, now: datetime) -> None:
    lost, box = VILLAGES[3][0], VILLAGES[1][0]
    stream = county.stream(box)
    await county.insert(
        t.stream_state,
        box=box,
        stream=stream,
        lane="record",
        oldest_unacked=64,
        next=70,
        stored_through=40,
        above=b"[[45,51],[53,60]]",
        missing=8,
        asked=now - timedelta(minutes=3),
    )
    await county.insert(
        t.dead_letter,
        box=box,
        topic=f"grid/1/431126/{box}/up/event",
        payload=b"{}",
        size=2,
        code="wire.unknown-type",
        text_zh="x",
        text_en="x",
        received=now,
        last_received=now,
        count=1,
        digest=b"0" * 16,
    )
    await county.insert(
        t.number_reused,
        box=lost,
        stream=county.stream(lost),
        lane="alarm",
        seq=118,
        known_digest=b"1" * 16,
        digest=b"2" * 16,
        raw=b"{}",
        received=now - timedelta(hours=9),
    )
    await county.insert(
        t.stream, box=lost, stream=county.stream(lost), first_seen=now, ended=now - timedelta(hours=8), tail="unknown"
    )
    await county.insert(t.stream_state, box=lost, stream=county.stream(lost), lane="alarm", stored_through=131)
    await county.insert(t.stream_state, box=lost, stream=county.stream(lost), lane="record", stored_through=902)
