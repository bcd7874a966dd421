"""What all tables of settings have in common, and how each setting and table says in two languages what it means."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from msgspec import Meta

from gridwire.problem import Both


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables: an unknown key is a mistake, never ignored."""


def about(en: str, zh: str, *, example: Any = None, **limits: Any) -> Meta:
    """What a setting or a table means, in both languages. `example` stands in samples when there is no default."""
    examples = None if example is None else [example]
    return Meta(description=en, extra_json_schema={"zh": zh}, examples=examples, **limits)


def meaning(hint: Any) -> Both:
    """What `about` said of a setting with this type; both texts empty where it said nothing."""
    for meta in get_args(hint):
        if isinstance(meta, Meta) and meta.description:
            return Both(meta.description, str((meta.extra_json_schema or {}).get("zh", "")))
    return Both("", "")
