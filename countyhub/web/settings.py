"""What the console has to be told: where it is, whose it is, and under which names it may be reached."""

from __future__ import annotations

from dataclasses import dataclass

from countyhub.config import Config
from gridwire.problem import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """Settings of the console; times are shown in `timezone` (IANA name), stored ones are UTC.

    `host_names` are the names under which browsers reach the console, without port, beside the loopback names and the
    bound address, which are always accepted. Any other Host header is refused: otherwise a foreign page could read
    the console through a name that it points at this machine (DNS rebinding).
    """

    county: str = "000000"
    county_name: str = ""
    timezone: str = "Asia/Shanghai"
    language: Language = "zh"
    bind_host: str = "127.0.0.1"
    host_names: tuple[str, ...] = ()
    page_rows: int = 60
    update_interval_s: float = 1.0
    poll_interval_s: float = 0.5
    boxes_interval_s: float = 2.0
    keepalive_s: float = 15.0


def console_settings(config: Config) -> ConsoleSettings:
    """The console's part of the hub's configuration."""
    return ConsoleSettings(
        county=config.county,
        county_name=config.name,
        timezone=config.web.timezone,
        language=config.language,
        bind_host=config.web.host,
        host_names=config.web.names,
    )
