"""What the picture worker does for the diagnosis, and how it is asked: state and picture in, faults and new state out.

`question` and `read_answer` are for the agent's side and need no OpenCV; `look_at` runs in the worker, as
`drivers.picture.work:look_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from drivers.picture.baselinesize import BadState
from drivers.picture.checker import PictureChecker, Polygons
from drivers.picture.figures import Measure
from drivers.snapshot.frames import SIZES, pack, unpack

LOOK_AT = "drivers.picture.work:look_at"


class Answer(NamedTuple):
    """`state`: to be kept for the next time. `learnt`: how many pictures the baseline stands on; `ready`: whether
    pictures are compared with it. `beside`: both views, when they were asked for and there is something to show."""

    faults: frozenset[str]
    measures: tuple[Measure, ...]
    learnt: int
    ready: bool
    state: bytes
    beside: bytes


def question(
    state: bytes, jpeg: bytes, *, learn: bool = True, beside: str = "", privacy: Polygons = ()
) -> tuple[dict[str, Any], bytes]:
    """Header and data for `Worker.call(LOOK_AT, ...)`. `state` is empty for a new camera.

    `learn`: take the picture into the baseline if it is good. `beside`: `.png` or `.jpg` of both views.
    `privacy`: areas that are blackened first, as in
    `drivers.snapshot`; a baseline is learnt with them.
    """
    areas = [[list(point) for point in polygon] for polygon in privacy]
    return {"state_bytes": len(state), "learn": learn, "beside": beside, "privacy": areas}, state + jpeg


def read_answer(answer: bytes) -> Answer:
    """What `look_at` has found. Raises ValueError."""
    head_bytes, _ = SIZES.unpack_from(answer)
    at = SIZES.size + head_bytes
    head, data = unpack(answer[SIZES.size : at], answer[at:])
    measures = tuple(Measure(*row) for row in head["measures"])
    state_bytes = head["state_bytes"]
    kept = frozenset(head["faults"]), measures, head["learnt"], head["ready"]
    return Answer(*kept, data[:state_bytes], data[state_bytes:])


def look_at(header: dict[str, Any], data: bytes) -> bytes:
    """Runs in the worker. A state that cannot be read is forgotten: the baseline is learnt anew."""
    state, jpeg = data[: header["state_bytes"]], data[header["state_bytes"] :]
    checker = _checker(state)
    report = checker.examine(jpeg, header["privacy"])
    beside = side_by_side(checker, jpeg, header["privacy"], header["beside"]) if header["beside"] else b""
    if header["learn"] and not report.faults:
        checker.learn(jpeg, header["privacy"])
    after = checker.to_bytes()
    head = {
        "faults": sorted(report.faults),
        "measures": [list(measure) for measure in report.measures],
        "learnt": checker.learnt,
        "ready": checker.ready,
        "state_bytes": len(after),
    }
    return pack(head, after + beside)


def side_by_side(checker: PictureChecker, jpeg: bytes, privacy: Sequence[Any] = (), form: str = ".png") -> bytes:
    """On the left what the camera normally shows, on the right this picture. Empty for none."""
    from drivers.picture.comparison import draw

    frame = checker.decoded(jpeg, privacy)
    if frame is None:
        return b""
    usual = checker.thumbnail(grey=frame.is_grey()) or checker.thumbnail(grey=not frame.is_grey())
    return draw(usual, frame.pixels, form)


def _checker(state: bytes) -> PictureChecker:
    if not state:
        return PictureChecker()
    try:
        return PictureChecker.from_bytes(state)
    except BadState:
        return PictureChecker()
