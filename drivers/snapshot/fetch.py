"""One JPEG from one camera by its snapshot address: whatever credentials it wants, never larger than the wire takes.

Asks without credentials, then answers the challenge: Digest before Basic. Two refusals, and it asks no more for ten
minutes. A picture that is too large is made smaller in a child process, and only then is OpenCV needed.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from drivers.devicehttp.addresses import at_port, named_host, named_port, rewrite, without_credentials
from drivers.devicehttp.auth import REFUSAL_WAIT_S, DigestAnswer, basic, digest_challenge, offered
from drivers.devicehttp.request import HttpProblem, Place, Response, request
from drivers.snapshot import reencode_child
from drivers.snapshot.child import ChildFailed, run_child
from edgeagent.driver import MAX_PICTURE_BYTES, DriverProblem

FETCH_TIMEOUT_S = 10.0
REENCODE_TIMEOUT_S = 20.0
# A camera may call every nonce stale for ever.
MAX_TRIES = 4
MAX_FETCH_BYTES = 12 * 1024 * 1024
_BEGIN = b"\xff\xd8\xff"
_END = b"\xff\xd9"
# An end mark further in front is that of a thumbnail inside.
_MAX_TAIL_BYTES = 4096


class PictureProblem(DriverProblem):
    """Base: there is no picture this time; the event stays."""


class NoSnapshot(PictureProblem):
    code = "snapshot.no-snapshot"
    en = "the camera gives no picture at {url} (HTTP status {status})"
    zh = "摄像机在 {url} 没有提供图片（HTTP 状态 {status}）"


class HalfPicture(PictureProblem):
    code = "snapshot.half-picture"
    en = "the camera's picture stops half-way ({size} bytes)"
    zh = "摄像机的图片不完整（{size} 字节）"


class PictureRefused(PictureProblem):
    code = "snapshot.picture-refused"
    en = "the camera refused its picture to user “{user}”; no further try for {wait_min} minutes"
    zh = "摄像机拒绝用户“{user}”读取图片；{wait_min} 分钟内不再尝试"


class PictureUnfit(PictureProblem):
    code = "snapshot.picture-unfit"
    en = "the picture has {size} bytes, more than {limit}, and could not be made smaller: {why}"
    zh = "图片有 {size} 字节，超过 {limit} 字节，且无法压缩：{why}"


class Snapshots:
    """Fetches pictures of one camera, one at a time (the caller's care)."""

    def __init__(self, device_url: str, username: str, password: str, *, width_px: int) -> None:
        self._device_url = device_url
        self._username = username
        self._password = password
        self._width_px = width_px
        self._digest: DigestAnswer | None = None
        self._basic = False
        self._good_url = ""
        self._good_for = ""
        self._blocked_until_s = 0.0

    async def fetch(self, uri: str, max_bytes: int = MAX_PICTURE_BYTES) -> bytes:
        """A whole JPEG of at most 256 KiB, of at most `max_bytes` if it can be made so small.

        `uri` is the camera's own word. Raises `PictureProblem`, `HttpProblem`.
        """
        if time.monotonic() < self._blocked_until_s:
            raise self._refused()
        try:
            jpeg = await self._fetch_any(uri)
        except HalfPicture:
            jpeg = await self._fetch_any(uri)
        if len(jpeg) <= max_bytes:
            return jpeg
        try:
            return await self._shrink(jpeg, max_bytes)
        except PictureUnfit:
            if len(jpeg) > MAX_PICTURE_BYTES:
                raise
            return jpeg  # smaller would be cheaper, but this one can be sent

    async def _fetch_any(self, uri: str) -> bytes:
        problem: DriverProblem = NoSnapshot(url=self._device_url, status="-")
        for url in self._candidates(uri):
            try:
                response = await self._get(Place.of(url))
            except HttpProblem as error:
                problem = error
                continue
            start = response.body.find(_BEGIN)
            if response.status == 200 and start >= 0:
                self._good_url, self._good_for = url, uri
                return _whole(response.body[start:])
            problem = NoSnapshot(url=without_credentials(url), status=response.status)
        raise problem

    def _candidates(self, uri: str) -> list[str]:
        """Where the picture may be, likeliest first: the host is ours, the port theirs or ours, the query cleaned."""
        ours = rewrite(uri, self._device_url)
        port = named_port(uri) or (80 if named_host(uri) else None)
        found = [ours]
        if port is not None:
            theirs = at_port(ours, port)
            same_host = named_host(uri) == (urlsplit(self._device_url).hostname or "")
            found = [theirs, ours] if same_host else [ours, theirs]
        found += [without_credentials(url) for url in found]
        if self._good_url and self._good_for == uri:
            found.insert(0, self._good_url)
        return list(dict.fromkeys(found))

    async def _get(self, place: Place) -> Response:
        refusals = 0
        response = await self._ask(place, self._authorization(place))
        for _ in range(MAX_TRIES):
            if response.status != 401 or not self._username:
                break
            sent = self._digest is not None or self._basic
            before = self._digest
            values = response.all("www-authenticate")
            challenge = digest_challenge(values)
            if sent and not (challenge and (challenge.stale or (before and before.used > 1))):
                refusals += 1
            if refusals >= 2:
                self._blocked_until_s = time.monotonic() + REFUSAL_WAIT_S
                self._digest, self._basic = None, False
                raise self._refused()
            if challenge is not None and (refusals == 0 or "basic" not in offered(values)):
                self._digest, self._basic = DigestAnswer(challenge, self._username, self._password), False
            else:
                self._digest, self._basic = None, True
            response = await self._ask(place, self._authorization(place))
        return response

    def _authorization(self, place: Place) -> dict[str, str]:
        if self._digest is not None:
            return {"Authorization": self._digest.header("GET", place.target)}
        return {"Authorization": basic(self._username, self._password)} if self._basic else {}

    async def _ask(self, place: Place, headers: dict[str, str]) -> Response:
        fields = {"Accept": "image/jpeg, */*", **headers}
        return await request("GET", place, fields, timeout_s=FETCH_TIMEOUT_S, max_bytes=MAX_FETCH_BYTES)

    def _refused(self) -> PictureRefused:
        return PictureRefused(user=self._username, wait_min=round(REFUSAL_WAIT_S / 60))

    async def _shrink(self, jpeg: bytes, max_bytes: int) -> bytes:
        given = f"{max_bytes} {self._width_px}\n".encode() + jpeg
        try:
            small = await run_child(reencode_child.__name__, given, timeout_s=REENCODE_TIMEOUT_S)
        except ChildFailed as error:
            why = (
                "OpenCV is not installed / 没有安装 OpenCV" if error.status == reencode_child.NO_OPENCV else str(error)
            )
            raise PictureUnfit(size=len(jpeg), limit=max_bytes, why=why) from error
        return small


def _whole(jpeg: bytes) -> bytes:
    """The JPEG without what follows its end mark. Raises `HalfPicture`."""
    end = jpeg.rfind(_END)
    if end < 0 or len(jpeg) - end > _MAX_TAIL_BYTES:
        raise HalfPicture(size=len(jpeg))
    return jpeg[: end + len(_END)]
