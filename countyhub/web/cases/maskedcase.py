"""A case as it is shown, on its page and in lists, to who has not said why he needs the telephones and identity numbers
in its texts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from countyhub.accounts import masking
from countyhub.cases.finding import Listed, TimelineEntry, Whole


class Shown(NamedTuple):
    """`is_masked`: there was something that is not shown."""

    whole: Whole
    entries: tuple[TimelineEntry, ...]
    is_masked: bool


def masked(whole: Whole, entries: Sequence[TimelineEntry]) -> Shown:
    """Without the numbers of persons in title, text and timeline."""
    listed = replace(whole.listed, title=masking.text(whole.listed.title))
    shown = replace(whole, listed=listed, text=masking.text(whole.text))
    lines = tuple(replace(entry, text=masking.text(entry.text)) for entry in entries)
    return Shown(shown, lines, shown != whole or lines != tuple(entries))


def without_numbers(case: Listed) -> Listed:
    """As lists show it: the numbers of persons that somebody wrote into its title are masked."""
    return replace(case, title=masking.text(case.title))
