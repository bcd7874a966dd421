"""The county's CA on disk: keys and certificates in a folder of its own, one generation following another.

The next generation is made while three lives of a box's certificate remain of the present one. For one such life boxes
and broker learn to trust it; only then does it sign. Nothing here ever asks a person for anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from countyhub.ca import certificates, files
from countyhub.ca.certificates import Key
from countyhub.config import EnrolSettings
from gridwire.enrolment import Trust, trust_bytes
from gridwire.problem import Problem

INDEX = "authority.json"
OVERLAP_LIVES = 3


class NoCa(Problem):
    code = "ca.none"
    en = "there is no CA in {folder}; make one with countyhub ca init"
    zh = "{folder} 中没有 CA；请执行 countyhub ca init"


class CaExists(Problem):
    code = "ca.exists"
    en = "there is a CA in {folder} already; a new one would shut out every box, so it is left as it is"
    zh = "{folder} 中已有 CA；重建会使所有盒子无法连接，因此未作改动"


class CaBroken(Problem):
    code = "ca.broken"
    en = "the CA in {folder} cannot be used: {reason}. Put it back from its backup"
    zh = "{folder} 中的 CA 无法使用：{reason}。请从备份恢复"


class CaTooShort(Problem):
    code = "ca.too-short"
    en = "enrol.ca_days must be at least four times enrol.box_days: {ca_days} < 4 × {box_days}"
    zh = "enrol.ca_days 至少应为 enrol.box_days 的四倍：{ca_days} < 4 × {box_days}"


class _Entry(msgspec.Struct):
    """A line of the index."""

    number: int
    created: datetime
    signs_from: datetime


class _Index(msgspec.Struct):
    """`authority.json`."""

    county: str
    generations: list[_Entry]


class Generation(msgspec.Struct, frozen=True):
    """One CA certificate with its key."""

    number: int
    created: datetime
    signs_from: datetime
    certificate: x509.Certificate
    key: Key

    @property
    def expires(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @property
    def pin(self) -> str:
        return certificates.pin(self.certificate)


class Authority:
    """The CA of `county`. What it signs never outlives it."""

    def __init__(self, folder: Path, county: str, generations: list[Generation]) -> None:
        self.folder, self.county, self.generations = folder, county, generations

    @classmethod
    def create(cls, folder: Path, county: str, settings: EnrolSettings, now: datetime) -> Authority:
        """Raises `CaExists`, `CaTooShort`, `NotWritten`."""
        check_days(settings)
        if (folder / INDEX).exists():
            raise CaExists(folder=folder)
        files.folder(folder)
        authority = cls(folder, county, [])
        authority._add(1, now, now, settings.ca_days)
        return authority

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Raises `NoCa`, `CaBroken`, `KeyOpen`."""
        try:
            index = msgspec.json.decode((folder / INDEX).read_bytes(), type=_Index)
            return cls(folder, index.county, [_read(folder, entry) for entry in index.generations])
        except FileNotFoundError as error:
            if not (folder / INDEX).exists():
                raise NoCa(folder=folder) from error
            raise CaBroken(folder=folder, reason=error) from error
        except (OSError, ValueError, TypeError) as error:
            raise CaBroken(folder=folder, reason=error) from error

    def signing(self, now: datetime) -> Generation:
        """The one that signs now: the newest whose time has come."""
        return max((each for each in self.generations if each.signs_from <= now), default=self.generations[0],
                   key=lambda each: each.number)  # fmt: skip

    def trusted(self, now: datetime) -> list[Generation]:
        """All that are to be trusted, the signing one first."""
        first = self.signing(now)
        return [first, *(each for each in self.generations if each is not first and each.expires > now)]

    def bundle(self, now: datetime) -> bytes:
        """Their certificates, PEM."""
        return b"".join(certificates.pem(each.certificate) for each in self.trusted(now))

    def trust(self, now: datetime) -> Trust:
        """For boxes: the bundle, signed by every generation that ever was, for boxes that have slept for years."""
        ca = self.bundle(now).decode()
        signatures = {
            each.pin: _base64(each.key.sign(trust_bytes(ca), ec.ECDSA(hashes.SHA256()))) for each in self.generations
        }
        return Trust(ca=ca, signatures=signatures)

    def find(self, pin: str) -> Generation | None:
        return next((each for each in self.generations if each.pin == pin), None)

    def issuer_of(self, certificate: x509.Certificate) -> Generation | None:
        """Which generation has signed it, whatever the time is."""
        return next(
            (each for each in self.generations if certificates.is_signed_by(certificate, each.certificate)), None
        )

    def advance(self, settings: EnrolSettings, now: datetime) -> bool:
        """Make the next generation if it is time; True when it was made. Raises `NotWritten`."""
        newest = self.generations[-1]
        if newest.expires - now > OVERLAP_LIVES * timedelta(days=settings.box_days):
            return False
        self._add(newest.number + 1, now, now + timedelta(days=settings.box_days), settings.ca_days)
        return True

    def _add(self, number: int, now: datetime, signs_from: datetime, days: int) -> None:
        """First the key and the certificate, then the index, which makes them count."""
        key = certificates.new_key()
        certificate = certificates.ca(key, self.county, number, now + timedelta(days=days))
        files.write(self.folder / f"{number}.key", certificates.key_pem(key), files.PRIVATE)
        files.write(self.folder / f"{number}.crt", certificates.pem(certificate), files.PUBLIC)
        self.generations.append(Generation(number, now, signs_from, certificate, key))
        entries = [_Entry(each.number, each.created, each.signs_from) for each in self.generations]
        files.write(self.folder / INDEX, msgspec.json.encode(_Index(self.county, entries)), files.PRIVATE)


def check_days(settings: EnrolSettings) -> None:
    """Raises `CaTooShort`."""
    if settings.ca_days < (OVERLAP_LIVES + 1) * settings.box_days:
        raise CaTooShort(ca_days=settings.ca_days, box_days=settings.box_days)


def _read(folder: Path, entry: _Entry) -> Generation:
    key_file = folder / f"{entry.number}.key"
    files.check_private(key_file)
    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    certificate = x509.load_pem_x509_certificate((folder / f"{entry.number}.crt").read_bytes())
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        raise ValueError(f"{key_file.name} is not the key of {entry.number}.crt")
    return Generation(entry.number, entry.created, entry.signs_from, certificate, key)


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()
