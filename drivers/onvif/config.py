"""The settings of one ONVIF camera. Light to import: checking a configuration loads nothing else of this driver."""

from __future__ import annotations

from typing import Annotated, Literal

from drivers.snapshot.privacy import check_privacy
from drivers.snapshot.settings import JudgeEvery, PictureEvery, PictureQuality, PictureWidth, Privacy, RtspUrl
from edgeagent.driver import DeviceConfig, Secret, about


class Config(DeviceConfig, frozen=True, kw_only=True):
    """One ONVIF camera: its events become alarms, its snapshots pictures. ONVIF 摄像机：事件转为报警，并抓拍图片。"""

    address: Annotated[
        str,
        about(
            "摄像机地址：主机、主机:端口，或其 ONVIF 设备服务的 URL",
            "address of the camera: host, host:port, or the URL of its ONVIF device service",
            pattern=r"^(https?://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[!-~]*)?\Z",
            max_length=255,
        ),
    ]
    username: Annotated[
        str,
        about(
            "摄像机的 ONVIF 用户名（海康：不是网页登录用户）；留空则不登录",
            "the camera's ONVIF user (Hikvision: not the web user); empty: none",
            max_length=64,
        ),
    ] = ""
    password: Annotated[
        Secret,
        about("密码：file:路径、env:变量名或明文", "its password: `file:PATH`, `env:NAME` or the text", max_length=128),
    ] = ""
    auth: Annotated[
        Literal["auto", "usernametoken", "digest", "none"],
        about(
            "登录方式；auto：先用 UsernameToken，摄像机要求时改用 HTTP Digest",
            "how to log in; auto: UsernameToken, then HTTP Digest if the camera asks for it",
        ),
    ] = "auto"
    poll_s: Annotated[
        float,
        about(
            "每次轮询在摄像机处等待事件的时间，秒", "seconds that one poll waits for events at the camera", ge=1, le=60
        ),
    ] = 20.0
    notify_listen: Annotated[
        str,
        about(
            "本机地址和端口，例如 192.0.2.5:8089 或 0.0.0.0:8089，没有拉取点的摄像机可向其推送事件"
            "（地址相同的摄像机共用一个监听）；留空则不监听",
            "own address and port, e.g. 192.0.2.5:8089 or 0.0.0.0:8089, to which a camera without pull "
            "points may post its events (one listener for all cameras that name the same); empty: never listen",
            pattern=r"^(|(\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]{1,5})\Z",
            max_length=64,
        ),
    ] = ""
    look_every_s: Annotated[
        float,
        about(
            "对没有事件的摄像机，检查其是否在线的间隔，秒",
            "seconds between two looks at a camera without events, to know that it lives",
            ge=5,
            le=3600,
        ),
    ] = 60.0
    rtsp: RtspUrl = ""
    picture_width_px: PictureWidth = 1280
    picture_quality: PictureQuality = 80
    picture_every_s: PictureEvery = 0.0
    judge_every_s: JudgeEvery = 900.0
    privacy: Privacy = ()

    def __post_init__(self) -> None:
        check_privacy(self.privacy)
