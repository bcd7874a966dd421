"""What becomes of a message when the other side refuses, hangs or lies, and when our process dies in the middle."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from countyhub import notify
from countyhub.config import WebhookSettings, WecomSettings
from countyhub.notify import byhand, channels, delivery, oldmessages
from countyhub.notify.loop import Notifier
from tests.casebooks import GRID, HOUR, VILLAGE, staff
from tests.gateways import Asked, Gateway, Says
from tests.harness import until
from tests.waking import MINUTE, SECOND, County, county

CLERK = staff("village_clerk", VILLAGE)
SECRET = "whsec_" + "A" * 43 + "="


async def states(here: County) -> list[str]:
    return [row.state for row in await here.parcels()]


async def test_what_is_refused_for_now_goes_later(store) -> None:
    """R-WAKE-20."""
    async with county(store, [Says(500), Says(429, headers={"Retry-After": "600"}), Says()]) as here:
        await here.open()
        await here.round()
        await here.round(8 * SECOND)
        await here.round(599 * SECOND)
        assert len(here.told) == 2
        await here.round(SECOND)
        assert (len(here.told), await states(here)) == (3, ["sent"])
        assert len({asked.json["id"] for asked in here.gateway.asked}) == 1


@pytest.mark.slow
async def test_what_nobody_ever_takes_is_given_up(store) -> None:
    """R-WAKE-20."""
    async with county(store, Says(503)) as here:
        await here.open()
        for _ in range(26):
            await here.round(HOUR)
        ((state, problem),) = [(row.state, row.problem) for row in await here.parcels()]
        assert state == "failed"
        assert problem.startswith("expired: broken: HTTP 503")


async def test_what_is_refused_for_good_is_not_tried_again(store) -> None:
    async with county(store, Says(400, "no such number")) as here:
        await here.open()
        await here.round()
        await here.round(HOUR)
        assert len(here.told) == 1
        assert [row.problem for row in await here.parcels()] == ["refused: HTTP 400 no such number"]


@pytest.mark.parametrize("says", [Says(cut=0), Says(504), Says(200, "x" * 100, cut=70)])
async def test_an_ordinary_message_that_may_have_gone_is_not_sent_twice(store, says: Says) -> None:
    """R-WAKE-21: it is shown, and goes again when a person says so, under the same id."""
    async with county(store, says) as here:
        await here.open()
        await here.round()
        await here.round(HOUR)
        assert (len(here.told), await states(here)) == (1, ["unknown"])
        here.gateway.answer = Says()
        (row,) = await here.parcels()
        assert await byhand.retry(store, [row.id], here.now) == 1
        await here.round()
        assert await states(here) == ["sent"]
        assert len({asked.json["id"] for asked in here.gateway.asked}) == 1


async def test_a_call_for_help_that_may_have_gone_goes_again(store) -> None:
    """R-WAKE-21: twice is better than never."""
    async with county(store, [Says(cut=0), Says()]) as here:
        await here.sos(place=GRID)
        await here.round()
        await here.round(20 * SECOND)
        assert (len(here.told), await states(here)) == (2, ["sent"])


async def test_a_channel_that_knows_the_id_is_told_again(store) -> None:
    """R-WAKE-21."""
    async with county(store, [Says(cut=0), Says()]) as here:
        only(here, webhook=WebhookSettings(secret=SECRET, timeout_s=1))
        await here.reach(CLERK, "webhook", here.gateway.url)
        await here.open()
        await here.round()
        await here.round(10 * SECOND)
        assert len({asked.headers["webhook-id"] for asked in here.gateway.asked}) == 1
        assert (len(here.gateway.asked), await states(here)) == (2, ["sent"])


def only(here: County, **settings: object) -> None:
    """Without text messages."""
    here.config = replace(here.config, notify=replace(here.config.notify, sms=None, **settings))


def process(here: County) -> Notifier:
    return Notifier(here.store, here.live, here.config, channels.build(here.config), lambda: here.now)


@pytest.mark.parametrize("urgent", [False, True])
async def test_a_process_that_dies_while_sending(store, urgent: bool) -> None:
    """R-WAKE-21: it is found when its claim is over; a call for help goes again, anything else is shown as unknown."""
    async with county(store) as here:
        await (here.sos(place=GRID) if urgent else here.open())
        dying = process(here)
        await dying.make()
        (claim,) = await dying.claim(8)  # and it is gone
        await here.round(delivery.CLAIM - SECOND)
        assert "sending" in await states(here)
        before = len(here.told)
        await here.round(SECOND)
        again = [asked for asked in here.gateway.asked[before:] if asked.json["id"] == claim.parcel.id]
        assert len(again) == urgent
        assert (await here.parcels())[0].state == ("sent" if urgent else "unknown")


async def test_one_that_was_only_slow_still_says_that_it_was_sent(store) -> None:
    async with county(store) as here:
        await here.open()
        slow = process(here)
        await slow.make()
        (claim,) = await slow.claim(8)
        await here.round(delivery.CLAIM)
        assert await states(here) == ["unknown"]
        await slow.send(claim)
        assert await states(here) == ["sent"]


async def test_several_processes_send_each_parcel_once(store) -> None:
    async with county(store) as here:
        for number in range(12):
            await here.sos(f"sos/{number}", place=GRID)
        several = [process(here) for _ in range(4)]
        await several[0].make()
        await asyncio.gather(*(each.once() for each in several))
        ids = [asked.json["id"] for asked in here.gateway.asked]
        assert (len(ids), len(set(ids))) == (12, 12)


@pytest.mark.slow
async def test_a_robot_is_sent_no_more_than_it_takes(store) -> None:
    """R-WAKE-22: 15 of its 20 a minute; the rest is kept for calls for help."""
    said = Says(200, {"errcode": 0})
    async with county(store, said) as here:
        only(here, wecom=WecomSettings(url=here.gateway.url, robots={"grid": "K"}, timeout_s=1))
        await here.reach(CLERK, "wecom", "robot:grid")
        await here.reach(staff("grid_worker", GRID), "wecom", "robot:grid")
        for number in range(18):
            await here.open(f"alarm/{number}")
            await here.round(SECOND)
        assert len(here.gateway.asked) == 15
        for number in range(6):
            await here.sos(f"sos/{number}", place=GRID)
        await here.round()
        assert len(here.gateway.asked) == 20
        await here.round(MINUTE)
        assert len(here.gateway.asked) == 24


async def test_an_address_that_was_put_right_counts_at_the_next_try(store) -> None:
    async with county(store, [Says(503), Says()]) as here:
        await here.open()
        await here.round()
        await here.reach(CLERK, "sms", "13900000000")
        await here.round(10 * SECOND)
        assert here.phones[-1] == "13900000000"


async def test_a_channel_that_hangs_does_not_keep_the_others_waiting(store) -> None:
    """R-WAKE-11: the running hub, with ordinary messages that hang and a call for help behind them."""

    def answer(asked: Asked) -> Says:
        return Says(hangs="SOS" not in asked.json["content"])

    async with county(store, answer, sms={}, quiet="") as here:
        here.config = replace(
            here.config, notify=replace(here.config.notify, sms=replace(here.config.notify.sms, timeout_s=60))
        )
        from datetime import UTC, datetime

        here.now = datetime.now(UTC)
        loop = Notifier(store, here.live, here.config, channels.build(here.config))
        for number in range(6):
            await here.open(f"alarm/{number}", place=f"{VILLAGE[:-1]}{number % 5}")
        running = asyncio.create_task(loop.run())
        await until(lambda: here.told)
        await here.sos(place=GRID)
        await until(lambda: any("SOS" in text for _, text in here.told))
        for task in loop._sending:
            task.cancel()
        running.cancel()
        await asyncio.wait([running])


async def test_the_end_lets_what_is_under_way_finish(store) -> None:
    """A restart of the hub leaves nothing unknown."""
    async with county(store) as here:
        from datetime import UTC, datetime

        here.now = datetime.now(UTC)
        only_quiet = replace(here.config, notify=replace(here.config.notify, quiet=""))
        reached, release = asyncio.Event(), asyncio.Event()

        class Slow(Gateway):
            async def before_answer(self, asked: Asked) -> None:
                reached.set()
                await release.wait()

        async with Slow(Says()).open() as slow:
            gateway = replace(only_quiet.notify.sms, url=slow.url, timeout_s=30)
            config = replace(only_quiet, notify=replace(only_quiet.notify, sms=gateway))
            await here.open()
            running = asyncio.create_task(notify.run(store, here.live, config))
            async with asyncio.timeout(20):
                await reached.wait()
            running.cancel()
            await asyncio.sleep(0)  # it hears of its end before the gateway answers
            release.set()
            await asyncio.wait([running])
        assert await states(here) == ["sent"]


async def test_messages_that_wait_are_not_given_up_by_age(store) -> None:
    async with county(store, Says(503)) as here:
        await here.open()
        await here.round()
        await oldmessages.clean(store, here.now + timedelta(days=1))
        assert await states(here) == ["waiting"]
        assert [row.state for row in await here.messages()] == ["packed"]
