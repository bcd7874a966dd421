"""What a connection to the broker needs to know: address, session, TLS, pacing, last will. Plain frozen values."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gridwire.mqtt.brokers import Endpoint

Seconds = Annotated[float, Meta(gt=0)]
Port = Annotated[int, Meta(ge=1, le=65535)]


class TlsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """TLS of the connection. Without `ca_file` the system's own certificate authorities are trusted."""

    ca_file: Annotated[str | None, Meta(description="PEM file with the CA that signed the broker's certificate")] = None
    cert_file: Annotated[str | None, Meta(description="PEM file with this client's certificate chain")] = None
    key_file: Annotated[str | None, Meta(description="PEM file with the private key of cert_file")] = None
    minimum: Annotated[Literal["1.3", "1.2"], Meta(description="lowest TLS version accepted")] = "1.3"
    check_hostname: Annotated[bool, Meta(description="the certificate must name the host we connect to")] = True
    server_name: Annotated[str | None, Meta(description="name expected in the certificate instead of host")] = None


class MqttSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One client's connection. The defaults are those of a village box on a metered link."""

    host: Annotated[str, Meta(min_length=1)]
    client_id: Annotated[str, Meta(min_length=1, max_length=65535)]
    port: Port = 8883
    others: Annotated[
        tuple[Endpoint, ...], Meta(description="further brokers, tried in this order when the first does not answer")
    ] = ()
    prefer_again_s: Annotated[
        Seconds, Meta(description="on another broker than the first: how often to look whether that one is back")
    ] = 600.0
    protocol: Annotated[Literal["5", "3.1.1"], Meta(description="3.1.1 only for brokers that do not speak 5")] = "5"
    keepalive_s: Annotated[int, Meta(ge=1, le=65535, description="longest silence before a ping")] = 240
    session_expiry_s: Annotated[
        int,
        Meta(ge=0, le=0xFFFFFFFF, description="how long the broker keeps the session when we are away; MQTT 5 only"),
    ] = 30 * 86400
    clean_start: Annotated[bool, Meta(description="forget the session of the last connection")] = False
    username: str | None = None
    password: str | None = None
    tls: TlsSettings | None = None
    connect_timeout_s: Annotated[Seconds, Meta(description="for DNS, TCP and TLS, and once more for CONNACK")] = 20.0
    backoff_min_s: Seconds = 1.0
    backoff_max_s: Seconds = 60.0
    backoff_refused_s: Annotated[
        Seconds, Meta(description="pause after a refusal that trying again cannot mend, such as a wrong password")
    ] = 300.0
    max_inflight: Annotated[int, Meta(ge=1, le=65535, description="publishes not yet acknowledged by the broker")] = (
        65535
    )
    inbound_receive_maximum: Annotated[
        int, Meta(ge=1, le=65535, description="messages the broker may send before it needs our acks; MQTT 5 only")
    ] = 65535
    inbound_max_packet_bytes: Annotated[
        int, Meta(ge=1024, le=268435455, description="largest packet the broker may send us; MQTT 5 only")
    ] = 1048576
    user_timeout_s: Annotated[
        int,
        Meta(ge=0, le=86400, description="drop a connection whose bytes go unacknowledged so long (TCP); 0: kernel's"),
    ] = 60

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All brokers in order of preference."""
        return (Endpoint(self.host, self.port), *self.others)

    def __repr__(self) -> str:
        """Without the password: settings end up in logs and tracebacks."""
        return f"MqttSettings({self.client_id!r} at {self.host}:{self.port})"


class Will(Struct, frozen=True, kw_only=True):
    """What the broker publishes for us when the connection ends without our DISCONNECT.

    Every take-over of a client id publishes the will too, unless `delay_s` (MQTT 5 only) outlasts the gap; so it
    should also carry the connection's number, by which a stale one is told.
    """

    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = False
    delay_s: int = 0
    content_type: str | None = None
