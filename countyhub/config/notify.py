"""Messages to people, and the channels by which they go."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from gridwire.settings import Secret, Settings, about


class EmailSettings(Settings, frozen=True, kw_only=True):
    """Messages by mail."""

    host: Annotated[str, about("发信邮件服务器", "mail server that takes our mail", min_length=1, example="mail.local")]
    port: Annotated[
        int, about("端口：starttls 为 587，tls 为 465", "587 with starttls, 465 with tls", ge=1, le=65535)
    ] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        about(
            "加密方式；none 不加密，只限邮件服务器与汇聚端在同一台机器",
            "none: only where server and hub are one machine; then nothing is encrypted",
        ),
    ] = "starttls"
    ca: Annotated[
        str,
        about(
            "邮件服务器的 CA 证书，PEM 文件；留空则用系统自带的",
            "certificate of the server's CA, PEM file; empty: those of the system",
        ),
    ] = ""
    username: Annotated[str, about("用户名；留空则不用", "user name; empty: none")] = ""
    password: Annotated[
        str, about("密码：file:路径、env:变量名或明文", "password: `file:PATH`, `env:NAME` or the text", secret=True)
    ] = ""
    sender: Annotated[
        str, about("发件人地址", "address of the sender", pattern=r"^[!-~]+@[!-~]+$", example="hub@mail.local")
    ]
    timeout_s: Annotated[float, about("等待每次应答的秒数", "seconds to wait for each answer", ge=1, le=60)] = 15


class SmsSettings(Settings, frozen=True, kw_only=True):
    """Messages by a gateway that takes HTTP requests. In `url`, `headers` and `fields` the words {phone}, {text}, {id}
    and {secret} are replaced; {text_json} is the text as it stands inside a JSON string."""

    url: Annotated[
        str, about("短信网关地址", "address of the gateway", pattern=r"^https?://", example="https://sms.local/send")
    ]
    method: Annotated[
        Literal["POST", "GET"], about("请求方法；GET 时字段写入地址", "GET: the fields go into the address")
    ] = "POST"
    body: Annotated[Literal["json", "form"], about("字段的写法", "how the fields are written")] = "json"
    headers: Annotated[dict[str, str], about("请求头及其值", "headers of the request, each with its value")] = (
        msgspec.field(default_factory=dict)
    )
    fields: Annotated[
        dict[str, str],
        about(
            "请求字段及其值；留空则为 phone 和 content",
            "what is asked, each field with its value; empty: phone and content",
        ),
    ] = msgspec.field(default_factory=dict)
    secret: Annotated[
        str,
        about(
            "替换 {secret} 的密钥：file:路径、env:变量名或明文",
            "for {secret}: `file:PATH`, `env:NAME` or the text",
            secret=True,
        ),
    ] = ""
    ca: Annotated[
        str,
        about(
            "短信网关的 CA 证书，PEM 文件；留空则用系统自带的",
            "certificate of the gateway's CA, PEM file; empty: those of the system",
        ),
    ] = ""
    success_field: Annotated[
        str,
        about(
            "JSON 应答中表示成败的字段，如 data.code；留空则任何 2xx 都算成功",
            "field of the JSON answer that tells success, e.g. data.code; empty: any 2xx",
        ),
    ] = ""
    success_value: Annotated[str, about("该字段表示成功的值", "what stands in it then")] = "0"
    retry_values: Annotated[
        tuple[str, ...], about("该字段表示可以重试的值", "what stands in it when it may be tried again")
    ] = ()
    repeats_safely: Annotated[
        bool,
        about(
            "同一 {id} 重复提交时，网关只发送一次", "the gateway sends only once what comes twice with the same {id}"
        ),
    ] = False
    max_chars: Annotated[int, about("短信最长字数", "longest text, characters", ge=50, le=1000)] = 200
    per_minute: Annotated[
        int, about("每分钟最多条数；0 为不限", "messages a minute at most; 0: no limit", ge=0, le=100000)
    ] = 60
    timeout_s: Annotated[float, about("等待应答的秒数", "seconds to wait for the answer", ge=1, le=60)] = 15


class WecomSettings(Settings, frozen=True, kw_only=True):
    """Messages by WeCom (企业微信): to groups by their robots, to members by an application."""

    robots: Annotated[
        dict[str, Secret],
        about(
            "自定名称及其群机器人的 key：file:路径、env:变量名或明文",
            "names of your own, each with the key of a group's robot: `file:PATH`, `env:NAME` or the text",
        ),
    ] = msgspec.field(default_factory=dict)
    corp_id: Annotated[str, about("企业 ID；用于向成员发消息", "id of the organisation; for messages to members")] = ""
    agent_id: Annotated[
        int, about("应用 AgentId；用于向成员发消息", "id of the application; for messages to members", ge=0)
    ] = 0
    secret: Annotated[
        str,
        about(
            "应用的 Secret：file:路径、env:变量名或明文",
            "of the application: `file:PATH`, `env:NAME` or the text",
            secret=True,
        ),
    ] = ""
    url: Annotated[
        str,
        about(
            "服务地址，私有部署时填写自己的地址", "address of the service, or of one of your own", pattern=r"^https?://"
        ),
    ] = "https://qyapi.weixin.qq.com"
    ca: Annotated[
        str,
        about(
            "服务的 CA 证书，PEM 文件；留空则用系统自带的",
            "certificate of the service's CA, PEM file; empty: those of the system",
        ),
    ] = ""
    timeout_s: Annotated[float, about("等待应答的秒数", "seconds to wait for the answer", ge=1, le=60)] = 15


class WebhookSettings(Settings, frozen=True, kw_only=True):
    """Messages as JSON to an address of the person's, signed as Standard Webhooks says."""

    secret: Annotated[
        str,
        about(
            "签名密钥，whsec_ 加 base64：file:路径、env:变量名或明文",
            "whsec_ and base64: `file:PATH`, `env:NAME` or the text",
            secret=True,
        ),
    ]
    ca: Annotated[
        str,
        about(
            "接收方的 CA 证书，PEM 文件；留空则用系统自带的",
            "certificate of the receivers' CA, PEM file; empty: those of the system",
        ),
    ] = ""
    timeout_s: Annotated[float, about("等待应答的秒数", "seconds to wait for the answer", ge=1, le=60)] = 15


