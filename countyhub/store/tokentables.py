"""Who may use the HTTP interface, and for what."""

from __future__ import annotations
