"""A driver whose settings are right, and that lacks a library for the rest."""

from __future__ import annotations

from edgeagent.driver import DeviceConfig


class Config(DeviceConfig, frozen=True, kw_only=True):
    """Nothing to set."""


def __getattr__(name: str) -> object:
    raise ImportError("libcamera.so.2: cannot open shared object file")
