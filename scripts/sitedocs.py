"""`make docs`: docs/ and what belongs to it as a static site in build/site, readable from a stick without a network.

Sphinx runs in an environment of its own (dependency group `docs`), a warning is a mistake, and the finished pages are
looked through for anything that a browser would fetch from elsewhere.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".cache" / "docs"
SITE = ROOT / "build" / "site"
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|audio|video)\b[^>]*\bsrc=["'](?:https?:)?//[^"']+"""
    r"""|<link\b(?![^>]*rel=["'](?:canonical|license))[^>]*\bhref=["'](?:https?:)?//[^"']+"""
    r"""|url\(["']?(?:https?:)?//[^)]+|@import\s+["'](?:https?:)?//[^"']+""",
    re.IGNORECASE,
)


def main() -> int:
    """0, or the exit code of what failed; 1 when a page would fetch something. An argument: another folder for it."""
    site = Path(sys.argv[1]) if sys.argv[1:] else SITE
    uv = {"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true", "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)}
    sync = ["sync", "--quiet", "--locked", "--only-group", "docs", "--no-install-project", "--python", sys.executable]
    made = ["-d", str(site.with_name(f"{site.name}.doctrees")), ".", str(site)]
    build = ["--quiet", "--fail-on-warning", "--keep-going", "-c", "docs/site", "-b", "html", *made]
    for command in (
        [str(ROOT / ".uv/bin/uv"), *sync],
        [str(ENVIRONMENT / "bin/sphinx-build"), *build],
    ):
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **uv}, check=False).returncode
        if code:
            return code
    found = list(fetched(site))
    print("\n".join(found) or f"file://{site}/index.html", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


def fetched(site: Path) -> Iterator[str]:
    """File and place of everything that a browser would ask another host for."""
    for path in sorted(site.rglob("*")):
        if path.suffix in {".html", ".css"}:
            for found in _FETCHED.finditer(path.read_text(encoding="utf-8")):
                yield f"{path.relative_to(site)}: {found[0][:200]}"


if __name__ == "__main__":
    sys.exit(main())
