"""What a box takes of the hub's answer to its enrolment, and in which order it is kept."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edgeagent.enrol import keys
from edgeagent.enrol.identity import Identity, IdentityNotWritten, Record
from gridwire.enrolment import Trust, trust_bytes
from tests.instances import BOX

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RECORD = Record(
    box=BOX, county="431126", hub_host="hub", hub_port=8443, renew_from=NOW, expires=NOW, broker_host="hub",
    broker_port=8883,
)  # fmt: skip


def certificate(key: bytes, name: str = BOX) -> str:
    private = serialization.load_pem_private_key(key, password=None)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, private.public_key(), 1, NOW, NOW + timedelta(days=1))
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_only_a_certificate_for_our_key_and_our_name_is_taken() -> None:
    ours, theirs = keys.new_key(), keys.new_key()
    keys.check_granted(certificate(ours), ours, BOX)
    for wrong in (certificate(theirs), certificate(ours, "431126001099"), "no certificate"):
        with pytest.raises(keys.WrongCertificate):
            keys.check_granted(wrong, ours, BOX)


def test_a_ca_is_trusted_when_the_token_names_it_and_its_key_vouches_for_all() -> None:
    ours, theirs = keys.new_key(), keys.new_key()
    bundle = certificate(ours) + certificate(theirs)
    pin, foreign = (bytes.fromhex(keys.digest(key)) for key in (ours, theirs))

    def said(signer: bytes, about: str = bundle) -> Trust:
        private = serialization.load_pem_private_key(signer, password=None)
        signature = private.sign(trust_bytes(about), ec.ECDSA(hashes.SHA256()))
        return Trust(ca=bundle, signatures={pin.hex(): base64.b64encode(signature).decode()})

    assert keys.check_pin(said(ours), pin, "hub") == bundle
    for wrong in (said(theirs), said(ours, certificate(ours)), Trust(ca=bundle, signatures={})):
        with pytest.raises(keys.TrustBroken):
            keys.check_pin(wrong, pin, "hub")
    with pytest.raises(keys.TrustBroken):
        keys.check_pin(said(ours), foreign, "hub")
    with pytest.raises(keys.PinWrong):
        keys.check_pin(said(ours), bytes(32), "hub")


def test_nobody_is_enrolled_before_the_certificate_is_on_the_disk(tmp_path) -> None:
    identity, key = Identity.of_store(tmp_path), keys.new_key()
    identity.folder.mkdir()
    identity.pem.mkdir()  # it cannot be written
    with pytest.raises(IdentityNotWritten):
        identity.keep(RECORD, certificate(key), key, certificate(key))
    assert identity.record() is None
    identity.pem.rmdir()
    identity.keep(RECORD, certificate(key), key, certificate(key))
    assert identity.record() == RECORD
    assert identity.pem.stat().st_mode & 0o777 == 0o600
