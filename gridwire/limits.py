"""How large anything on the wire may be, in bytes unless the name says otherwise. Enforced at both ends."""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 64 * 1024
MAX_PICTURE_BYTES = 256 * 1024
MAX_MESSAGE_BYTES = 1024 * 1024
"""mosquitto's `max_packet_size` in our configuration: what is larger does not arrive."""

MAX_BATCH_EVENTS = 50
MAX_BATCH_BYTES = 512 * 1024
MAX_PACKED_BYTES = 32 * 1024
"""Of a batch as it travels, compressed; the two above of its events, as they are before."""

MAX_ACCEPTED_EVENTS = 500
"""The hub takes larger batches than this release makes, but not half a million empty elements."""

MAX_DEPTH = 64
"""Levels of nested JSON. Fixed here because msgspec's own limit depends on how deep the caller's stack is."""

MAX_WINDOW_BYTES = 8 * 1024 * 1024
"""zstd window that a decoder should support (RFC 8878, 3.1.1.1.2); larger ones are refused unread."""


class PackLimits(NamedTuple):
    """What one packed payload may hold. `payload_bytes` also honours the broker's Maximum Packet Size."""

    events: int = MAX_BATCH_EVENTS
    plain_bytes: int = MAX_BATCH_BYTES
    payload_bytes: int = MAX_PACKED_BYTES
