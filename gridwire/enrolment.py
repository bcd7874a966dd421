"""What box and hub say to each other before there is a certificate, and to renew one: JSON over HTTPS.

A box trusts nobody yet, so it first asks for the county's CA (`TRUST_PATH`, nothing secret is sent), compares the
fingerprint that its token names, and only then, over a connection that this CA vouches for, shows the token.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN
from gridwire.problem import Language, Problem

TRUST_PATH: Final = "/enrol/v1/trust"
ENROL_PATH: Final = "/enrol/v1/enrol"
RENEW_PATH: Final = "/enrol/v1/renew"
DEFAULT_PORT: Final = 8443
MAX_BODY_BYTES: Final = 64 * 1024
TICKET_SUFFIX: Final = ".enrol"

_SECRET_CHARS, _PIN_CHARS = 26, 52
_TOKEN = re.compile(rf"gwe_([a-z2-7]{{{_SECRET_CHARS}}})_([a-z2-7]{{{_PIN_CHARS}}})", re.ASCII)
_TRUST_HEAD, _LATE_HEAD = b"gridwire trust 1\n", b"gridwire late renewal 1\n"

Pem = Annotated[str, Meta(max_length=32768)]
Box = Annotated[str, Meta(pattern=BOX_PATTERN)]


class BadToken(Problem):
    code = "enrol.bad-token"
    en = "this is no token: one begins with gwe_ and has {length} characters; has something been cut off?"
    zh = "这不是注册令牌：令牌以 gwe_ 开头，共 {length} 个字符；是否复制不完整？"


class BadTicket(Problem):
    code = "enrol.bad-ticket"
    en = "{path} is no enrolment file of the hub, or somebody has changed it: take the NUMBER.enrol as it was made"
    zh = "{path} 不是汇聚端生成的注册文件，或者被改动过：请使用原样的“编号.enrol”"


class OtherBox(BadTicket):
    code = "enrol.other-ticket"
    en = "{path} is for box {box}, not for {asked}"
    zh = "{path} 是盒子 {box} 的注册文件，不是 {asked} 的"


class NoTicket(BadTicket):
    code = "enrol.no-ticket"
    en = "{path} cannot be read: {reason}. Is the stick in, and mounted (lsblk)? Is the number in the name right (ls)?"
    zh = "无法读取 {path}：{reason}。U 盘插好、挂载了吗（lsblk）？文件名中的编号对吗（ls）？"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all messages here: unknown fields are ignored."""


class Trust(Told, frozen=True, kw_only=True):
    """The county's certificate authorities, vouched for by the key of each of them.

    More than one while one follows another: whoever trusts one of them may trust all.
    """

    ca: Annotated[Pem, Meta(description="certificates, PEM, the one in use first")]
    signatures: Annotated[
        dict[str, str],
        Meta(description="fingerprint of a CA's key -> base64 of its ECDSA signature (SHA-256) over `trust_bytes(ca)`"),
    ]


class EnrolRequest(Told, frozen=True, kw_only=True):
    """A box asks for its first certificate."""

    token: Annotated[str, Meta(max_length=128)]
    box: Annotated[str, Meta(max_length=32, description="who it thinks it is; empty: as the token says")] = ""
    csr: Annotated[Pem, Meta(description="certificate request, PEM; names in it are not looked at")]


class RenewRequest(Told, frozen=True, kw_only=True):
    """A box asks for its next certificate. Who it is, TLS says by the certificate in use.

    One that has expired cannot be shown to TLS: then it stands here, with a signature of its key.
    """

    csr: Annotated[Pem, Meta(description="certificate request with a new key, PEM")]
    certificate: Annotated[Pem, Meta(description="the certificate that has expired")] = ""
    signature: Annotated[
        str, Meta(max_length=512, description="base64 of its key's ECDSA signature (SHA-256) over `late_bytes(csr)`")
    ] = ""


class Granted(Told, frozen=True, kw_only=True):
    """The certificate, and all that a box needs to know beside it."""

    box: Box
    county: Annotated[str, Meta(pattern=COUNTY_PATTERN)]
    certificate: Pem
    ca: Annotated[Pem, Meta(description="all certificate authorities to trust from now on")]
    broker_host: str
    broker_port: Annotated[int, Meta(ge=1, le=65535)]
    enrol_port: Annotated[int, Meta(ge=1, le=65535)] = DEFAULT_PORT
    name: str = ""
    config_key: Annotated[
        str, Meta(max_length=64, description="public key (Ed25519, base64) that signs the county's part; empty: none")
    ] = ""
    renew_from: Annotated[datetime, Meta(tz=True, description="when to renew: two thirds of the time are over")]
    expires: Annotated[datetime, Meta(tz=True)]


class Refusal(Told, frozen=True, kw_only=True):
    """Why not, in both languages."""

    code: str
    en: str
    zh: str

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Ticket(Told, frozen=True, kw_only=True):
    """What lies on the stick for one box: a file `BOX.enrol`, TOML."""

    box: Box
    hub: Annotated[str, Meta(min_length=1, max_length=255, description="HOST or HOST:PORT of the enrolment")]
    token: Annotated[str, Meta(max_length=128)]
    name: Annotated[str, Meta(max_length=64)] = ""
    expires: str = ""


class Token(msgspec.Struct, frozen=True):
    """A one-time secret, and the fingerprint of the CA to whom alone it may be shown."""

    secret: str
    pin: bytes

    @property
    def text(self) -> str:
        return f"gwe_{self.secret}_{_base32(self.pin)}"

    @property
    def sha256(self) -> bytes:
        """Under which the hub keeps it."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __repr__(self) -> str:
        """For logs and tracebacks: without the secret."""
        return "Token(…)"


def make_token(entropy: bytes, pin: bytes) -> Token:
    """`entropy`: 16 random bytes; `pin`: SHA-256 of the CA's public key."""
    return Token(_base32(entropy), pin)


def read_token(text: str) -> Token:
    """Also as a Chinese input method types it. Raises `BadToken`."""
    found = _TOKEN.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    if found is None:
        raise BadToken(length=len("gwe__") + _SECRET_CHARS + _PIN_CHARS)
    return Token(found[1], base64.b32decode(found[2].upper() + "===="))


def fingerprint(public_key_der: bytes) -> str:
    """SHA-256 of a public key (SubjectPublicKeyInfo, DER), hex: the same for all certificates of a key."""
    return hashlib.sha256(public_key_der).hexdigest()


def shown(pin: str) -> str:
    """A fingerprint as people compare it over the telephone."""
    return " ".join(pin[start : start + 4] for start in range(0, len(pin), 4))


def trust_bytes(ca: str) -> bytes:
    """What the signatures of `Trust` are over."""
    return _TRUST_HEAD + ca.encode()


def late_bytes(csr: str) -> bytes:
    """What the signature of a late renewal is over."""
    return _LATE_HEAD + csr.encode()


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
