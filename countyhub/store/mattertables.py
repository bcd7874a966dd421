"""What correlation found, what it has suppressed, and what it remembers."""

from __future__ import annotations
