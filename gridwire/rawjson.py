"""Looks at JSON that the decoder would not take: how deep it is, where a batch's elements end, which number it has.

Slow paths only: for what is suspicious or broken already.
"""

from __future__ import annotations

import re
from typing import NamedTuple, cast

import msgspec

from gridwire.events import LANES, Lane, Seq, Ulid
from gridwire.identifiers import ULID_PATTERN, within
from gridwire.limits import MAX_DEPTH

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_NUMBER = re.compile(
    rf'"stream"\s*:\s*"({within(ULID_PATTERN)})"\s*,\s*'
    rf'"lane"\s*:\s*"({"|".join(LANES)})"\s*,\s*"seq"\s*:\s*([1-9][0-9]{{0,14}})(?=\s*[,}}])'.encode()
)


class Key(NamedTuple):
    """What the hub acknowledges an event by."""

    stream: str
    lane: Lane
    seq: int


class _KeyOnly(msgspec.Struct):
    stream: Ulid
    lane: Lane
    seq: Seq


_key_decoder = msgspec.json.Decoder(_KeyOnly)


def too_deep(raw: bytes) -> bool:
    """Whether the JSON is nested deeper than `MAX_DEPTH`; nearly free for JSON with few brackets."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token in b"]}":
            depth -= 1
    return False


def has_nul(raw: bytes) -> bool:
    """Whether a text in the JSON contains U+0000 (which can only be written as an escape)."""
    return b"\\u0000" in raw and _NUL.search(raw) is not None


def split(batch: bytes) -> list[bytes] | None:
    """The elements of a JSON array of which some are broken inside; None where not even their ends can be found."""
    elements: list[bytes] = []
    depth, begin = 0, 0
    for match in _TOKEN.finditer(batch):
        token = match[0]
        if token in b"[{":
            depth += 1
            begin = match.end() if depth == 1 else begin
        elif token in b"]}":
            depth -= 1
        if depth == 0 or (depth == 1 and token == b","):
            elements.append(batch[begin : match.start()].strip())
            begin = match.end()
        if depth == 0:
            return elements if not batch[begin:].strip() and token == b"]" else None
    return None


def salvage(raw: bytes) -> Key | None:
    """The number of an event that is wrong in some other way, so that it can be acknowledged for itself.

    First by decoding these three attributes only; else, where the JSON itself is broken, from their text as our encoder
    writes it, if it stands there exactly once.
    """
    try:
        found = _key_decoder.decode(raw)
    except (msgspec.ValidationError, UnicodeDecodeError):
        return None
    except (msgspec.DecodeError, RecursionError):
        return _salvage_text(raw)
    return Key(found.stream, found.lane, found.seq)


def _salvage_text(raw: bytes) -> Key | None:
    matches = _NUMBER.findall(raw)
    if len(matches) != 1:
        return None
    stream, lane, seq = matches[0]
    return Key(stream.decode("ascii"), cast(Lane, lane.decode("ascii")), int(seq))
