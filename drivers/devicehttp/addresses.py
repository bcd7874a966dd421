"""Addresses of one camera: what the configuration names, and what the camera says about itself, mended. Pure.

A camera behind NAT, with a wrong gateway or a careless firmware names hosts and ports that lead nowhere. The host and
port of the configuration are known to work, so they replace what it says.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

DEVICE_PATH = "/onvif/device_service"
_CREDENTIALS = re.compile(r"user|usr|uname|pass|pwd|login|token", re.IGNORECASE)
# `192.0.2.1/onvif/event`: an address whose scheme was forgotten.
_BARE_HOST = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)*(?=/|\Z)")
_LOOSE = re.compile(r"(?P<scheme>[a-z]+)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def device_url(address: str) -> str:
    """`192.0.2.1`, `192.0.2.1:8080` or a URL -> the URL of the device service."""
    text = address.strip()
    if "://" not in text:
        text = f"http://{text}"
    parts = urlsplit(text)
    path = parts.path if parts.path not in ("", "/") else DEVICE_PATH
    return urlunsplit((parts.scheme.lower(), parts.netloc.rpartition("@")[2], path, parts.query, ""))


def rewrite(url: str, base: str) -> str:
    """The same path and query at the scheme, host and port of `base`; a bare path will do. Empty stays empty."""
    text = url.strip()
    if not text:
        return ""
    here = urlsplit(base)
    match = _LOOSE.match(text)
    rest = match["rest"] if match else _BARE_HOST.sub("", text, count=1)
    if not rest.startswith("/"):
        rest = "/" + rest
    return f"{here.scheme}://{here.netloc}{rest.partition('#')[0].replace(' ', '%20')}"


def redirected(url: str, location: str) -> str:
    """Where a device sends us on to: its scheme, port and path at the host that is known to work; empty for nowhere."""
    try:
        there = urlsplit(urljoin(url, location.strip()))
        port = there.port
    except ValueError:
        return ""
    if not location.strip() or there.scheme not in ("http", "https"):
        return ""
    host = urlsplit(url).hostname or ""
    name = f"[{host}]" if ":" in host else host
    place = name if port is None else f"{name}:{port}"
    target = urlunsplit((there.scheme, place, there.path or "/", there.query, "")).replace(" ", "%20")
    return target if target != url else ""


def named_port(url: str) -> int | None:
    """The port that a URL names; None for none, or nonsense such as `host:8106:8106`."""
    match = _LOOSE.match(url.strip())
    authority = match["authority"].rpartition("@")[2] if match else ""
    found = re.fullmatch(r"(?:\[[^\]]*\]|[^:\[\]]*):(\d{1,5})", authority)
    if found is None or not 0 < int(found[1]) < 65536:
        return None
    return int(found[1])


def named_host(url: str) -> str:
    """The host that a URL names, lower case; empty for none."""
    match = _LOOSE.match(url.strip())
    authority = match["authority"].rpartition("@")[2] if match else ""
    found = re.match(r"\[[^\]]*\]|[^:]*", authority)
    return found[0].strip("[]").lower() if found else ""


def at_port(url: str, port: int) -> str:
    """The same URL with another port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{name}:{port}", parts.path, parts.query, ""))


def without_credentials(url: str) -> str:
    """The URL without user and password, in front of the host or in the query."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _CREDENTIALS.search(name)]  # fmt: skip
    query = parts.query if len(kept) == len(parse_qsl(parts.query, keep_blank_values=True)) else urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
