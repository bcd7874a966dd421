"""For tests of notifying: the small county, a gateway for text messages, and rounds at a time of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from countyhub import notify
from countyhub.cases.acting import Acted, act
from countyhub.cases.book import Book
from countyhub.config import Config, FeedsSettings, NotifySettings, SmsSettings
from countyhub.lifecycle.state import Act, Actor, Office
from countyhub.notify.loop import Done
from countyhub.registry.columns import Row
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import Store
from countyhub.store.notifytables import contact, message, parcel
from simulators.county.build import COUNTY
from tests import casebooks
from tests.casebooks import MORNING
from tests.gateways import Asked, Gateway, Says
from tests.registries import ZONE, registry

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TAKEN = Says()
FIELDS = {"phone": "{phone}", "content": "{text}", "id": "{id}"}


def phone(person: str) -> str:
    return next(row.phone for row in casebooks.rows() if getattr(row, "FILE", "") == "people" and row.code == person)


def config(url: str, *, sms: dict[str, Any] | None = None, **settings: Any) -> Config:
    """Text messages go to `url`, at once and without limits unless said otherwise."""
    gateway = SmsSettings(url=url, fields=FIELDS, per_minute=0, timeout_s=1, **(sms or {}))
    given = {"gather_s": 0, "per_hour": 1000, "per_day": 1000, "sms": gateway, **settings}
    ours = FeedsSettings(allow_private=("127.0.0.0/8", "::1/128"))
    return Config(county=COUNTY, name="澄禾县", notify=NotifySettings(**given), feeds=ours)


class County:
    """A store with cases, and whoever is told something."""

    def __init__(self, store: Store, gateway: Gateway, more: Iterable[Row] = (), **settings: Any) -> None:
        self.store, self.gateway = store, gateway
        self.config = config(gateway.url, **settings)
        self.live = LiveRegistry(store, ZONE)
        rows = [*casebooks.rows(), *more]
        self.live.current = registry(rows)
        self.book = Book(COUNTY, self.live)
        self.now = MORNING

    async def round(self, after: timedelta = timedelta(0)) -> Done:
        """One round of notifying, so much later."""
        self.now += after
        return await notify.once(self.store, self.live, self.config, self.now)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Telephone and text of every request to the gateway, in order."""
        return [(asked.json["phone"], asked.json["content"]) for asked in self.gateway.asked]

    @property
    def phones(self) -> list[str]:
        return [each for each, _ in self.told]

    @property
    def called(self) -> list[tuple[str, str]]:
        """Of `told`: what calls for help; not that somebody has taken it over."""
        return [(to, text) for to, text in self.told if "不再继续通知" not in text]

    def forget(self) -> None:
        self.gateway.asked.clear()

    async def open(self, key: str = "alarm/1", **facts: Any) -> str:
        given = {"arrived": self.now, "happened": self.now} | facts
        return (await casebooks.opened(self.store, self.book, casebooks.opening(key, **given), self.now)).number

    async def sos(self, key: str = "sos/1", **facts: Any) -> str:
        return await self.open(key, origin="person", urgent=True, category="", **facts)

    async def act(self, number: str, name: str, who: Actor, to: Office | None = None, text: str = "请处理") -> Acted:
        done = await act(self.store, self.book, number, Act(name=name, text=text, target=to), who, self.now)
        assert isinstance(done, Acted), done
        return done

    async def reach(self, person: str, channel: str, address: str) -> None:
        async with self.store.write() as connection:
            await connection.execute(
                contact.insert().values(person=person, channel=channel, address=address, changed=self.now)
            )

    async def messages(self) -> list[Any]:
        async with self.store.read() as connection:
            return list((await connection.execute(select(message).order_by(message.c.id))).all())

    async def parcels(self) -> list[Any]:
        async with self.store.read() as connection:
            return list((await connection.execute(select(parcel).order_by(parcel.c.id))).all())


@asynccontextmanager
async def county(
    store: Store,
    answer: Says | Callable[[Asked], Says] | list[Says] = TAKEN,
    **options: Any,
) -> AsyncIterator[County]:
    async with Gateway(answer).open() as gateway:
        yield County(store, gateway, **options)
