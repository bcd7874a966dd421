"""Whether a request that changes something comes from a page of ours: what no page of another site can forge. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "x-csrf-token"


def is_own(headers: Headers) -> bool:
    """By Sec-Fetch-Site where the browser says it, else by Origin; programs, which say neither, are not browsers whose
    cookies somebody could borrow."""
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False
