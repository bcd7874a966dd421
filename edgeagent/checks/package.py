"""`package`: do our modules come from our package? `drivers` is a name that others use too."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import edgeagent
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed

OURS = "gridwire"
"""The distribution that all our packages belong to."""
PACKAGES = ("drivers", "gridwire")


class Hidden(Fault):
    code = "check.package-hidden"
    en = "Python finds “{name}” in {where} instead of ours in {ours}: remove that package (pip uninstall {owner})"
    zh = "Python 在 {where} 找到了别的“{name}”，而不是 {ours} 中的：请卸载该软件包（pip uninstall {owner}）"


class Shared(Fault):
    code = "check.package-shared"
    level = "warn"
    en = (
        "the package “{name}” also belongs to {owner}, which overwrites files of ours: pip uninstall {owner}, then "
        "install this one again"
    )
    zh = "软件包 {owner} 也安装了“{name}”，会覆盖本程序的文件：请执行 pip uninstall {owner}，再重新安装本程序"


def _look(scene: Scene) -> Iterable[Line]:
    home = Path(edgeagent.__file__).resolve().parent.parent
    owners = metadata.packages_distributions()
    well = True
    for name in PACKAGES:
        others = sorted({owner for owner in owners.get(name, ()) if owner.lower() != OURS})
        where = _folder(name)
        if where != home / name:
            well = False
            yield found(Hidden(name=name, where=where or "-", ours=home, owner=" ".join(others) or "?"), name)
        elif others:
            well = False
            yield found(Shared(name=name, owner=" ".join(others)), name)
    if well:
        version = edgeagent.__version__
        yield passed(f"edgeagent {version}，位于 {home}", f"edgeagent {version} in {home}")


def _folder(name: str) -> Path | None:
    """Where Python finds a package of this name."""
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve() if places else None


CHECK = Check(
    "package",
    "没有其他 Python 软件包与本程序同名（“drivers”是常见名称）",
    "no other Python package hides ours (“drivers” is a common name)",
    _look,
    (Hidden, Shared),
)
