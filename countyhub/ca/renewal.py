"""Keeps what broker and boxes rely on from ever running out: CA, certificate of the server, revocation list.

All of it lies in `data_dir/ca` (the CA's keys, nobody else's business) and `data_dir/broker` (what the broker gets). A
round looks at these files and at the database, and makes anew what is near its end or no longer true; it may be run by
anybody at any time, twice does no harm.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from countyhub.ca import certificates, files, identities
from countyhub.ca.authority import Authority
from countyhub.ca.certificates import Revoked
from countyhub.config import Config, EnrolSettings
from countyhub.store.engine import Store
from gridwire.problem import Problem

CA_FILE, SERVER_FILE, CRL_FILE, PASSWORD_FILE = "ca.pem", "server.pem", "crl.pem", "hub-password"
STAMP_FILE = "changed"
"""Made whenever one of the others has changed: countyhub-broker.path waits for it, and starts what takes it
away and hands them to the broker."""
CRL_RENEWED = timedelta(days=7)


class NoNames(Problem):
    code = "ca.no-names"
    en = 'enrol.names is empty: by what names or addresses do boxes reach this hub? e.g. names = ["hub.county.cn"]'
    zh = '[enrol] 的 names 为空：盒子用什么域名或地址连接汇聚端？例如 names = ["hub.county.cn"]'


class Round(NamedTuple):
    """What a round has made anew."""

    ca: bool = False
    server: bool = False
    crl: bool = False

    @property
    def anything(self) -> bool:
        return any(self)


class Ends(NamedTuple):
    """When each of them ends."""

    ca: datetime
    server: datetime
    crl: datetime


def ca_folder(config: Config) -> Path:
    return Path(config.data_dir) / "ca"


def broker_folder(config: Config) -> Path:
    return Path(config.data_dir) / "broker"


async def keep(store: Store, config: Config, now: datetime) -> Round:
    """One round. Raises the problems of the CA's folder, `NoNames`, one of `engine.UNAVAILABLE`."""
    async with store.read() as connection:
        revoked = await identities.revoked(connection, now)
    return refresh(config, revoked, now)


def refresh(config: Config, revoked: Mapping[str, list[Revoked]], now: datetime) -> Round:
    """The part of a round that is about files. `revoked`: fingerprint of a CA -> its list."""
    folder = files.folder(broker_folder(config))
    with alone(ca_folder(config)):
        authority = Authority.open(ca_folder(config))
        authority.advance(config.enrol, now)
        done = Round(
            files.write(folder / CA_FILE, authority.bundle(now), files.PUBLIC),
            _keep_server(folder / SERVER_FILE, authority, config.enrol, now),
            _keep_crl(folder / CRL_FILE, authority, revoked, config.enrol, now),
        )
    if done.anything:
        files.write(folder / STAMP_FILE, f"{now.isoformat()}\n".encode(), files.PUBLIC)
    return done


def ends(config: Config, now: datetime) -> Ends:
    """Of the CA trusted longest, of the server's certificate, of the list that ends first.

    Raises OSError, ValueError, and the problems of the CA's folder.
    """
    folder, authority = broker_folder(config), Authority.open(ca_folder(config))
    server = x509.load_pem_x509_certificate((folder / SERVER_FILE).read_bytes())
    lists = _lists(folder / CRL_FILE)
    return Ends(
        max(each.expires for each in authority.generations),
        server.not_valid_after_utc,
        min((_end(each) for each in lists), default=now),
    )


def _keep_server(path: Path, authority: Authority, settings: EnrolSettings, now: datetime) -> bool:
    """Certificate and key in one file, so that they are never of different ages."""
    if not settings.names:
        raise NoNames
    life, ca = timedelta(days=settings.server_days), authority.signing(now)
    if path.exists():
        files.check_private(path)
        old = _server(path)
        if old is not None and _still_right(old, authority, settings, now, life):
            return False
    key = certificates.new_key()
    made = certificates.server(ca.certificate, ca.key, key.public_key(), settings.names, now + life)
    return files.write(path, certificates.pem(made) + certificates.key_pem(key), files.PRIVATE)


def _still_right(
    old: x509.Certificate, authority: Authority, settings: EnrolSettings, now: datetime, life: timedelta
) -> bool:
    issuer = authority.issuer_of(old)
    wanted = certificates.alternative_names(settings.names)
    return (
        issuer is not None
        and issuer.pin == authority.signing(now).pin
        and old.not_valid_after_utc - now > min(life, issuer.expires - now) / 3
        and certificates.names_of(old) == wanted
    )


def _keep_crl(
    path: Path, authority: Authority, revoked: Mapping[str, list[Revoked]], settings: EnrolSettings, now: datetime
) -> bool:
    """One list for each CA that is trusted: the broker refuses everyone whose CA has none."""
    trusted, lists = authority.trusted(now), _lists(path)
    wanted = {each.certificate.subject: {line.serial for line in revoked.get(each.pin, [])} for each in trusted}
    oldest = min((_begin(each) for each in lists), default=certificates.ALWAYS)
    fresh = oldest + certificates.BACKDATED > now - CRL_RENEWED
    long = all(_end(each) - now > timedelta(days=settings.crl_days) / 3 for each in lists)
    if fresh and long and {each.issuer: {r.serial_number for r in each} for each in lists} == wanted:
        return False
    until = now + timedelta(days=settings.crl_days)
    made = [certificates.crl(each.certificate, each.key, revoked.get(each.pin, []), now, until) for each in trusted]
    return files.write(path, b"".join(map(certificates.pem, made)), files.PUBLIC)


def _server(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        return None


def _lists(path: Path) -> list[x509.CertificateRevocationList]:
    """Those in a file; none when it cannot be read: then they are made anew."""
    try:
        parts = path.read_bytes().split(b"-----BEGIN X509 CRL-----")[1:]
        return [x509.load_pem_x509_crl(b"-----BEGIN X509 CRL-----" + part) for part in parts]
    except (FileNotFoundError, ValueError):
        return []


def _begin(crl: x509.CertificateRevocationList) -> datetime:
    return crl.last_update_utc


def _end(crl: x509.CertificateRevocationList) -> datetime:
    end = crl.next_update_utc
    assert end is not None, "ours always have one"
    return end


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """One process at a time works on the files of a folder; on one that is not there nobody does."""
    if not folder.is_dir():
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(descriptor)
