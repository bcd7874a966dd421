"""What `countyhub registry check` and `import` print: mistakes, what would change, a summary; or all of it as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from countyhub.cli.say import say
from countyhub.registry.columns import Row, column
from countyhub.registry.difference import Change, as_data, counts
from countyhub.registry.folder import cell_text
from countyhub.registry.mistakes import Mistake
from countyhub.registry.plan import Plan
from gridwire.problem import Language

_WHATS = {"added": "新增", "changed": "修改", "ended": "停用"}


def lines(plan: Plan, language: Language, shown: int, *, changes: bool) -> Iterator[str]:
    """Everything but the summary; of each kind at most `shown` lines, the rest counted."""
    warnings = [each for each in plan.said if each.warning]
    yield from _limited([f"✗ {each.text(language)}" for each in plan.mistakes], shown, language)
    yield from _limited([f"! {each.text(language)}" for each in warnings], shown, language)
    if not changes or plan.mistakes:
        return
    yield from _table(plan, language)
    told = [_change(change, language) for each in plan.changes.values() for change in each if change.what != "added"]
    yield from _limited(told, shown, language)


def summary(plan: Plan, language: Language, applied: int | None, *, changes: bool) -> str:
    """The last line: what came of it, and what to do."""
    wrong, warned = len(plan.mistakes), len(plan.said) - len(plan.mistakes)
    if wrong:
        return say(language, en=f"{wrong} mistakes, {warned} warnings; nothing was changed",
                   zh=f"错误 {wrong} 处，提醒 {warned} 处；未作任何改动")  # fmt: skip
    if not changes:
        return say(language, en=f"the files are in order; {warned} warnings", zh=f"登记表正确；提醒 {warned} 处")
    if not plan.size:
        return say(language, en="nothing to change", zh="没有改动")
    if applied is not None:
        return say(
            language, en=f"imported: {plan.size} rows, revision {applied}", zh=f"已导入 {plan.size} 行，版本 {applied}"
        )
    past = ""
    if plan.past:
        past = say(
            language, en=f", {plan.past} of them reach back before today", zh=f"，其中 {plan.past} 行影响今天以前"
        )
    return say(language, en=f"{plan.size} rows would change{past}; nothing was written: add --apply to do it",
               zh=f"将改动 {plan.size} 行{past}；尚未写入，加 --apply 才写入")  # fmt: skip


def as_json(plan: Plan, applied: int | None, shown: int, *, changes: bool) -> str:
    """One JSON object on a line."""
    found = {
        "revision": plan.revision,
        "applied": applied,
        "mistakes": [_said(each) for each in plan.mistakes[:shown]],
        "mistake_count": len(plan.mistakes),
        "warnings": [_said(each) for each in plan.said if each.warning][:shown],
        "warning_count": len(plan.said) - len(plan.mistakes),
        "counts": counts(plan.changes),
        "past": plan.past,
        "changes": as_data(plan.changes) if changes else {},
    }
    return msgspec.json.encode(found).decode()


def _said(each: Mistake) -> dict[str, object]:
    place = each.place
    return {"code": each.code, "file": place.file, "row": place.row, "column": place.column.en,
            "zh": each.sentence("zh"), "en": each.sentence("en")}  # fmt: skip


def _limited(told: Sequence[str], shown: int, language: Language) -> Iterator[str]:
    yield from told[:shown]
    if len(told) > shown:
        more = len(told) - shown
        yield say(language, en=f"  … and {more} more (--show N)", zh=f"  …… 另有 {more} 条（--show N）")


def _table(plan: Plan, language: Language) -> Iterator[str]:
    """How many rows of each file."""
    names = {kind.FILE: kind.ZH if language == "zh" else kind.FILE for kind in plan.changes}
    heads = [_WHATS[what] if language == "zh" else what for what in _WHATS]
    yield _padded("", 16) + "".join(_padded(head, 10, right=True) for head in heads)
    for file, found in counts(plan.changes).items():
        yield _padded(names[file], 16) + "".join(_padded(str(found[what]), 10, right=True) for what in _WHATS)


def _padded(text: str, width: int, *, right: bool = False) -> str:
    """To a width on the screen, where a Chinese character takes two places."""
    taken = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    blanks = " " * max(0, width - taken)
    return blanks + text if right else text + blanks


def _change(change: Change, language: Language) -> str:
    """One changed or ended row in a line, old -> new."""
    row = change.new or change.old
    assert row is not None, "a change has at least one side"
    kind = type(row)
    what = _WHATS[change.what] if language == "zh" else change.what
    fields = [_field(kind, name, pair, language) for name, pair in change.fields().items()]
    name = kind.ZH if language == "zh" else kind.FILE
    return f"{what} {name} {' '.join(row.key)}  {'; '.join(fields)}".rstrip()


def _field(kind: type[Row], name: str, pair: tuple[object, object], language: Language) -> str:
    about = column(kind, name)
    old, new = (cell_text(about, value, language) if name != "geometry" else "…" for value in pair)
    return f"{about.header(language)}: {old or '–'} → {new or '–'}"
