"""The release before this one, unpacked beside the tests with an environment of its own, to run against today's code.

`OTHER_RELEASE=<tag or commit>` names another one. What was unpacked stays in `.cache/releases` by its commit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.hubs import ROOT, HubProcess
from tests.processes import AgentProcess

CACHE = ROOT / ".cache" / "releases"
UV = ROOT / ".uv" / "bin" / "uv"
VARIABLE = "OTHER_RELEASE"
NONE_YET = (
    "NO RELEASE YET: git has no tag vX.Y of an earlier release, so nothing older was run against this code "
    f"(tags are there after `git fetch --tags`; {VARIABLE}=<commit> tries any commit)"
)
_TAG = re.compile(r"v(\d+)\.(\d+)(?:\.(\d+))?")


class Release(NamedTuple):
    """`name`: tag or commit as it was asked for; `tree`: its files; `python`: of its own environment."""

    name: str
    tree: Path
    python: str

    def agent(self, folder: Path, port: int, devices: str = "", *, hub: str = "") -> AgentProcess:
        """Its box. The emitting device is of that release too: it speaks the drivers' contract of its time."""
        process = AgentProcess(folder, port, devices, hub=hub)
        process.tree, process.python = self.tree, self.python
        return process

    def hub(self, folder: Path, port: int, extra: str = "") -> HubProcess:
        process = HubProcess(folder, port, extra)
        process.database.unlink(missing_ok=True)  # its own format, not today's
        process.tree, process.python = self.tree, self.python
        return process


def previous() -> str:
    """The tag of the newest release before the commit that is tested, or what the environment asks for; empty: none."""
    if asked := os.environ.get(VARIABLE):
        return asked
    here = _git("describe", "--tags", "--exact-match", "HEAD")
    tags = [tag for tag in _git("tag", "--list", "v*", "--merged", "HEAD").split() if _TAG.fullmatch(tag)]
    older = [tag for tag in tags if tag != here]
    return max(older, key=_version, default="")


@cache
def unpacked(name: str) -> Release:
    """Files and environment of a release; made once. Raises RuntimeError with what git or uv said."""
    commit = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if not commit:
        raise RuntimeError(f"git knows no {name}; a shallow clone needs `git fetch --unshallow --tags`")
    tree = CACHE / commit
    if not (tree / ".made").exists():
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(["tar", "-x"], cwd=tree, input=archive.stdout, check=True)
        _environment(tree)
        (tree / ".made").touch()
    return Release(name, tree, str(tree / ".venv" / "bin" / "python"))


def _environment(tree: Path) -> None:
    """Its dependencies as it locked them, not today's."""
    settings = {**os.environ, "UV_PROJECT_ENVIRONMENT": ".venv", "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1"}
    settings.pop("VIRTUAL_ENV", None)
    uv = str(UV) if UV.exists() else "uv"
    python = str(Path(ROOT, ".venv", "bin", "python").resolve())
    command = [uv, "sync", "--quiet", "--locked", "--all-extras", "--python", python]
    done = subprocess.run(command, cwd=tree, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"its environment cannot be made: {done.stderr.strip()[-600:]}")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _version(tag: str) -> tuple[int, ...]:
    found = _TAG.fullmatch(tag)
    assert found is not None
    return tuple(int(part or 0) for part in found.groups())
