"""What a package is made of: an SBOM (CycloneDX 1.6, JSON), from the wheels' own metadata and their own SBOMs."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.parser import HeaderParser
from typing import Any, NamedTuple

from deb.archive import File

_METADATA = re.compile(r"^([^/]+)\.dist-info/METADATA$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


class Inside(NamedTuple):
    """Something of others' within a wheel: a crate, a C library."""

    name: str
    version: str
    purl: str


class Component(NamedTuple):
    """One Python distribution. `hashes`: SHA-256 of the files that the lock allows for it."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]
    bundled: tuple[str, ...]
    """Shared libraries that its wheel brings along."""
    inside: tuple[Inside, ...] = ()
    """What was compiled into it, as far as its wheel says so."""


def components(tree: Mapping[str, File], locked: Iterable[str], boms: Mapping[str, File]) -> list[Component]:
    """Every distribution in a folder of modules, by name. `boms`: the wheels' own SBOMs, by path."""
    hashes = {plain(text.partition("==")[0]): tuple(sorted(_HASH.findall(text))) for text in locked}
    found = []
    for path, file in tree.items():
        if about := _METADATA.match(path):
            fields = HeaderParser().parsestr(file.data.decode("utf-8"))
            name, version = str(fields["Name"]), str(fields["Version"])
            libraries = tuple(sorted(_bundled(tree, name)))
            inside = tuple(sorted(set(_inside(boms, about[1]))))
            found.append(Component(name, version, _licence(fields), hashes.get(plain(name), ()), libraries, inside))
    return sorted(found)


def sbom(package: str, version: str, arch: str, parts: Iterable[Component], epoch_s: int) -> bytes:
    """CycloneDX: the package, and below it everything that did not come from this project."""
    listed = [_entry(part) for part in parts]
    own = {
        "type": "application",
        "bom-ref": package,
        "name": package,
        "version": version,
        "purl": f"pkg:deb/gridwire/{package}@{version}?arch={arch}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    digest = hashlib.sha256(json.dumps([own, listed], sort_keys=True).encode()).hexdigest()
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(digest[:32], version=4)}",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(epoch_s, UTC).isoformat(), "component": own},
        "components": listed,
        "dependencies": [{"ref": package, "dependsOn": [entry["bom-ref"] for entry in listed]}],
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def _entry(part: Component) -> dict[str, Any]:
    purl = f"pkg:pypi/{plain(part.name)}@{part.version}"
    licence = {"expression": part.licence} if part.licence != "unknown" else {"license": {"name": "unknown"}}
    entry: dict[str, Any] = {
        "type": "library", "bom-ref": purl, "name": part.name, "version": part.version, "purl": purl,
        "licenses": [licence],
    }  # fmt: skip
    if part.hashes:
        # CycloneDX takes one value of a kind for one file: which of the wheels this is, the lock does not say.
        entry["properties"] = [{"name": "gridwire:locked-sha256", "value": each} for each in part.hashes]
    within = [{"type": "library", "name": name} for name in part.bundled]
    within += [_known({"type": "library", "name": one.name, "version": one.version, "purl": one.purl})
               for one in part.inside]  # fmt: skip
    if within:
        entry["components"] = within
    return entry


def _known(fields: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in fields.items() if value}


def _inside(boms: Mapping[str, File], folder: str) -> Iterator[Inside]:
    """Components of the CycloneDX files that a wheel brings, but for the wheel itself."""
    for path, file in boms.items():
        if path.startswith(f"{folder}.dist-info/sboms/"):
            for each in json.loads(file.data).get("components", ()):
                yield Inside(each["name"], each.get("version", ""), each.get("purl", ""))


def _licence(fields: Any) -> str:
    """SPDX as far as the wheel says it."""
    if fields["License-Expression"]:
        return str(fields["License-Expression"])
    named = [str(each).rpartition(" :: ")[2] for each in fields.get_all("Classifier") or () if "License ::" in each]
    known = sorted({_SPDX[each] for each in named if each in _SPDX})
    if known:
        return " AND ".join(known)
    said = str(fields["License"] or "").strip()
    return said if re.fullmatch(r"[A-Za-z0-9.+-]{2,40}", said) else "unknown"


def _bundled(tree: Iterable[str], name: str) -> Iterator[str]:
    """What repair tools have put beside a wheel's modules: NAME.libs/."""
    for path in tree:
        folder, _, library = path.partition("/")
        if folder.endswith(".libs") and plain(folder.removesuffix(".libs")) == plain(name):
            yield library


def plain(name: str) -> str:
    """As PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()
