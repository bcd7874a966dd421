"""A number that was mistyped is named before somebody drives to a village with it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import insert

from countyhub.ca import identities
from countyhub.store.engine import Store
from countyhub.store.registrytables import registry_area, registry_box
from countyhub.store.tables import box as heard_of

HERE, MERGED, TYPO = "431126001002", "431126009001", "431126001020"
DAYS = {"valid_from": date(2024, 1, 1), "valid_to": date(9999, 12, 31)}


async def test_a_village_that_the_registry_does_not_have(store: Store) -> None:
    boxes = [HERE, f"{HERE}-2", MERGED, TYPO]
    async with store.write() as connection:
        assert await identities.without_village(connection, boxes) == [], "nothing was imported: nothing to judge by"
        area = {"name": "村", "level": "village", "parent": HERE[:9], "successor": "", **DAYS}
        await connection.execute(insert(registry_area).values(code=HERE, **area))
        named = {"name": "老盒子", "village": HERE, "successor": "", **DAYS}
        await connection.execute(insert(registry_box).values(box=MERGED, **named))
        assert await identities.without_village(connection, boxes) == [TYPO]


async def test_a_box_that_nobody_knows(store: Store) -> None:
    async with store.write() as connection:
        assert await identities.strangers(connection, [HERE, MERGED]) == [HERE, MERGED]
        await connection.execute(insert(heard_of).values(box=MERGED))
        now = datetime(2026, 5, 1, tzinfo=UTC)
        await identities.add(connection, HERE, "431126", b"p" * 32, by="test", now=now, days=14, again=False)
        assert await identities.strangers(connection, [HERE, MERGED, TYPO]) == [TYPO]
