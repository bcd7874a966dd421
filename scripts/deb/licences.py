"""The licences of a package's parts: every text that must go along with it, and the list in Debian's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from deb.archive import File, Tree
from deb.components import Component, plain

TEXTS = Path(__file__).with_name("licences")
"""NAME.txt for parts whose wheel forgets its own."""
_NOTICE = re.compile(r"^\W*(?:Copyright(?: \(c\)|:| ©)*|\(c\)|©) *((?=.*\b(?:19|20)\d\d\b).{4,150}?)\s*$", re.I | re.M)
_ALL_RIGHTS = re.compile(r"\.? *All rights reserved\.?$", re.IGNORECASE)
_AT_MOST = 12
"""Holders named in the list; the texts name all."""


class TextMissing(ValueError):
    """A part whose licence asks for its text, and there is none."""


def texts(found: Mapping[str, File], parts: Iterable[Component]) -> Tree:
    """Path below `licences/` -> text, at least one for each part. Raises `TextMissing`."""
    tree = {licence_folder(path): file for path, file in found.items()}
    for part in parts:
        folder = folder_of(part)
        if not any(path.startswith(f"{folder}/") for path in tree):
            own = TEXTS / f"{plain(part.name)}.txt"
            if not own.exists():
                raise TextMissing(f"{part.name} {part.version} ({part.licence}) brings no text: put it into {own}")
            tree[f"{folder}/LICENSE.txt"] = File(own.read_bytes())
    return tree


def copyright_file(package: str, parts: Iterable[Component], tree: Tree) -> bytes:
    """/usr/share/doc/PACKAGE/copyright: each component's holders and licence, and where the texts lie."""
    lines = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        f"Upstream-Name: {package}", "",
        "Files: *", "Copyright: 2025-2026 the gridwire authors", "License: Apache-2.0",
        " On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.",
    ]  # fmt: skip
    for part in parts:
        folder = folder_of(part)
        own = [file.data.decode("utf-8", "replace") for path, file in sorted(tree.items()) if _in(path, folder)]
        holders = list(dict.fromkeys(holder for text in own for holder in _holders(text)))
        holders = holders[:_AT_MOST] or [f"the authors of {part.name}"]
        lines += ["", f"Files: {part.name} {part.version}", "Copyright: " + "\n           ".join(holders)]
        lines += [f"License: {part.licence}", f" The text is in licences/{folder}/ beside this file."]
        if part.bundled:
            lines += [" Its wheel brings along: " + ", ".join(part.bundled)]
    return ("\n".join(lines) + "\n").encode()


def licence_folder(path: str) -> str:
    """A licence text's place below `licences/`: the component's folder, and its name."""
    folder, _, rest = path.partition(".dist-info/")
    name, _, version = folder.rpartition("-")
    return f"{plain(name)}-{version}/{rest.removeprefix('licenses/').replace('/', '-')}"


def folder_of(part: Component) -> str:
    return f"{plain(part.name)}-{part.version}"


def _in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _holders(text: str) -> list[str]:
    """Years and names, as the notices say them."""
    return [_ALL_RIGHTS.sub("", found).strip() for found in _NOTICE.findall(text)]
