"""Cameras that are asked by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from simulators.camera import Camera, CameraConfig
from tests.soapclient import PASSWORD


@pytest.fixture
async def start_camera() -> AsyncIterator[Callable[..., Awaitable[Camera]]]:
    """Starts one with these quirks and settings; all are stopped at the end."""
    cameras: list[Camera] = []

    async def begin(*quirks: str, **settings: Any) -> Camera:
        camera = Camera(CameraConfig(name="c", password=PASSWORD, quirks=frozenset(quirks), **settings))
        await camera.start()
        cameras.append(camera)
        return camera

    yield begin
    for camera in cameras:
        await camera.stop()
