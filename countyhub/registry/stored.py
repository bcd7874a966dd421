"""The registry in the database: reads it whole, writes a difference in one transaction, with who did it from what.

An import that was planned on one revision is refused on another (`RegistryMoved`): what was shown is what is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Table, bindparam, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.difference import Change, as_data, counts
from countyhub.registry.forms import FORMS
from countyhub.registry.snapshot import Registry
from countyhub.store import registrytables
from countyhub.store.registrytables import registry_import, registry_place
from gridwire.problem import Problem

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)


class RegistryMoved(Problem):
    code = "registry.moved"
    en = "somebody else has imported meanwhile (revision {found}, planned was on {planned}); look again, then import"
    zh = "期间已有他人导入（版本 {found}，本次核对时为 {planned}）；请重新核对后再导入"


class Who(NamedTuple):
    """Who imports, when, from which files (name -> SHA-256)."""

    by: str
    at: datetime
    digests: Mapping[str, str]


def table_of(kind: type[Row]) -> Table:
    """The table of a kind."""
    table = getattr(registrytables, f"registry_{kind.TABLE}")
    assert isinstance(table, Table)
    return table


async def revision(connection: AsyncConnection) -> int:
    """Of the last import; 0 before the first."""
    return int((await connection.execute(select(func.coalesce(func.max(registry_import.c.id), 0)))).scalar_one())


async def load(connection: AsyncConnection) -> Content:
    """All rows that were ever imported."""
    rows: list[Row] = []
    for kind in FORMS:
        table = table_of(kind)
        names = kind.__struct_fields__
        found = await connection.execute(select(*(table.c[name] for name in names)))
        rows += [kind(**dict(zip(names, row, strict=True))) for row in found]
    return Content.bare(rows)


async def load_registry(connection: AsyncConnection, zone: ZoneInfo) -> Registry:
    """The registry, to be asked."""
    number = await revision(connection)
    return Registry(await load(connection), zone, number)


async def apply(
    connection: AsyncConnection, changes: Mapping[type[Row], list[Change]], result: Registry, planned: int, who: Who
) -> int:
    """Write the changes within the caller's transaction; returns the revision. `result`: the registry as it will be.

    Raises `RegistryMoved` when the registry is no longer at revision `planned`; then nothing was written.
    """
    found = await revision(connection)
    if found != planned:
        raise RegistryMoved(found=found, planned=planned)
    try:
        await connection.execute(registry_import.insert(), [_import_row(planned + 1, changes, who)])
    except IntegrityError as error:  # another one, whose transaction had not ended when we looked
        raise RegistryMoved(found=planned + 1, planned=planned) from error
    for kind, each in changes.items():
        await _write(connection, kind, each)
    await connection.execute(delete(registry_place))
    places = list(_places(result))
    if places:
        await connection.execute(registry_place.insert(), places)
    counts = ", ".join(f"{kind.FILE}: {len(each)}" for kind, each in changes.items() if each)
    await trail.note(connection, "registry.imported", f"registry/{planned + 1}", by=_asker(who), rows=counts)
    return planned + 1


def _asker(who: Who) -> trail.Asker:
    return trail.asker() if trail.asker() != trail.HUB else trail.Asker(who.by)


def _import_row(number: int, changes: Mapping[type[Row], list[Change]], who: Who) -> dict[str, object]:
    """Of what was added the counts say enough: it is there, and the files have digests."""
    data = as_data(dict(changes))
    told = {file: {what: rows for what, rows in each.items() if what != "added"} for file, each in data.items()}
    return {
        "id": number,
        "at": who.at,
        "by": who.by,
        "files": msgspec.json.encode(who.digests),
        "counts": msgspec.json.encode(counts(dict(changes))),
        "changes": msgspec.json.encode(told),
    }


async def _write(connection: AsyncConnection, kind: type[Row], changes: Iterable[Change]) -> None:
    """A changed row is written anew, for its first day may be what has changed."""
    table = table_of(kind)
    key = [column.name for column in table.primary_key]
    old = [{f"old_{name}": getattr(change.old, name) for name in key} for change in changes if change.old is not None]
    new = [msgspec.structs.asdict(change.new) for change in changes if change.new is not None]
    if old:
        await connection.execute(delete(table).where(*(table.c[name] == bindparam(f"old_{name}") for name in key)), old)
    if new:
        await connection.execute(table.insert(), new)


def _places(registry: Registry) -> Iterable[dict[str, object]]:
    """What belonged where when, by instants: for questions in SQL."""
    found = [("box", box, registry.box_pieces(box)) for box in registry.boxes()]
    found += [("grid", code, registry.lineage.pieces(code)) for code in registry.grids()]
    for kind, code, pieces in found:
        for piece in pieces:
            belongs = registry.belonging(piece.path, piece.since)
            yield {
                "kind": kind,
                "code": code,
                "since": _instant(piece.since, registry.zone),
                "until": _instant(piece.until, registry.zone),
                "village": belongs.village,
                "township": belongs.township,
                "county": belongs.county,
            }


def _instant(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of the day in the county."""
    if day in (date.min, date.max):
        return _BEGINNING if day == date.min else _END
    return datetime.combine(day, time(), zone).astimezone(UTC)
