"""The locked dependencies of a package, unpacked for a machine that is not this one. Hashes are those of uv.lock.

Only onvif-zeep has no wheel: it is pure Python, and built here with a pinned setuptools.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from deb.archive import File, Tree
from deb.target import Target

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".uv" / "bin" / "uv"
PURE_SDISTS = ("onvif-zeep",)
_SETUPTOOLS = "setuptools==84.2.1"
_NAME = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|bin)/|^zstandard/_cffi|^(greenlet|icalendar)/tests/|(^|/)\.git[a-z]+$|(^|/)numpy/(.*/)?(tests|include)/|\.(pyc|pyi|pyx|pxd|pxi|a|h|c)$|(^|/)py\.typed$"
    r"|\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|uv_cache\.json|direct_url\.json|zip-safe|top_level\.txt)$"
)
"""What no program reads when it runs, and what tells where it was put together."""
_LICENCE = re.compile(
    r"\.dist-info/((licenses|license_files)/.+|(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*)$", re.IGNORECASE
)


def requirements(extras: Iterable[str], pruned: Iterable[str] = ()) -> list[str]:
    """Locked requirements, each with its marker and its hashes. `pruned`: left out, with what only they need."""
    words = [word for extra in extras for word in ("--extra", extra)]
    words += [word for name in pruned for word in ("--prune", name)]
    text = _uv("export", "--frozen", "--no-default-groups", "--no-emit-project", "--no-annotate", "--no-header", *words)
    return [text[start:end].strip() for start, end in _spans(text)]


def name_of(requirement: str) -> str:
    found = _NAME.match(requirement)
    if found is None:
        raise ValueError(f"not a locked requirement: {requirement[:80]}")
    return found[1]


def unpack(locked: Iterable[str], target: Target, folder: Path) -> None:
    """Into a folder, as the target's Python would have them. Raises CalledProcessError when a wheel is missing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listed, pinned = folder.with_suffix(".txt"), folder.with_suffix(".build.txt")
    listed.write_text("\n".join(locked) + "\n", encoding="utf-8")
    pinned.write_text(_SETUPTOOLS + "\n", encoding="utf-8")
    sdists = [word for name in PURE_SDISTS for word in ("--no-binary", name)]
    _uv(
        "pip", "install", "--target", str(folder), "--python-platform", target.platform,
        "--python-version", target.python, "--no-deps", "--require-hashes", "--only-binary", ":all:", *sdists,
        "--build-constraints", str(pinned), "--link-mode", "copy", "--requirements", str(listed),
    )  # fmt: skip


class Contents(NamedTuple):
    """Each by path in the folder."""

    modules: Tree
    """What a program needs when it runs."""
    licences: Tree
    boms: Tree


def read(folder: Path) -> Contents:
    """What was unpacked there."""
    contents = Contents({}, {}, {})
    for path in sorted(folder.rglob("*")):
        # Data files of an sdist land where the building Python keeps its modules.
        name = re.sub(r"^lib/python3\.[0-9]+/site-packages/", "", path.relative_to(folder).as_posix())
        if path.is_dir() or name == ".lock":
            continue
        if _LICENCE.search(name):
            contents.licences[name] = File(path.read_bytes())
        elif ".dist-info/sboms/" in name:
            contents.boms[name] = File(path.read_bytes())
        elif not _LEFT_OUT.search(name):
            contents.modules[name] = File(path.read_bytes())
    return contents


def _spans(text: str) -> list[tuple[int, int]]:
    starts = [found.start() for found in _NAME.finditer(text)]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def _uv(*words: str) -> str:
    # A county behind an inspecting proxy has its CA in the system store, not in the bundled one.
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true"}
    done = subprocess.run([UV, "--quiet", *words], cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise SystemExit(f"uv {words[0]} {words[1]} failed:\n{done.stderr}")
    return done.stdout
