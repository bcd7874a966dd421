"""Who may post: the sender's address, a token, Basic or Digest (RFC 7616, MD5 and SHA-256) for one user.

Nonces are signed and dated rather than kept, so that no number of challenges fills the memory. Digest keeps the
password off the wire; it does not protect the body, which is why it belongs on the village's own network.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from drivers.devicehttp.requesthead import Request
from drivers.devicehttp.server import Response, text
from drivers.webhook.config import Config

WRONG_PAUSE_S = 1.0
"""Every wrong guess costs its sender this long, on one of few connections."""
NONCE_S = 300.0
_REALM = "gridwire"
_PAIR = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Login:
    """One device's door-keeper."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._networks = [ip_network(network, strict=False) for network in config.allow]
        self._secret = secrets.token_bytes(16)

    def admits(self, peer: str) -> bool:
        """Whether anything from this address is wanted."""
        try:
            address = ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    async def refusal(self, request: Request) -> Response | None:
        """The answer to whom it does not let in; None: come in."""
        if not self.admits(request.peer):
            return text(403, f"address {request.peer} is not allowed / 地址 {request.peer} 不在允许范围内")
        if self._config.token and not _same(_token(request), self._config.token):
            await asyncio.sleep(WRONG_PAUSE_S)
            return text(401, "the token is missing or wrong / 口令缺失或不正确", ("WWW-Authenticate", "Bearer"))
        if not self._config.username:
            return None
        return await self._login(request)

    async def _login(self, request: Request) -> Response | None:
        given = request.get("authorization")
        scheme, _, rest = given.partition(" ")
        stale = False
        if self._config.auth == "basic" and scheme.lower() == "basic":
            if self._basic(rest):
                return None
        elif self._config.auth == "digest" and scheme.lower() == "digest":
            fields = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
            right = self._digest(request, fields)
            if right and self._fresh(fields.get("nonce", "")):
                return None
            stale = right
        if given and not stale:
            await asyncio.sleep(WRONG_PAUSE_S)
        return text(401, "user or password is wrong / 用户名或密码不正确", *self._challenge(stale=stale))

    def _basic(self, encoded: str) -> bool:
        right = f"{self._config.username}:{self._config.password}".encode()
        try:
            return hmac.compare_digest(base64.b64decode(encoded, validate=True), right)
        except ValueError:
            return False

    def _digest(self, request: Request, fields: dict[str, str]) -> bool:
        """Whether the answer is right, be its nonce fresh or not."""
        algorithm = _HASHES.get(fields.get("algorithm", "MD5").upper())
        uri, nonce = fields.get("uri", ""), fields.get("nonce", "")
        if algorithm is None or _path(uri) != request.path:
            return False

        def hashed(words: str) -> str:
            return algorithm(words.encode()).hexdigest()

        user = hashed(f"{self._config.username}:{_REALM}:{self._config.password}")
        asked = hashed(f"{request.method}:{uri}")
        middle = [fields.get("nc", ""), fields.get("cnonce", ""), "auth"] if "qop" in fields else []
        right = hashed(":".join([user, nonce, *middle, asked]))
        return _same(fields.get("username", ""), self._config.username) and _same(fields.get("response", ""), right)

    def _challenge(self, *, stale: bool) -> list[tuple[str, str]]:
        if self._config.auth == "basic":
            return [("WWW-Authenticate", f'Basic realm="{_REALM}"')]
        # MD5 first: older cameras know no other, and look no further than the first.
        tail = f'qop="auth", nonce="{self._nonce()}"' + (", stale=true" if stale else "")
        return [("WWW-Authenticate", f'Digest realm="{_REALM}", algorithm={name}, {tail}') for name in _HASHES]

    def _nonce(self, moment: str = "") -> str:
        moment = moment or f"{time.monotonic():.0f}"
        return f"{moment}-{hmac.new(self._secret, moment.encode(), hashlib.sha256).hexdigest()[:32]}"

    def _fresh(self, nonce: str) -> bool:
        moment = nonce.partition("-")[0]
        if not re.fullmatch(r"[0-9]{1,12}", moment) or not _same(nonce, self._nonce(moment)):
            return False
        return 0 <= time.monotonic() - float(moment) + 1 <= NONCE_S


def _token(request: Request) -> str:
    scheme, _, rest = request.get("authorization").partition(" ")
    bearer = rest.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.get("x-token") or request.query.get("token", "")


def _path(uri: str) -> str:
    try:
        return urlsplit(uri).path
    except ValueError:
        return ""


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
