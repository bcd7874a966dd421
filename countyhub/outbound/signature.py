"""Signs webhooks as Standard Webhooks 1.0.0 says: HMAC-SHA256 over `id.timestamp.body`. Pure but for new secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The standard asks for 24 to 64."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def headers(message: str, at: datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The three headers. With several secrets a signature by each: a receiver needs to know one of them.

    `message` must have no full stop in it, or what is signed could be read in two ways.
    """
    timestamp = str(int(at.timestamp()))
    signed = f"{message}.{timestamp}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_sign(secret, signed)}" for secret in secrets),
    }


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
