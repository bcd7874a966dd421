"""Certificates and revocation lists, made from their facts. Pure: keys, times and serial numbers come in as arguments.

CA and server certificates hold from 1970 on. A box without battery may wake up in 1970 or when its image was built, and
must find the hub trustworthy all the same; nothing is lost by it, for the keys did not exist then.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gridwire.enrolment import fingerprint
from gridwire.problem import Problem

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
BACKDATED = timedelta(days=1)
"""Of what the broker checks: clocks of hub and broker need not agree to the second."""
Key = ec.EllipticCurvePrivateKey
_BROKEN = (ValueError, TypeError, UnsupportedAlgorithm)


class BadRequest(Problem):
    code = "enrol.bad-request"
    en = "the certificate request cannot be used: {reason}"
    zh = "证书申请无法使用：{reason}"


class Revoked(NamedTuple):
    """A line of a revocation list."""

    serial: int
    at: datetime


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def public_der(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pin(certificate: x509.Certificate) -> str:
    """The fingerprint of a certificate's key, hex."""
    found = certificate.public_key()
    assert isinstance(found, ec.EllipticCurvePublicKey)
    return fingerprint(public_der(found))


def common_name(certificate: x509.Certificate) -> str:
    """Empty when it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def box_uri(county: str, box: str) -> str:
    """The name of a box in its certificate, beside CN."""
    return f"urn:gridwire:county:{county}:box:{box}"


def ca(key: Key, county: str, number: int, until: datetime) -> x509.Certificate:
    """A county's CA. `number` tells generations apart, so that each has a revocation list of its own."""
    name = _name(f"{county} CA {number}", county)
    usage = _usage(sign=False, ca=True)
    return (
        _builder(name, name, key.public_key(), ALWAYS, until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def server(
    issuer: x509.Certificate, ca_key: Key, public: ec.EllipticCurvePublicKey, names: Sequence[str], until: datetime
) -> x509.Certificate:
    """Of hub and broker, for all names and addresses under which boxes reach them."""
    subject = _name(names[0][:64], "")
    return _leaf(issuer, ca_key, subject, public, ALWAYS, until, [_general(name) for name in names], is_server=True)


def box(
    issuer: x509.Certificate,
    ca_key: Key,
    public: ec.EllipticCurvePublicKey,
    county: str,
    name: str,
    now: datetime,
    until: datetime,
) -> x509.Certificate:
    """Of a box: its id is the CN, whatever its request says."""
    uri = x509.UniformResourceIdentifier(box_uri(county, name))
    return _leaf(issuer, ca_key, _name(name, county), public, now - BACKDATED, until, [uri], is_server=False)


def crl(
    issuer: x509.Certificate, ca_key: Key, revoked: Iterable[Revoked], now: datetime, until: datetime
) -> x509.CertificateRevocationList:
    """All that this CA has taken back."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - BACKDATED)
        .next_update(until)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    for each in sorted(revoked):
        entry = x509.RevokedCertificateBuilder().serial_number(each.serial).revocation_date(each.at).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(ca_key, hashes.SHA256())


def request_key(csr: str) -> ec.EllipticCurvePublicKey:
    """The key that a request is for, whose holder has signed it; names in it are not looked at. Raises `BadRequest`."""
    try:
        read = x509.load_pem_x509_csr(csr.encode())
        public, signed = read.public_key(), read.is_signature_valid
    except _BROKEN as error:
        raise BadRequest(reason=error) from error
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise BadRequest(reason="P-256")
    if not signed:
        raise BadRequest(reason="signature")
    return public


def read(text: bytes | str) -> x509.Certificate:
    """A certificate, PEM. Raises `BadRequest`."""
    try:
        return x509.load_pem_x509_certificate(text.encode() if isinstance(text, str) else text)
    except _BROKEN as error:
        raise BadRequest(reason=error) from error


def alternative_names(names: Sequence[str]) -> set[x509.GeneralName]:
    """Host names and addresses as a certificate says them."""
    return {_general(name) for name in names}


def names_of(certificate: x509.Certificate) -> set[x509.GeneralName]:
    """All that a certificate is for; empty when it does not say."""
    try:
        return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whatever the time is."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*_BROKEN, InvalidSignature):
        return False
    return True


def has_signed(certificate: x509.Certificate, signature: bytes, data: bytes) -> bool:
    """Whether the holder of the certificate's key has signed the data."""
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return False
    try:
        public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _leaf(
    issuer: x509.Certificate,
    ca_key: Key,
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    since: datetime,
    until: datetime,
    names: Sequence[x509.GeneralName],
    *,
    is_server: bool,
) -> x509.Certificate:
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _builder(subject, issuer.subject, public, since, min(until, issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=True, ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(since, ALWAYS))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, sign: bool, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str, county: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if county:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, county))
    return x509.Name(parts)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
