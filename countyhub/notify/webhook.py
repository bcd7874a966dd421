"""Channel `webhook`: JSON to a URL, signed as all webhooks of the hub are (`outbound.signature`).

The receiver knows a second copy by its `webhook-id`. It goes where feeds may go: to public addresses by https, and
to networks that `feeds.allow_private` names; the name is resolved once, and the address that was looked at is dialled.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from countyhub.config import WebhookSettings
from countyhub.configfile import secret
from countyhub.notify import posting
from countyhub.notify.channel import BadAddress, Failed, Outcome, Parcel, Retry, Sent
from countyhub.outbound import signature
from countyhub.outbound.targets import BadNetwork, BadUrl, NameUnknown, TargetProblem, Targets, parse
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

    def __init__(self, settings: WebhookSettings, proxy: str, allow_private: Iterable[str] = ()) -> None:
        self._secret = _checked(secret(settings.secret))
        self._total_s = settings.timeout_s * 2
        self._allow_private = tuple(allow_private)
        self._client = posting.client(ca=settings.ca, proxy=proxy, timeout_s=settings.timeout_s)

    def check(self, address: str) -> None:
        try:
            parse(address)
            good = not any(letter.isspace() for letter in address)
        except BadUrl:
            good = False
        if not good:
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
        try:
            url = parse(parcel.address)
            address = (await Targets(self._allow_private).find(url))[0]
        except NameUnknown as problem:
            return Retry("dns", str(problem))
        except BadNetwork as problem:  # a person mends the settings, and it goes
            return Retry("address", str(problem))
        except TargetProblem as problem:
            return Failed("address", str(problem))
        headers = {"Content-Type": "application/json", "Host": url.netloc.decode("ascii")}
        answer = await posting.request(
            self._client, "POST", str(url.copy_with(host=str(address))), content=body, total_s=self._total_s,
            headers=headers | signature.headers(parcel.id, datetime.now(UTC), body, [self._secret]),
            name=url.raw_host.decode("ascii"),
        )  # fmt: skip
        return Sent(f"HTTP {answer.status}") if isinstance(answer, posting.Answer) else answer

    async def close(self) -> None:
        await self._client.aclose()


def _checked(text: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix(signature.PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret from error
    if not text.startswith(signature.PREFIX) or not 24 <= len(key) <= 64:
        raise BadSecret
    return text
