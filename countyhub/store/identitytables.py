"""Which box may show itself by which certificate, and who may yet get one. Private keys are nowhere in here."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

box_identity = Table(
    "box_identity",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("state", String(8), nullable=False, comment="expected, active, leaving (replaced, delivers) or revoked"),
    Column("since", Instant, nullable=False),
    Column("by", String(64), nullable=False, comment="who brought it into this state"),
    Column("reason", String(256), nullable=False, default=""),
    Column("successor", String(16), nullable=False, default="", comment="the box that took its place"),
    Column("until", Instant, comment="of one that leaves: then it is revoked"),
    comment="what the hub holds of a box's identity; a box id is never given to another place",
)

enrol_token = Table(
    "enrol_token",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("box", String(16), nullable=False, index=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True, comment="of the secret, which is kept nowhere"),
    Column("created", Instant, nullable=False),
    Column("by", String(64), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("replaces", String(8), nullable=False, default="", comment="`machine`: older certificates end with its use"),
    Column("used", Instant),
    Column("key", LargeBinary(32), comment="SHA-256 of the public key that used it: that one may ask again"),
    Column("withdrawn", Instant, comment="a newer token of the same box took its place, or the box was revoked"),
    comment="one-time tokens for the first certificate of a box",
)

certificate = Table(
    "certificate",
    metadata,
    Column("serial", String(40), primary_key=True, comment="hex"),
    Column("box", String(16), nullable=False, comment="empty: a probe, made to be refused by the broker"),
    Column("ca", String(64), nullable=False, comment="fingerprint of the key of the CA that signed it"),
    Column("key", LargeBinary(32), nullable=False, comment="SHA-256 of its public key"),
    Column("issued", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("pem", LargeBinary, nullable=False),
    Column("revoked", Instant, comment="when it was put on the revocation list"),
    Column("reason", String(32), nullable=False, default=""),
    Index(None, "box", "issued"),
    Index(None, "revoked"),
    comment="every certificate that boxes were given; kept after its end",
)
