"""The proxy that fails on demand, over real sockets: cut, half-open, slow, delayed, mended."""

import asyncio
import contextlib

import pytest

from simulators.proxy import Proxy
from tests.harness import until


class Echo:
    """Answers every byte; keeps what it got."""

    def __init__(self):
        self.got = b""
        self.ended = 0

    async def serve(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self.got += data
                writer.write(data)
                await writer.drain()
        self.ended += 1
        writer.close()


@pytest.fixture
async def echo():
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    yield echo
    server.close()


@pytest.fixture
async def proxy(echo):
    async with Proxy("127.0.0.1", echo.port) as proxy:
        yield proxy


async def said(reader, writer, text):
    writer.write(text)
    return await reader.readexactly(len(text))


async def test_it_forwards_both_ways_and_counts(proxy, echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    long = bytes(range(256)) * 2000
    writer.write(long)
    assert await reader.readexactly(len(long)) == long
    assert (proxy.connections, proxy.open, proxy.bytes_up, proxy.bytes_down) == (1, 1, len(long), len(long))
    writer.close()
    await until(lambda: proxy.open == 0 and echo.ended == 1)


async def test_one_side_may_end_before_the_other(proxy, echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"last words")
    writer.write_eof()
    assert await reader.read() == b"last words"
    writer.close()


async def test_cut_resets_what_stands_and_whoever_comes_until_mended(proxy, echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(reader, writer, b"before") == b"before"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    await until(lambda: echo.ended == 1)
    with pytest.raises(ConnectionResetError):
        late_reader, late_writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await said(late_reader, late_writer, b"during")
        await late_reader.readexactly(1)
    proxy.mend()
    assert proxy.connections == 1
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(reader, writer, b"after") == b"after"
    assert echo.got == b"beforeafter"
    writer.close()


async def test_frozen_it_accepts_and_forwards_nothing_and_thawed_everything(proxy, echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(reader, writer, b"1") == b"1"
    proxy.freeze()
    new_reader, new_writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"2")
    new_writer.write(b"3")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    assert echo.got == b"1"
    proxy.mend()
    assert await reader.readexactly(1) == b"2"
    assert await new_reader.readexactly(1) == b"3"
    writer.close()
    new_writer.close()


async def test_cut_throws_away_what_a_freeze_has_kept(proxy, echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(reader, writer, b"1") == b"1"
    proxy.freeze()
    writer.write(b"lost")
    for _ in range(10):
        await asyncio.sleep(0)  # the proxy takes it in, by the same loop
    proxy.cut()
    proxy.mend()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    await until(lambda: echo.ended == 1)
    assert echo.got == b"1"


async def test_replies_dropped_what_was_said_has_arrived_and_mending_ends_the_connection(proxy, echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(reader, writer, b"1") == b"1"
    proxy.drop_replies()
    new_reader, new_writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"2")
    await until(lambda: echo.got == b"12")
    new_writer.write(b"3")
    await until(lambda: proxy.bytes_dropped == 2)
    assert (proxy.bytes_up, proxy.bytes_down) == (3, 1)
    proxy.mend()
    for robbed in (reader, new_reader):
        with pytest.raises(ConnectionResetError):
            await robbed.read()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(reader, writer, b"4") == b"4"
    writer.close()


async def test_slow_and_delayed_everything_still_arrives_and_takes_its_time(proxy, echo):
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.slow(20_000)
    begun = loop.time()
    assert len(await said(reader, writer, bytes(10_000))) == 10_000
    assert loop.time() - begun >= 0.45, "10 kB at 20 kB/s"
    proxy.slow(0)
    proxy.delay(150)
    begun = loop.time()
    await said(reader, writer, b"ping")
    assert loop.time() - begun >= 0.29, "there and back"
    writer.close()


async def test_a_target_that_is_away_closes_the_connection(unused_tcp_port):
    async with Proxy("127.0.0.1", unused_tcp_port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await reader.read() == b""
        writer.close()
        await until(lambda: proxy.open == 0)
