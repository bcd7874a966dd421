"""How boxes get their certificates, and how long certificates live."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from countyhub.config.base import Settings


class EnrolSettings(Settings, frozen=True, kw_only=True):
    """Boxes get and renew their certificates here, once `countyhub ca init` has made the county's CA."""

    enabled: Annotated[bool, Meta(description="listen for boxes, and keep certificates and CRL from running out")] = (
        True
    )
    host: Annotated[str, Meta(min_length=1, description="address to listen on")] = "0.0.0.0"
    port: Annotated[int, Meta(ge=0, le=65535, description="port of the enrolment, HTTPS; 0: any free one")] = 8443
    names: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")], ...],
        Meta(
            description="names and addresses under which boxes reach hub and broker, all in the server's certificate; "
            "the first is written into the boxes"
        ),
    ] = ()
    broker_port: Annotated[int, Meta(ge=1, le=65535, description="port of the broker for the boxes, TLS")] = 8883
    hub_port: Annotated[
        int, Meta(ge=1, le=65535, description="port of the broker for the hub itself, on 127.0.0.1 only")
    ] = 1883
    token_days: Annotated[int, Meta(ge=1, le=90, description="a token not used is void after so many days")] = 14
    box_days: Annotated[int, Meta(ge=3, le=1100, description="life of a box's certificate; renewed at two thirds")] = (
        365
    )
    late_days: Annotated[
        int,
        Meta(ge=0, le=3660, description="a box that was off so long after its certificate ended still gets a new one"),
    ] = 730
    server_days: Annotated[
        int, Meta(ge=3, le=3660, description="life of the certificate of hub and broker; renewed at two thirds")
    ] = 730
    ca_days: Annotated[
        int,
        Meta(ge=12, le=36500, description="life of the CA, at least four of a box's certificate; the next comes early"),
    ] = 3650
    crl_days: Annotated[int, Meta(ge=3, le=3660, description="life of the revocation list; renewed weekly")] = 365
    leaving_days: Annotated[
        int, Meta(ge=1, le=365, description="a box that was replaced may deliver what it still has for so many days")
    ] = 60
