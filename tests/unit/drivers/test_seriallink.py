"""The serial link over real ptys: arrival, pauses, unplugging, exclusiveness, stuck devices, no leaked descriptors."""

import asyncio
import gc
import logging
import os
import termios

import msgspec
import pytest

from drivers.seriallink import LineWatch, LinkLost, SerialLink, SerialSettings, advise_name, keep_open
from drivers.seriallink.loss import explain
from drivers.terminal.frames.icem import CardSeen, IcEmDecoder
from drivers.terminal.frames.line import LineDecoder
from simulators.terminal.ptyport import PtyPort
from tests.harness import until

M1 = bytes.fromhex("02 09 01 6B 3D 12 D6 9A 03")
SEEN = CardSeen("m1", bytes.fromhex("6B3D12D6"))


def settings(port: PtyPort, **changes) -> SerialSettings:
    return SerialSettings(
        port=str(port.link), inter_byte_timeout_s=0.05, reopen_first_s=0.01, reopen_last_s=0.02, **changes
    )


def link_to(port: PtyPort, **changes) -> SerialLink[CardSeen]:
    return SerialLink(settings(port, **changes), IcEmDecoder())


async def test_frames_arrive_in_pieces_and_in_order(port):
    async with link_to(port) as link:
        port.send(M1[:4])
        port.send(M1[4:] + M1)
        assert [await link.receive(), await link.receive()] == [SEEN, SEEN]


async def test_pause_resets_the_decoder(port):
    async with SerialLink(settings(port), LineDecoder()) as link:
        port.send(b"4311")
        await until(lambda: link._decoder.is_midway)
        await until(lambda: not link._decoder.is_midway)
        port.send(b"B1\r")
        assert await link.receive() == "B1"


async def test_frames_before_the_unplugging_are_still_handed_out(port):
    async with link_to(port) as link:
        port.send(M1)
        await until(lambda: link._frames)
        port.unplug()
        assert await link.receive() == SEEN
        with pytest.raises(LinkLost) as lost:
            await link.receive()
        assert lost.value.reason == "unplugged"
        with pytest.raises(LinkLost):
            await link.write(b"x")


async def test_write_notices_the_unplugging(port):
    async with link_to(port) as link:
        port.unplug()
        with pytest.raises(LinkLost) as lost:
            await link.write(b"x")
        assert lost.value.reason == "unplugged"


async def test_second_open_is_refused(port):
    async with link_to(port):
        with pytest.raises(LinkLost) as lost:
            async with link_to(port):
                pass
        assert lost.value.reason == "busy"
    async with link_to(port):
        pass


async def test_missing_port_and_no_serial_port(port, tmp_path):
    for path, reason in ((tmp_path / "none", "missing"), (tmp_path / "file", "failed")):
        (tmp_path / "file").touch()
        with pytest.raises(LinkLost, match=str(path)) as lost:
            async with SerialLink(SerialSettings(port=str(path)), IcEmDecoder()):
                pass
        assert lost.value.reason == reason
        assert "中断" in lost.value.text("zh")


async def test_stuck_device_does_not_block_for_ever(port):
    asyncio.get_running_loop().remove_reader(port._master)  # the device takes no more bytes
    async with link_to(port, write_timeout_s=0.05) as link:
        with pytest.raises(LinkLost) as lost:
            await link.write(bytes(200_000))
        assert lost.value.reason == "write-timeout"
        with pytest.raises(LinkLost):
            await link.receive()


async def test_long_writes_arrive_whole(port):
    heard = bytearray()
    port.on_bytes = heard.extend
    sent = bytes(range(256)) * 200
    async with link_to(port) as link:
        await asyncio.gather(link.write(sent), link.write(sent))
        await until(lambda: len(heard) == 2 * len(sent))
    assert bytes(heard) == sent + sent


async def test_wrong_baud_rate_is_named_and_cleared_by_a_frame(port, caplog):
    async with link_to(port) as link:
        port.garbled = True
        port.send(M1)
        await until(lambda: link.garbage)
        assert "line garbage, check the baud rate" in caplog.text
        port.garbled = False
        port.send(M1)
        await link.receive()
        assert not link.garbage


def test_line_watch():
    watch = LineWatch()
    watch.note(bytes(31), 0)
    assert not watch.is_garbage
    watch.note(bytes(1), 0)
    assert watch.is_garbage
    watch.note(b"", 1)
    assert not watch.is_garbage
    watch.note(b"x" * 511, 0)
    assert not watch.is_garbage
    watch.note(b"x", 0)
    assert watch.is_garbage


@pytest.mark.slow
async def test_keep_open_survives_fifty_unpluggings_without_leaking(port, caplog):
    caplog.set_level(logging.DEBUG)
    seen: asyncio.Queue[CardSeen] = asyncio.Queue()
    losses: asyncio.Queue[str] = asyncio.Queue()

    async def use(link: SerialLink[CardSeen]) -> None:
        port.send(M1)  # the link has just been opened, and opening throws away what came before
        while True:
            await seen.put(await link.receive())

    async def on_lost(lost: LinkLost) -> None:
        await losses.put(lost.reason)

    def open_descriptors() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    keeper = asyncio.create_task(keep_open(settings(port), IcEmDecoder, use, on_lost))
    await seen.get()
    before = open_descriptors()
    for _ in range(50):
        port.unplug()
        assert await losses.get() == "unplugged"
        port.plug()
        await seen.get()
        while not losses.empty():
            assert losses.get_nowait() == "missing"
    assert open_descriptors() == before
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    assert open_descriptors() < before


async def test_cancelled_opening_gives_the_port_back(port):
    for _ in range(10):
        opening = asyncio.create_task(link_to(port).__aenter__())
        await asyncio.sleep(0)  # its thread opens, and nobody sees how far it is
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
    # The openings that nobody waits for any more end in their threads, and close what they opened.
    await until(lambda: can_open(port))


async def can_open(port: PtyPort) -> bool:
    try:
        async with link_to(port):
            return True
    except LinkLost:
        return False


def test_termios_error_is_explained_although_it_is_no_oserror():
    assert not issubclass(termios.error, OSError)
    assert explain(termios.error(5, "Input/output error"))[0] == "unplugged"


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:9000", "socket://127.0.0.1", "rfc2217://:9000", "socket://a:b"])
def test_an_address_of_another_kind_is_a_mistake(url):
    with pytest.raises(msgspec.ValidationError, match=r"socket://HOST:PORT.*串口应为"):
        msgspec.convert({"port": url}, SerialSettings)


def test_advice_on_names(tmp_path):
    assert advise_name("/dev/serial/by-id/usb-1a86", tmp_path) is None
    assert advise_name("/dev/ttyS0", tmp_path) is None
    assert str(tmp_path) in (advise_name("/dev/ttyUSB0", tmp_path) or "")
    (tmp_path / "usb-1a86_USB_Serial-if00").symlink_to("/dev/ttyACM7")
    assert "usb-1a86_USB_Serial-if00" in (advise_name("/dev/ttyACM7", tmp_path) or "")


async def test_warns_of_an_unstable_name_once(caplog):
    async def never(_: object) -> None:
        raise AssertionError

    lost = asyncio.Event()

    async def on_lost(_: LinkLost) -> None:
        lost.set()

    unstable = SerialSettings(port="/dev/ttyUSB99", reopen_first_s=0.001, reopen_last_s=0.001)
    keeper = asyncio.create_task(keep_open(unstable, IcEmDecoder, never, on_lost))
    await lost.wait()
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    assert caplog.text.count("by-id") == 2  # one record, in English and Chinese
