"""The server for what devices send: over real sockets, with polite, poor, slow, rude and too many senders."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.devicehttp.requesthead import BadRequest, body_length, parse_head
from drivers.devicehttp.server import Limits, ListenFailed, Request, Response, serve, text
from tests.harness import until

BODY = b"<a/>"
POST = b"POST /alarm?x=1 HTTP/1.1\r\nHost: box\r\nContent-Length: 4\r\n\r\n"


async def echo(request: Request) -> Response:
    return Response(200, f"{request.method} {request.path} {request.query} {request.peer} ".encode() + request.body)


@contextlib.asynccontextmanager
async def running(handler=echo, **limits):
    async with await serve("127.0.0.1", 0, handler, Limits(**limits)) as server:
        yield server


async def send(port, *parts, eof=False):
    """What comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if eof:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def status(answer):
    return int(answer.split()[1])


async def test_a_request_is_handled_and_answered_once():
    async with running() as server:
        answer = await send(server.port, POST + BODY)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"POST /alarm {'x': '1'} 127.0.0.1 <a/>")


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /alarm HTTP/1.0\nContent-Length: 4\n\n<a/>",
        b"\r\n\r\nPOST http://box:80/alarm HTTP/1.1\r\nContent-Length : 4\r\n\r\n<a/>",
        b"PUT //alarm HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n<a\r\n2\r\n/>\r\n0\r\nTrailer: 1\r\n\r\n",
    ],
)
async def test_poor_clients_are_understood(raw):
    async with running() as server:
        answer = await send(server.port, raw)
    assert status(answer) == 200
    assert b" /alarm " in answer
    assert answer.endswith(b"<a/>")


async def test_who_asks_is_told_to_go_on():
    async with running() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert status(await reader.read()) == 200
        writer.close()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"hello\r\n\r\n", 400),
        (b"POST /a HTTP/2.0\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\n\r\n", 411),
        (b"POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + 1001 * b"x", 413),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n", 413),
        (b"POST /a HTTP/1.1\r\nX: " + 20000 * b"x", 431),
        (b"POST /a HTTP/1.1\r\n" + 900 * b"X: 1234567890\r\n" + 70 * b"\r\n", 431),
        (b"POST /a HTTP/1.1\r\n" + 65 * b"X: 1\r\n" + b"\r\n", 431),
    ],
)
async def test_refusals_reach_their_sender_with_words(raw, expected):
    handled = []
    async with running(handled.append, max_body_bytes=1000) as server:
        answer = await send(server.port, raw)
    assert status(answer) == expected
    assert " / " in answer.partition(b"\r\n\r\n")[2].decode()
    assert handled == []


@pytest.mark.parametrize("raw", [b"", b"POST /al", POST, POST + b"<a"])
async def test_who_never_finishes_is_turned_out(raw):
    async with running(head_timeout_s=0.05, body_timeout_s=0.05) as server:
        assert status(await send(server.port, raw)) == 408
        await until(lambda: server.busy == 0)


@pytest.mark.parametrize("raw", [b"", b"POST /al", POST, POST + b"<a"])
async def test_who_hangs_up_is_forgotten(raw):
    async with running() as server:
        await send(server.port, raw, eof=True)
        await until(lambda: server.busy == 0)


async def test_a_foreign_address_is_told_before_anything_is_read():
    async with running(admits=lambda peer: peer != "127.0.0.1") as server:
        answer = await send(server.port, POST)
    assert status(answer) == 403
    assert b"127.0.0.1" in answer


async def test_one_sender_takes_no_more_than_its_places_and_gives_them_back():
    async with running(max_connections_of_one=2) as server:
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        await until(lambda: server.busy == 2)
        assert status(await send(server.port, POST + BODY)) == 503
        for _, writer in held:
            writer.close()
        await until(lambda: server.busy == 0)
        assert status(await send(server.port, POST + BODY)) == 200


async def test_all_bodies_together_have_a_limit():
    async with running(max_held_bytes=6) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(POST)

        async def is_answered(code):
            return status(await send(server.port, POST + BODY)) == code

        await until(lambda: is_answered(503))
        writer.close()
        await until(lambda: is_answered(200))


async def test_a_handler_that_takes_too_long_is_answered_for():
    async def wait(request):
        await asyncio.Event().wait()

    async with running(wait, handle_timeout_s=0.05) as server:
        assert status(await send(server.port, POST + BODY)) == 503


async def test_a_handler_goes_on_when_its_sender_has_gone():
    begun, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(request):
        begun.set()
        await go.wait()
        done.set()
        return text(200, "stored")

    async with running(slow) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(POST + BODY)
        await begun.wait()
        writer.transport.abort()
        go.set()
        await asyncio.wait_for(done.wait(), 30)


async def test_a_handlers_refusal_is_its_answer():
    async def refuse(request):
        raise BadRequest(422, "no / 不")

    async with running(refuse) as server:
        assert status(await send(server.port, POST + BODY)) == 422


async def test_stopping_waits_for_nobody_and_frees_the_port():
    server = await serve("127.0.0.1", 0, echo)
    port = server.port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: server.busy == 1)
    await server.stop()
    await server.stop()
    assert (server.busy, server.port) == (0, 0)
    async with await serve("127.0.0.1", port, echo):
        pass
    writer.close()


async def test_a_taken_port_is_said_by_name():
    async with running() as server:
        with pytest.raises(ListenFailed) as caught:
            await serve("127.0.0.1", server.port, echo)
        assert str(server.port) in str(caught.value)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_a_head_is_read_or_refused(raw):
    for head in (raw, b"POST /a?" + raw.replace(b" ", b"") + b" HTTP/1.1\r\nA: b", b"POST /a HTTP/1.1\r\n" + raw):
        with contextlib.suppress(BadRequest):
            body_length(parse_head(head))
