"""Which of several brokers to try next: the first is preferred, and gone back to when it answers again. Pure."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Endpoint(Struct, frozen=True):
    """Where a broker listens."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 8883

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Choice:
    """The brokers in order of preference, and the one that is tried or used now."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self._endpoints = endpoints
        self._index = 0

    @property
    def now(self) -> Endpoint:
        return self._endpoints[self._index]

    @property
    def preferred(self) -> Endpoint:
        return self._endpoints[0]

    @property
    def is_preferred(self) -> bool:
        return self._index == 0

    def failed(self) -> bool:
        """Go on to the next one; true when all have been tried and it is time for a pause."""
        self._index = (self._index + 1) % len(self._endpoints)
        return self._index == 0

    def prefer(self) -> None:
        """The preferred one answers again: it is the next to be tried."""
        self._index = 0
