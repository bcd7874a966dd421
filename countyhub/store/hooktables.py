"""Where events are sent on, and what is not yet delivered."""

from __future__ import annotations
