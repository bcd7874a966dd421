"""The small types that requests and answers are made of, each with its limits: what they say is what is checked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from countyhub.registry.formparts import CATEGORY_PATTERN, PLACE_PATTERN
from gridwire.identifiers import BOX_PATTERN, DEVICE_PATTERN, END, ULID_PATTERN

PLAIN = rf"^[^\x00]*{END}"
"""A text may hold anything but NUL, which PostgreSQL cannot keep."""

BoxId = Annotated[str, Meta(pattern=BOX_PATTERN, description="id of a box")]
DeviceId = Annotated[str, Meta(pattern=DEVICE_PATTERN, description="id of a device at its box")]
Place = Annotated[str, Meta(pattern=PLACE_PATTERN, description="code of an area, grid or department")]
CategoryCode = Annotated[str, Meta(pattern=CATEGORY_PATTERN, description="code of a kind of matter")]
Ulid = Annotated[str, Meta(pattern=ULID_PATTERN, description="a ULID")]
RowId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Cursor = Annotated[
    int, Meta(ge=0, le=2**53 - 1, description="what comes after this row: `next` of the page before; 0: from the start")
]
Limit = Annotated[int, Meta(ge=1, le=500, description="so many at most")]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, with offset")]

T = TypeVar("T")


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all that a caller says: an unknown name is a mistake, never ignored."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all answers. A field may be added, never changed."""


class Page(Output, Generic[T], frozen=True, kw_only=True):
    """A part of a list, in its order."""

    items: Annotated[tuple[T, ...], Meta(description="the rows of this page")]
    next: Annotated[str, Meta(description="give it as `after` for the next page; empty: there is none at present")] = ""
