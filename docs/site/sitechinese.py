"""Chinese has no blanks: a paragraph that the sources break into lines is joined, or each break would show as one."""

import re
from typing import Any

_CODE = re.compile(r"(^ *```.*?^ *```[^\n]*$)", re.DOTALL | re.MULTILINE)
_BREAK = re.compile(r"([\u3000-\u9fff\uff01-\uff5e“”’])\n *([\u4e00-\u9fff（“《])")


def _joined(app: Any, document: str, source: list[str]) -> None:
    parts = _CODE.split(source[0])
    source[0] = "".join(part if at % 2 else _BREAK.sub(r"\1\2", part) for at, part in enumerate(parts))


def setup(app: Any) -> dict[str, Any]:
    app.connect("source-read", _joined)
    return {"version": "1", "parallel_read_safe": True}
