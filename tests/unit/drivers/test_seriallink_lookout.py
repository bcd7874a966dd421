"""The lookout over real ptys: it asks as long as the answer is the quiet one, and gives the line back for all else."""

import asyncio
import threading
import time

import pytest

from drivers.seriallink import LinkLost, Lookout, Question, SerialLink, SerialSettings
from drivers.terminal.frames import sam_idcard as sam
from drivers.terminal.frames.sam_idcard import Answer, SamDecoder, Status
from simulators.terminal.cards import resident
from simulators.terminal.idreader import IdReader
from simulators.terminal.ptyport import PtyPort
from tests.harness import until

EVERY_S = 0.02
URGENT = Question(sam.FIND, sam.NO_CARD_ANSWER, EVERY_S, is_urgent=True)
PATIENT = URGENT._replace(is_urgent=False)
FOUND = sam.PREAMBLE + bytes.fromhex("00080000 9F00000000 97")
CARD = resident("11010519491231002X", "张三")


@pytest.fixture
def lookout():
    lookout = Lookout()
    yield lookout
    lookout.close()
    assert "lookout" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def reader(port):
    reader = IdReader(port.send)
    port.on_bytes = reader.take
    return reader


def link_to(port: PtyPort, inter_byte_timeout_s: float = 0.05) -> SerialLink[Answer]:
    return SerialLink(SerialSettings(port=str(port.link), inter_byte_timeout_s=inter_byte_timeout_s), SamDecoder())


async def other_answer(lookout: Lookout, link: SerialLink[Answer], question: Question) -> Status | None:
    """The first answer that is not the quiet one; an answer that came late, as on a busy machine, is received here."""
    while True:
        if not await lookout.watch(link, question):
            return None
        answer = await link.receive_within(5.0)
        assert answer is not None
        if answer.status != Status.NO_CARD:
            return Status(answer.status)


async def ask(link: SerialLink[Answer]) -> int:
    await link.write(sam.FIND)
    answer = await link.receive_within(5.0)
    return answer.status if answer else -1


@pytest.mark.parametrize("question", [URGENT, PATIENT])
async def test_a_card_ends_the_watch_and_its_answer_is_received(port, reader, lookout, question):
    async with link_to(port) as link:
        watch = asyncio.create_task(other_answer(lookout, link, question))
        await until(lambda: reader.finds > 5)
        assert not watch.done()
        reader.present(CARD)
        assert await watch == Status.FOUND
        reader.lift()
        assert await ask(link) == Status.NO_CARD, "short answers wake the loop again"


async def test_it_watches_again_and_again(port, reader, lookout):
    async with link_to(port) as link:
        for _ in range(20):
            watch = asyncio.create_task(other_answer(lookout, link, URGENT))
            finds = reader.finds
            await until(lambda finds=finds: reader.finds > finds + 2)
            reader.present(CARD)
            assert await watch == Status.FOUND
            reader.lift()


async def test_an_answer_as_long_as_the_quiet_one_is_seen_when_the_next_is_due(port, lookout):
    answers = [sam.NO_CARD_ANSWER] * 3 + [sam.PREAMBLE + bytes.fromhex("00040000 6662")]
    port.on_bytes = lambda _: port.send(answers.pop(0))
    async with link_to(port) as link:
        assert await other_answer(lookout, link, URGENT) == Status.NOT_AUTHORISED


async def test_half_an_answer_is_completed_by_the_link(port, lookout):
    """Whenever it comes: the watch is over, and no byte of it is lost."""
    asked = []

    def answer(data: bytes) -> None:
        asked.append(data)
        if len(asked) == 3:
            port.send_raw(sam.NO_CARD_ANSWER[:5])
            asyncio.get_running_loop().call_later(3 * EVERY_S, port.send_raw, sam.NO_CARD_ANSWER[5:])
        else:
            port.send(sam.NO_CARD_ANSWER if len(asked) < 5 else FOUND)

    port.on_bytes = answer
    async with link_to(port, inter_byte_timeout_s=2.0) as link:
        assert await other_answer(lookout, link, URGENT) == Status.FOUND
        assert link._decoder.bad_bytes == 0


async def test_silence_ends_the_watch_and_the_late_answer_is_received(port, lookout):
    asked = []
    port.on_bytes = asked.append
    async with link_to(port) as link:
        assert await lookout.watch(link, URGENT)
        assert asked == [sam.FIND]
        port.send(sam.NO_CARD_ANSWER)
        assert (await link.receive_within(5.0)).status == Status.NO_CARD


@pytest.mark.parametrize("question", [URGENT, PATIENT])
async def test_unplugging_ends_the_watch(port, reader, lookout, question):
    async with link_to(port) as link:
        watch = asyncio.create_task(other_answer(lookout, link, question))
        await until(lambda: reader.finds > 2)
        port.unplug()
        with pytest.raises(LinkLost) as lost:
            await watch
        assert lost.value.reason == "unplugged"


async def test_a_stuck_device_is_left_to_the_link(port, lookout):
    async with link_to(port) as link:
        port.stick()
        is_asked = True
        while is_asked:  # a pty that is full has room for a few bytes more a moment later
            while await _fill(link):
                pass
            is_asked = await lookout.watch(link, URGENT)


async def _fill(link: SerialLink[Answer]) -> bool:
    try:
        async with asyncio.timeout(0.2):
            await link.write(bytes(4096))
    except TimeoutError:
        return False
    return True


async def test_it_ends_at_its_moment_with_nothing_to_be_received(port, reader, lookout):
    async with link_to(port) as link:
        while await lookout.watch(link, PATIENT, until_s=time.monotonic() + 5 * EVERY_S):
            assert (await link.receive_within(5.0)).status == Status.NO_CARD
        assert reader.finds > 0
        assert await link.receive_within(3 * EVERY_S) is None
        assert await ask(link) == Status.NO_CARD


async def test_it_is_recalled(port, reader, lookout):
    async with link_to(port) as link:
        watch = asyncio.create_task(lookout.watch(link, PATIENT))
        await until(lambda: reader.finds > 0)
        lookout.recall()
        assert await watch
        assert (await link.receive_within(5.0)).status == Status.NO_CARD


async def test_a_cancelled_watch_asks_no_more(port, reader, lookout):
    async with link_to(port) as link:
        watch = asyncio.create_task(lookout.watch(link, URGENT))
        await until(lambda: reader.finds > 0)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        finds = reader.finds
        await asyncio.sleep(5 * EVERY_S)  # nobody is to ask any more
        assert reader.finds <= finds + 1
        await link.receive_within(3 * EVERY_S)
        assert await ask(link) == Status.NO_CARD


async def test_two_lines_are_watched_by_one_thread(tmp_path, port, reader, lookout):
    other = PtyPort(tmp_path / "other")
    other.plug()
    second = IdReader(other.send)
    other.on_bytes = second.take
    async with link_to(port) as link, link_to(other) as beside:
        watches = [asyncio.create_task(other_answer(lookout, each, URGENT)) for each in (link, beside)]
        await until(lambda: min(reader.finds, second.finds) > 5)
        assert [thread.name for thread in threading.enumerate()].count("lookout") == 1
        second.present(CARD)
        assert await watches[1] == Status.FOUND
        assert not watches[0].done()
        watches[0].cancel()
        await asyncio.gather(*watches, return_exceptions=True)
    other.unplug()
