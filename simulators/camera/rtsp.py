"""The video stream of a simulated camera: RTSP (RFC 2326) over TCP, frames as RTP interleaved with it.

The frames are the camera's own pictures: as JPEG (RFC 2435), or, to be joined between two keyframes, as H.264.
"""

import asyncio
import contextlib
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from simulators.camera import h264, rtpjpeg
from simulators.camera.config import CameraConfig
from simulators.camera.httpauth import DigestCheck, HttpAuthRefused

FRAMES_PER_S = 5
CLOCK_HZ = 90_000
LATE_FRAMES = 9
"""Frames before the first keyframe of a stream that is joined in between; as many lie between two."""
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Media Presentation\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
    "m=video 0 RTP/AVP {kind}\r\na=rtpmap:{kind} {coding}\r\na=framerate:5\r\na=control:trackID=1\r\n"
)
_JPEG, _H264 = 26, 96
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_STATUS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 455: "Method Not Valid In This State",
           461: "Unsupported Transport"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """`then_play`: after it the frames begin."""

    status: int = 200
    headers: tuple[str, ...] = ()
    body: str = ""
    then_play: bool = False


@dataclass(slots=True)
class Session:
    """What the server knows of one connection."""

    number: str = field(default_factory=lambda: f"{random.getrandbits(32):08X}")
    set_up: bool = False


class RtspServer:
    """Serves on 127.0.0.1 between `start` and `stop`. `frame` gives the JPEG of now, told how many went before
    it; `asked` counts requests, `refused` wrong credentials."""

    def __init__(self, config: CameraConfig, frame: Callable[[int], bytes], *, port: int = 0) -> None:
        self.port = port
        self.asked = 0
        self.refused = 0
        self.playing = 0
        self._quirks = config.quirks
        self._kind = _H264 if "rtsp_late_keyframe" in config.quirks else _JPEG
        self._login = config.auth != "none"
        # No SHA-256 here, whatever the camera does over HTTP: hardly any client of streams knows it.
        self._digest = DigestCheck(config.user, config.password, realm="Streaming Server", algorithm="MD5")
        self._frame = frame
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        clients = list(self._clients)
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # the client went, or speaks no RTSP
        except asyncio.CancelledError:
            pass  # switched off; the streams of Python 3.11 complain about a cancelled handler
        finally:
            self._clients.discard(task)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session()
        async with contextlib.AsyncExitStack() as play:
            while True:
                method, url, headers = await _read_request(reader)
                self.asked += 1
                if "rtsp_silent" in self._quirks:
                    continue
                answer = self._answer(method, url, headers, session)
                writer.write(_encode(answer, headers.get("cseq", "0"), session))
                await writer.drain()
                if answer.then_play:
                    play.push_async_callback(_ended, asyncio.create_task(self._play(writer)))

    def _answer(self, method: str, url: str, headers: dict[str, str], session: Session) -> Answer:
        if method != "OPTIONS" and not self._lets_in(method, url, headers.get("authorization", "")):
            return Answer(401, (f"WWW-Authenticate: {self._digest.challenge()}",))
        if method == "SETUP":
            return _set_up(headers.get("transport", ""), session)
        base = (f"Content-Base: {url.rstrip('/')}/", "Content-Type: application/sdp")
        playing = Answer(headers=("Range: npt=0.000-",), then_play=True)
        answers = {
            "OPTIONS": Answer(headers=(f"Public: {_METHODS}",)),
            "DESCRIBE": Answer(404) if "rtsp_404" in self._quirks else Answer(headers=base, body=self._sdp()),
            "PLAY": playing if session.set_up else Answer(455),
            "GET_PARAMETER": Answer(),
            "TEARDOWN": Answer(),
        }
        return answers.get(method, Answer(400))

    def _lets_in(self, method: str, url: str, authorization: str) -> bool:
        if not self._login:
            return True
        try:
            self._digest.check(authorization, method, url)
        except HttpAuthRefused as error:
            self.refused += error.wrong_password
            return False
        if "rtsp_refuses" in self._quirks:
            self.refused += 1
            return False
        return True

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        """Frames until cancelled. RTP's numbers and time begin anywhere."""
        self.playing += 1
        number, moment, source = random.getrandbits(16), random.getrandbits(32), random.getrandbits(32)
        sent = 0
        try:
            if "rtsp_frozen" in self._quirks:
                await asyncio.Event().wait()
            while True:
                for payload, last in self._payloads(sent):
                    kind = self._kind | (0x80 if last else 0)
                    packet = struct.pack(">BBHII", 0x80, kind, number, moment, source) + payload
                    writer.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                    number = (number + 1) & 0xFFFF
                    if "rtsp_dies" in self._quirks:
                        writer.close()
                        return
                sent += 1
                await writer.drain()
                await asyncio.sleep(1 / FRAMES_PER_S)
                moment = (moment + CLOCK_HZ // FRAMES_PER_S) & 0xFFFFFFFF
        except ConnectionError:
            pass
        finally:
            self.playing -= 1

    def _sdp(self) -> str:
        if self._kind == _JPEG:
            return _SDP.format(kind=_JPEG, coding=f"JPEG/{CLOCK_HZ}")
        format_line = f"a=fmtp:{_H264} packetization-mode=1;sprop-parameter-sets={h264.sprop()}\r\n"
        return _SDP.format(kind=_H264, coding=f"H264/{CLOCK_HZ}") + format_line

    def _payloads(self, sent: int) -> Iterator[tuple[bytes, bool]]:
        """Of the frame before which so many were sent."""
        if self._kind == _JPEG:
            return rtpjpeg.packets(self._frame(sent))
        after_keyframe = (sent - LATE_FRAMES) % (LATE_FRAMES + 1)
        return h264.packets(h264.between(after_keyframe) if after_keyframe else h264.keyframe(self._frame(sent)))


def _set_up(transport: str, session: Session) -> Answer:
    if "RTP/AVP/TCP" not in transport:
        return Answer(461)
    session.set_up = True
    return Answer(headers=("Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000001",))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """The next request; what the client sends on the interleaved channels (RTCP) is jumped over."""
    while (first := await reader.readexactly(1)) == b"$":
        (length,) = struct.unpack(">xH", await reader.readexactly(3))
        await reader.readexactly(length)
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.strip().split("\r\n")
    method, url, _ = start.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    await reader.readexactly(int(headers.get("content-length", "0")))
    return method, url, headers


def _encode(answer: Answer, sequence: str, session: Session) -> bytes:
    lines = [f"RTSP/1.0 {answer.status} {_STATUS[answer.status]}", f"CSeq: {sequence}", *answer.headers]
    lines += [f"Session: {session.number};timeout=60"] if session.set_up else []
    lines += [f"Content-Length: {len(answer.body)}"] if answer.body else []
    return ("\r\n".join([*lines, "", ""]) + answer.body).encode()
