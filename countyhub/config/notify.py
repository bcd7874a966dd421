"""Messages to people, and the channels by which they go."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from countyhub.config.base import Settings


class EmailSettings(Settings, frozen=True, kw_only=True):
    """Messages by mail."""

    host: Annotated[str, Meta(min_length=1, description="mail server that takes our mail", examples=["mail.local"])]
    port: Annotated[int, Meta(ge=1, le=65535, description="587 with starttls, 465 with tls")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="none: only where server and hub are one machine; then nothing is encrypted"),
    ] = "starttls"
    ca: Annotated[str, Meta(description="certificate of the server's CA, PEM file; empty: those of the system")] = ""
    username: Annotated[str, Meta(description="user name; empty: none")] = ""
    password: Annotated[str, Meta(description="password: `file:PATH`, `env:NAME` or the text")] = ""
    sender: Annotated[
        str, Meta(pattern=r"^[!-~]+@[!-~]+$", description="address of the sender", examples=["hub@mail.local"])
    ]
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for each answer")] = 15


class SmsSettings(Settings, frozen=True, kw_only=True):
    """Messages by a gateway that takes HTTP requests. In `url`, `headers` and `fields` the words {phone}, {text}, {id}
    and {secret} are replaced; {text_json} is the text as it stands inside a JSON string."""

    url: Annotated[
        str, Meta(pattern=r"^https?://", description="address of the gateway", examples=["https://sms.local/send"])
    ]
    method: Annotated[Literal["POST", "GET"], Meta(description="GET: the fields go into the address")] = "POST"
    body: Annotated[Literal["json", "form"], Meta(description="how the fields are written")] = "json"
    headers: Annotated[dict[str, str], Meta(description="headers of the request, each with its value")] = msgspec.field(
        default_factory=dict
    )
    fields: Annotated[
        dict[str, str], Meta(description="what is asked, each field with its value; empty: phone and content")
    ] = msgspec.field(default_factory=dict)
    secret: Annotated[str, Meta(description="for {secret}: `file:PATH`, `env:NAME` or the text")] = ""
    ca: Annotated[str, Meta(description="certificate of the gateway's CA, PEM file; empty: those of the system")] = ""
    success_field: Annotated[
        str, Meta(description="field of the JSON answer that tells success, e.g. data.code; empty: any 2xx")
    ] = ""
    success_value: Annotated[str, Meta(description="what stands in it then")] = "0"
    retry_values: Annotated[tuple[str, ...], Meta(description="what stands in it when it may be tried again")] = ()
    repeats_safely: Annotated[
        bool, Meta(description="the gateway sends only once what comes twice with the same {id}")
    ] = False
    max_chars: Annotated[int, Meta(ge=50, le=1000, description="longest text, characters")] = 200
    per_minute: Annotated[int, Meta(ge=0, le=100000, description="messages a minute at most; 0: no limit")] = 60
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for the answer")] = 15


class WecomSettings(Settings, frozen=True, kw_only=True):
    """Messages by WeCom (企业微信): to groups by their robots, to members by an application."""

    robots: Annotated[
        dict[str, str],
        Meta(
            description="names of your own, each with the key of a group's robot: `file:PATH`, `env:NAME` or the text"
        ),
    ] = msgspec.field(default_factory=dict)
    corp_id: Annotated[str, Meta(description="id of the organisation; for messages to members")] = ""
    agent_id: Annotated[int, Meta(ge=0, description="id of the application; for messages to members")] = 0
    secret: Annotated[str, Meta(description="of the application: `file:PATH`, `env:NAME` or the text")] = ""
    url: Annotated[str, Meta(pattern=r"^https?://", description="address of the service, or of one of your own")] = (
        "https://qyapi.weixin.qq.com"
    )
    ca: Annotated[str, Meta(description="certificate of the service's CA, PEM file; empty: those of the system")] = ""
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for the answer")] = 15


class WebhookSettings(Settings, frozen=True, kw_only=True):
    """Messages as JSON to an address of the person's, signed as Standard Webhooks says."""

    secret: Annotated[str, Meta(description="whsec_ and base64: `file:PATH`, `env:NAME` or the text")]
    ca: Annotated[str, Meta(description="certificate of the receivers' CA, PEM file; empty: those of the system")] = ""
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for the answer")] = 15


class NotifySettings(Settings, frozen=True, kw_only=True):
    """Messages to people. Nobody is told anything while no channel is set up."""

    quiet: Annotated[
        str,
        Meta(
            pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9])?$",
            description="hours in which nobody is disturbed but for a call for help; empty: none",
        ),
    ] = "22:00-07:00"
    gather_s: Annotated[
        float, Meta(ge=0, le=3600, description="an ordinary message waits so long for others to go with, seconds")
    ] = 30
    per_hour: Annotated[int, Meta(ge=1, le=1000, description="messages a person gets in an hour by one channel")] = 6
    per_day: Annotated[int, Meta(ge=1, le=10000, description="messages a person gets in a day by one channel")] = 30
    pass_on_s: Annotated[
        float, Meta(ge=5, le=3600, description="a call for help that nobody answers goes on after so many seconds")
    ] = 120
    give_up_h: Annotated[
        float, Meta(ge=0.1, le=240, description="what cannot be sent is given up after so many hours")
    ] = 24
    keep_days: Annotated[int, Meta(ge=1, le=36500, description="how long what was sent is kept: a log")] = 200
    proxy: Annotated[str, Meta(description="HTTP proxy for sms, wecom and webhook; empty: none")] = ""
    email: Annotated[EmailSettings | None, Meta(description="mail; without this table there is none")] = None
    sms: Annotated[SmsSettings | None, Meta(description="text messages; without this table there are none")] = None
    wecom: Annotated[WecomSettings | None, Meta(description="WeCom; without this table there is none")] = None
    webhook: Annotated[WebhookSettings | None, Meta(description="webhooks; without this table there are none")] = None
