"""Whoever looks or asks over HTTP: console, accounts, interface for programs."""

from __future__ import annotations

from typing import Annotated

from gridwire.settings import Settings, about


class WebSettings(Settings, frozen=True, kw_only=True):
    """The console."""

    enabled: Annotated[bool, about("提供控制台", "serve the console")] = True
    host: Annotated[
        str, about("监听地址；只有 127.0.0.1 不对外", "address to listen on; only 127.0.0.1 is private", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int, about("控制台端口；0 为任意空闲端口", "port of the console; 0: any free one", ge=0, le=65535)
    ] = 8480
    names: Annotated[
        tuple[str, ...],
        about("浏览器访问控制台所用的域名，不含端口", "names under which browsers reach it, without port"),
    ] = ()
    tls_cert: Annotated[
        str,
        about(
            "证书及证书链，PEM 文件，由汇聚端自己提供 TLS；留空则不提供",
            "certificate with its chain, PEM file: the hub itself speaks TLS; empty: it does not",
        ),
    ] = ""
    tls_key: Annotated[
        str, about("该证书的私钥，PEM 文件，不得让其他用户读取", "its key, PEM file, readable by nobody else")
    ] = ""
    proxies: Annotated[
        tuple[str, ...],
        about(
            "前置 TLS 反向代理的地址：只接受来自它们的连接，只采信它们转告的来源",
            "addresses of TLS proxies of yours in front: nobody else is heard, they alone are believed",
        ),
    ] = ()
    timezone: Annotated[
        str, about("显示时间所用的时区（IANA 名称）", "IANA time zone in which times are shown", min_length=1)
    ] = "Asia/Shanghai"


class AccountSettings(Settings, frozen=True, kw_only=True):
    """Who is logged in at the console, and for how long; users are made by `countyhub user add`."""

    idle_minutes: Annotated[
        int, about("多少分钟没有操作即退出登录", "who does nothing for so long is logged out", ge=1, le=1440)
    ] = 30
    longest_hours: Annotated[
        int, about("登录后最多多少小时须重新登录", "after so many hours everybody is logged out", ge=1, le=168)
    ] = 12
    password_days: Annotated[
        int,
        about(
            "多少天后须修改密码；0 表示只在有原因时修改",
            "a password must be changed after so many days; 0: only for a reason",
            ge=0,
            le=3660,
        ),
    ] = 0


class ApiSettings(Settings, frozen=True, kw_only=True):
    """The HTTP interface for other programs, at the console's address below /api/1/; see docs/api.md."""

    enabled: Annotated[bool, about("提供接口", "serve the interface")] = True
    behind_proxy: Annotated[
        bool,
        about(
            "本机前置了自己的 TLS 反向代理，并给出 X-Forwarded-For：等同于在 web.proxies 中填写 127.0.0.1 和 "
            "::1；两者都没有、也没有 tls_cert 时，只接受来自本机的令牌",
            "a TLS proxy of yours stands in front on this machine and says X-Forwarded-For: as with "
            "127.0.0.1 and ::1 in web.proxies; without either, and without tls_cert, tokens are taken from "
            "this machine alone",
        ),
    ] = False
    requests_per_minute: Annotated[
        int, about("每个令牌每分钟的请求数", "requests a minute with one token", ge=1, le=100_000)
    ] = 600
    failures_per_minute: Annotated[
        int,
        about(
            "每个地址每分钟没有有效令牌的请求数",
            "requests a minute from one address without a good token",
            ge=1,
            le=100_000,
        ),
    ] = 30
