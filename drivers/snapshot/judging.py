"""Runs in the picture worker: one snapshot judged by what its camera usually shows, and the two side by side."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from drivers.picture import BadState, Measure, PictureChecker, Report
from drivers.snapshot.notdone import NotDone

HEIGHT_PX = 360
"""Of the pictures side by side."""
_JPEG_QUALITY = 75


class Question(msgspec.Struct):
    """`state_bytes` of what follows are the camera's state, the rest is the snapshot. `learn`: take it as normal if it

    is good. `beside`: also give the usual view and this one side by side, as `.jpg` or `.png`.
    """

    state_bytes: int
    learn: bool = True
    beside: str = ""


class Figure(msgspec.Struct, frozen=True):
    """One measure: its value, the usual one, the limit, and the fault that it alone would mean (empty: none)."""

    name: str
    value: float
    usual: float | None
    limit: float
    fault: str


class Judgement(msgspec.Struct, frozen=True):
    """`ready`: there was a baseline to compare with. `state` and `beside` are base64."""

    faults: list[str]
    ready: bool
    learnt: int
    figures: list[Figure]
    state: str
    beside: str = ""


def judge(header: Mapping[str, Any], data: bytes) -> bytes:
    """JSON of `Judgement` for a `Question`. Raises `NotDone`. For `Worker.call`."""
    question = msgspec.convert(header, Question)
    state, jpeg = data[: question.state_bytes], data[question.state_bytes :]
    checker = _checker(state)
    ready = checker.ready
    report = checker.examine(jpeg)
    beside = _beside(checker, jpeg, report, question.beside) if question.beside else b""
    if question.learn and not report.faults:
        checker.learn(jpeg)
    answer = Judgement(
        sorted(report.faults),
        ready,
        checker.learnt,
        [_figure(measure) for measure in report.measures],
        base64.b64encode(checker.to_bytes()).decode(),
        base64.b64encode(beside).decode(),
    )
    return msgspec.json.encode(answer)


def _figure(measure: Measure) -> Figure:
    usual = None if measure.usual is None else float(measure.usual)
    return Figure(measure.name, float(measure.value), usual, float(measure.limit), measure.fault)


def _checker(state: bytes) -> PictureChecker:
    """What another release wrote counts as nothing: it is learnt again within hours."""
    try:
        return PictureChecker.from_bytes(state) if state else PictureChecker()
    except BadState:
        return PictureChecker()


def _beside(checker: PictureChecker, jpeg: bytes, report: Report, kind: str) -> bytes:
    """The usual view on the left, this one on the right; only this one where nothing was learnt."""
    import cv2
    import numpy as np

    images = []
    for raw in (checker.thumbnail() or checker.thumbnail(grey=True), jpeg):
        image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR) if raw else None
        if image is not None:
            width = max(1, round(image.shape[1] * HEIGHT_PX / image.shape[0]))
            images.append(cv2.resize(image, (width, HEIGHT_PX), interpolation=cv2.INTER_AREA))
    if not images:
        return b""
    done, encoded = cv2.imencode(kind, cv2.hconcat(images), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise NotDone("failed", f"no {kind}")
    return bytes(encoded.tobytes())
