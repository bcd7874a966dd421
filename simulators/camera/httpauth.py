"""HTTP Digest (RFC 7616, qop=auth) and Basic, as a camera checks them."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}
_KEPT_NONCES = 256


class HttpAuthRefused(Exception):
    """`stale`: the password was right, the nonce was not; `wrong_password` counts towards a lock."""

    def __init__(self, reason: str, *, stale: bool = False, wrong_password: bool = False) -> None:
        super().__init__(reason)
        self.stale = stale
        self.wrong_password = wrong_password


class DigestCheck:
    """Gives out nonces, and takes each (nonce, nc) once."""

    def __init__(self, user: str, password: str, *, realm: str, algorithm: str) -> None:
        self._user = user
        self._password = password
        self._realm = realm
        self._algorithm = algorithm
        self._counts: OrderedDict[str, set[str]] = OrderedDict()

    def challenge(self, *, stale: bool = False) -> str:
        """Value of a WWW-Authenticate header with a new nonce."""
        nonce = secrets.token_hex(16)
        self._counts[nonce] = set()
        while len(self._counts) > _KEPT_NONCES:
            self._counts.popitem(last=False)
        extra = ", stale=true" if stale else ""
        return f'Digest realm="{self._realm}", qop="auth", nonce="{nonce}", algorithm={self._algorithm}{extra}'

    def check(self, authorization: str, method: str, target: str) -> None:
        """Raise HttpAuthRefused unless the Authorization header is right for this request."""
        scheme, _, rest = authorization.partition(" ")
        given = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
        if scheme.lower() != "digest" or given.get("uri") != target or given.get("qop") != "auth":
            raise HttpAuthRefused("no Digest with qop=auth for this address")
        nonce, count = given.get("nonce", ""), given.get("nc", "")
        expected = self._response(method, target, nonce, count, given.get("cnonce", ""))
        if given.get("username") != self._user or not hmac.compare_digest(expected, given.get("response", "")):
            raise HttpAuthRefused("wrong user or password", wrong_password=True)
        seen = self._counts.get(nonce)
        if seen is None or count in seen:
            raise HttpAuthRefused("nonce unknown or used", stale=True)
        seen.add(count)

    def _response(self, method: str, target: str, nonce: str, count: str, cnonce: str) -> str:
        first = self._hash(f"{self._user}:{self._realm}:{self._password}")
        second = self._hash(f"{method}:{target}")
        return self._hash(f"{first}:{nonce}:{count}:{cnonce}:auth:{second}")

    def _hash(self, text: str) -> str:
        return hashlib.new(_HASHES[self._algorithm], text.encode()).hexdigest()


def check_basic(authorization: str, user: str, password: str) -> None:
    """Raise HttpAuthRefused unless the header is Basic with this user and password."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise HttpAuthRefused("no Basic credentials")
    try:
        given = base64.b64decode(rest, validate=True)
    except binascii.Error as error:
        raise HttpAuthRefused("malformed Basic credentials") from error
    if not hmac.compare_digest(given, f"{user}:{password}".encode()):
        raise HttpAuthRefused("wrong user or password", wrong_password=True)
