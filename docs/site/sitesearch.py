"""Search that finds Chinese without a dictionary: each run of Chinese characters is cut into overlapping pairs.

Index and query are cut alike, so a query of two characters or more is found wherever it stands; English is stemmed.
"""

import re
from typing import Any

from sphinx.search import languages
from sphinx.search.zh import SearchChinese

_RUNS = re.compile(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+")


class PairsOfCharacters(SearchChinese):
    """Chinese by pairs, all else by words."""

    lang = "zh-bigrams"
    language_name = "English"  # of its stemmer in the browser
    js_splitter_code = r"""
var splitQuery = (query) => (query.match(/[\u4e00-\u9fff]+|[a-zA-Z0-9_]+/g) || []).flatMap((run) =>
  run.length < 3 || run.charCodeAt(0) < 0x4e00 ? [run] : [...run].slice(1).map((c, i) => run[i] + c));
"""

    def split(self, input: str) -> list[str]:  # noqa: A002  Sphinx's name
        found: list[str] = []
        for run in _RUNS.findall(input):
            if run[0] < "\u4e00":
                self.latin_terms.add(run)
                found.append(run)
            elif len(run) == 1:
                found.append(run)
            else:
                found.extend(run[at : at + 2] for at in range(len(run) - 1))
        return found


def setup(app: Any) -> dict[str, Any]:
    languages["zh-bigrams"] = PairsOfCharacters
    return {"version": "1", "parallel_read_safe": True}
