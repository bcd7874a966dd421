"""Takes secrets and identity numbers out of others' texts: a driver's error may quote a URL with a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from edgeagent.configfile import Loaded
from edgeagent.configfile.redact import HIDDEN, without_login

MIN_SECRET_CHARS = 4
"""Shorter ones are left alone: replacing every `1` in a text hides nothing and ruins it."""

_IDENTITY = re.compile(
    r"(?<![0-9])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])"
)
"""Resident identity number (GB 11643): region, date of birth, sequence, check character."""


class Scrub:
    """Made of a configuration: knows all that is secret in it."""

    def __init__(self, loaded: Loaded) -> None:
        plain = msgspec.to_builtins(loaded.config, enc_hook=str)
        found = {secret for secret in _secrets(plain, loaded.redacted()) if len(secret) >= MIN_SECRET_CHARS}
        longest_first = sorted(found, key=len, reverse=True)
        self._secret = re.compile("|".join(map(re.escape, longest_first))) if found else None

    def __call__(self, text: str) -> str:
        text = _IDENTITY.sub(HIDDEN, without_login(text))
        return self._secret.sub(HIDDEN, text) if self._secret is not None else text


def _secrets(plain: Any, redacted: Any) -> Iterator[str]:
    """The values that the redacted form hides."""
    if isinstance(plain, str):
        if redacted == HIDDEN:
            yield plain
    elif isinstance(plain, dict) and isinstance(redacted, dict):
        for key, value in plain.items():
            yield from _secrets(value, redacted.get(str(key)))
    elif isinstance(plain, list | tuple) and isinstance(redacted, list | tuple):
        for value, shown in zip(plain, redacted, strict=False):
            yield from _secrets(value, shown)
