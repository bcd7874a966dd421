"""The HTTP client against servers as good and as bad as those of cameras, over real sockets."""

import asyncio
import contextlib
import gzip
import re
import ssl
import subprocess
import zlib

import pytest

from drivers.devicehttp.request import BadHttp, BodyTooLarge, HungUp, Place, Refused, TimedOut, Unreachable, request


@contextlib.asynccontextmanager
async def server(answer, *, keep_open=False, tls=None):
    """Answers every connection with these bytes, after a whole request; `asked` collects what was sent."""
    asked = []

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length")), 0)  # fmt: skip
            asked.append(head + await reader.readexactly(length))
            writer.write(answer)
            await writer.drain()
            if keep_open:
                await reader.read()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listener:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}/a?b=c", asked


async def fetch(url, *, method="POST", body=b"<x/>", timeout_s=5.0, max_bytes=1000, ends=None):
    headers = {"Content-Type": "text/xml"}
    return await request(method, Place.of(url), headers, body, timeout_s=timeout_s, max_bytes=max_bytes, ends=ends)


async def test_a_request_is_whole_and_the_answer_ends_by_its_length():
    answer = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:2\r\nContent-Length: 5\r\n\r\nhello"
    async with server(answer, keep_open=True) as (url, asked):
        response = await fetch(url)
    assert (response.status, response.body, response.whole) == (200, b"hello", True)
    assert response.all("x-a") == ["1", "2"]
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert body == b"<x/>"


@pytest.mark.parametrize(
    ("answer", "body", "whole"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end", True),
        (b"HTTP/1.1 200\nContent-Length: 2\n\nok", b"ok", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", b"half", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nde", b"abcde", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"abc", False),
        (b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
    ],
)
async def test_bodies(answer, body, whole):
    async with server(answer) as (url, _):
        response = await fetch(url)
    assert (response.body, response.whole) == (body, whole)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", HungUp),
        (b"HTTP/1.1 200 OK\r\nContent-Le", HungUp),
        (b"SSH-2.0-x\r\n\r\n", BadHttp),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", BodyTooLarge),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, BodyTooLarge),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", BodyTooLarge),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", BadHttp),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", BadHttp),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", BadHttp),
    ],
)
async def test_what_is_wrong_has_a_name(answer, error):
    async with server(answer) as (url, _):
        with pytest.raises(error):
            await fetch(url)


@pytest.mark.parametrize("head", [b"", b"Content-Length: 99\r\n"])
async def test_an_answer_whose_end_is_not_told_ends_with_its_last_element(head):
    async with server(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n<a><b/></a>\r\n", keep_open=True) as (url, _):
        response = await fetch(url, ends=re.compile(rb"</a>\s*\Z"))
    assert (response.body.strip(), response.whole) == (b"<a><b/></a>", True)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_what_came_packed_is_unpacked_and_never_grows_without_end(pack):
    def answer(body, coding=b"gzip"):
        return b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s" % (coding, len(body), body)

    async with server(answer(pack(b"hello"))) as (url, _):
        assert (await fetch(url)).body == b"hello"
    async with server(answer(b"<plain/>", b"identity")) as (url, _):
        assert (await fetch(url)).body == b"<plain/>"
    async with server(answer(pack(b"x" * 100_000))) as (url, _):
        with pytest.raises(BodyTooLarge):
            await fetch(url)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("ciphers", ["ALL", "AES256-SHA"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2])
async def test_cameras_with_tls_of_their_time_are_spoken_to(tmp_path, version, ciphers):
    """A short RSA key, a SHA-1 signature that nobody trusts, TLS 1.0, no forward secrecy."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-sha1", "-subj", "/CN=ipcam", "-days", "2"]
    subprocess.run([*new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    tls.load_cert_chain(certificate, key)
    tls.minimum_version = tls.maximum_version = version
    async with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", tls=tls) as (url, _):
        assert (await fetch(url)).body == b"ok"


async def test_silence_ends():
    async with server(b"", keep_open=True) as (url, _):
        with pytest.raises(TimedOut):
            await fetch(url, timeout_s=0.2)


async def test_nobody_there():
    async with server(b"") as (url, _):
        pass
    with pytest.raises(Refused):
        await fetch(url)
    with pytest.raises(Unreachable):
        await fetch("http://no-such-host.invalid/")


@pytest.mark.parametrize("url", ["", "ftp://a/", "http://", "http://a:99999/", "http://[::1/", "http://a/b c", "a"])
def test_urls_that_are_none(url):
    with pytest.raises(BadHttp):
        Place.of(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://a/", "a"),
        ("http://a:80/", "a"),
        ("http://a:8080/", "a:8080"),
        ("https://a/", "a"),
        ("http://[2001:db8::1]:81/", "[2001:db8::1]:81"),
    ],
)
def test_host_headers(url, authority):
    assert Place.of(url).authority == authority
