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
            "接受盒子注册，并按时更新证书和吊销列表", "listen for boxes, and keep certificates and CRL from running out"
        ),
    ] = True
    host: Annotated[str, about("监听地址", "address to listen on", min_length=1)] = "0.0.0.0"
    port: Annotated[
        int,
        about("盒子注册端口，HTTPS；0 为任意空闲端口", "port of the enrolment, HTTPS; 0: any free one", ge=0, le=65535),
    ] = 8443
    names: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")], ...],
        about(
            "盒子访问汇聚端和消息服务器所用的域名和地址，全部写入服务器证书；第一个写入盒子配置",
            "names and addresses under which boxes reach hub and broker, all in the server's certificate; "
            "the first is written into the boxes",
        ),
    ] = ()
    broker_port: Annotated[
        int, about("消息服务器供盒子连接的端口，TLS", "port of the broker for the boxes, TLS", ge=1, le=65535)
    ] = 8883
    hub_port: Annotated[
        int,
        about(
            "消息服务器供汇聚端自己连接的端口，只在 127.0.0.1",
            "port of the broker for the hub itself, on 127.0.0.1 only",
            ge=1,
            le=65535,
        ),
    ] = 1883
    token_days: Annotated[
        int, about("令牌多少天内未使用即作废", "a token not used is void after so many days", ge=1, le=90)
    ] = 14
    box_days: Annotated[
        int,
        about(
            "盒子证书有效天数；过三分之二时更新", "life of a box's certificate; renewed at two thirds", ge=3, le=1100
        ),
    ] = 365
    late_days: Annotated[
        int,
        about(
            "盒子停机、证书过期后多少天内仍可换领新证书",
            "a box that was off so long after its certificate ended still gets a new one",
            ge=0,
            le=3660,
        ),
    ] = 730
    server_days: Annotated[
        int,
        about(
            "汇聚端和消息服务器证书有效天数；过三分之二时更新",
            "life of the certificate of hub and broker; renewed at two thirds",
            ge=3,
            le=3660,
        ),
    ] = 730
    ca_days: Annotated[
        int,
        about(
            "CA 有效天数，不少于盒子证书的四倍；下一个 CA 会提前建立",
            "life of the CA, at least four of a box's certificate; the next comes early",
            ge=12,
            le=36500,
        ),
    ] = 3650
    crl_days: Annotated[
        int, about("吊销列表有效天数；每周更新", "life of the revocation list; renewed weekly", ge=3, le=3660)
    ] = 365
    leaving_days: Annotated[
        int,
        about(
            "被更换的盒子在多少天内仍可送出留存的数据",
            "a box that was replaced may deliver what it still has for so many days",
            ge=1,
            le=365,
        ),
    ] = 60
