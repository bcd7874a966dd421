"""Cases, their timelines and what is attached to them."""

from __future__ import annotations
