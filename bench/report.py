"""docs/benchmarks.md, made of results. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from bench.month import Pieces, month, total_mb
from bench.pictures import table as picture_table
from bench.results import OURS, Results
from bench.stats import Spread, figures, ratios, spread
from bench.targets import TARGETS, Verdict, judge
from bench.texts import ABOUT, PROMISES

_HEAD = """\
# Benchmarks

Made by `make bench` (`python -m bench`); do not edit. Each work was measured in one run, in turns: each round gives
every contender its turn before the next round begins, so that what disturbs the machine disturbs all. Default settings
unless said. Figures are the median of the rounds with (lowest–highest); what counts are the **ratios, ours by the
peer's, taken round by round**: figures change with the machine, ratios hardly.

A fast peer may be fast because it promises less: read the rates beside the last section, what each promises.
"""


def render(results: Results, machine: Mapping[str, str]) -> str:
    """The whole page."""
    parts = [_HEAD, _section("Machine", _table(("fact", "value"), machine.items()))]
    parts.append(_section("Targets", targets(results)))
    parts += [_work(name, results) for name in ABOUT if results.measures(name)]
    parts.append(_section("What each promises", _table(("contender", "promise"), PROMISES.items())))
    return "\n".join(parts)


def targets(results: Results) -> str:
    """Every target with what was found, missed ones too."""
    return _table(("target", "wanted", "measured", "met"), (_verdict(judge(target, results)) for target in TARGETS))


def _verdict(verdict: Verdict) -> tuple[str, ...]:
    words = {True: "yes", False: "**missed**", None: "not measured"}
    found = _spread(verdict.found, "×" if verdict.target.peer else "") if verdict.found else ""
    return (verdict.target.what, verdict.target.wanted, found, words[verdict.met])


def _work(name: str, results: Results) -> str:
    about = ABOUT[name]
    if name == "month":
        return _section(about.title, f"{_wrapped(about.text)}\n\n{_month(results)}")
    if name == "picture":
        return _section(about.title, f"{_wrapped(about.text)}\n\n{_picture(results)}")
    contenders, measures = results.contenders(name), results.measures(name)
    rows = [
        (contender, *(_values(results.get(name, measure, contender)) for measure in measures))
        for contender in contenders
    ]
    body = f"{_wrapped(about.text)}\n\n{_table(('', *measures), rows)}"
    if about.ratio_of:
        better = "less is better" if about.less else "more is better for rates, less for costs"
        body += f"\nOurs by the peer's ({better}):\n\n{_ratios(name, contenders, about.ratio_of, results)}"
    return _section(about.title, body)


def _ratios(name: str, contenders: Iterable[str], measures: Sequence[str], results: Results) -> str:
    rows = []
    for contender in contenders:
        if contender == OURS:
            continue
        cells = [_ratio(results.get(name, measure), results.get(name, measure, contender)) for measure in measures]
        rows.append((f"ours / {contender}", *cells))
    return _table(("", *measures), rows)


def _ratio(ours: Sequence[float], peer: Sequence[float]) -> str:
    if not ours or len(ours) != len(peer) or not all(peer):
        return "–"
    return _spread(spread(ratios(ours, peer)), "×")


def _month(results: Results) -> str:
    pieces = _pieces(results, "bytes")
    blocks = []
    for pictures, title in ((False, "without pictures"), (True, "with 20 pictures a day")):
        lines = month(pieces, pictures=pictures)
        rows = [
            (line.what, f"{line.bytes_each:,.0f}", f"{line.a_day:g}", f"{line.mb_a_month:.2f}") for line in [*lines]
        ]
        rows.append(("**sum**", "", "", f"**{total_mb(lines):.2f}**"))
        headers = results.get("month", f"MB a month {title}, TCP/IP headers on top")
        rows.append(("TCP and IP headers on top, by count of segments", "", "", _values(headers)))
        blocks.append(f"Month {title}:\n\n{_table(('piece', 'bytes each', 'a day', 'MB in 30 days'), rows)}")
    return "\n".join(blocks)


def _picture(results: Results) -> str:
    measures = {name: results.get("picture", name) for name in results.measures("picture")}
    own = [(name, _values(values)) for name, values in measures.items() if values]
    return f"{_table(('', 'measured'), own)}\n{_table(picture_table.HEAD, picture_table.rows(results, 'picture'))}"


def _pieces(results: Results, unit: str) -> Pieces:
    return Pieces(*(spread(results.get("month", f"{name}, {unit}")).median for name in Pieces._fields))


def _values(values: Sequence[float]) -> str:
    return _spread(spread(values), "") if values else "–"


def _spread(found: Spread, unit: str) -> str:
    if found.low == found.high:
        return f"{figures(found.median)}{unit}"
    return f"{figures(found.median)}{unit} ({figures(found.low)}–{figures(found.high)})"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"
