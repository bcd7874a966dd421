"""What a package is made of: an SBOM (CycloneDX 1.6, JSON) and a list of licences, from the wheels' own metadata."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.parser import HeaderParser
from typing import Any, NamedTuple

from deb.archive import File, Tree

_METADATA = re.compile(r"^([^/]+)\.dist-info/METADATA$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


class Component(NamedTuple):
    """One Python distribution. `hashes`: SHA-256 of the files that the lock allows for it."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]
    bundled: tuple[str, ...]
    """Shared libraries that its wheel brings along."""


def components(tree: Mapping[str, File], locked: Iterable[str]) -> list[Component]:
    """Every distribution in a folder of modules, by name."""
    hashes = {_plain(text.partition("==")[0]): tuple(sorted(_HASH.findall(text))) for text in locked}
    found = []
    for path, file in tree.items():
        if _METADATA.match(path):
            fields = HeaderParser().parsestr(file.data.decode("utf-8"))
            name, version = str(fields["Name"]), str(fields["Version"])
            libraries = tuple(sorted(_bundled(tree, name)))
            found.append(Component(name, version, _licence(fields), hashes.get(_plain(name), ()), libraries))
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


def copyright_file(package: str, parts: Iterable[Component], texts: Tree) -> bytes:
    """/usr/share/doc/PACKAGE/copyright: each component's licence, and where its text lies."""
    lines = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        f"Upstream-Name: {package}", "",
        "Files: *", "Copyright: the gridwire authors", "License: Apache-2.0",
        " On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.",
    ]  # fmt: skip
    for part in parts:
        folder = f"{_plain(part.name)}-{part.version}"
        has_text = any(path.startswith(folder + "/") for path in texts)
        where = f"licences/{folder}/ beside this file" if has_text else "the project's own pages"
        lines += ["", f"Files: {part.name} {part.version}", f"Copyright: the authors of {part.name}"]
        lines += [f"License: {part.licence}", f" The text is in {where}."]
        if part.bundled:
            lines += [" Its wheel brings along: " + ", ".join(part.bundled)]
    return ("\n".join(lines) + "\n").encode()


def licence_folder(path: str) -> str:
    """A licence text's place below `licences/`: the component's folder, and its name."""
    folder, _, rest = path.partition(".dist-info/")
    name, _, version = folder.rpartition("-")
    return f"{_plain(name)}-{version}/{rest.removeprefix('licenses/').replace('/', '-')}"


def _entry(part: Component) -> dict[str, Any]:
    purl = f"pkg:pypi/{_plain(part.name)}@{part.version}"
    licence = {"expression": part.licence} if part.licence != "unknown" else {"license": {"name": "unknown"}}
    entry: dict[str, Any] = {
        "type": "library", "bom-ref": purl, "name": part.name, "version": part.version, "purl": purl,
        "licenses": [licence],
    }  # fmt: skip
    if part.hashes:
        # CycloneDX takes one value of a kind for one file: which of the wheels this is, the lock does not say.
        entry["properties"] = [{"name": "gridwire:locked-sha256", "value": each} for each in part.hashes]
    if part.bundled:
        entry["components"] = [{"type": "library", "name": name} for name in part.bundled]
    return entry


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
        if folder.endswith(".libs") and _plain(folder.removesuffix(".libs")) == _plain(name):
            yield library


def _plain(name: str) -> str:
    """As PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()
