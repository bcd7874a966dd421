"""Enrolling and renewing, step by step; each may be cut off anywhere and done again.

The key never leaves the box. Before the token is shown, the CA's fingerprint has been compared and TLS has verified
the hub by it.
"""

from __future__ import annotations

import hashlib
import logging
from typing import NamedTuple

from edgeagent.enrol import hub as wire
from edgeagent.enrol import keys as request
from edgeagent.enrol.hub import Address, CertificateNotTaken
from edgeagent.enrol.identity import Identity, NotEnrolled, Record
from gridwire.enrolment import ENROL_PATH, RENEW_PATH, EnrolRequest, Granted, RenewRequest, Token
from gridwire.problem import Problem

log = logging.getLogger(__name__)


class HubForeign(Problem):
    code = "enrol.hub-foreign"
    en = (
        "{hub} belongs neither to the CA that this box trusts nor to one that follows it: somebody stands in between, "
        "or the county has made a new CA. Then a new token is needed: countyhub box add {box} --again"
    )
    zh = (
        "{hub} 不属于本机信任的 CA，也不是其后继：可能有人从中冒充，或县级 CA 已重建。"
        "如为后者，需要新令牌：countyhub box add {box} --again"
    )


class Done(NamedTuple):
    """What came of it. `is_new` is False when there was nothing left to do."""

    record: Record
    is_new: bool


def enrol(identity: Identity, hub: Address, token: Token, box: str, name: str) -> Done:
    """`box`: who we are to be; empty: as the token says. Raises the problems of `hub`, `request`, `identity`."""
    used = purpose(token)
    record = identity.record()
    if record is not None and record.token == used and identity.pem.exists():
        return Done(record, is_new=False)
    ca = request.check_pin(wire.fetch_trust(hub), token.pin, str(hub))
    key = identity.pending(f"token:{used}")
    if key is None:
        key = request.new_key()
        identity.ask(f"token:{used}", key)
    asked = EnrolRequest(token=token.text, box=box, csr=request.csr(key, box or "box"))
    granted = wire.post(hub, ca, ENROL_PATH, asked, Granted)
    if box and granted.box != box:
        raise request.WrongCertificate(reason=granted.box)
    return Done(_keep(identity, hub, granted, key, used, name), is_new=True)


def purpose(token: Token) -> str:
    """Tells tokens apart, without being of use to whoever reads it."""
    return hashlib.sha256(token.sha256).hexdigest()


def renew(identity: Identity) -> Done:
    """The next certificate for the present one, also when that has expired. Raises `NotEnrolled` and as `enrol`."""
    record = identity.record()
    try:
        pem, known = identity.pem.read_bytes(), identity.ca.read_text()
    except OSError as error:
        raise NotEnrolled(folder=identity.folder) from error
    if record is None:
        raise NotEnrolled(folder=identity.folder)
    hub = Address(record.hub_host, record.hub_port)
    certificate, old_key = request.own(pem, identity.pem)
    ca = _refreshed(identity, hub, known, record.box)
    reason = f"renews:{request.digest(old_key)}"
    key = identity.pending(reason)
    if key is None:
        key = request.new_key()
        identity.ask(reason, key)
    csr = request.csr(key, record.box)
    granted = _ask_next(identity, hub, ca, csr, certificate, old_key)
    if granted.box != record.box:
        raise request.WrongCertificate(reason=granted.box)
    return Done(_keep(identity, hub, granted, key, record.token, record.name), is_new=True)


def _refreshed(identity: Identity, hub: Address, known: str, box: str) -> str:
    """The CAs to trust now: also a box that has slept through the change of the CA finds its way."""
    ca = request.follow(wire.fetch_trust(hub), known)
    if ca is None:
        raise HubForeign(hub=hub, box=box)
    if ca != known:
        identity.keep_ca(ca)
    return ca


def _ask_next(identity: Identity, hub: Address, ca: str, csr: str, certificate: str, old_key: bytes) -> Granted:
    """TLS shows the certificate; one that has expired is shown in the request, signed by its key."""
    try:
        return wire.post(hub, ca, RENEW_PATH, RenewRequest(csr=csr), Granted, identity.pem)
    except CertificateNotTaken as problem:
        log.info("%s: proving it by a signature", problem)
    late = RenewRequest(csr=csr, certificate=certificate, signature=request.sign_late(old_key, csr))
    return wire.post(hub, ca, RENEW_PATH, late, Granted)


def _keep(identity: Identity, hub: Address, granted: Granted, key: bytes, token: str, name: str) -> Record:
    request.check_granted(granted.certificate, key, granted.box)
    old = identity.record()
    known = old.config_key if old is not None and old.county == granted.county else ""
    record = Record(
        box=granted.box,
        county=granted.county,
        hub_host=hub.host,
        hub_port=hub.port,
        renew_from=granted.renew_from,
        expires=granted.expires,
        broker_host=granted.broker_host or hub.host,
        broker_port=granted.broker_port,
        name=granted.name or name,
        token=token,
        config_key=granted.config_key or known,
    )
    identity.keep(record, granted.certificate, key, granted.ca)
    return record
