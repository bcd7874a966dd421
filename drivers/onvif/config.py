"""The settings of one ONVIF camera. Light to import: checking a configuration loads nothing else of this driver."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from drivers.snapshot.privacy import check_privacy
from drivers.snapshot.settings import PictureEvery, PictureQuality, PictureWidth, Privacy, RtspUrl
from edgeagent.driver import DeviceConfig, Secret


class Config(DeviceConfig, frozen=True, kw_only=True):
    """One ONVIF camera: its events become alarms, its snapshots pictures."""

    address: Annotated[
        str,
        Meta(
            pattern=r"^(https?://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[!-~]*)?\Z",
            max_length=255,
            description="address of the camera: host, host:port, or the URL of its ONVIF device service",
        ),
    ]
    username: Annotated[
        str, Meta(max_length=64, description="the camera's ONVIF user (Hikvision: not the web user); empty: none")
    ] = ""
    password: Annotated[
        Secret, Meta(max_length=128, description="its password: `file:PATH`, `env:NAME` or the text")
    ] = ""
    auth: Annotated[
        Literal["auto", "usernametoken", "digest", "none"],
        Meta(description="how to log in; auto: UsernameToken, then HTTP Digest if the camera asks for it"),
    ] = "auto"
    poll_s: Annotated[float, Meta(ge=1, le=60, description="seconds that one poll waits for events at the camera")] = (
        20.0
    )
    notify_listen: Annotated[
        str,
        Meta(
            pattern=r"^(|(\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]{1,5})\Z",
            max_length=64,
            description="own address and port, e.g. 192.0.2.5:8089 or 0.0.0.0:8089, to which a camera without pull "
            "points may post its events (one listener for all cameras that name the same); empty: never listen",
        ),
    ] = ""
    look_every_s: Annotated[
        float,
        Meta(ge=5, le=3600, description="seconds between two looks at a camera without events, to know that it lives"),
    ] = 60.0
    rtsp: RtspUrl = ""
    picture_width_px: PictureWidth = 1280
    picture_quality: PictureQuality = 80
    picture_every_s: PictureEvery = 0.0
    privacy: Privacy = ()

    def __post_init__(self) -> None:
        check_privacy(self.privacy)
