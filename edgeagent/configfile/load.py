"""`load`: `edgeagent.toml` and `conf.d/*.toml` beside it -> the checked configuration, or all that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edgeagent.config import Config, DeviceSettings
from edgeagent.configfile import countypart
from edgeagent.configfile.boxmistakes import BadConfig, FileNotRead
from edgeagent.configfile.crosscheck import CrossCheck
from edgeagent.configfile.devices import Devices, Resolve
from edgeagent.configfile.merge import merge
from edgeagent.configfile.ownfile import OwnFiles
from edgeagent.configfile.reader import read
from edgeagent.configfile.redact import digest, redacted
from gridwire.problem import Language
from gridwire.settings.decode import Decoder, build, fields_of
from gridwire.settings.mistakes import Mistake, Place, UnreadableFile, in_order
from gridwire.settings.reader import Source


class Loaded(NamedTuple):
    """A configuration that can be used.

    `hash` is the SHA-256 (hex) of the effective configuration without secrets. A device whose driver cannot be loaded
    is in `warnings` and has `options` None.
    """

    config: Config
    files: tuple[Path, ...]
    warnings: tuple[Mistake, ...]
    hash: str

    def redacted(self) -> dict[str, Any]:
        """The effective configuration as plain data, secrets hidden."""
        return redacted(self.config)


def load(
    path: Path, resolve: Resolve, environ: Mapping[str, str] | None = None, *, county: str | None = None
) -> Loaded:
    """Read and check everything. Raises `BadConfig` with all mistakes; nothing else for whatever is in the files.

    `county`: the text of the county's part, to try it; None: the one that is kept, if there is one; empty: none.
    """
    files, odd = _files(path)
    sources = [read(file) for file in files]
    tree = merge(str(path), sources)
    part = countypart.source(tree, county)
    refused = list(countypart.add(tree, part)) if part is not None else []
    complete = all(source.complete for source in [*sources, *([part] if part is not None else [])])
    own_files = OwnFiles(path.parent, os.environ if environ is None else environ)
    decoder = Decoder(tree, own_files.secret, own_files.path, complete=complete)
    decoder.mistakes += [mistake for source in sources for mistake in source.mistakes]
    decoder.mistakes += [*refused, *tree.mistakes, *(mistake for mistake in odd if isinstance(mistake, UnreadableFile))]
    config: Config | None = None
    warnings: list[Mistake] = [mistake for mistake in odd if isinstance(mistake, FileNotRead)]
    if any(source.data or source.complete for source in sources[:1]):
        config, further = _decode(decoder, resolve, own_files, complete=complete)
        warnings += further
    if decoder.mistakes or config is None:
        raise BadConfig(decoder.mistakes, warnings, _language(sources))
    files += [Path(part.name)] if part is not None and county is None else []
    return Loaded(config, tuple(files), tuple(in_order(warnings)), digest(config))


def _files(path: Path) -> tuple[list[Path], list[Mistake]]:
    """The files to read, in order, and what is odd in `conf.d`. Hidden files are editors' business."""
    folder = path.parent / "conf.d"
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except FileNotFoundError:
        return [path], []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return [path], [UnreadableFile(Place(str(folder)), reason=reason)]
    odd: list[Mistake] = [FileNotRead(Place(str(entry))) for entry in entries if entry.suffix != ".toml"]
    return [path, *(entry for entry in entries if entry.suffix == ".toml")], odd


def _decode(
    decoder: Decoder, resolve: Resolve, files: OwnFiles, *, complete: bool
) -> tuple[Config | None, list[Mistake]]:
    """The configuration (None if something is wrong with it) and the warnings."""
    fields = {name: field for name, field in fields_of(Config).items() if name != "device"}
    data = dict(decoder.tree.data)
    tables = data.pop("device", {})
    right = decoder.table(fields, data, ())
    devices = Devices(decoder, resolve)
    right["device"] = devices.decode(tables)
    cross = CrossCheck(decoder, right, files)
    cross.run(complete=complete)
    warnings = [*devices.warnings, *cross.warnings]
    return (None if decoder.mistakes else _build(decoder, right)), warnings


def _build(decoder: Decoder, right: dict[str, Any]) -> Config | None:
    devices = {name: DeviceSettings(**table) for name, table in right.pop("device").items()}
    config = build(decoder, Config, right, ())
    return None if config is None else msgspec.structs.replace(config, device=devices)


def _language(sources: list[Source]) -> Language | None:
    """What the files say about the language, even if other things in them are wrong."""
    said = [source.data.get("language") for source in sources]
    return "zh" if "zh" in said else "en" if "en" in said else None
