"""WS-Security UsernameToken with PasswordDigest, as a camera checks it: digest, freshness, nonce used once.

OASIS WSS UsernameToken Profile 1.0: digest = base64(sha1(nonce + created + password)). Time comes in as an argument.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.camera.soap import NS, Element
from simulators.camera.times import parse_time

PASSWORD_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """The four fields as sent; an absent one is empty."""

    username: str
    digest: str
    nonce: str
    created: str


class TokenRefused(Exception):
    """`wrong_password` tells a wrong user or password (counts towards a lock) from a stale or repeated token."""

    def __init__(self, reason: str, *, wrong_password: bool = False) -> None:
        super().__init__(reason)
        self.wrong_password = wrong_password


def find_token(header: Element | None) -> UsernameToken | None:
    """The token in a SOAP header; None when there is none with a PasswordDigest."""
    node = None if header is None else header.find("wsse:Security/wsse:UsernameToken", NS)
    password = None if node is None else node.find("wsse:Password", NS)
    if node is None or password is None or password.get("Type") != PASSWORD_DIGEST:
        return None
    return UsernameToken(
        username=node.findtext("wsse:Username", "", NS),
        digest=password.text or "",
        nonce=node.findtext("wsse:Nonce", "", NS),
        created=node.findtext("wsu:Created", "", NS),
    )


class TokenCheck:
    """Remembers nonces for as long as their Created is fresh, and no longer."""

    def __init__(self, user: str, password: str, fresh_s: float) -> None:
        self._user = user
        self._password = password
        self._fresh = timedelta(seconds=fresh_s)
        self._used: dict[str, datetime] = {}

    def check(self, token: UsernameToken, now: datetime) -> None:
        """Raise TokenRefused unless `token` is right, fresh by the camera's clock `now`, and new."""
        try:
            nonce = base64.b64decode(token.nonce, validate=True)
            created = parse_time(token.created)
        except (binascii.Error, ValueError) as error:
            raise TokenRefused(f"malformed token: {error}") from error
        right = hashlib.sha1(nonce + token.created.encode() + self._password.encode()).digest()
        if token.username != self._user or not hmac.compare_digest(
            base64.b64encode(right).decode(), token.digest.strip()
        ):
            raise TokenRefused("wrong user or password", wrong_password=True)
        if abs(created - now) > self._fresh:
            raise TokenRefused(f"Created is {(created - now).total_seconds():+.0f} s from the camera's clock")
        self._forget(now)
        if token.nonce in self._used:
            raise TokenRefused("nonce already used")
        self._used[token.nonce] = created

    def _forget(self, now: datetime) -> None:
        if len(self._used) > 1000:
            self._used = {nonce: at for nonce, at in self._used.items() if abs(at - now) <= self._fresh}
