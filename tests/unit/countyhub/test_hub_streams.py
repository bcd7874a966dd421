"""Boxes whose storage has become older: the hub notices by what it has, and by what the box itself had said."""

from __future__ import annotations

from sqlalchemy import select

from countyhub.ingest import intake
from countyhub.ingest.inbox import Inbox
from countyhub.store import tables as t
from countyhub.store.engine import Store
from gridwire import messages, topics
from gridwire.codec import encode_message
from tests.hubs import birth, numbers
from tests.instances import BOX, NOON, STREAM

POSTGRES_QUICK = True


async def told(store: Store, *said: messages.StreamNumbers) -> list[tuple[str, str]]:
    """The faults that are known after one birth after the other."""
    for one in said:
        topic = topics.topic("431126", BOX, "birth")
        await Inbox(store).commit([intake.read(topic, encode_message(birth(streams=(one,))), received=NOON)])
    async with store.read() as connection:
        query = select(t.identity_fault.c.kind, t.identity_fault.c.about)
        return [(kind, about) for kind, about in await connection.execute(query)]


async def test_a_storage_that_forgets_what_the_box_had_said_is_shown(store: Store) -> None:
    """Nothing above 5 ever arrived; but the box has said that it had given 9."""
    at_most_9, at_most_5 = numbers(1, 6, 10), numbers(1, 6, 6, current=False)
    assert await told(store, at_most_9, at_most_5) == [("rolled_back", STREAM)]


async def test_a_stream_that_grows_and_is_finished_is_in_order(store: Store) -> None:
    assert await told(store, numbers(1, 6, 10), numbers(1, 6, 12), numbers(1, 12, 12, current=False)) == []
