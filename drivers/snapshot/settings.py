"""The settings of pictures that every camera driver has, each once: a driver's `Config` names those that it wants."""

from __future__ import annotations

from typing import Annotated

from drivers.snapshot.privacy import Polygons
from edgeagent.driver import about

PictureWidth = Annotated[
    int,
    about("保存的图片最大宽度，像素", "pictures are kept at most this wide, in pixels", ge=160, le=3840),
]
PictureQuality = Annotated[
    int,
    about(
        "重新编码时的 JPEG 质量（图片过宽、过大或有隐私区域时重新编码）",
        "JPEG quality of a picture that is made anew (too wide, too large, or with privacy areas)",
        ge=20,
        le=95,
    ),
]
PictureEvery = Annotated[
    float,
    about(
        "定时抓拍间隔，秒，至少 10，各摄像机错开；0 为不定时抓拍",
        "seconds between pictures on schedule, at least 10, spread over the cameras; 0: none",
        ge=0,
        le=604800,
    ),
]
JudgeEvery = Annotated[
    float,
    about(
        "视频质量诊断间隔，秒，各摄像机错开；0 为不诊断",
        "seconds between two looks whether the picture is any good, spread over the cameras; 0: never",
        ge=0,
        le=86400,
    ),
]
Privacy = Annotated[
    Polygons,
    about(
        "保存前涂黑的隐私区域：多边形列表，每个点为 [x, y]，取画面的 0（左、上）至 1（右、下），"
        "例如 [[[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]]；"
        "没有 OpenCV 时不保存该摄像机的图片",
        "areas that are blackened before a picture is kept: polygons of points [x, y], each from 0 (left,"
        " top) to 1 (right, bottom) of the picture, e.g."
        " [[[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]]; without OpenCV such a camera's pictures are not kept at all",
        max_length=32,
    ),
]
RtspUrl = Annotated[
    str,
    about(
        "视频流地址 rtsp://…，不含用户名和密码，没有快照时从中取一帧",
        "video stream, rtsp://…, without user and password, for a frame where there is no snapshot",
        pattern=r"^$|^rtsp://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[!-~]*)?\Z",
        max_length=512,
    ),
]
