"""Takes out of a text whatever must not leave the box: secrets, identity and card numbers, names of people.

Secrets and names are those that this box knows: of its settings, its secret files, its rosters. Beyond that, numbers
that may be somebody's go by their form, and Chinese words stay only where the agent itself says them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from edgeagent.configfile.reader import read
from edgeagent.configfile.redact import HIDDEN, without_login
from gridwire.mqtt.errors import TEXTS
from gridwire.problem import declared

MIN_CHARS = 4
_SECRET_KEY = re.compile(r"(password|token|secret)$", re.IGNORECASE)
_NAME_KEYS = frozenset({"name", "point", "privacy_notice", "username", "item"})
"""Settings in which people write what they like: names of places, of owners, of users."""
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Fa-fXx]*[0-9])[0-9A-Fa-f]{7,}[Xx]?(?![0-9A-Za-z])")
"""Identity, card and telephone numbers, and hashes, which are not needed either."""
_CHINESE = re.compile(r"[一-鿿㐀-䶿]+")
_MAX_FILE_BYTES = 1024 * 1024


class Clean:
    """Made of the configuration's files. `keep`: numbers that may stay, e.g. the box id."""

    def __init__(self, files: Iterable[Path], keep: Iterable[str] = ()) -> None:
        words = {word for file in files for word in _words(file)}
        longest_first = sorted((word for word in words if word), key=len, reverse=True)
        self._words = re.compile("|".join(map(re.escape, longest_first))) if words else None
        self._keep = frozenset(keep)
        self._ours = _vocabulary()

    def __call__(self, text: str) -> str:
        if self._words is not None:
            text = self._words.sub(HIDDEN, text)
        text = without_login(text)
        text = _NUMBER.sub(lambda found: found[0] if found[0] in self._keep else HIDDEN, text)
        return _CHINESE.sub(lambda found: found[0] if found[0] in self._ours else HIDDEN, text)

    def tree(self, data: Any, key: str = "") -> Any:
        """Plain data, cleaned value by value, so that nothing hides behind JSON's escapes."""
        if isinstance(data, dict):
            return {str(name): self.tree(value, str(name)) for name, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.tree(value, key) for value in data]
        if isinstance(data, str):
            return HIDDEN if data and key in _NAME_KEYS else self(data)
        return data


def _words(file: Path) -> Iterator[str]:
    """Secrets and names that one configuration file gives or points to."""
    for key, value in _texts(read(file).data):
        if _SECRET_KEY.search(key) and not value.startswith(("file:", "env:")):
            yield from _long(value)
        elif key in _NAME_KEYS:
            yield from _long(value, 2)
        if value.startswith("file:") or key.endswith("_file"):
            home = file.parent.parent if file.parent.name == "conf.d" else file.parent
            path = home / value.removeprefix("file:")
            yield from _of_roster(path) if key == "roster_file" else _of_secret(path)


def _texts(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _texts(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value, key)
    elif isinstance(data, str):
        yield key, data


def _long(text: str, least: int = MIN_CHARS) -> Iterator[str]:
    if len(text.strip()) >= least:
        yield text.strip()


def _of_secret(path: Path) -> Iterator[str]:
    """The lines of a secret file, and what stands behind `KEYID:`."""
    for line in _read(path).splitlines():
        yield from _long(line)
        yield from _long(line.partition(":")[2])


def _of_roster(path: Path) -> Iterator[str]:
    for row in csv.reader(_read(path).splitlines()):
        for cell in row:
            if cell not in ("person", "name", "grid"):
                yield from _long(cell, 2)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_FILE_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _vocabulary() -> frozenset[str]:
    """Chinese words of our own messages: of all problems that are loaded, and of the MQTT client."""
    texts = [problem.zh for problem in declared()] + [zh for zh, _ in TEXTS.values()]
    return frozenset(word for text in texts for word in _CHINESE.findall(text))
