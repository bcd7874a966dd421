"""Why there is no picture this time, by name. The event that it belongs to stays."""

from __future__ import annotations

from edgeagent.driver import DriverProblem


class PictureProblem(DriverProblem):
    """Base: there is no picture this time; the event stays."""


class NoSnapshot(PictureProblem):
    code = "snapshot.no-snapshot"
    en = "the camera gives no picture at {url} (HTTP status {status})"
    zh = "摄像机在 {url} 没有提供图片（HTTP 状态 {status}）"


class NotJpeg(PictureProblem):
    code = "snapshot.not-jpeg"
    en = "what the camera gave is no JPEG but {kind} ({size} bytes)"
    zh = "摄像机给出的不是 JPEG，而是 {kind}（{size} 字节）"


class HalfPicture(PictureProblem):
    code = "snapshot.half-picture"
    en = "the camera's picture stops half-way ({size} bytes)"
    zh = "摄像机的图片不完整（{size} 字节）"


class TooManyPixels(PictureProblem):
    code = "snapshot.too-many-pixels"
    en = "the picture says that it has {width} × {height} pixels, more than {limit} million: not decoded"
    zh = "图片标称 {width} × {height} 像素，超过 {limit} 百万像素：不予解码"


class PictureRefused(PictureProblem):
    code = "snapshot.picture-refused"
    en = "the camera refused its picture to user “{user}”; no further try for {wait_min} minutes"
    zh = "摄像机拒绝用户“{user}”读取图片；{wait_min} 分钟内不再尝试"


class PictureUnfit(PictureProblem):
    code = "snapshot.picture-unfit"
    en = "the picture has {size} bytes (limit {limit}) and could not be made fit: {why}"
    zh = "图片有 {size} 字节（上限 {limit} 字节），无法处理成合适的图片：{why}"


class NotMasked(PictureProblem):
    code = "snapshot.not-masked"
    en = "the privacy areas could not be blackened, so the picture was thrown away: {why}"
    zh = "无法遮盖隐私区域，图片已丢弃：{why}"


class NoStream(PictureProblem):
    code = "snapshot.no-stream"
    en = "the camera gives no video stream at {url}: {why}"
    zh = "摄像机在 {url} 没有提供视频流：{why}"


class StreamRefused(PictureProblem):
    code = "snapshot.stream-refused"
    en = "the camera refused its video stream to user “{user}”; no further try for {wait_min} minutes"
    zh = "摄像机拒绝用户“{user}”读取视频流；{wait_min} 分钟内不再尝试"


class StreamTimeout(PictureProblem):
    code = "snapshot.stream-timeout"
    en = "the camera's video stream at {url} did not answer within {timeout_s:g} s"
    zh = "摄像机的视频流 {url} 在 {timeout_s:g} 秒内没有应答"


class NoFrame(PictureProblem):
    code = "snapshot.no-frame"
    en = "the video stream at {url} was opened but gave no whole frame: {why}"
    zh = "已打开视频流 {url}，但没有得到完整画面：{why}"


class NoOpenCv(PictureProblem):
    code = "snapshot.no-opencv"
    en = "a picture out of a video stream needs OpenCV, which is not installed (package gridwire[vision]): {why}"
    zh = "从视频流取图需要 OpenCV，但没有安装（软件包 gridwire[vision]）：{why}"
