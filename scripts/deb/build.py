"""Puts one package together: our modules, the locked dependencies, units, documents, and what dpkg wants to know."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import NamedTuple

from deb import elf
from deb.archive import File, Tree, deb
from deb.components import components, sbom
from deb.documents import documents
from deb.launcher import launcher
from deb.licences import copyright_file, texts
from deb.scripts import scripts
from deb.target import PACKAGES, Package, Target
from deb.wheels import ROOT, name_of, read, requirements, unpack

MAINTAINER = "gridwire maintainers <maintainers@gridwire.invalid>"
_UNITS = "usr/lib/systemd/system"


class Built(NamedTuple):
    """File names and contents of one build."""

    name: str
    package: bytes
    sbom: bytes


def build(package: Package, target: Target, version: str, epoch_s: int, level: int = 6) -> Built:
    """One package for one target. `version`: of the project. Raises SystemExit when a wheel is not to be had."""
    locked = _locked(package)
    with tempfile.TemporaryDirectory() as scratch:
        unpack(locked, target, Path(scratch) / "wheels")
        modules, licences, boms = read(Path(scratch) / "wheels")
    parts = components(modules, locked, boms)
    full = f"{version}-1~deb{target.debian}"
    listed = sbom(package.name, full, target.arch, parts, epoch_s)
    tree = {f"usr/lib/{package.folder}/{path}": file for path, file in (modules | _ours(package, version)).items()}
    tree |= documents(package, full, epoch_s, MAINTAINER)
    doc = f"usr/share/doc/{package.name}"
    required = texts(licences, parts)
    tree |= {f"{doc}/licences/{path}": file for path, file in required.items()}
    tree[f"{doc}/copyright"] = File(copyright_file(package.name, parts, required))
    tree[f"{doc}/sbom.cdx.json"] = File(listed)
    conffiles: Tree = {}
    if package.services:
        tree[f"usr/bin/{package.name}"] = File(launcher(package, target.python), 0o755)
        conffiles = _conffiles(package)
        tree |= _system(package) | conffiles
    depends = _depends(package, target, elf.depends(tree, target.arch))
    control = _control(package, target, full, depends, tree) | scripts(package)
    if conffiles:
        control["conffiles"] = File("".join(f"/{path}\n" for path in sorted(conffiles) if path[-1] != "/").encode())
    stem = f"{package.name}_{full}_{target.arch}"
    return Built(stem, deb(control, tree, epoch_s, level), listed)


def _locked(package: Package) -> list[str]:
    locked = requirements(package.extras, package.pruned)
    if package.without is None:
        return locked
    brought = {name_of(each) for each in requirements(package.without)}
    return [each for each in locked if name_of(each) not in brought]


def _ours(package: Package, version: str) -> Tree:
    """Our modules, as they are in this tree."""
    tree: Tree = {}
    for name in package.ours:
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                tree[path.relative_to(ROOT).as_posix()] = File(path.read_bytes())
    if tree:
        about = f"Metadata-Version: 2.1\nName: gridwire\nVersion: {version}\nLicense: Apache-2.0\n"
        tree[f"gridwire-{version}.dist-info/METADATA"] = File(about.encode())
    return tree


def _system(package: Package) -> Tree:
    """Units, users, folders, names of devices."""
    name, here = package.name, ROOT / "systemd"
    kinds = ("service", "path", "timer", "slice")
    units = [path for kind in kinds for path in here.glob(f"{name}*.{kind}")]
    tree = {f"{_UNITS}/{path.name}": File(path.read_bytes()) for path in units}
    tree[f"usr/lib/sysusers.d/{name}.conf"] = File((here / f"{name}.sysusers").read_bytes())
    tree[f"usr/lib/tmpfiles.d/{name}.conf"] = File((here / f"{name}.tmpfiles").read_bytes())
    tree[f"etc/{name}/secrets/"] = File(b"", 0o700)
    completion = ROOT / "config" / "completion"
    tree[f"usr/share/bash-completion/completions/{name}"] = File((completion / f"{name}.bash").read_bytes())
    tree[f"usr/share/zsh/vendor-completions/_{name}"] = File((completion / f"_{name}").read_bytes())
    if name == "edgeagent":
        rules = "70-edgeagent-serial.rules"
        tree[f"usr/lib/udev/rules.d/{rules}"] = File((here / rules).read_bytes())
        tree["etc/edgeagent/conf.d/"] = File(b"", 0o755)
    return tree


def _conffiles(package: Package) -> Tree:
    """What a person changes, and dpkg keeps. The settings themselves are written on the spot, and are none."""
    found = (ROOT / "systemd").glob(f"{package.name}*.default")
    modes = {package.name: 0o600}  # secrets may stand there
    return {f"etc/default/{path.stem}": File(path.read_bytes(), modes.get(path.stem, 0o644)) for path in found}


def _depends(package: Package, target: Target, libraries: set[str]) -> str:
    python = (f"python3 (>= {target.python})", f"python3 (<< {target.next_python})")
    return ", ".join((*python, *sorted(libraries), *package.depends))


def _control(package: Package, target: Target, version: str, depends: str, tree: Tree) -> Tree:
    fields = {
        "Package": package.name,
        "Version": version,
        "Architecture": target.arch,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(sum(-(-len(file.data) // 1024) for file in tree.values())),
        "Depends": depends,
        "Recommends": ", ".join(package.recommends),
        "Suggests": ", ".join(package.suggests),
        "Section": "net",
        "Priority": "optional",
        "Description": package.summary,
    }
    text = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
    text += "".join(f" {line}\n" for line in package.text)
    sums = (f"{hashlib.md5(file.data, usedforsecurity=False).hexdigest()}  {path}\n"
            for path, file in sorted(tree.items()) if path[-1] != "/")  # fmt: skip
    return {"control": File(text.encode()), "md5sums": File("".join(sums).encode())}


def known(name: str) -> Package:
    """Raises SystemExit."""
    if name not in PACKAGES:
        raise SystemExit(f"no such package: {name}; there are {', '.join(PACKAGES)}")
    return PACKAGES[name]
