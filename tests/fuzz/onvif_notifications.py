"""Bytes -> notifications -> signals -> states, whatever the bytes: only errors with a name, and everything bounded.

Run by hand with atheris (see README.md); `check` is also what the unit test runs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "tests" / "data" / "onvif"
MAX_CHARS = 1100


def check(data: bytes) -> int:
    """How many steps the bytes lead to. Raises only when something is wrong with us."""
    from drivers.onvif.notifications import BadXml, BodyTooLarge, parse
    from drivers.onvif.states import MAX_STATES, States
    from drivers.onvif.vocabulary import interpret
    from gridwire.kinds import KINDS

    try:
        notifications = parse(data)
    except (BadXml, BodyTooLarge):
        return 0
    states, steps = States(), 0
    for number, notification in enumerate(notifications):
        assert notification.time is None or notification.time.tzinfo is not None
        assert all(len(text) <= MAX_CHARS for part in notification[2:5] for item in part.items() for text in item)
        for signal in interpret(notification):
            assert signal.kind in KINDS
            for step in states.plan_all(notification, signal, float(number)):
                steps += 1
                states.apply(step)
        if number == len(notifications) // 2:
            states = States.load(states.dump())
            states.begin_sync()
    assert len(states.lit) <= MAX_STATES
    assert States.load(states.dump()).lit == States.load(States.load(states.dump()).dump()).lit
    return steps


def main() -> int:
    sys.path.insert(0, str(ROOT))
    try:
        import atheris
    except ImportError:
        print("atheris 未安装，跳过模糊测试。/ atheris is not installed: fuzzing is skipped.")
        return 0
    with atheris.instrument_imports(include=["drivers.onvif", "drivers.safexml"]):
        import drivers.onvif.notifications
        import drivers.onvif.states
        import drivers.onvif.vocabulary  # noqa: F401
    with tempfile.TemporaryDirectory() as found:
        atheris.Setup([*sys.argv, found, str(SEEDS)], check)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
