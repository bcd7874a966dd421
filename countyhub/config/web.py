"""Whoever looks or asks over HTTP: console, accounts, interface for programs."""

from __future__ import annotations

from typing import Annotated

from gridwire.settings import Settings, about


class WebSettings(Settings, frozen=True, kw_only=True):
    """The console."""

    enabled: Annotated[bool, about("serve the console", "提供控制台")] = True
    host: Annotated[
        str, about("address to listen on; only 127.0.0.1 is private", "监听地址；只有 127.0.0.1 不对外", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int, about("port of the console; 0: any free one", "控制台端口；0 为任意空闲端口", ge=0, le=65535)
    ] = 8480
    names: Annotated[
        tuple[str, ...],
        about("names under which browsers reach it, without port", "浏览器访问控制台所用的域名，不含端口"),
    ] = ()
    tls_cert: Annotated[
        str,
        about(
            "certificate with its chain, PEM file: the hub itself speaks TLS; empty: it does not",
            "证书及证书链，PEM 文件，由汇聚端自己提供 TLS；留空则不提供",
        ),
    ] = ""
    tls_key: Annotated[
        str, about("its key, PEM file, readable by nobody else", "该证书的私钥，PEM 文件，不得让其他用户读取")
    ] = ""
    proxies: Annotated[
        tuple[str, ...],
        about(
            "addresses of TLS proxies of yours in front: nobody else is heard, they alone are believed",
            "前置 TLS 反向代理的地址：只接受来自它们的连接，只采信它们转告的来源",
        ),
    ] = ()
    timezone: Annotated[
        str, about("IANA time zone in which times are shown", "显示时间所用的时区（IANA 名称）", min_length=1)
    ] = "Asia/Shanghai"


class AccountSettings(Settings, frozen=True, kw_only=True):
    """Who is logged in at the console, and for how long; users are made by `countyhub user add`."""

    idle_minutes: Annotated[
        int, about("who does nothing for so long is logged out", "多少分钟没有操作即退出登录", ge=1, le=1440)
    ] = 30
    longest_hours: Annotated[
        int, about("after so many hours everybody is logged out", "登录后最多多少小时须重新登录", ge=1, le=168)
    ] = 12
    password_days: Annotated[
        int,
        about(
            "a password must be changed after so many days; 0: only for a reason",
            "多少天后须修改密码；0 表示只在有原因时修改",
            ge=0,
            le=3660,
        ),
    ] = 0


class ApiSettings(Settings, frozen=True, kw_only=True):
    """The HTTP interface for other programs, at the console's address below /api/1/; see docs/api.md."""

    enabled: Annotated[bool, about("serve the interface", "提供接口")] = True
    behind_proxy: Annotated[
        bool,
        about(
            "a TLS proxy of yours stands in front on this machine and says X-Forwarded-For: as with "
            "127.0.0.1 and ::1 in web.proxies; without either, and without tls_cert, tokens are taken from "
            "this machine alone",
            "本机前置了自己的 TLS 反向代理，并给出 X-Forwarded-For：等同于在 web.proxies 中填写 127.0.0.1 和 "
            "::1；两者都没有、也没有 tls_cert 时，只接受来自本机的令牌",
        ),
    ] = False
    requests_per_minute: Annotated[
        int, about("requests a minute with one token", "每个令牌每分钟的请求数", ge=1, le=100_000)
    ] = 600
    failures_per_minute: Annotated[
        int,
        about(
            "requests a minute from one address without a good token",
            "每个地址每分钟没有有效令牌的请求数",
            ge=1,
            le=100_000,
        ),
    ] = 30
