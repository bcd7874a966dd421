"""What lies in /usr/share/doc and beside it: changelogs, guides, samples, alert rules, manuals, lintian overrides."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from deb.archive import File, Tree
from deb.target import Package
from deb.wheels import ROOT

_HERE = Path(__file__).parent
_GUIDES = {
    "edgeagent": ("install", "identity", "check", "cameras", "terminal", "pictures", "rules"),
    "countyhub": ("install", "identity", "check", "hub", "registry", "cases", "notify", "feeds", "api", "monitoring",
                  "runbook"),
}  # fmt: skip
"""Pages of docs/ that somebody reads who has no network."""


def documents(package: Package, version: str, epoch_s: int, maintainer: str) -> Tree:
    name, doc = package.name, f"usr/share/doc/{package.name}"
    when = format_datetime(datetime.fromtimestamp(epoch_s, UTC))
    debian = f"{name} ({version}) stable; urgency=medium\n\n  * See changelog.gz.\n\n -- {maintainer}  {when}\n"
    tree = {
        f"{doc}/changelog.gz": _packed((ROOT / "CHANGELOG.md").read_bytes()),
        f"{doc}/changelog.Debian.gz": _packed(debian.encode()),
        f"usr/share/lintian/overrides/{name}": File((_HERE / "lintian" / name).read_bytes()),
    }
    for guide in _GUIDES.get(name, ()):
        tree[f"{doc}/{guide}.md"] = File((ROOT / "docs" / f"{guide}.md").read_bytes())
    if package.services:
        tree[f"usr/share/man/man8/{name}.8.gz"] = _packed((_HERE / "man" / f"{name}.8").read_bytes())
    if name == "edgeagent":
        samples = [ROOT / "config" / sample for sample in ("edgeagent.toml", "rules.toml", "village.toml")]
        tree |= _copied([*samples, ROOT / "systemd" / "71-edgeagent-names.rules"], f"{doc}/examples")
    if name in ("edgeagent", "countyhub"):
        tree |= _monitoring(name, f"{doc}/monitoring")
    return tree


def _monitoring(name: str, folder: str) -> Tree:
    """Alert rules and dashboards: those of all boxes and the hub with the hub, a box's own with the box."""
    here = ROOT / "monitoring"
    listed = [*here.rglob("*.rules.yml"), *here.rglob("*.json"), here / "prometheus" / "prometheus.yml"]
    own = ("box.rules.yml", "village.json")
    chosen = [path for path in listed if name == "countyhub" or path.name in own]
    return {f"{folder}/{path.relative_to(here).as_posix()}": File(path.read_bytes()) for path in chosen}


def _copied(paths: Iterable[Path], folder: str) -> Tree:
    return {f"{folder}/{path.name}": File(path.read_bytes()) for path in paths}


def _packed(text: bytes) -> File:
    return File(gzip.compress(text, 9, mtime=0))
