"""The settings of one camera that is only an address. Light: checking a configuration loads nothing else of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from drivers.snapshot.privacy import check_privacy
from drivers.snapshot.settings import JudgeEvery, PictureEvery, PictureQuality, PictureWidth, Privacy
from edgeagent.driver import DeviceConfig, Secret


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A camera without ONVIF: a picture on schedule and on command, from one address. 没有 ONVIF 的摄像机。"""

    url: Annotated[
        str,
        Meta(
            pattern=r"^(https?|rtsp)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[!-~]*)?\Z",
            max_length=512,
            examples=["http://192.168.1.64/snapshot.jpg"],
            description="where the picture is: http://… or https://… of a JPEG, or rtsp://… of a video stream;"
            " without user and password",
            extra_json_schema={"zh": "图片地址：JPEG 的 http://…、https://…，或视频流 rtsp://…；不含用户名和密码"},
        ),
    ]
    username: Annotated[
        str,
        Meta(
            max_length=64,
            description="the camera's user; empty: none",
            extra_json_schema={"zh": "摄像机用户名；留空则不登录"},
        ),
    ] = ""
    password: Annotated[
        Secret,
        Meta(
            max_length=128,
            description="its password: `file:PATH`, `env:NAME` or the text",
            extra_json_schema={"zh": "密码：file:路径、env:变量名或明文"},
        ),
    ] = ""
    every_s: PictureEvery = 3600.0
    check_s: Annotated[
        float,
        Meta(
            ge=5,
            le=3600,
            description="seconds between two looks whether the camera still gives pictures; these are not kept",
            extra_json_schema={"zh": "检查摄像机是否仍能取图的间隔，秒；检查时的图片不保存"},
        ),
    ] = 60.0
    judge_every_s: JudgeEvery = 900.0
    picture_width_px: PictureWidth = 1280
    picture_quality: PictureQuality = 80
    privacy: Privacy = ()

    def __post_init__(self) -> None:
        check_privacy(self.privacy)
