"""The broker: where it is, and how hub and broker know each other."""

from __future__ import annotations

from typing import Annotated, Literal

from gridwire.settings import Settings, about


class TlsSettings(Settings, frozen=True, kw_only=True):
    """How the hub knows the broker, and proves who it is."""

    ca: Annotated[str, about("certificate of the county's CA, PEM file", "县级 CA 证书，PEM 文件", min_length=1)]
    cert: Annotated[
        str, about("the hub's certificate, PEM file; empty: none", "汇聚端证书，PEM 文件；留空则不用证书")
    ] = ""
    key: Annotated[
        str, about("the hub's key, PEM file, readable by nobody else", "汇聚端私钥，PEM 文件，不得让其他用户读取")
    ] = ""


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """How the hub reaches a broker: that of the boxes, or another for what it sends on."""

    host: Annotated[str, about("name or address of the broker", "消息服务器的域名或地址", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int, about("port: 8883 with TLS, 1883 without", "端口：使用 TLS 为 8883，不用为 1883", ge=1, le=65535)
    ] = 1883
    protocol: Annotated[Literal["5", "3.1.1"], about("version of MQTT", "MQTT 版本")] = "5"
    username: Annotated[str, about("user name; empty: none", "用户名；留空则不用")] = ""
    password: Annotated[
        str, about("password: `file:PATH`, `env:NAME` or the text", "密码：file:路径、env:变量名或明文", secret=True)
    ] = ""
    client_id: Annotated[
        str,
        about(
            "must stay the same: its session holds what came while we were away; empty: countyhub-COUNTY",
            "客户端标识，须保持不变：断开期间到达的消息由其会话保存；留空即 countyhub-县级代码",
            max_length=64,
        ),
    ] = ""
    keepalive_s: Annotated[int, about("seconds between pings on a quiet link", "空闲时心跳间隔，秒", ge=5, le=3600)] = (
        60
    )
    backoff_max_s: Annotated[
        float, about("longest pause between two attempts, seconds", "两次重连之间的最长间隔，秒", ge=1, le=3600)
    ] = 30
    shared: Annotated[
        str,
        about(
            "several hub processes on one PostgreSQL share the messages under this name (MQTT 5); each is "
            "started with its own `--worker NAME`; empty: one process takes all",
            "共用一个 PostgreSQL 的多个汇聚端进程以此名称分担消息（MQTT 5），各进程用各自的 --worker "
            "名称启动；留空则由一个进程接收全部",
            pattern=r"^[A-Za-z0-9_-]{0,32}$",
        ),
    ] = ""
    window: Annotated[
        int,
        about(
            "messages that may wait for the database; then the broker waits (MQTT 5)",
            "最多有多少条消息等待入库，其余留在消息服务器（MQTT 5）",
            ge=1,
            le=65535,
        ),
    ] = 200
    tls: Annotated[
        TlsSettings | None, about("TLS; without this table the link is not encrypted", "TLS；没有此表则连接不加密")
    ] = None
