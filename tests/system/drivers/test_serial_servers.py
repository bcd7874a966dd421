"""Parts behind a serial server in the network: raw TCP and RFC 2217, spoken by pyserial's own server side."""

import asyncio
import os

import pytest

from drivers.seriallink import LinkLost, Lookout, Question, SerialLink, SerialSettings
from drivers.terminal.frames import sam_idcard as sam
from drivers.terminal.frames.icem import CardSeen, IcEmDecoder
from simulators.terminal.cards import resident
from simulators.terminal.idreader import IdReader
from simulators.terminal.serialserver import RawServer, Rfc2217Server
from tests.harness import until

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial's own
M1 = bytes.fromhex("02 09 01 6B 3D 12 D6 9A 03")
SEEN = CardSeen("m1", bytes.fromhex("6B3D12D6"))


def link_to(url: str, **settings) -> SerialLink[CardSeen]:
    return SerialLink(SerialSettings(port=url, inter_byte_timeout_s=0.05, **settings), IcEmDecoder())


async def test_raw_tcp_carries_frames_both_ways():
    async with RawServer() as server, link_to(server.url) as link:
        await until(lambda: server.clients == 1)
        server.send(M1[:4])
        server.send(M1[4:] + M1)
        assert [await link.receive(), await link.receive()] == [SEEN, SEEN]
        await link.write(b"\x1b\x42")
        await until(lambda: bytes(server.received) == b"\x1b\x42")


async def test_a_server_that_hangs_up_is_a_lost_link_and_no_storm_of_waiting_bytes():
    async with RawServer() as server, link_to(server.url) as link:
        await until(lambda: server.clients == 1)
        server.send(M1)
        await until(lambda: link._frames)
        server.hang_up()
        assert await link.receive() == SEEN
        with pytest.raises(LinkLost) as lost:
            await link.receive()
        assert lost.value.reason == "unplugged"


async def test_a_lookout_asks_a_reader_behind_a_server():
    lookout, question = Lookout(), Question(sam.FIND, sam.NO_CARD_ANSWER, 0.02, is_urgent=True)
    async with RawServer() as server:
        reader = IdReader(server.send)
        server.on_bytes = reader.take
        async with SerialLink(SerialSettings(port=server.url), sam.SamDecoder()) as link:
            await until(lambda: server.clients == 1)
            assert link.is_lendable
            asyncio.get_running_loop().call_later(0.2, reader.present, resident("11010519491231002X", "张三"))
            status = sam.Status.NO_CARD
            while status == sam.Status.NO_CARD:  # again when an answer was late
                assert await lookout.watch(link, question)
                status = (await link.receive_within(5.0)).status
            assert status == sam.Status.FOUND
            watch = asyncio.create_task(lookout.watch(link, question._replace(quiet=sam.NO_CARD_ANSWER[:3])))
            server.hang_up()
            with pytest.raises(LinkLost) as lost:
                while await watch:
                    await link.receive()
            assert lost.value.reason == "unplugged"
    lookout.close()


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
async def test_a_server_that_is_not_there(scheme):
    async with RawServer() as server:
        port = server.port
    with pytest.raises(LinkLost) as lost:
        async with link_to(f"{scheme}://127.0.0.1:{port}"):
            pass
    assert lost.value.reason == "unreachable"


async def test_rfc2217_sets_the_speed_and_carries_frames_both_ways():
    with Rfc2217Server() as server:
        async with link_to(server.url, baud=19200) as link:
            assert server.baud == 19200
            os.write(server.device, M1 + M1)
            assert [await link.receive(), await link.receive()] == [SEEN, SEEN]
            every_byte = bytes(range(256))  # 255 is telnet's escape
            await link.write(every_byte)
            assert await asyncio.to_thread(read_all, server.device, 256) == every_byte
            server.hang_up()
            with pytest.raises(LinkLost) as lost:
                await link.receive()
            assert lost.value.reason == "unplugged"


@pytest.mark.slow
async def test_rfc2217_to_a_server_that_does_not_speak_it_is_named():
    async with RawServer() as server:
        with pytest.raises(LinkLost) as lost:
            async with link_to(f"rfc2217://127.0.0.1:{server.port}"):
                pass
    assert lost.value.reason == "unreachable"


async def test_five_openings_leave_no_thread_and_no_descriptor():
    import threading

    before = len(os.listdir("/proc/self/fd"))
    with Rfc2217Server() as server:
        names = lambda: [thread.name for thread in threading.enumerate() if "rfc2217" in thread.name]  # noqa: E731
        for _ in range(5):
            async with link_to(server.url) as link:
                os.write(server.device, M1)
                assert await link.receive() == SEEN
        await until(lambda: not names())
    async with RawServer() as server:
        for _ in range(5):
            async with link_to(server.url):
                await until(lambda: server.clients == 1)
            await until(lambda: server.clients == 0)
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


def read_all(fd: int, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += os.read(fd, count - len(found))
    return found
