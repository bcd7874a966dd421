"""Gives boxes their certificates: the first for a token, the next for the one before. Within one transaction each.

A request that comes again with the same key gets the same certificate: an answer that was lost costs nothing, a token
that somebody else has copied is worth nothing once it was used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ca import certificates, configkey, identities
from countyhub.ca.authority import Authority
from countyhub.ca.certificates import BadRequest
from countyhub.config import Config
from countyhub.store.identitytables import box_identity, certificate, enrol_token
from countyhub.store.upsert import insert
from gridwire.enrolment import EnrolRequest, Granted, RenewRequest, late_bytes, read_token
from gridwire.identifiers import BadBoxId, check_box_id
from gridwire.problem import Problem

MAX_A_DAY = 24
"""Certificates for one box: one that asks for more runs wild."""
ASKS_AGAIN = timedelta(days=14)
"""After its first use the same key may use a token again for so long: the answer may have been lost on the way. Until
its first use it is good for `enrol.token_days`."""


class EnrolRefused(Problem):
    """Base of refusals that a person at the box must understand."""


class TokenUnknown(EnrolRefused):
    code = "enrol.token-unknown"
    en = "this hub has not given out this token; is it of another county, or mistyped?"
    zh = "本汇聚端没有发放过这个令牌；是否属于其他县，或输入有误？"


class TokenUsed(EnrolRefused):
    code = "enrol.token-used"
    en = (
        "this token of box {box} was used by another machine on {at:%Y-%m-%d %H:%M} UTC. "
        "The same box set up anew: countyhub box add {box} --again. If that was not you: countyhub box revoke {box}"
    )
    zh = (
        "盒子 {box} 的令牌已于 {at:%Y-%m-%d %H:%M}（UTC）被另一台机器使用。"
        "如是同一台盒子重装，请县里执行 countyhub box add {box} --again；如非本人操作，执行 countyhub box revoke {box}"
    )


class TokenExpired(EnrolRefused):
    code = "enrol.token-expired"
    en = "this token of box {box} was good until {until:%Y-%m-%d %H:%M} UTC; get a new one: countyhub box add {box}"
    zh = "盒子 {box} 的令牌已于 {until:%Y-%m-%d %H:%M}（UTC）过期；请在汇聚端重新执行 countyhub box add {box}"


class TokenWithdrawn(EnrolRefused):
    code = "enrol.token-withdrawn"
    en = (
        "this token of box {box} was withdrawn on {at:%Y-%m-%d %H:%M} UTC: a newer one was made, or the box was revoked"
    )
    zh = "盒子 {box} 的令牌已于 {at:%Y-%m-%d %H:%M}（UTC）作废：已生成更新的令牌，或盒子已被吊销"


class TokenForAnother(EnrolRefused):
    code = "enrol.token-for-another"
    en = "this token is for box {box}, but this is {asked}; take the file {box}.enrol to where it belongs"
    zh = "这个令牌属于盒子 {box}，而本机是 {asked}；文件 {box}.enrol 请用于对应的盒子"


class CertificateForeign(EnrolRefused):
    code = "enrol.certificate-foreign"
    en = "this certificate was not given by this county's hub"
    zh = "该证书不是本县汇聚端签发的"


class CertificateRevoked(EnrolRefused):
    code = "enrol.certificate-revoked"
    en = "the certificate of box {box} was revoked; a new token is needed: countyhub box add {box}"
    zh = "盒子 {box} 的证书已被吊销；需要新令牌：countyhub box add {box}"


class CertificateTooOld(EnrolRefused):
    code = "enrol.certificate-too-old"
    en = "the certificate of box {box} ended on {until:%Y-%m-%d}, too long ago; get a token: countyhub box add {box}"
    zh = "盒子 {box} 的证书已于 {until:%Y-%m-%d} 到期，时间过久；需要新令牌：countyhub box add {box}"


class NotProven(EnrolRefused):
    code = "enrol.not-proven"
    en = "nobody can tell which box asks: no certificate was shown, or its key has not signed the request"
    zh = "无法确认是哪个盒子：未出示证书，或申请没有用该证书的私钥签名"


class TooMany(EnrolRefused):
    code = "enrol.too-many"
    en = "box {box} has got {limit} certificates within a day; no more until tomorrow"
    zh = "盒子 {box} 一天内已签发 {limit} 个证书；请明天再试"


class Registrar:
    """Gives out certificates of one authority."""

    def __init__(self, authority: Authority, config: Config) -> None:
        self.authority, self.config = authority, config

    async def enrol(self, connection: AsyncConnection, request: EnrolRequest, now: datetime) -> Granted:
        """The first certificate. Raises `EnrolRefused`, `BadToken`, `BadRequest`."""
        token = read_token(request.token)
        public = certificates.request_key(request.csr)
        key = _digest(public)
        found = await connection.execute(select(enrol_token).where(enrol_token.c.sha256 == token.sha256))
        row = found.mappings().one_or_none()
        if row is None:
            raise TokenUnknown
        _check_token(row, request.box, key, now)
        t = enrol_token.c
        mine = (t.id == row["id"], or_(t.used.is_(None), t.key == key))
        used = update(enrol_token).where(*mine).values(used=row["used"] or now, key=key)
        if (await connection.execute(used)).rowcount != 1:
            raise TokenUsed(box=row["box"], at=now)
        if row["used"] is None:
            await identities.withdraw(connection, row["box"], now, but=row["id"])
            if row["replaces"]:
                await identities.void(connection, row["box"], now, "superseded", keep=key)
            await identities.set_state(connection, row["box"], "active", by="enrolment", now=now)
        return await self._grant(connection, row["box"], public, now, None)

    async def renew(
        self, connection: AsyncConnection, request: RenewRequest, shown: x509.Certificate | None, now: datetime
    ) -> Granted:
        """The next one. `shown`: what TLS has verified. Raises `EnrolRefused`, `BadRequest`."""
        old = shown or self._late(request)
        public = certificates.request_key(request.csr)
        if self.authority.issuer_of(old) is None:
            raise CertificateForeign
        box = self._box(old)
        state = await _state(connection, box)
        if await _is_revoked(connection, old) or (state is not None and state["state"] == "revoked"):
            raise CertificateRevoked(box=box)
        if now > old.not_valid_after_utc + timedelta(days=self.config.enrol.late_days):
            raise CertificateTooOld(box=box, until=old.not_valid_after_utc)
        if state is None:  # the hub was restored from a backup that is older than the box
            await identities.set_state(connection, box, "active", by="renewal", now=now)
        leaving = state["until"] if state is not None and state["state"] == "leaving" else None
        return await self._grant(connection, box, public, now, leaving)

    def _late(self, request: RenewRequest) -> x509.Certificate:
        """The certificate that has expired, if its key has signed. Raises `NotProven`, `BadRequest`."""
        if not request.certificate:
            raise NotProven
        old = certificates.read(request.certificate)
        try:
            signature = base64.b64decode(request.signature, validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotProven from error
        if not certificates.has_signed(old, signature, late_bytes(request.csr)):
            raise NotProven
        return old

    def _box(self, old: x509.Certificate) -> str:
        """Whose certificate it is. Raises `CertificateForeign` for one that is no box's."""
        name = certificates.common_name(old)
        try:
            box = check_box_id(name)
            names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (BadBoxId, x509.ExtensionNotFound) as error:
            raise CertificateForeign from error
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        if certificates.box_uri(self.authority.county, box) not in uris:
            raise CertificateForeign
        return box

    async def _grant(
        self, connection: AsyncConnection, box: str, public: ec.EllipticCurvePublicKey, now: datetime,
        at_most: datetime | None,
    ) -> Granted:  # fmt: skip
        """The certificate for this key: the one it has, if that is still good for a while, else a new one."""
        key, c = _digest(public), certificate.c
        same = (c.box == box, c.key == key, c.revoked.is_(None), c.expires > now)
        row = (await connection.execute(select(c.pem).where(*same).order_by(c.issued.desc()).limit(1))).first()
        if row is not None and (kept := certificates.read(row[0])) and _renew_from(kept) > now:
            return self._granted(box, kept, now)
        recent = select(func.count()).where(c.box == box, c.issued > now - timedelta(days=1))
        if (await connection.execute(recent)).scalar_one() >= MAX_A_DAY:
            raise TooMany(box=box, limit=MAX_A_DAY)
        made = await self.issue(connection, box, public, now, at_most)
        return self._granted(box, made, now)

    async def issue(
        self, connection: AsyncConnection, box: str, public: ec.EllipticCurvePublicKey, now: datetime,
        at_most: datetime | None = None,
    ) -> x509.Certificate:  # fmt: skip
        """A certificate, written down before anybody sees it."""
        ca, until = self.authority.signing(now), now + timedelta(days=self.config.enrol.box_days)
        until = min(until, at_most) if at_most is not None else until
        made = certificates.box(ca.certificate, ca.key, public, self.authority.county, box, now, until)
        values: dict[str, Any] = {
            "serial": f"{made.serial_number:040x}", "box": box, "ca": ca.pin, "key": _digest(public), "issued": now,
            "expires": made.not_valid_after_utc, "pem": certificates.pem(made),
        }  # fmt: skip
        await connection.execute(insert(connection, certificate).values(**values))
        return made

    def _granted(self, box: str, made: x509.Certificate, now: datetime) -> Granted:
        settings = self.config.enrol
        return Granted(
            box=box,
            county=self.authority.county,
            certificate=certificates.pem(made).decode(),
            ca=self.authority.bundle(now).decode(),
            broker_host=settings.names[0] if settings.names else "",
            broker_port=settings.broker_port,
            enrol_port=settings.port or 8443,
            config_key=configkey.public(self.authority.folder),
            renew_from=_renew_from(made),
            expires=made.not_valid_after_utc,
        )


