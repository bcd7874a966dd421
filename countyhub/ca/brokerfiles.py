"""mosquitto's configuration for a county, its ACL and password file. Pure text.

Boxes come in by TLS alone: the CN of the certificate is user name and client id, whatever they say, so that none can
speak for another, hear another, or throw another off. The hub comes in by a port of its own on 127.0.0.1.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from countyhub.config import EnrolSettings
from countyhub.feeds import topics as feed_topics
from gridwire import topics

HUB_USER = "countyhub"
CONF, ACL, PASSWORDS, CA, CERTIFICATE, KEY, CRL = (
    "countyhub.conf", "acl", "passwords", "ca.pem", "server.crt", "server.key", "crl.pem",
)  # fmt: skip
_ROUNDS = 101
_HEAD = "# 由 countyhub broker-config 生成，请勿手工修改 / written by countyhub broker-config: changes are lost\n"


def configuration(folder: Path, settings: EnrolSettings, *, store: Path | None, listen: str = "") -> str:
    """`store`: where sessions are kept, for a configuration that stands alone; None for one that is included from
    Debian's mosquitto.conf, which says so already. `listen`: address for the boxes; empty: all."""
    alone = [] if store is None else ["persistence true", f"persistence_location {store}/", "log_dest stderr"]
    lines = [
        *alone,
        "allow_anonymous false",
        f"password_file {folder / PASSWORDS}",
        f"acl_file {folder / ACL}",
        "# What waits for a hub that is away: the defaults drop all but 1000 messages, and say nothing.",
        "# Not 0: with that, 2.0.11 answers a forbidden publish and then throws the client out.",
        "max_queued_messages 1000000",
        "max_queued_bytes 1073741824",
        "max_inflight_messages 200",
        "max_packet_size 1048576",
        "autosave_interval 60",
        "persistent_client_expiration 30d",
        "# Without it Nagle and delayed acknowledgements cost 40 ms a round trip.",
        "set_tcp_nodelay true",
        "",
        "# Boxes. An expired revocation list would refuse all of them: the hub renews it weekly.",
        f"listener {settings.broker_port} {listen}".rstrip(),
        "tls_version tlsv1.3",
        f"cafile {folder / CA}",
        f"certfile {folder / CERTIFICATE}",
        f"keyfile {folder / KEY}",
        f"crlfile {folder / CRL}",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "",
        "# The hub's own connections: several client ids, one user, a password; nobody outside this machine.",
        f"listener {settings.hub_port} 127.0.0.1",
    ]
    return _HEAD + "\n".join(lines) + "\n"


def acl(county: str) -> str:
    """Who may say and hear what. `%u` is the user name, which TLS has proven."""
    base = f"{topics.ROOT}/{county}"
    return _HEAD + "\n".join((
        f"user {HUB_USER}",
        f"topic read {base}/+/up/#",
        f"topic write {base}/+/down/#",
        f"topic readwrite {feed_topics.base(county)}/#",
        "topic read $SYS/#",
        "",
        "# A box: its own topics only.",
        f"pattern write {base}/%u/up/#",
        f"pattern read {base}/%u/down/#",
        "",
    ))  # fmt: skip


def passwords(password: str) -> str:
    """mosquitto's form (PBKDF2, SHA-512). The salt follows from the password, so that the same makes the same file."""
    salt = hashlib.sha256(f"salt {password}".encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"{HUB_USER}:$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def hub_settings(settings: EnrolSettings, password_file: Path) -> str:
    """What belongs into `countyhub.toml`."""
    return (
        f'[broker]\nhost = "127.0.0.1"\nport = {settings.hub_port}\nusername = "{HUB_USER}"\n'
        f'password = "file:{password_file}"\n'
    )
