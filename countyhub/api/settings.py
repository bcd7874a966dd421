"""What the interface has to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countyhub.config import Config


def _nobody() -> None:
    """No hub runs in this process: orders wait for one to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """`on_order` is called when an order to a box was written down, so that the hub sends it at once.

    `behind_proxy`: a TLS proxy stands in front, whose X-Forwarded-For is believed. Without it, who asks from another
    machine is refused before a token is looked at: it has come over an open network.
    """

    county: str = "000000"
    timezone: str = "Asia/Shanghai"
    behind_proxy: bool = False
    requests_per_minute: int = 600
    failures_per_minute: int = 30
    on_order: Callable[[], None] = _nobody


def api_parts(config: Config, on_order: Callable[[], None] = _nobody) -> ApiParts:
    """The interface's part of the hub's configuration."""
    return ApiParts(
        county=config.county,
        timezone=config.web.timezone,
        behind_proxy=config.api.behind_proxy,
        requests_per_minute=config.api.requests_per_minute,
        failures_per_minute=config.api.failures_per_minute,
        on_order=on_order,
    )
