"""The broker, and the hub at it, of tests that need no others; a module that does has its own of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import Ledger


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Of a device `pond` that emits."""
    return Ledger(tmp_path / "pond.txt")


@pytest.fixture
def hub(tmp_path: Path, broker: Mosquitto) -> Iterator[HubProcess]:
    """On the database of the test, if that asks for one."""
    with HubProcess(tmp_path / "hub", broker.port) as running:
        yield running
