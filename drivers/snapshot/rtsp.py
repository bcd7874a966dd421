"""One frame out of a camera's video stream, for cameras that give no snapshot.

First one DESCRIBE from here (RFC 2326, 10.2), which costs next to nothing and names what is wrong: refused, silent, no
such stream, no video. Only then a child process opens the stream with OpenCV; it is killed when it takes too long.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from urllib.parse import urlsplit

from drivers.devicehttp.addresses import named_port
from drivers.devicehttp.auth import REFUSAL_WAIT_S, DigestAnswer, basic, digest_challenge, offered
from drivers.snapshot import rtsp_child
from drivers.snapshot.child import ChildFailed, run_child
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import NoFrame, NoOpenCv, NoStream, PictureProblem, StreamRefused, StreamTimeout
from edgeagent.driver import MAX_PICTURE_BYTES

DESCRIBE_TIMEOUT_S = 8.0
OPEN_TIMEOUT_S = 8.0
# Cameras that save bandwidth send a keyframe every eight seconds only.
FRAME_TIMEOUT_S = 10.0
# Opening, reading, and what the start of Python and OpenCV takes on a slow and busy board.
CHILD_TIMEOUT_S = OPEN_TIMEOUT_S + FRAME_TIMEOUT_S + 10.0
RTSP_PORT = 554
_MAX_HEAD_BYTES = 32 * 1024
_MAX_SDP_BYTES = 64 * 1024
_CREDENTIALS = re.compile(r"((?:user|usr|uname|pass|pwd|login|token)[a-z]*=)[^&/?_]*", re.IGNORECASE)
_STATUS = re.compile(rb"RTSP/\d\.\d (\d{3})")


class Stream:
    """The video stream of one camera; one frame at a time (the caller's care)."""

    def __init__(self, username: str, password: str, keep: Keep) -> None:
        self._username = username
        self._password = password
        self._keep = keep
        self._blocked_until_s = 0.0

    async def frame(self, urls: list[str], max_bytes: int = MAX_PICTURE_BYTES) -> bytes:
        """The picture of now, as it is kept, from the first of the addresses that has a stream.

        Raises `PictureProblem`: of several addresses without a stream, what the likeliest said.
        """
        problems: list[PictureProblem] = []
        for url in urls:
            try:
                await self.look(url)
            except (NoStream, StreamTimeout) as error:
                problems.append(error)
                continue
            return await self._keep.fit(await self._grab(url), max_bytes)
        raise problems[0] if problems else NoStream(url="-", why="-")

    async def look(self, url: str) -> None:
        """Raises `NoStream`, `StreamTimeout`, `StreamRefused` unless there is video to be had. Opens no stream."""
        if time.monotonic() < self._blocked_until_s:
            raise self._refused()
        try:
            async with asyncio.timeout(DESCRIBE_TIMEOUT_S):
                status, sdp = await self._ask(url)
        except TimeoutError as error:
            raise StreamTimeout(url=shown(url), timeout_s=DESCRIBE_TIMEOUT_S) from error
        except (OSError, EOFError, ValueError) as error:
            raise NoStream(url=shown(url), why=str(error)[:160] or type(error).__name__) from error
        if status == 401:
            self._blocked_until_s = time.monotonic() + REFUSAL_WAIT_S
            raise self._refused()
        if status != 200:
            raise NoStream(url=shown(url), why=f"RTSP {status}")
        if b"m=video" not in sdp:
            raise NoStream(url=shown(url), why="no video / 没有视频")

    async def _ask(self, url: str) -> tuple[int, bytes]:
        """The answer to DESCRIBE, with credentials once they are asked for, and only once: accounts get locked."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or RTSP_PORT)
        try:
            status, challenges, sdp = await _exchange(reader, writer, url, 1, "")
            if status == 401 and self._username and (login := self._login(challenges, url)):
                status, _, sdp = await _exchange(reader, writer, url, 2, login)
            return status, sdp
        finally:
            writer.transport.abort()

    def _login(self, challenges: list[str], url: str) -> str:
        challenge = digest_challenge(challenges)
        if challenge is not None:
            return DigestAnswer(challenge, self._username, self._password).header("DESCRIBE", url)
        return basic(self._username, self._password) if "basic" in offered(challenges) else ""

    async def _grab(self, url: str) -> bytes:
        question = {
            "url": url,
            "username": self._username,
            "password": self._password,
            "open_s": OPEN_TIMEOUT_S,
            "frame_s": FRAME_TIMEOUT_S,
        }
        try:
            return await run_child(rtsp_child.__name__, json.dumps(question).encode(), timeout_s=CHILD_TIMEOUT_S)
        except ChildFailed as error:
            # Not what the libraries print: they like to print the address with the password.
            if error.status is None:
                raise StreamTimeout(url=shown(url), timeout_s=CHILD_TIMEOUT_S) from None
            if error.status == rtsp_child.NO_OPENCV:
                raise NoOpenCv(why="ImportError") from None
            why = rtsp_child.WORDS.get(error.status, f"exit status {error.status} / 退出码 {error.status}")
            raise NoFrame(url=shown(url), why=why) from None

    def _refused(self) -> StreamRefused:
        return StreamRefused(user=self._username, wait_min=round(REFUSAL_WAIT_S / 60))


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str, number: int, login: str
) -> tuple[int, list[str], bytes]:
    """Status, challenges and body of one DESCRIBE. Raises OSError, EOFError, ValueError."""
    lines = [f"DESCRIBE {url} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp", "User-Agent: gridwire"]
    lines += [f"Authorization: {login}"] if login else []
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise ValueError("no RTSP / 不是 RTSP") from error
    status = _STATUS.match(head)
    if status is None or len(head) > _MAX_HEAD_BYTES:
        raise ValueError("no RTSP / 不是 RTSP")
    fields = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
    values = [(name.strip().lower(), value.strip()) for name, _, value in fields]
    length = next((int(value) for name, value in values if name == "content-length" and value.isdecimal()), 0)
    body = await reader.readexactly(min(length, _MAX_SDP_BYTES))
    return int(status[1]), [value for name, value in values if name == "www-authenticate"], body


def shown(url: str) -> str:
    """The address for people: some makers write user and password into its path or query."""
    return _CREDENTIALS.sub(r"\1***", url)


def stream_urls(uri: str, device_url: str) -> list[str]:
    """Where the stream may be, likeliest first: the host is the configured one, the port theirs or the usual one."""
    scheme, _, rest = uri.partition("://")
    if scheme.lower() != "rtsp":
        return []
    host = urlsplit(device_url).hostname or ""
    name = f"[{host}]" if ":" in host else host
    _, _, path = rest.partition("/")
    ports = dict.fromkeys([named_port(uri) or RTSP_PORT, RTSP_PORT])
    return [f"rtsp://{name}:{port}/{path.replace(' ', '%20')}" for port in ports]
