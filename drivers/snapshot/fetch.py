"""One JPEG from one camera by its snapshot address: whatever credentials it wants, made fit to be kept.

Asks without credentials, then answers the challenge: Digest before Basic. Two refusals, and it asks no more for ten
minutes.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from drivers.devicehttp.addresses import at_port, named_host, named_port, redirected, rewrite, without_credentials
from drivers.devicehttp.auth import REFUSAL_WAIT_S, DigestAnswer, basic, digest_challenge, offered
from drivers.devicehttp.request import HttpProblem, Place, Response, request
from drivers.snapshot.jpeg import read_jpeg
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import HalfPicture, NoSnapshot, NotJpeg, PictureRefused
from edgeagent.driver import MAX_PICTURE_BYTES, DriverProblem

FETCH_TIMEOUT_S = 10.0
# A camera may call every nonce stale for ever.
MAX_TRIES = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_FETCH_BYTES = 12 * 1024 * 1024


class Snapshots:
    """Fetches pictures of one camera, one at a time (the caller's care)."""

    def __init__(self, device_url: str, username: str, password: str, keep: Keep) -> None:
        self._device_url = device_url
        self._username = username
        self._password = password
        self._keep = keep
        self._digest: DigestAnswer | None = None
        self._basic = False
        self._good_url = ""
        self._good_for = ""
        self._blocked_until_s = 0.0

    async def fetch(self, uri: str, max_bytes: int = MAX_PICTURE_BYTES) -> bytes:
        """The picture of now, as it is kept. `uri` is the camera's own word, `max_bytes` a wish (see `Keep.fit`).

        Raises `PictureProblem`, `HttpProblem`.
        """
        return await self._keep.fit(await self.look(uri), max_bytes)

    async def look(self, uri: str) -> bytes:
        """The camera's own picture of now, which must not be kept. Raises `PictureProblem`, `HttpProblem`."""
        if time.monotonic() < self._blocked_until_s:
            raise self._refused()
        try:
            return await self._fetch_any(uri)
        except HalfPicture:
            return await self._fetch_any(uri)

    async def _fetch_any(self, uri: str) -> bytes:
        problem: DriverProblem = NoSnapshot(url=self._device_url, status="-")
        for url in self._candidates(uri):
            try:
                response = await self._get(Place.of(url))
                if response.status in _REDIRECTS and (there := redirected(url, response.get("location"))):
                    response = await self._get(Place.of(there))
            except HttpProblem as error:
                problem = error
                continue
            if response.status != 200:
                problem = NoSnapshot(url=without_credentials(url), status=response.status)
                continue
            try:
                jpeg = read_jpeg(response.body)
            except NotJpeg as error:
                problem = error
                continue
            self._good_url, self._good_for = url, uri
            return jpeg.data
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
