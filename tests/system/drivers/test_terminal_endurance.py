"""The terminal for a long time: a thousand pulled plugs, ten thousand spoilt readings of cards. Counted."""

import asyncio
import gc
import os
import random
import time

import pytest

from simulators.terminal import random_card
from simulators.terminal.speakers import card_frame
from tests.harness import until
from tests.terminals import station

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CYCLES = int(os.environ.get("UNPLUGS") or 1000)
READS = 10_000
SAFE_S = 0.1
"""What was complete so long before the plug was pulled, and has been read, must not be lost."""
PATIENCE_S = 5.0
"""A tone that is a second late is not sounded, and a busy machine may hold up a process for as long."""


def open_descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


async def test_a_thousand_pulled_plugs(tmp_path, counted):
    """No descriptor left behind, no card twice, no frame made of two halves, nothing lost that was there 100 ms."""
    chance = random.Random(9600)
    complete, half = [], []
    async with station(tmp_path, ("iccard", "scanner", "beeper")) as place:
        place.settings["window_s"] = 0
        async with place.open() as device:

            async def look(after: int = -1, wait_s: float = 0.0) -> dict:
                return await place.driver.command(device, "watch", {"after": after, "wait_s": wait_s})

            async def until_open_again(after: int) -> None:
                while True:
                    told = await look(after, wait_s=10.0)
                    if any((line["what"], line["part"]) == ("works", "iccard") for line in told["heard"]):
                        return
                    after = told["last"]

            port = place.terminal.parts["iccard"]
            before = open_descriptors()
            for cycle in range(CYCLES):
                uid, torn = (kind + cycle.to_bytes(3, "big") for kind in (b"\x01", b"\x02"))
                place.terminal.show_ic(uid)
                complete.append(place.person(uid.hex().upper()))
                await asyncio.sleep(SAFE_S)
                await until(lambda: port.is_all_read)
                frame = card_frame(torn)
                port.send_raw(frame[: chance.randrange(1, len(frame))])
                half.append(place.person(torn.hex().upper()))
                await asyncio.sleep(chance.choice((0, 0, 0.002, 0.01)))  # torn while it is read, or after
                last = (await look())["last"]
                place.terminal.unplug("iccard")
                await asyncio.sleep(chance.choice((0, 0.001, 0.02)))  # noticed, or back before
                place.terminal.plug("iccard")
                await until_open_again(last)
            await until(lambda: len(device.data) >= len(complete))
            after = open_descriptors()
        people = [checkin.person for checkin in place.stored("checkin")]
        lost, twice = set(complete) - set(people), len(people) - len(set(people))
        spliced, halves = set(people) - set(complete) - set(half), set(people) & set(half)
        counted(
            f"unplugged {CYCLES}, cards whole {len(complete)}, stored {len(people)}, lost {len(lost)}, twice {twice}, "
            f"spliced {len(spliced)}, halves taken for cards {len(halves)}, "
            f"descriptors {before} before, {after} after, told {len(device.reports)} times"
        )
        assert sorted(people) == sorted(complete)
        assert after == before
        assert len(device.reports) < CYCLES / 10 + 30


async def test_two_flipped_bits_never_make_another_person(tmp_path, counted):
    """In half of the reads, most often in the number; the checksum, the check digit or another read sees it."""
    chance = random.Random(11643)
    spoilt = xor_passes = cards = times_laid = untold = 0
    number_from = 14 + 30 + 2 + 4 + 16 + 70
    async with station(tmp_path, ("idcard", "beeper")) as place:
        place.settings["window_s"] = 0
        place.own["idcard"] = {"poll_s": 0.001, "answer_timeout_s": 0.03}
        reader, reads = place.terminal.idreader, 0
        reader.hides_after_read = False
        send = reader.cable

        def spoil(frame: bytes) -> None:
            nonlocal spoilt, xor_passes, reads
            if len(frame) > 1000:
                reads += 1
                if chance.random() < 0.5:
                    anywhere = chance.random() < 0.3
                    first, size = (0, len(frame)) if anywhere else (number_from, 36)
                    data = bytearray(frame)
                    one, two = chance.sample(range(first * 8, (first + size) * 8), 2)
                    if not anywhere and chance.random() < 0.5:
                        two = one + 8 * chance.choice((1, 2, 3))  # the same bit of another byte: the checksum is blind
                    for bit in (one, two):
                        data[bit // 8] ^= 1 << bit % 8
                    spoilt += 1
                    xor_passes += one % 8 == two % 8
                    frame = bytes(data)
            send(frame)

        reader.cable = spoil
        async with place.open() as device:
            shown = set()
            began = time.monotonic()
            while reads < READS:
                card = random_card(chance)
                shown.add(place.person(card.number))
                cards += 1
                tones = len(place.terminal.beeper.beeps)
                while len(place.terminal.beeper.beeps) == tones:
                    times_laid, stored = times_laid + 1, len(device.data)
                    place.terminal.present_card(card)
                    try:
                        await until(lambda tones=tones: len(place.terminal.beeper.beeps) > tones, PATIENCE_S)
                    except TimeoutError:  # no tone: people lay the card there again
                        untold += len(device.data) - stored
                    place.terminal.lift_card()
                    finds = reader.finds
                    await until(lambda finds=finds: reader.finds > finds + 6)  # two quiet answers, if some are lost
            people = [checkin.person for checkin in device.data]
        refused = place.tones.count("failed")
        counted(
            f"reads {reads}, spoilt {spoilt}, of which the checksum could not see {xor_passes}; cards {cards}, "
            f"laid there again {times_laid - cards} ({untold} were checked in), checked in {len(people)}, "
            f"refused {refused}, wrong numbers {len(set(people) - shown)} ({time.monotonic() - began:.0f} s)"
        )
        assert set(people) <= shown
        assert 0 <= len(people) + refused - len(place.tones) <= times_laid - cards
        assert times_laid - cards < cards / 100
        assert xor_passes > READS / 20
        assert len(people) > cards * 0.8
