"""What is sent on to other systems."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from countyhub.config.base import Settings
from countyhub.config.broker import BrokerSettings

FeedType = Literal["alarm", "checkin", "request", "rating", "sos", "reading", "device", "picture", "gap", "case"]
"""What can be sent on: the kinds of events, and the steps of cases."""


class MqttFeedSettings(Settings, frozen=True, kw_only=True):
    """Events and cases sent on one by one over MQTT, to other systems; topics and form in docs/feeds.md."""

    enabled: Annotated[bool, Meta(description="send events on over MQTT")] = False
    types: Annotated[
        tuple[FeedType, ...], Meta(description="what is sent: alarm, sos, request, case …; empty: everything")
    ] = ()
    from_beginning: Annotated[
        bool, Meta(description="at the very first start everything that is kept goes, not only what comes from then on")
    ] = False
    window: Annotated[
        int,
        Meta(
            ge=1,
            le=200,
            description="messages under way to the broker; 1 keeps the order whatever a broker refuses, more is faster "
            "over a slow line",
        ),
    ] = 1
    broker: Annotated[
        BrokerSettings | None,
        Meta(description="another broker; without this table that of the boxes, with a client id of its own"),
    ] = None


class FeedsSettings(Settings, frozen=True, kw_only=True):
    """What is sent on to other systems: by webhook (`countyhub webhook add`) and over MQTT."""

    webhooks: Annotated[bool, Meta(description="deliver to the webhooks that were added")] = True
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/]+(/[^\s?#]*[^\s?#/])?)?$",
            description="how others reach this hub, e.g. https://hub.county.example; pictures are named below it",
        ),
    ] = ""
    allow_private: Annotated[
        tuple[str, ...],
        Meta(description="private networks that webhooks may go to, also without TLS, e.g. 10.20.0.0/16"),
    ] = ()
    ca: Annotated[str, Meta(description="further certificate authorities that webhooks are trusted by, PEM file")] = ""
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="seconds in which a webhook must have answered")] = 15
    mqtt: MqttFeedSettings = MqttFeedSettings()
