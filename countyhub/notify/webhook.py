"""Channel `webhook`: JSON to a URL, signed as Standard Webhooks says (github.com/standard-webhooks/standard-webhooks):
`webhook-id`, `webhook-timestamp`, `webhook-signature` = `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.

The receiver knows a second copy by its `webhook-id`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from urllib.parse import urlsplit

import msgspec

from countyhub.config import WebhookSettings
from countyhub.configfile import secret
from countyhub.notify import posting
from countyhub.notify.channel import BadAddress, Outcome, Parcel, Sent
from gridwire.problem import Problem

MAX_CHARS = 16 * 1024


class BadSecret(Problem):
    code = "notify.bad-secret"
    en = "notify.webhook.secret must be whsec_ and the base64 of 24 to 64 bytes"
    zh = "notify.webhook.secret 应为 whsec_ 加 24 至 64 字节的 base64"


class Webhook:
    """Raises `BadSecret`, `SecretUnreadable` and OSError (the CA's file) when it is made."""

    name = "webhook"
    per_minute = 0

    def __init__(self, settings: WebhookSettings, proxy: str) -> None:
        self._key = _key(secret(settings.secret))
        self._total_s = settings.timeout_s * 2
        self._client = posting.client(ca=settings.ca, proxy=proxy, timeout_s=settings.timeout_s)

    def check(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or any(letter.isspace() for letter in address):
            raise BadAddress(address=address, channel=self.name, hint="https://example.cn/hook")

    def fits(self, text: str) -> bool:
        return len(text) <= MAX_CHARS

    def lane(self, address: str) -> str:
        return self.name

    def repeats_safely(self, address: str) -> bool:
        return True

    async def send(self, parcel: Parcel) -> Outcome:
        body = msgspec.json.encode(
            {
                "type": "notification",
                "subject": parcel.subject,
                "text": parcel.text,
                "urgent": parcel.urgent,
                "cases": parcel.numbers,
            }
        )
        answer = await posting.request(
            self._client, "POST", parcel.address, content=body, total_s=self._total_s,
            headers={"Content-Type": "application/json"} | signature(self._key, parcel.id, int(time.time()), body),
        )  # fmt: skip
        return Sent(f"HTTP {answer.status}") if isinstance(answer, posting.Answer) else answer

    async def close(self) -> None:
        await self._client.aclose()


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers."""
    mac = hmac.digest(key, b"%s.%d.%s" % (message_id.encode(), timestamp, body), hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret from error
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise BadSecret
    return key
