"""The hub's own connection to its broker, as it is configured; others of the hub's go by the same with another name."""

from __future__ import annotations

from countyhub.config import Config
from countyhub.configfile import own_file, secret
from gridwire.mqtt import MqttSettings, TlsSettings

SESSION_EXPIRY_S = 30 * 86400


def mqtt_settings(config: Config) -> MqttSettings:
    """The hub's connection; raises `SecretUnreadable`."""
    broker = config.broker
    tls = broker.tls
    return MqttSettings(
        host=broker.host,
        port=broker.port,
        protocol=broker.protocol,
        client_id=config.client_id,
        username=broker.username or None,
        password=secret(broker.password) or None,
        keepalive_s=broker.keepalive_s,
        session_expiry_s=SESSION_EXPIRY_S,
        clean_start=False,
        backoff_max_s=broker.backoff_max_s,
        inbound_receive_maximum=broker.window,
        tls=TlsSettings(ca_file=tls.ca, cert_file=tls.cert or None, key_file=own_file(tls.key) or None)
        if tls
        else None,
    )
