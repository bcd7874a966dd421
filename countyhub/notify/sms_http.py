"""Channel `sms`: text messages by any gateway that takes an HTTP request of fields and answers 2xx, or a code in JSON.

Addresses are telephone numbers. Gateways differ in what a second request with the same id means: `repeats_safely` says.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import httpx
import msgspec

from countyhub.config import SmsSettings
from countyhub.configfile import secret
from countyhub.notify import posting
from countyhub.notify.channel import BadAddress, Failed, Outcome, Parcel, Retry, Sent, Unclear

_PHONE = re.compile(r"\+?[0-9][0-9-]{4,19}")
_FIELDS = {"phone": "{phone}", "content": "{text}"}


class Sms:
    """Raises `SecretUnreadable` and OSError (the CA's file) when it is made."""

    name = "sms"

    def __init__(self, settings: SmsSettings, proxy: str) -> None:
        self._settings = settings
        self._secret = secret(settings.secret)
        self._client = posting.client(ca=settings.ca, proxy=proxy, timeout_s=settings.timeout_s)
        self.per_minute = settings.per_minute

    def check(self, address: str) -> None:
        if not _PHONE.fullmatch(address):
            raise BadAddress(address=address, channel=self.name, hint="13800000000")

    def fits(self, text: str) -> bool:
        return len(text) <= self._settings.max_chars

    def lane(self, address: str) -> str:
        return self.name

    def repeats_safely(self, address: str) -> bool:
        return self._settings.repeats_safely

    async def send(self, parcel: Parcel) -> Outcome:
        method, url, content, headers = self._request(parcel)
        answer = await posting.request(
            self._client, method, url, content=content, headers=headers, total_s=self._settings.timeout_s * 2
        )
        return self._judged(answer.body) if isinstance(answer, posting.Answer) else answer

    async def close(self) -> None:
        await self._client.aclose()

    def _request(self, parcel: Parcel) -> tuple[str, str, bytes | None, dict[str, str]]:
        s = self._settings
        text = parcel.text[: s.max_chars]
        words = {
            "{phone}": parcel.address.replace("-", ""),
            "{text_json}": msgspec.json.encode(text).decode()[1:-1],
            "{text}": text,
            "{id}": parcel.id,
            "{secret}": self._secret,
        }
        fields = {name: _filled(value, words) for name, value in (s.fields or _FIELDS).items()}
        headers = {name: _filled(value, words) for name, value in s.headers.items()}
        url = _filled(s.url, {word: quote(value, safe="") for word, value in words.items()})
        if s.method == "GET":
            return s.method, str(httpx.URL(url).copy_merge_params(fields)), None, headers
        if s.body == "form":
            kind = "application/x-www-form-urlencoded; charset=utf-8"
            return s.method, url, urlencode(fields).encode(), {"Content-Type": kind} | headers
        return s.method, url, msgspec.json.encode(fields), {"Content-Type": "application/json; charset=utf-8"} | headers

    def _judged(self, body: bytes) -> Outcome:
        """What a gateway means by 200."""
        s = self._settings
        told = body[:200].decode(errors="replace")
        if not s.success_field:
            return Sent(told)
        try:
            found: object = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Unclear("answer", told)
        for name in s.success_field.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            return Unclear("answer", told)
        word = found if isinstance(found, str) else msgspec.json.encode(found).decode()
        if word == s.success_value:
            return Sent(told)
        return Retry("rate", told) if word in s.retry_values else Failed("refused", told)


_WORD = re.compile(r"\{(?:phone|text_json|text|id|secret)\}")


def _filled(template: str, words: dict[str, str]) -> str:
    """All at once, so that a text that names such a word stays as it is."""
    return _WORD.sub(lambda found: words[found[0]], template)
