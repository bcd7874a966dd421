"""Sees to it that a revocation counts at the broker, now: is the new list in force, and is the live session ended?

What revokes is `identities.revoke`; the list is written by `renewal`. mosquitto reads it anew on SIGHUP only, sent by
countyhub-broker.path when `renewal` leaves the note `changed`, and leaves sessions alone that are already open. So a
probe, a certificate made to be refused, tells whether the list is in force; and the hub, whose own port of the broker
lets it use any client id, takes the box's session over and ends it.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ca import certificates, renewal
from countyhub.ca.authority import Authority
from countyhub.config import Config
from countyhub.downlink.connection import mqtt_settings
from countyhub.store.identitytables import certificate
from countyhub.store.upsert import insert
from gridwire.mqtt import MqttClient, MqttSettings, Session, TlsSettings
from gridwire.problem import Problem

PROBE = "probe"
PROBE_DAYS = 1
TRY_EVERY_S = 0.5
TIMEOUT_S = 10.0
_NOT_REACHED = ("dns", "tcp_refused", "unreachable", "timeout")
InForce = Literal["yes", "no", "unknown"]


class SessionNotEnded(Problem):
    code = "identity.session-not-ended"
    en = "whether box {box} is still connected is not known, the broker cannot be asked: {reason}"
    zh = "无法询问消息服务器，不清楚盒子 {box} 是否仍在连接：{reason}"


class Failure(NamedTuple):
    """Why a connection did not come about."""

    code: str
    text: str


class Probe(NamedTuple):
    """A certificate on the list, with its key, PEM."""

    pem: bytes


async def make_probe(connection: AsyncConnection, authority: Authority, now: datetime) -> Probe:
    """A certificate that is on the list from the beginning; it goes there with the caller's transaction."""
    ca, key = authority.signing(now), certificates.new_key()
    until = now + timedelta(days=PROBE_DAYS)
    made = certificates.box(ca.certificate, ca.key, key.public_key(), authority.county, PROBE, now, until)
    values: dict[str, Any] = {
        "serial": f"{made.serial_number:040x}", "box": "", "ca": ca.pin, "key": bytes.fromhex(certificates.pin(made)),
        "issued": now, "expires": until, "pem": certificates.pem(made), "revoked": now, "reason": PROBE,
    }  # fmt: skip
    await connection.execute(insert(connection, certificate).values(**values))
    return Probe(certificates.pem(made) + certificates.key_pem(key))


async def until_in_force(config: Config, probe: Probe, timeout_s: float = TIMEOUT_S) -> InForce:
    """Whether the broker refuses the probe within the time; `unknown` when it cannot be reached at the boxes' port."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        found = await in_force(config, probe)
        if found == "yes" or asyncio.get_running_loop().time() >= deadline:
            return found
        await asyncio.sleep(TRY_EVERY_S)


async def in_force(config: Config, probe: Probe) -> InForce:
    """One look."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probe.pem"
        file.touch(0o600)
        file.write_bytes(probe.pem)
        ca = renewal.broker_folder(config) / renewal.CA_FILE
        names = config.enrol.names
        tls = TlsSettings(ca_file=str(ca), cert_file=str(file), server_name=names[0] if names else None)
        settings = MqttSettings(
            host=config.broker.host, port=config.enrol.broker_port, client_id=PROBE, clean_start=True,
            session_expiry_s=0, tls=tls, connect_timeout_s=5.0,
        )  # fmt: skip
        error = await _visit(settings)
    if error is None:
        return "no"
    return "unknown" if error.code in _NOT_REACHED else "yes"


async def end_session(config: Config, box: str) -> None:
    """Whoever is connected as this box is thrown out; what the broker kept for it is gone. Raises
    `SessionNotEnded`, `SecretUnreadable`."""
    settings = msgspec.structs.replace(mqtt_settings(config), client_id=box, clean_start=True, session_expiry_s=0)
    error = await _visit(settings)
    if error is not None:
        raise SessionNotEnded(box=box, reason=error.text)


async def _visit(settings: MqttSettings) -> Failure | None:
    """Connect once and go again; what went wrong."""
    up = asyncio.Event()

    def went_up(_: Session) -> None:
        up.set()

    client = MqttClient(settings, on_up=went_up)
    running = asyncio.create_task(client.run())
    try:
        while not up.is_set() and client.state.last_error is None:
            await asyncio.wait({running}, timeout=0.05)
        state = client.state
    finally:
        await client.stop()
        await running
    return None if up.is_set() else Failure(state.last_error_code or "", state.last_error or "")
