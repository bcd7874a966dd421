"""What was made before is not made again as long as it would come out the same. Pure.

Who asks names everything that it is made of: what is equal gives the same object as before, so that whoever makes
something of that in turn sees at a glance that nothing is new.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The last of each key; of more than `most` keys those that were made first are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[Hashable, tuple[tuple[object, ...], T]] = {}

    def get(self, key: Hashable, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        """What `make` makes of `inputs`; the last one if they are the same or equal."""
        found = self.found(key, inputs)
        return found if found is not None else self.keep(key, inputs, make())

    def found(self, key: Hashable, inputs: tuple[object, ...]) -> T | None:
        """What was made of the same inputs, if it was."""
        known = self._made.get(key)
        return known[1] if known is not None and known[0] == inputs else None

    def keep(self, key: Hashable, inputs: tuple[object, ...], made: T) -> T:
        """For who cannot make it in one go."""
        self._made.pop(key, None)
        self._made[key] = inputs, made
        while len(self._made) > self._most:
            del self._made[next(iter(self._made))]
        return made
