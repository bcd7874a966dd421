"""HTTP Digest (RFC 7616, 2617; MD5, SHA-256 and their -sess) and Basic for one user, and how long a
device that refuses is left alone. Pure but for the cnonce."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

REFUSAL_WAIT_S = 600.0
"""How long a device that refused twice is left alone: many lock the account after a few wrong passwords."""
_PAIR = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_SCHEME = re.compile(r"(?:^|,)\s*(Digest|Basic)\b", re.IGNORECASE)
# Strongest first: a camera that offers several means any of them.
_HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One `WWW-Authenticate: Digest …`. `algorithm` is MD5 or SHA-256, `session` for the -sess variants."""

    realm: str
    nonce: str
    algorithm: str
    session: bool
    qop: bool
    opaque: str | None
    stale: bool


def offered(values: Iterable[str]) -> set[str]:
    """Schemes that WWW-Authenticate values offer, lower case: digest, basic."""
    return {match.lower() for value in values for match in _SCHEME.findall(value)}


def digest_challenge(values: Iterable[str]) -> Challenge | None:
    """The strongest Digest challenge that we can answer."""
    parts = [part for value in values for part in _split(value)]
    found = [challenge for part in parts if (challenge := _read(part)) is not None]
    order = list(_HASHES)
    return min(found, key=lambda challenge: order.index(challenge.algorithm), default=None)


def _split(value: str) -> list[str]:
    starts = [match.start(1) for match in _SCHEME.finditer(value)]
    return [value[start:end] for start, end in pairwise([*starts, len(value)])]


def _read(part: str) -> Challenge | None:
    scheme, _, rest = part.partition(" ")
    given = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
    name = given.get("algorithm", "MD5").upper()
    session = name.endswith("-SESS")
    algorithm = name.removesuffix("-SESS")
    if scheme.lower() != "digest" or "nonce" not in given or algorithm not in _HASHES:
        return None
    qops = [one.strip().lower() for one in given.get("qop", "").split(",") if one.strip()]
    if qops and "auth" not in qops:
        return None
    stale = given.get("stale", "").lower() == "true"
    return Challenge(given.get("realm", ""), given["nonce"], algorithm, session, bool(qops), given.get("opaque"), stale)


class DigestAnswer:
    """Answers one challenge as often as the device takes its nonce."""

    def __init__(self, challenge: Challenge, username: str, password: str) -> None:
        self.challenge = challenge
        self._username = username
        self._password = password
        self._count = 0

    @property
    def used(self) -> int:
        """How many requests it has signed."""
        return self._count

    def header(self, method: str, target: str) -> str:
        """Value of Authorization for the next request."""
        self._count += 1
        challenge, count, cnonce = self.challenge, f"{self._count:08x}", secrets.token_hex(8)
        fields = [
            f'username="{_quoted(self._username)}"',
            f'realm="{_quoted(challenge.realm)}"',
            f'nonce="{_quoted(challenge.nonce)}"',
            f'uri="{target}"',
            f"algorithm={challenge.algorithm}{'-sess' if challenge.session else ''}",
            f'response="{self._response(method, target, count, cnonce)}"',
        ]
        if challenge.opaque is not None:
            fields.append(f'opaque="{_quoted(challenge.opaque)}"')
        if challenge.qop:
            fields += ["qop=auth", f"nc={count}"]
        if challenge.qop or challenge.session:
            fields.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(fields)

    def _response(self, method: str, target: str, count: str, cnonce: str) -> str:
        challenge = self.challenge
        secret = self._hash(f"{self._username}:{challenge.realm}:{self._password}")
        if challenge.session:
            secret = self._hash(f"{secret}:{challenge.nonce}:{cnonce}")
        asked = self._hash(f"{method}:{target}")
        if challenge.qop:
            return self._hash(f"{secret}:{challenge.nonce}:{count}:{cnonce}:auth:{asked}")
        return self._hash(f"{secret}:{challenge.nonce}:{asked}")

    def _hash(self, text: str) -> str:
        return _HASHES[self.challenge.algorithm](text.encode()).hexdigest()


def basic(username: str, password: str) -> str:
    """Value of Authorization."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
