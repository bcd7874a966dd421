"""`certificate`: is the box's certificate its own, and for how long is it good?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.config import TlsSettings
from gridwire.identifiers import BOX_PATTERN
from gridwire.verdict import Fault, Line, found, passed

SOON_DAYS = 30


class Unusable(Fault):
    code = "check.certificate-unusable"
    en = "{path} cannot be used ({reason}): enrol again (edgeagent enroll --token-file FILE)"
    zh = "{path} 无法使用（{reason}）：请重新注册（edgeagent enroll --token-file 文件）"


class Ended(Fault):
    code = "check.certificate-expired"
    en = (
        "{path} ended on {ends}, here it is {now}: if the clock is right: edgeagent enroll --renew; if that is "
        "refused, enrol with a new token"
    )
    zh = (
        "{path} 已于 {ends} 到期，本机时间是 {now}：时钟正确的话请执行 edgeagent enroll --renew；如被拒绝，请用新令"
        "牌注册"
    )


class NotYet(Fault):
    code = "check.certificate-not-yet-valid"
    en = "{path} counts from {begins} on, here it is {now}: our clock is in the past; set it (timedatectl set-time)"
    zh = "{path} 自 {begins} 起有效，而本机时间是 {now}：本机时钟落后，请校准（timedatectl set-time）"


class EndsSoon(Fault):
    code = "check.certificate-ends-soon"
    level = "warn"
    en = (
        "{path} is good for {days} more days and should have been renewed by itself: edgeagent enroll --renew "
        "tells why not"
    )
    zh = "{path} 只剩 {days} 天有效，本应已自动续签：请执行 edgeagent enroll --renew 查看原因"


class OtherKey(Fault):
    code = "check.certificate-other-key"
    en = "{path} and {key} do not belong together: enrol again (edgeagent enroll --token-file FILE)"
    zh = "{path} 与 {key} 不配对：请重新注册（edgeagent enroll --token-file 文件）"


class OtherAuthority(Fault):
    code = "check.certificate-other-ca"
    level = "warn"
    en = "{path} was not signed by a CA in {ca}: the hub may refuse it; if it does, enrol again"
    zh = "{path} 不是由 {ca} 中的 CA 签发，汇聚端可能拒绝；如被拒绝请重新注册"


class OtherBox(Fault):
    code = "check.certificate-other-box"
    en = (
        "{path} is for box {name}, the configuration says {box}: what is sent will be refused. Remove the line "
        "`box`, or enrol as {box} (--move if this machine was {name})"
    )
    zh = (
        "{path} 属于盒子 {name}，而配置中是 {box}：上报会被拒绝。请删除 box 一行，或以 {box} 重新注册（本机原为 "
        "{name} 时加 --move）"
    )


def _look(scene: Scene) -> Iterable[Line]:
    tls = scene.config.hub.tls
    if tls is None or not tls.cert:
        yield passed("配置中没有本盒证书", "the configuration names no certificate of the box")
        return
    try:
        certificate = x509.load_pem_x509_certificate(Path(tls.cert).read_bytes())
        authorities = x509.load_pem_x509_certificates(Path(tls.ca).read_bytes())
        key = load_pem_private_key(Path(tls.key or tls.cert).read_bytes(), None).public_key()
    except (OSError, ValueError, TypeError) as error:  # TypeError: a key with a password
        yield found(Unusable(path=tls.cert, reason=getattr(error, "strerror", None) or error))
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_bytes(*form) != certificate.public_key().public_bytes(*form):
        yield found(OtherKey(path=tls.cert, key=tls.key))
    yield from _belonging(scene, tls, certificate, authorities)
    yield _life(scene, tls.cert, certificate)


def _belonging(
    scene: Scene, tls: TlsSettings, certificate: x509.Certificate, authorities: list[x509.Certificate]
) -> Iterable[Line]:
    if not any(_signed(certificate, authority) for authority in authorities):
        yield found(OtherAuthority(path=tls.cert, ca=tls.ca))
    names = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    # A certificate that the hub has not issued may have any name.
    if names and names[0] != scene.config.box and re.match(BOX_PATTERN, names[0]):
        yield found(OtherBox(path=tls.cert, name=names[0], box=scene.config.box))


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _life(scene: Scene, path: str, certificate: x509.Certificate) -> Line:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    now = f"{scene.now:%Y-%m-%d %H:%M} UTC"
    if scene.now < begins:
        return found(NotYet(path=path, begins=f"{begins:%Y-%m-%d %H:%M} UTC", now=now))
    if scene.now >= ends:
        return found(Ended(path=path, ends=f"{ends:%Y-%m-%d}", now=now))
    days, whole = (ends - scene.now).days, (ends - begins).days
    if days < min(SOON_DAYS, whole / 3):
        return found(EndsSoon(path=path, days=days))
    return passed(f"还有 {days} 天有效，至 {ends:%Y-%m-%d}", f"good for {days} more days, until {ends:%Y-%m-%d}")


CHECK = Check(
    "certificate",
    "本盒证书：归属、签发者、剩余天数",
    "the box's certificate: its own, signed by the county, and for how many days still",
    _look,
    (Unusable, Ended, NotYet, EndsSoon, OtherKey, OtherAuthority, OtherBox),
)
