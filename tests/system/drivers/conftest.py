"""What tests of cameras and their pictures share; other devices are made where they are tested."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cameras import CameraRecorder


@pytest.fixture
def device(tmp_path: Path) -> CameraRecorder:
    """What the driver of a camera tells."""
    return CameraRecorder(tmp_path, id="cam-1", name="村口", language="en")


@pytest.fixture
def no_opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without it: neither here nor in a child can it be imported."""
    (tmp_path / "cv2.py").write_text("raise ImportError('no cv2 here')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
