"""The village of the demo, and the files that a technician and a county would write for it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

from edgeagent.cli.say import say
from gridwire.problem import Language
from gridwire.topics import base
from simulators.demo import visitors

COUNTY = "990126"
BOX = "990126100200"
BASE = base(COUNTY, BOX)
TERMINAL = "station-terminal"
CAMERA_PASSWORD = "camera-2024"
WINDOW = timedelta(seconds=60)
"""In which a card checks in once."""


@dataclass(frozen=True)
class Place:
    """One camera: its device id, its name for people, and the last three digits of its grid."""

    id: str
    zh: str
    en: str
    grid: str

    def name(self, language: Language) -> str:
        return say(language, zh=self.zh, en=self.en)


PLACES = (
    Place("cam-1", "村口", "village gate", "001"),
    Place("cam-2", "鱼塘", "fish pond", "002"),
    Place("cam-3", "文化广场", "village square", "001"),
    Place("cam-4", "小水库", "reservoir", "003"),
    Place("cam-5", "村站门前", "village station", "001"),
    Place("cam-6", "进村公路", "village road", "002"),
)


@dataclass(frozen=True)
class Folder:
    """Where everything of one demo lies. The village key is made up anew each time."""

    path: Path
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def agent_config(self) -> Path:
        return self.path / "village" / "edgeagent.toml"

    @property
    def hub_config(self) -> Path:
        return self.path / "county" / "countyhub.toml"

    @property
    def outbox(self) -> Path:
        """Where the agent stores what it has not sent."""
        return self.path / "village" / "data"

    @property
    def database(self) -> Path:
        return self.path / "county" / "data" / "hub.db"

    @property
    def windows(self) -> Path:
        """Where the hub looks for times in which alarms are expected."""
        return self.path / "county" / "windows"

    @property
    def serial_ports(self) -> Path:
        return self.path / "village" / "dev"

    def log(self, name: str) -> Path:
        return self.path / "log" / f"{name}.log"

    def make(self) -> None:
        for name in ("village/conf.d", "village/secrets", "village/dev", "county/windows", "log"):
            (self.path / name).mkdir(parents=True)
        self._write_secret("cameras", CAMERA_PASSWORD)
        self._write_secret("village-key", f"demo-1:{self.key.hex()}")
        (self.agent_config.parent / "roster.csv").write_text(visitors.roster(self.key, BOX))

    def write_agent(
        self,
        language: Language,
        *,
        uplink_port: int,
        status_port: int,
        cameras: dict[str, int],
        terminal: list[dict[str, str]],
    ) -> None:
        """`cameras`: device id -> port; `terminal`: its list of parts."""
        conf_d = self.agent_config.parent / "conf.d"
        self.agent_config.write_text(_agent(self, language, uplink_port, status_port))
        (conf_d / "cameras.toml").write_text("\n".join(_camera(place, language, cameras[place.id]) for place in PLACES))
        (conf_d / "terminal.toml").write_text(_terminal(self, language, terminal))

    def write_hub(self, language: Language, *, broker: tuple[str, int], console_port: int) -> None:
        host, port = broker
        self.hub_config.write_text(
            dedent(f"""\
                county = "{COUNTY}"
                name = "{say(language, zh="澄禾县（演示）", en="Chenghe County (demo)")}"
                language = "{language}"
                data_dir = "{self.database.parent}"

                [broker]
                host = "{host}"
                port = {port}
                backoff_max_s = 2

                [replay]
                pause_s = 5

                [web]
                port = {console_port}

                [accounts]
                idle_minutes = 720

                [calendar]
                windows_dir = "{self.windows}"
                """)
        )

    def _write_secret(self, name: str, text: str) -> None:
        path = self.agent_config.parent / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(text + "\n")


def _agent(folder: Folder, language: Language, uplink_port: int, status_port: int) -> str:
    # Shorter waits than in a village, where every minute of a SIM card costs money: here a person is watching.
    return dedent(f"""\
        box = "{BOX}"
        name = "{say(language, zh="禄桥村", en="Luqiao village")}"
        language = "{language}"

        [hub]
        host = "127.0.0.1"
        port = {uplink_port}
        keepalive_s = 10
        health_every_s = 5
        backoff_max_s = 2
        will_delay_s = 3
        resend_after_s = 5

        [store]
        dir = "{folder.outbox}"

        [status]
        port = {status_port}

        [[rule]]
        kinds = ["tamper", "intrusion"]
        severity = "critical"

        [[rule]]
        kinds = ["motion"]
        severity = "notice"
        """)


def _camera(place: Place, language: Language, port: int) -> str:
    return dedent(f"""\
        [device.{place.id}]
        driver = "onvif"
        name = "{place.name(language)}"
        grid = "{BOX}{place.grid}"
        address = "127.0.0.1:{port}"
        username = "admin"
        password = "file:secrets/cameras"
        """)


def _terminal(folder: Folder, language: Language, parts: list[dict[str, str]]) -> str:
    tables = (
        "\n".join([f"[[device.{TERMINAL}.part]]", *(f'{key} = "{value}"' for key, value in part.items()), ""])
        for part in parts
    )
    return dedent(f"""\
            [device.{TERMINAL}]
            driver = "terminal"
            name = "{say(language, zh="自助服务终端", en="self-service terminal")}"
            grid = "{BOX}001"
            key_file = "{folder.agent_config.parent / "secrets" / "village-key"}"
            roster_file = "{folder.agent_config.parent / "roster.csv"}"
            point = "{say(language, zh="村站", en="village station")}"
            window_s = {WINDOW.total_seconds():g}

            # A village has shorter rounds; here something is to be seen at any hour.
            [[device.{TERMINAL}.slot]]
            name = "morning"
            begin = "00:00"
            end = "12:00"

            [[device.{TERMINAL}.slot]]
            name = "afternoon"
            begin = "12:00"
            end = "00:00"

            """) + "\n".join(tables)
