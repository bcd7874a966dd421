"""A county as its operator sets it up: CA, hub and broker, real processes, boxes known by certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.enrolments import County, CountyBroker, CountyHub
from tests.ports import free_port


@pytest.fixture
def county(tmp_path: Path) -> County:
    """Boxes enrol at a port that stays the same."""
    return County(tmp_path / "hub", port=free_port())


@pytest.fixture
def county_hub(county: County) -> Iterator[CountyHub]:
    with CountyHub(county).set_up() as process:
        yield process


@pytest.fixture
def county_broker(county: County, county_hub: CountyHub) -> Iterator[CountyBroker]:
    """Started after the hub, whose first start writes what it reads."""
    with county.broker() as running:
        yield running
