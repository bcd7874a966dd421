"""How a setting is declared: type, limits, and in two languages what it means. Samples and pages are made of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta

from gridwire.problem import Both

_HAN: Final = re.compile("[\u4e00-\u9fff]")

Secret = Annotated[str, Meta(extra_json_schema={"secret": True}, description="a secret, never shown")]
"""A password in the file itself. `file:PATH` reads it from a file, `env:NAME` from the environment."""

OwnFile = Annotated[str, Meta(extra_json_schema={"own_file": True}, description="a file of the box")]
"""The path of a file that the driver reads itself. Relative ones lie beside `edgeagent.toml`; of those in `secrets/`
there the driver is given the copy that systemd hands to the service, in a folder that nobody else can enter."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables: an unknown key is a mistake, never ignored."""


def about(zh: str, en: str, *, secret: bool = False, example: Any = None, **limits: Any) -> Meta:
    """What a setting or a table means, in both languages. `example` stands in samples when there is no default.

    `secret`: it is never shown. `limits`: those of `msgspec.Meta`, e.g. `ge`, `max_length`, `pattern`.
    Raises ValueError for texts that stand the other way round.
    """
    if _HAN.search(en) and not _HAN.search(zh):
        raise ValueError(f"about(zh, en): Chinese stands first: {en}")
    extra: dict[str, Any] = {"zh": zh} | ({"secret": True} if secret else {})
    return Meta(description=en, extra_json_schema=extra, examples=None if example is None else [example], **limits)


def meaning(hint: Any) -> Both:
    """What `about` said of a setting with this type; both texts empty where it said nothing."""
    for meta in get_args(hint):
        if isinstance(meta, Meta) and meta.description:
            return Both(str((meta.extra_json_schema or {}).get("zh", "")), meta.description)
    return Both("", "")
