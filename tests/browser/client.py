"""A plain HTTP client for tests: one request, or a stream of server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.logins import with_cookie


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


async def get(url: str, method: str = "GET", **headers: str) -> Reply:
    """Header names with `_` for `-`."""
    return await asyncio.to_thread(_request, url, method, {k.replace("_", "-"): v for k, v in headers.items()})


async def post(url: str, form: Sequence[tuple[str, str]] = (), **headers: str) -> Reply:
    """A form as a page sends it; header names with `_` for `-`."""
    given = {k.replace("_", "-"): v for k, v in headers.items()}
    given.setdefault("content-type", "application/x-www-form-urlencoded")
    return await asyncio.to_thread(_request, url, "POST", given, urlencode(form).encode())


async def csrf(url: str) -> str:
    """What the forms of a page bring back."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await get(url)).text)
    assert found, url
    return found[1]


async def look(url: str, path: str) -> None:
    """Says why, so that the picture can be seen."""
    where = f"{url}/look?object={path.removeprefix('/')}"
    form = [("csrf", await csrf(where)), ("object", path.removeprefix("/")), ("reason", "duty"), ("text", "a test")]
    assert (await post(f"{url}/look", form)).status == 303


def _request(url: str, method: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        path = url.removeprefix(f"http://{parts.netloc}")
        connection.request(method, path, body=body, headers=with_cookie(parts.netloc, headers))
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


class Live:
    """An open stream: `update()` waits for the next update and gives its id and data."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def message(self) -> dict[str, str]:
        """The fields of the next message; raises EOFError at the end."""
        fields: dict[str, str] = {}
        while line := (await self._reader.readline()).decode():
            if line == "\n" and fields:
                return fields
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
        raise EOFError

    async def update(self) -> tuple[str, dict[str, Any]]:
        while (fields := await self.message()).get("event") != "update":
            pass
        return fields["id"], json.loads(fields["data"])


@contextlib.asynccontextmanager
async def live(url: str, query: str = "", *, path: str = "/live", **headers: str) -> AsyncIterator[Live]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    given = with_cookie(parts.netloc, headers)
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    # HTTP/1.0, so that the answer comes without chunks.
    writer.write("\r\n".join([f"GET {path}?{query} HTTP/1.0", f"Host: {parts.netloc}", *lines, "", ""]).encode())
    try:
        assert b" 200 " in await reader.readline()
        while await reader.readline() != b"\r\n":
            pass
        yield Live(reader)
    finally:
        writer.close()
