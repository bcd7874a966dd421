"""How boxes get their certificates, and how long certificates live."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from gridwire.settings import Settings, about


class EnrolSettings(Settings, frozen=True, kw_only=True):
    """Boxes get and renew their certificates here, once `countyhub ca init` has made the county's CA."""

    enabled: Annotated[
        bool,
        about(
            "listen for boxes, and keep certificates and CRL from running out", "接受盒子注册，并按时更新证书和吊销列表"
        ),
    ] = True
    host: Annotated[str, about("address to listen on", "监听地址", min_length=1)] = "0.0.0.0"
    port: Annotated[
        int,
        about("port of the enrolment, HTTPS; 0: any free one", "盒子注册端口，HTTPS；0 为任意空闲端口", ge=0, le=65535),
    ] = 8443
    names: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")], ...],
        about(
            "names and addresses under which boxes reach hub and broker, all in the server's certificate; "
            "the first is written into the boxes",
            "盒子访问汇聚端和消息服务器所用的域名和地址，全部写入服务器证书；第一个写入盒子配置",
        ),
    ] = ()
    broker_port: Annotated[
        int, about("port of the broker for the boxes, TLS", "消息服务器供盒子连接的端口，TLS", ge=1, le=65535)
    ] = 8883
    hub_port: Annotated[
        int,
        about(
            "port of the broker for the hub itself, on 127.0.0.1 only",
            "消息服务器供汇聚端自己连接的端口，只在 127.0.0.1",
            ge=1,
            le=65535,
        ),
    ] = 1883
    token_days: Annotated[
        int, about("a token not used is void after so many days", "令牌多少天内未使用即作废", ge=1, le=90)
    ] = 14
    box_days: Annotated[
        int,
        about(
            "life of a box's certificate; renewed at two thirds", "盒子证书有效天数；过三分之二时更新", ge=3, le=1100
        ),
    ] = 365
    late_days: Annotated[
        int,
        about(
            "a box that was off so long after its certificate ended still gets a new one",
            "盒子停机、证书过期后多少天内仍可换领新证书",
            ge=0,
            le=3660,
        ),
    ] = 730
    server_days: Annotated[
        int,
        about(
            "life of the certificate of hub and broker; renewed at two thirds",
            "汇聚端和消息服务器证书有效天数；过三分之二时更新",
            ge=3,
            le=3660,
        ),
    ] = 730
    ca_days: Annotated[
        int,
        about(
            "life of the CA, at least four of a box's certificate; the next comes early",
            "CA 有效天数，不少于盒子证书的四倍；下一个 CA 会提前建立",
            ge=12,
            le=36500,
        ),
    ] = 3650
    crl_days: Annotated[
        int, about("life of the revocation list; renewed weekly", "吊销列表有效天数；每周更新", ge=3, le=3660)
    ] = 365
    leaving_days: Annotated[
        int,
        about(
            "a box that was replaced may deliver what it still has for so many days",
            "被更换的盒子在多少天内仍可送出留存的数据",
            ge=1,
            le=365,
        ),
    ] = 60