class NotifySettings(Settings, frozen=True, kw_only=True):
    """Messages to people. Nobody is told anything while no channel is set up."""

    quiet: Annotated[
        str,
        about(
            "免打扰时段，如 22:00-07:00，只有求助例外；留空则没有",
            "hours in which nobody is disturbed but for a call for help, e.g. 22:00-07:00; empty: none",
            pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9])?$",
        ),
    ] = "22:00-07:00"
    gather_s: Annotated[
        float,
        about(
            "普通通知等待合并发送的时间，秒",
            "an ordinary message waits so long for others to go with, seconds",
            ge=0,
            le=3600,
        ),
    ] = 30
    per_hour: Annotated[
        int, about("每人每个渠道每小时最多条数", "messages a person gets in an hour by one channel", ge=1, le=1000)
    ] = 6
    per_day: Annotated[
        int, about("每人每个渠道每天最多条数", "messages a person gets in a day by one channel", ge=1, le=10000)
    ] = 30
    pass_on_s: Annotated[
        float,
        about(
            "求助无人应答时，多少秒后通知下一人",
            "a call for help that nobody answers goes on after so many seconds",
            ge=5,
            le=3600,
        ),
    ] = 120
    give_up_h: Annotated[
        float,
        about("无法送达的通知在多少小时后放弃", "what cannot be sent is given up after so many hours", ge=0.1, le=240),
    ] = 24
    keep_days: Annotated[int, about("通知记录保存天数", "how long what was sent is kept: a log", ge=1, le=36500)] = 200
    proxy: Annotated[
        str,
        about("短信、企业微信和推送使用的 HTTP 代理；留空则不用", "HTTP proxy for sms, wecom and webhook; empty: none"),
    ] = ""
    email: Annotated[
        EmailSettings | None, about("邮件；没有此表则不发邮件", "mail; without this table there is none")
    ] = None
    sms: Annotated[
        SmsSettings | None,
        about(
            "短信，通过接受 HTTP 请求的网关发送；没有此表则不发短信。url、headers 和 fields 中的 {phone}、"
            "{text}、{id}、{secret} 会被替换；{text_json} 是按 JSON 字符串转义的正文",
            "text messages, by a gateway that takes HTTP requests; without this table there are none. In "
            "url, headers and fields the words {phone}, {text}, {id} and {secret} are replaced; {text_json} "
            "is the text as it stands inside a JSON string",
        ),
    ] = None
    wecom: Annotated[
        WecomSettings | None,
        about(
            "企业微信：群消息由群机器人发送，成员消息由应用发送；没有此表则不发",
            "WeCom: to groups by their robots, to members by an application; without this table there is none",
        ),
    ] = None
    webhook: Annotated[
        WebhookSettings | None,
        about(
            "推送：以 JSON 发往各人登记的地址，按 Standard Webhooks 签名；没有此表则不推送",
            "messages as JSON to an address of the person's, signed as Standard Webhooks says; without this "
            "table there are none",
        ),
    ] = None


CHANNELS: Final = ("email", "sms", "wecom", "webhook")
"""The tables of `NotifySettings` that are a channel each, in the order in which people read them."""
