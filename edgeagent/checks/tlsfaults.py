"""What can be wrong between two ends of a TLS connection, told apart, each with what to do."""

from __future__ import annotations

from gridwire.mqtt.brokers import Endpoint
from gridwire.verdict import Fault


class NoTls(Fault):
    code = "check.tls-none"
    level = "warn"
    en = (
        "{broker}: the link is not encrypted and everybody on the way can read and change it: enrol the box (edgeagent "
    )
    en += "enroll), or set [hub.tls]"
    zh = "{broker}：连接没有加密，途中任何人都能读取和篡改：请注册本盒（edgeagent enroll），或设置 [hub.tls]"


class Encrypted(Fault):
    code = "check.tls-needed"
    en = (
        "{broker}: that port speaks TLS, the configuration does not: enrol the box (edgeagent enroll), or set [hub.tls]"
    )
    zh = "{broker}：该端口要求 TLS，而配置中没有：请注册本盒（edgeagent enroll），或设置 [hub.tls]"


class PlainPort(Fault):
    code = "check.tls-plain-port"
    en = (
        "{broker}: what listens there does not speak TLS: correct hub.port (8883 with TLS, 1883 without), or hub.host, "
        "if that is no broker"
    )
    zh = (
        "{broker}：该端口不使用 TLS：请改正 hub.port（TLS 为 8883，不加密为 1883）；如那里不是消息服务器，请改正 "
        "hub.host"
    )


class UnknownAuthority(Fault):
    code = "check.tls-unknown-ca"
    en = (
        "{broker}: its certificate is not signed by the CA in {ca} ({reason}): is this the county's hub? If the "
        "county has a new CA, enrol again (edgeagent enroll --token-file FILE)"
    )
    zh = (
        "{broker}：其证书不是由 {ca} 中的 CA 签发（{reason}）：这是本县的汇聚端吗？如果县里换了 CA，请重新注册（"
        "edgeagent enroll --token-file 文件）"
    )


class WrongName(Fault):
    code = "check.tls-wrong-name"
    en = (
        "{broker}: its certificate is for {names}, not for {host}: write one of these as hub.host, or have the "
        "county add {host} to enrol.names"
    )
    zh = "{broker}：其证书属于 {names}，不是 {host}：请把 hub.host 改为其中之一，或请县里在 enrol.names 中加上 {host}"


class HubExpired(Fault):
    code = "check.tls-hub-expired"
    en = (
        "{broker}: its certificate ended on {ends}, here it is {now}: if that is right, the county must renew it "
        "(countyhub ca renew), else set the clock"
    )
    zh = (
        "{broker}：其证书已于 {ends} 到期，本机时间是 {now}：时间正确的话，请县里续签（countyhub ca renew）；否则请"
        "校准时钟"
    )


class NotYetValid(Fault):
    code = "check.tls-not-yet-valid"
    en = (
        "{broker}: its certificate counts from {begins} on, here it is {now}: our clock is in the past. Set it "
        "(timedatectl set-time) and see the check of the clock"
    )
    zh = (
        "{broker}：其证书自 {begins} 起有效，而本机时间是 {now}：本机时钟落后。请校准（timedatectl set-time），并查"
        "看时钟检查项"
    )


class TooOld(Fault):
    code = "check.tls-version"
    en = "{broker}: it speaks no TLS 1.3: the county must update its broker (mosquitto 2.0 with OpenSSL 1.1.1)"
    zh = "{broker}：对方不支持 TLS 1.3：请县里升级消息服务器（mosquitto 2.0，OpenSSL 1.1.1）"


class BadFiles(Fault):
    code = "check.tls-files"
    en = "certificate, key or CA cannot be used: {reason}: enrol again (edgeagent enroll --token-file FILE)"
    zh = "证书、私钥或 CA 文件无法使用：{reason}：请重新注册（edgeagent enroll --token-file 文件）"


class OwnMissing(Fault):
    code = "check.tls-own-missing"
    en = "{broker} wants a certificate and the box has none: enrol it (edgeagent enroll --token-file FILE)"
    zh = "{broker} 要求证书，而本盒没有：请注册（edgeagent enroll --token-file 文件）"


class OwnExpired(Fault):
    code = "check.tls-own-expired"
    en = (
        "{broker} says that our certificate has expired: edgeagent enroll --renew; if that is refused, enrol with "
        "a new token"
    )
    zh = "{broker} 认为本盒证书已过期：请执行 edgeagent enroll --renew；如被拒绝，请用新令牌注册"


class OwnRevoked(Fault):
    code = "check.tls-own-revoked"
    en = (
        "{broker} says that our certificate was revoked: this box was replaced or given up. If it is to serve "
        "again, have the county give a new token (countyhub box add) and enrol"
    )
    zh = (
        "{broker} 认为本盒证书已被吊销：本盒已被更换或停用。如需继续使用，请县里发新令牌（countyhub box add）后重新注册"
    )


class OwnUnknown(Fault):
    code = "check.tls-own-unknown"
    en = (
        "{broker} does not know the CA that signed our certificate: it is another county's, or an old one: enrol "
        "with a token of this county"
    )
    zh = "{broker} 不认识签发本盒证书的 CA：可能属于别的县，或是旧 CA：请用本县的令牌重新注册"


class OwnRefused(Fault):
    code = "check.tls-refused"
    en = "{broker} ends the encrypted connection ({reason}): have the county look into the broker's log"
    zh = "{broker} 中断了加密连接（{reason}）：请县里查看消息服务器日志"


FAULTS = (
    NoTls, Encrypted, PlainPort, UnknownAuthority, WrongName, HubExpired, NotYetValid, TooOld, BadFiles, OwnMissing,
    OwnExpired, OwnRevoked, OwnUnknown, OwnRefused,
)  # fmt: skip


def refused(broker: Endpoint, alert: str, *, has_certificate: bool) -> Fault:
    """What the broker's TLS alert means; see RFC 8446, 6.2."""
    if "CERTIFICATE_REQUIRED" in alert or not has_certificate:
        return OwnMissing(broker=broker)
    if "EXPIRED" in alert:
        return OwnExpired(broker=broker)
    if "REVOKED" in alert:
        return OwnRevoked(broker=broker)
    if "UNKNOWN_CA" in alert:
        return OwnUnknown(broker=broker)
    return OwnRefused(broker=broker, reason=alert)
