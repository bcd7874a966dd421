"""Keys, certificate requests and signatures of a box. The only module of the box that needs `cryptography`."""

from __future__ import annotations

import base64
import binascii

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gridwire.enrolment import Trust, fingerprint, late_bytes, trust_bytes
from gridwire.problem import Problem

_BROKEN = (ValueError, TypeError, UnsupportedAlgorithm)
_DER, _SPKI = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


class PinWrong(Problem):
    code = "enrol.fingerprint-wrong"
    en = (
        "what answers at {hub} is not the hub of this token: somebody stands in between, or the address is wrong. "
        "Nothing secret was sent. Expected {expected}…, found {found}"
    )
    zh = "{hub} 处应答的不是该令牌的汇聚端：可能有人从中冒充，或地址有误。未发送机密。应为 {expected}…，实为 {found}"


class TrustBroken(Problem):
    code = "enrol.trust-broken"
    en = "what the hub says of its CA cannot be used: {reason}"
    zh = "汇聚端提供的 CA 信息无法使用：{reason}"


class WrongCertificate(Problem):
    code = "enrol.wrong-certificate"
    en = "the hub has sent a certificate that is not ours: {reason}"
    zh = "汇聚端发来的证书不属于本机：{reason}"


class KeyBroken(Problem):
    code = "enrol.key-broken"
    en = "the key of this box in {path} cannot be read: {reason}. It must enrol anew: on the hub countyhub box add"
    zh = "无法读取本机私钥 {path}：{reason}。需要重新注册：在汇聚端执行 countyhub box add"


def new_key() -> bytes:
    """PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def csr(key: bytes, box: str) -> str:
    """A request for this key. The hub gives the name that it knows, whatever stands here."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, box)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(_key(key), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def own(pem: bytes, path: object) -> tuple[str, bytes]:
    """Certificate and key of an identity file. Raises `KeyBroken`."""
    head, mark, tail = pem.partition(b"-----BEGIN PRIVATE KEY-----")
    try:
        certificate = x509.load_pem_x509_certificate(head)
        _key(mark + tail)
    except _BROKEN as error:
        raise KeyBroken(path=path, reason=error) from error
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), mark + tail


def sign_late(key: bytes, request: str) -> str:
    """Proof of an expired certificate's key, base64."""
    return base64.b64encode(_key(key).sign(late_bytes(request), ec.ECDSA(hashes.SHA256()))).decode()


def check_pin(trust: Trust, pin: bytes, hub: str) -> str:
    """The CAs to trust, PEM: vouched for by the one whose fingerprint the token names. Raises `PinWrong`,
    `TrustBroken`."""
    keys = _keys(trust.ca)
    if pin.hex() not in keys:
        found = ", ".join(f"{each[:16]}…" for each in keys) or "–"
        raise PinWrong(hub=hub, expected=pin.hex()[:16], found=found)
    if not _vouches(trust, pin.hex(), keys[pin.hex()]):
        raise TrustBroken(reason="signature")
    return trust.ca


def follow(trust: Trust, known: str) -> str | None:
    """The CAs to trust from now on, if one that we know vouches for them, be it long expired. Raises `TrustBroken`."""
    _keys(trust.ca)
    return trust.ca if any(_vouches(trust, pin, key) for pin, key in _keys(known).items()) else None


def check_granted(certificate: str, key: bytes, box: str) -> None:
    """Raises `WrongCertificate`."""
    try:
        made = x509.load_pem_x509_certificate(certificate.encode())
    except _BROKEN as error:
        raise WrongCertificate(reason=error) from error
    if made.public_key() != _key(key).public_key():
        raise WrongCertificate(reason="key")
    names = [str(each.value) for each in made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [box]:
        raise WrongCertificate(reason=", ".join(names) or "CN")


def digest(key_or_pem: bytes) -> str:
    """Tells keys apart."""
    return fingerprint(_key(key_or_pem).public_key().public_bytes(_DER, _SPKI))


def _keys(ca: str) -> dict[str, ec.EllipticCurvePublicKey]:
    """Fingerprint -> key of each certificate. Raises `TrustBroken`."""
    try:
        found = [each.public_key() for each in x509.load_pem_x509_certificates(ca.encode())]
    except _BROKEN as error:
        raise TrustBroken(reason=error) from error
    ours = [key for key in found if isinstance(key, ec.EllipticCurvePublicKey)]
    return {fingerprint(key.public_bytes(_DER, _SPKI)): key for key in ours}


def _vouches(trust: Trust, pin: str, key: ec.EllipticCurvePublicKey) -> bool:
    try:
        signature = base64.b64decode(trust.signatures.get(pin, ""), validate=True)
        key.verify(signature, trust_bytes(trust.ca), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("P-256")
    return key
