"""The plan as files in a folder of their own: checked by the agent's own loader, and tried, before anything is written.

No password gets there: where a new secret will be stands a word in its place.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgeagent import plugins
from edgeagent.cli.setup.plan import Plan
from edgeagent.configfile import BadConfig, Loaded, load
from edgeagent.enrol.enrolledfile import FILE as ENROLLED
from gridwire.problem import Language

_STAND_IN = "setup\n"


@contextlib.contextmanager
def staged(plan: Plan) -> Iterator[Path]:
    """The main file of such a folder, which is removed afterwards."""
    present = plan.present
    with tempfile.TemporaryDirectory(prefix="edgeagent-setup-") as name:
        folder = Path(name)
        for entry in present.folder.iterdir() if present.folder.is_dir() else ():
            if entry.name not in ("conf.d", "secrets", present.config.name):
                (folder / entry.name).symlink_to(entry.absolute())
        (folder / "conf.d").mkdir()
        _secrets(plan, folder / "secrets")
        texts = dict(present.texts)
        texts.update((file, after) for file, (_, after) in plan.files().items())
        for file, raw in texts.items():
            (folder / file.relative_to(present.folder)).write_bytes(raw)
        if plan.enroll is not None:
            (folder / "conf.d" / ENROLLED).write_text(_as_enrolled(plan, texts))
        yield folder / present.config.name


def check(plan: Plan) -> tuple[Loaded | None, BadConfig | None]:
    """What the agent would load, or what is wrong with it."""
    with staged(plan) as config:
        try:
            return load(config, plugins.resolve), None
        except BadConfig as bad:
            return None, bad


def mistakes(bad: BadConfig, plan: Plan, language: Language) -> str:
    """The mistakes with the places that the files will have."""
    text = bad.text(language)
    for mistake in bad.mistakes:
        folder = next((each for each in mistake.place.path.parents if each.name.startswith("edgeagent-setup-")), None)
        text = text.replace(str(folder), str(plan.present.folder)) if folder is not None else text
    return text


def _secrets(plan: Plan, folder: Path) -> None:
    """Links to those that are there, words in place of the new ones."""
    folder.mkdir(mode=0o700)
    own = plan.present.folder / "secrets"
    with contextlib.suppress(PermissionError):  # the loader says so for each that is named
        for entry in own.iterdir() if own.is_dir() else ():
            (folder / entry.name).symlink_to(entry.absolute())
    for name in plan.secrets:
        (folder / name).unlink(missing_ok=True)
        (folder / name).touch(0o600)
        (folder / name).write_text(_STAND_IN)


def _as_enrolled(plan: Plan, texts: dict[Path, bytes]) -> str:
    """What enrolment will add, as far as it is not there."""
    said = b"\n".join(texts.values())
    lines = [] if b"\nbox" in b"\n" + said else ['box = "100000000000"']
    return "\n".join([*lines, *([] if b"[hub]" in said else ["[hub]", 'host = "enrolment"'])]) + "\n"
