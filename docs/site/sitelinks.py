"""Links that lead to a folder of the sources: to its overview where the site has one, else they become plain text."""

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

_OVERVIEW = {
    "docs/reference": "docs/guide/reference.md", "docs/schema": "docs/guide/reference.md",
    "docs/decisions": "docs/guide/decisions.md",
}  # fmt: skip
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s#:]+)\)")


def _folders(app: Any, document: str, source: list[str]) -> None:
    root, here = Path(app.srcdir), PurePosixPath(document).parent

    def lead(link: re.Match[str]) -> str:
        target = os.path.normpath(here / link[2])
        if not (root / target).is_dir():
            return link[0]
        page = _OVERVIEW.get(target)
        return f"[{link[1]}]({os.path.relpath(page, here)})" if page else link[1]

    source[0] = _LINK.sub(lead, source[0])


def setup(app: Any) -> dict[str, Any]:
    app.connect("source-read", _folders)
    return {"version": "1", "parallel_read_safe": True}
