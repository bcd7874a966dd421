"""What a box wrote about a device, in the language of who reads it: a box writes in its own.

Only the sentences that are written every day are known here; all others stay as they came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gridwire.problem import Both, Language

SENTENCES: Final[Mapping[str, Both]] = {
    "device.refused": Both("{host} 的 {port} 端口拒绝连接", "{host} refuses connections on port {port}"),
    "device.unreachable": Both("无法到达 {host}:{port}：{why}", "{host}:{port} cannot be reached: {why}"),
    "device.timeout": Both(
        "{host}:{port} 在 {timeout_s} 秒内没有应答", "{host}:{port} did not answer within {timeout_s} s"
    ),
    "device.hung-up": Both("{host}:{port} 未应答就断开了连接", "{host}:{port} closed the connection without an answer"),
}
"""Code of a problem -> its sentence, as drivers/devicehttp has it; a test compares the two."""
_FACT: Final = re.compile(r"\\\{([a-z_]+)\\\}")


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(_FACT.sub(r"(?P<\1>.+?)", re.escape(sentence)))


_PATTERNS: Final = {code: (_pattern(text.zh), _pattern(text.en)) for code, text in SENTENCES.items()}


def spoken(detail: str, language: Language) -> str:
    """The same in this language, its code in front as it was; what is not known unchanged."""
    code, colon, said = detail.partition(": ")
    if not colon or code not in SENTENCES:
        return detail
    for pattern in _PATTERNS[code]:
        if found := pattern.fullmatch(said):
            sentence = SENTENCES[code].text(language)
            return f"{code}: {sentence.format(**found.groupdict())}"
    return detail
