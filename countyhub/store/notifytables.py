"""Messages to people, until they are sent and acknowledged."""

from __future__ import annotations
