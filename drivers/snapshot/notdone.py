"""How a function in the worker says that it cannot: a word for the program, a text for people."""

from __future__ import annotations


class NotDone(Exception):
    """`reason` is one word, e.g. `no-picture`."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why
