"""A camera that sends us on to another port: we go there, and come back when nobody is there any more."""

import asyncio
import contextlib

import pytest

from drivers.devicehttp.request import Refused
from drivers.onvif.client import Client
from drivers.onvif.soap import NotSoap, envelope

BODY = envelope("<Answer/>")


@contextlib.asynccontextmanager
async def server(answers):
    """Answers each request with the last of `answers`: status, location, body."""

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
        status, location, body = answers[-1]
        where = f"Location: {location}\r\n" if location else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{where}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/onvif/device_service"


async def asked(client):
    await client.call_open(client.device_url, "<Question/>", expect="Answer")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_it_is_followed_and_given_up_when_nobody_is_there(status):
    first = [(200, "", BODY)]
    async with server(first) as here:
        async with server([(200, "", BODY)]) as there:
            first.append((status, there, b""))
            client = Client(here, "", "", "none")
            await asked(client)
            assert client.reached_url == there
        with pytest.raises(Refused):
            await asked(client)
        first.pop()
        await asked(client)
        assert client.reached_url == here


async def test_another_host_is_never_asked_and_circles_end():
    answers = [(302, "http://203.0.113.9/onvif/device_service", b"")]
    async with server(answers) as here:
        client = Client(here, "", "", "none")
        answers.append((302, here.replace("/onvif", "/elsewhere"), b""))
        with pytest.raises(NotSoap):
            await asked(client)
        answers.append((302, here, b""))
        with pytest.raises(NotSoap):
            await asked(client)
        assert client.reached_url == here
