"""The settings of one camera that is only an address. Light: checking a configuration loads nothing else of it."""

from __future__ import annotations

from typing import Annotated

from drivers.snapshot.privacy import check_privacy
from drivers.snapshot.settings import JudgeEvery, PictureEvery, PictureQuality, PictureWidth, Privacy
from edgeagent.driver import DeviceConfig, Secret, about


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A camera without ONVIF: a picture on schedule and on command, from one address. 没有 ONVIF 的摄像机。"""

    url: Annotated[
        str,
        about(
            "图片地址：JPEG 的 http://…、https://…，或视频流 rtsp://…；不含用户名和密码",
            "where the picture is: http://… or https://… of a JPEG, or rtsp://… of a video stream;"
            " without user and password",
            pattern=r"^(https?|rtsp)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[!-~]*)?\Z",
            max_length=512,
            example="http://192.168.1.64/snapshot.jpg",
        ),
    ]
    username: Annotated[
        str,
        about("摄像机用户名；留空则不登录", "the camera's user; empty: none", max_length=64),
    ] = ""
    password: Annotated[
        Secret,
        about(
            "密码：file:路径、env:变量名或明文",
            "its password: `file:PATH`, `env:NAME` or the text",
            max_length=128,
        ),
    ] = ""
    every_s: PictureEvery = 3600.0
    check_s: Annotated[
        float,
        about(
            "检查摄像机是否仍能取图的间隔，秒；检查时的图片不保存",
            "seconds between two looks whether the camera still gives pictures; these are not kept",
            ge=5,
            le=3600,
        ),
    ] = 60.0
    judge_every_s: JudgeEvery = 900.0
    picture_width_px: PictureWidth = 1280
    picture_quality: PictureQuality = 80
    privacy: Privacy = ()

    def __post_init__(self) -> None:
        check_privacy(self.privacy)
