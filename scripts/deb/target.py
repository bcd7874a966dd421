"""For which machines packages are made, and what each package is: names, dependencies, contents by origin."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """One Debian release on one kind of machine. `glibc`: what it has, newest wheels that may be taken."""

    debian: str
    python: str
    arch: str

    @property
    def platform(self) -> str:
        """As `uv pip install --python-platform` names it."""
        glibc = {"12": "2_36", "13": "2_40"}[self.debian]  # 13 has 2.41; uv knows platforms up to 2.40
        return f"{MACHINES[self.arch]}-manylinux_{glibc}"

    @property
    def next_python(self) -> str:
        major, _, minor = self.python.partition(".")
        return f"{major}.{int(minor) + 1}"


MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
PYTHONS = {"12": "3.11", "13": "3.13"}
"""Debian release -> its Python: compiled modules fit one minor version only."""
TARGETS = tuple(Target(debian, python, arch) for debian, python in PYTHONS.items() for arch in MACHINES)


class Package(NamedTuple):
    """`ours`: our Python packages in it. `extras`: of pyproject.toml; `without`: what another package brings."""

    name: str
    ours: tuple[str, ...]
    extras: tuple[str, ...]
    without: tuple[str, ...] | None
    depends: tuple[str, ...]
    recommends: tuple[str, ...]
    suggests: tuple[str, ...]
    summary: str
    text: tuple[str, ...]
    services: tuple[str, ...] = ()
    """Enabled and started when the package comes."""
    on_request: tuple[str, ...] = ()
    """Enabled by a person; the package only sees to it that nothing of them is left."""
    pruned: tuple[str, ...] = ()
    """Direct dependencies of the project that this part of it does not use."""

    @property
    def folder(self) -> str:
        """Of its Python modules, below /usr/lib."""
        return "edgeagent/vision" if self.name == "edgeagent-vision" else f"{self.name}/site"


EDGEAGENT = Package(
    name="edgeagent",
    ours=("gridwire", "edgeagent", "drivers"),
    extras=(),
    without=None,
    depends=("systemd (>= 252)", "tzdata"),
    recommends=("systemd-timesyncd | time-daemon", "ca-certificates"),
    suggests=("edgeagent-vision",),
    summary="village edge agent: cameras and terminal to the county hub",
    text=(
        "Watches ONVIF cameras and a self-service terminal, stores every event durably",
        "and carries it over MQTT to the county hub until the hub has acknowledged it.",
    ),
    services=("edgeagent.service",),
)
VISION = Package(
    name="edgeagent-vision",
    ours=(),
    extras=("vision",),
    without=(),
    # Any agent: a box on a metered line takes a new agent without fetching OpenCV again.
    depends=("edgeagent",),
    recommends=(),
    suggests=(),
    summary="OpenCV for the village edge agent",
    text=("Lets edgeagent tell a covered, turned, dark or frozen camera by its picture,", "and make pictures smaller."),
)
COUNTYHUB = Package(
    name="countyhub",
    ours=("gridwire", "countyhub"),
    extras=("hub", "postgres", "amqp"),
    without=None,
    depends=("systemd (>= 252)", "tzdata"),
    recommends=("mosquitto", "systemd-timesyncd | time-daemon", "ca-certificates"),
    suggests=("postgresql",),
    summary="county hub: from the villages' messages to cases",
    text=(
        "Takes in what the village boxes send, acknowledges each event once it is",
        "stored, makes cases of it, shows them on a console and forwards them.",
    ),
    services=("countyhub.service", "countyhub-broker.path"),
    on_request=("countyhub-backup.timer",),
    pruned=("lxml", "onvif-zeep", "pyserial"),
)
PACKAGES = {package.name: package for package in (EDGEAGENT, VISION, COUNTYHUB)}