def _renew_from(made: x509.Certificate) -> datetime:
    """Two thirds of its life."""
    since, until = made.not_valid_before_utc + certificates.BACKDATED, made.not_valid_after_utc
    return since + (until - since) * 2 / 3


def _check_token(row: RowMapping, asked: str, key: bytes, now: datetime) -> None:
    """Raises `EnrolRefused`."""
    box = row["box"]
    if asked and asked != box:
        raise TokenForAnother(box=box, asked=asked[:32])
    if row["used"] is not None and row["key"] != key:
        raise TokenUsed(box=box, at=row["used"])
    if row["withdrawn"] is not None:
        raise TokenWithdrawn(box=box, at=row["withdrawn"])
    until = max(row["expires"], row["used"] + ASKS_AGAIN) if row["used"] is not None else row["expires"]
    if now >= until:
        raise TokenExpired(box=box, until=until)


async def _state(connection: AsyncConnection, box: str) -> RowMapping | None:
    found = await connection.execute(select(box_identity).where(box_identity.c.box == box))
    return found.mappings().one_or_none()


async def _is_revoked(connection: AsyncConnection, old: x509.Certificate) -> bool:
    c = certificate.c
    found = await connection.execute(select(c.revoked).where(c.serial == f"{old.serial_number:040x}"))
    row = found.first()
    return row is not None and row[0] is not None


def _digest(public: ec.EllipticCurvePublicKey) -> bytes:
    return hashlib.sha256(certificates.public_der(public)).digest()


__all__ = ["BadRequest", "EnrolRefused", "Registrar"]
