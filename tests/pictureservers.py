"""For tests of snapshots: a camera's HTTP server that gives one picture to who logs in, and who fetches from it."""

import asyncio
import base64
import contextlib
import hashlib
import re

from drivers.snapshot.fetch import Snapshots
from drivers.snapshot.keep import Keep
from tests.jpegs import SMALL


class PictureServer:
    """`login` is digest, basic or both; `paths` what there is. `asked` counts, `refused` counts wrong credentials."""

    def __init__(self, jpeg=SMALL, *, login="", paths=("/s.jpg",)):
        self.jpeg, self.login, self.paths = jpeg, login, paths
        self.asked, self.refused = 0, 0

    @contextlib.asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked += 1
        target = head.split(" ")[1]
        given = re.search(r"Authorization: (.*)\r", head)
        writer.write(self._answer(target, given[1] if given else ""))
        await writer.drain()
        writer.close()

    def _answer(self, target, given):
        if target not in self.paths:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        if self.login and not self._lets_in(target, given):
            self.refused += bool(given)
            offers = {"digest": 'Digest realm="r", nonce="n1", qop="auth"', "basic": 'Basic realm="r"'}
            lines = [f"WWW-Authenticate: {offers[one]}\r\n" for one in self.login.split("+")]
            return ("HTTP/1.1 401 Unauthorized\r\n" + "".join(lines) + "Content-Length: 0\r\n\r\n").encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + self.jpeg

    def _lets_in(self, target, given):
        if given.startswith("Basic"):
            return "basic" in self.login and base64.b64decode(given[6:]) == b"u:p"
        fields = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', given)}

        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()

        middle = ":".join(fields.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        right = md5(f"{md5('u:r:p')}:{middle}:{md5(f'GET:{target}')}")
        return self.login.startswith("digest") and fields.get("response") == right


def snapshots(port, *, password="p", width_px=1280):
    return Snapshots(f"http://127.0.0.1:{port}/onvif/device_service", "u", password, Keep(width_px=width_px))
