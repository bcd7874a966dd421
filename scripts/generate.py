"""Writes all generated files from the definitions in the code; with --check, says which are stale and exits 1.

Exits 1 also when a module of ours cannot be imported, for what it declares is then missing.

A further page is one more line in `PAGES`: path -> function that returns the text.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from reference import (
    api,
    asyncapi,
    checks,
    completion,
    dashboards,
    errors,
    feeds,
    lifecycle,
    metrics,
    packages,
    presets,
    registry,
    roles,
    schemas,
    settings,
    setup,
    wire,
)

from edgeagent.configfile.sample import sample

ROOT = Path(__file__).resolve().parent.parent
PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/wire.md": wire.text,
    "docs/reference/errors.md": errors.text,
    "docs/reference/lifecycle.md": lifecycle.text,
    "docs/reference/settings.md": settings.text,
    "docs/reference/presets.md": presets.text,
    "docs/reference/setup.md": setup.text,
    "docs/reference/metrics.md": metrics.text,
    "docs/reference/registry.md": registry.text,
    "docs/reference/roles.md": roles.text,
    "docs/reference/feeds.md": feeds.text,
    "docs/schema/asyncapi.json": asyncapi.text,
    "docs/schema/openapi.json": api.openapi_text,
    "docs/reference/api.md": api.text,
    "docs/schema/hub-asyncapi.json": feeds.asyncapi,
    "docs/check.md": checks.text,
    "monitoring/grafana/county.json": dashboards.county,
    "monitoring/grafana/village.json": dashboards.village,
    "config/edgeagent.toml": lambda: sample({}),
    "config/completion/edgeagent.bash": completion.edgeagent_bash,
    "config/completion/_edgeagent": completion.edgeagent_zsh,
    "config/completion/countyhub.bash": completion.countyhub_bash,
    "config/completion/_countyhub": completion.countyhub_zsh,
}
FOLDERS: dict[str, Callable[[], dict[str, str]]] = {"docs/schema": schemas.files}
"""Folder -> function that returns file name -> text."""


def generated() -> dict[Path, str]:
    """Every generated file and its text."""
    texts = {ROOT / path: make() for path, make in PAGES.items()}
    for folder, make in FOLDERS.items():
        texts |= {ROOT / folder / name: text for name, text in make().items()}
    return texts


def stale(texts: dict[Path, str]) -> list[Path]:
    """Files that differ from their text, are missing, or that nothing generates any more."""
    changed = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.json") if path not in texts]
    return sorted(changed + left)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    check = parser.parse_args().check
    texts = generated()
    old = stale(texts)
    for path in old:
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check and path not in texts:
            path.unlink()
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[path], encoding="utf-8")
    broken = packages.import_all()
    sys.stderr.writelines(f"cannot be imported, its errors are missing: {each}\n" for each in broken)
    return 1 if broken or (check and old) else 0


if __name__ == "__main__":
    sys.exit(main())
