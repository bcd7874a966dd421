"""All checks, in the order in which a person reads them: the box first, then the way to the hub, then the devices."""

from __future__ import annotations

from collections.abc import Iterator

from edgeagent.checks import (
    addresses,
    agent,
    backlog,
    certificates,
    clock,
    configuration,
    data,
    devices,
    disk,
    dns,
    flash,
    memory,
    package,
    permissions,
    roundtrip,
    serialports,
    tcp,
    tls,
)
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Line

CHECKS: tuple[Check, ...] = tuple(
    module.CHECK
    for module in (
        configuration, permissions, package, agent, clock, disk, flash, memory, certificates, dns, tcp, tls, roundtrip,
        backlog, data, devices, addresses, serialports,
    )
)  # fmt: skip


def run(scene: Scene, only: frozenset[str] = frozenset(), *, offline: bool = False) -> Iterator[tuple[Check, Line]]:
    """Each line as soon as it is known. `only`: names of checks, empty for all."""
    for check in CHECKS:
        if (not only or check.name in only) and (check.offline or not offline):
            for line in check.look(scene):
                yield check, line
