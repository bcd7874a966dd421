"""What goes over the pipes of the worker: a JSON object and bytes, each with its length in front. Pure."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

SIZES = struct.Struct(">II")
"""Lengths of head and data, in front of both."""


def pack(head: Mapping[str, Any], data: bytes) -> bytes:
    """One request or answer."""
    encoded = json.dumps(head).encode()
    return SIZES.pack(len(encoded), len(data)) + encoded + data


def unpack(head: bytes, data: bytes) -> tuple[dict[str, Any], bytes]:
    """The head read. Raises ValueError."""
    read = json.loads(head)
    if not isinstance(read, dict):
        raise ValueError("the head is no JSON object")
    return read, data
