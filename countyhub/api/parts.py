"""What the interface is given by the hub: its settings, the book of cases, and how to have an order sent at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countyhub.cases.book import Book
from countyhub.config import Config


def _nobody() -> None:
    """No hub runs in this process: orders wait for one to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """`config.api` says how often who may ask, and whether a TLS proxy stands in front. `book`: what the registry says
    about cases. `on_order` is called when an order to a box was written down, so that the hub sends it at once.
    """

    config: Config
    book: Book
    on_order: Callable[[], None] = _nobody
