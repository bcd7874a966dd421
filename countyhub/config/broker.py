"""The broker: where it is, and how hub and broker know each other."""

from __future__ import annotations

from typing import Annotated, Literal

from gridwire.settings import Settings, about


class TlsSettings(Settings, frozen=True, kw_only=True):
    """How the hub knows the broker, and proves who it is."""

    ca: Annotated[str, about("县级 CA 证书，PEM 文件", "certificate of the county's CA, PEM file", min_length=1)]
    cert: Annotated[
        str, about("汇聚端证书，PEM 文件；留空则不用证书", "the hub's certificate, PEM file; empty: none")
    ] = ""
    key: Annotated[
        str, about("汇聚端私钥，PEM 文件，不得让其他用户读取", "the hub's key, PEM file, readable by nobody else")
    ] = ""


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """How the hub reaches a broker: that of the boxes, or another for what it sends on."""

    host: Annotated[str, about("消息服务器的域名或地址", "name or address of the broker", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int, about("端口：使用 TLS 为 8883，不用为 1883", "port: 8883 with TLS, 1883 without", ge=1, le=65535)
    ] = 1883
    protocol: Annotated[Literal["5", "3.1.1"], about("MQTT 版本", "version of MQTT")] = "5"
    username: Annotated[str, about("用户名；留空则不用", "user name; empty: none")] = ""
    password: Annotated[
        str, about("密码：file:路径、env:变量名或明文", "password: `file:PATH`, `env:NAME` or the text", secret=True)
    ] = ""
    client_id: Annotated[
        str,
        about(
            "客户端标识，须保持不变：断开期间到达的消息由其会话保存；留空即 countyhub-县级代码",
            "must stay the same: its session holds what came while we were away; empty: countyhub-COUNTY",
            max_length=64,
        ),
    ] = ""
    keepalive_s: Annotated[int, about("空闲时心跳间隔，秒", "seconds between pings on a quiet link", ge=5, le=3600)] = (
        60
    )
    backoff_max_s: Annotated[
        float, about("两次重连之间的最长间隔，秒", "longest pause between two attempts, seconds", ge=1, le=3600)
    ] = 30
    shared: Annotated[
        str,
        about(
            "共用一个 PostgreSQL 的多个汇聚端进程以此名称分担消息（MQTT 5），各进程用各自的 --worker "
            "名称启动；留空则由一个进程接收全部",
            "several hub processes on one PostgreSQL share the messages under this name (MQTT 5); each is "
            "started with its own `--worker NAME`; empty: one process takes all",
            pattern=r"^[A-Za-z0-9_-]{0,32}$",
        ),
    ] = ""
    window: Annotated[
        int,
        about(
            "最多有多少条消息等待入库，其余留在消息服务器（MQTT 5）",
            "messages that may wait for the database; then the broker waits (MQTT 5)",
            ge=1,
            le=65535,
        ),
    ] = 200
    tls: Annotated[
        TlsSettings | None, about("TLS；没有此表则连接不加密", "TLS; without this table the link is not encrypted")
    ] = None
