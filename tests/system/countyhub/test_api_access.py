"""Who is let in to what: every route with every scope and with none; tokens that are over; areas, by the registry's
tree with its mergers and moves.
"""

from __future__ import annotations

import asyncio
import http.client
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from countyhub.api import tokens
from countyhub.api.scopes import SCOPES
from countyhub.api.table import ROUTES
from countyhub.registry.forms import Area, Person
from countyhub.store.tokentables import token
from gridwire.events import Alarm
from simulators.county.build import COUNTY, SMALL, build
from tests.apis import ALL, Caller, desk
from tests.browser.county import jpeg
from tests.registries import TOWNSHIP, VILLAGES

pytestmark = pytest.mark.usefixtures("database")
COUNTY_STAFF, CLERK = "P00006", "P00014"
THERE = {"number": f"{COUNTY}-20260101-0001", "box": VILLAGES[0], "order": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "event": "7",
         "stream": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "seq": "7", "attachment": "7", "place": TOWNSHIP, "token": "777",
         "letter": "7", "hook": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}  # fmt: skip
MERGED_ON = date(2026, 6, 1)


def filled(path: str) -> str:
    return "/api/1" + re.sub(r"\{([a-z_]+)\}", lambda found: THERE[found[1]], path)


Asked = tuple[str, str, str]
"""Method, path, token."""


async def ask(url: str, asked: list[Asked]) -> list[tuple[int, str]]:
    """Status and code of the problem of each, all over one connection."""

    def work() -> list[tuple[int, str]]:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        found = []
        for method, path, text in asked:
            connection.request(method, path, headers={"authorization": f"Bearer {text}"} if text else {})
            answer = connection.getresponse()
            body = answer.read().decode()
            code = re.search(r'"code":"([a-z.-]+)"', body) if answer.status >= 400 else None
            found.append((answer.status, code[1] if code else ""))
        connection.close()
        return found

    return await asyncio.to_thread(work)


async def test_every_route_asks_for_a_token_that_is_good(place):
    expired = await place.token(ALL, person=COUNTY_STAFF, days=-1)
    revoked = await place.token(ALL, person=COUNTY_STAFF)
    async with place.store.write() as connection:
        await tokens.revoke(connection, "t2", datetime.now(UTC))
    unknown, misspelt = tokens.new_text(), revoked[:-1] + "~"
    wrong = {"": "no-token", "gw_nonsense": "bad-token", unknown: "bad-token", misspelt: "bad-token",
             expired: "token-expired", revoked: "token-revoked"}  # fmt: skip
    asked = [(route.method, filled(route.path), text) for route in ROUTES for text in wrong]
    said = await ask(place.url, asked)
    assert said == [(401, f"api.{wrong[text]}") for _, _, text in asked]


async def test_every_route_opens_to_its_own_scope_and_to_no_other(place):
    texts = {await place.token([scope], person=COUNTY_STAFF): scope for scope in SCOPES}
    asked = [(route, text) for route in ROUTES for text in texts]
    said = await ask(place.url, [(route.method, filled(route.path), text) for route, text in asked])
    for (route, text), (status, code) in zip(asked, said, strict=True):
        if route.scope in ("", texts[text]):
            assert status not in (401, 403), (route.name, texts[text], code)
        else:
            assert (status, code) == (403, "api.scope-missing"), (route.name, texts[text])


async def test_what_is_the_countys_is_not_for_who_sees_an_area(place):
    text = await place.token(ALL, person=COUNTY_STAFF, area=VILLAGES[0])
    whole = [(route.method, filled(route.path), text) for route in ROUTES if route.whole]
    assert set(await ask(place.url, whole)) == {(403, "api.whole-county-only")}


async def test_a_person_without_a_duty_today_sees_nothing(place):
    text = await place.token(ALL, person="P99999")
    asked = [(route.method, filled(route.path), text) for route in ROUTES if route.scope]
    assert set(await ask(place.url, asked)) == {(403, "api.person-away")}


async def test_a_machine_cannot_act(place):
    call = await place.caller(["cases:open", "cases:read"])
    opened = (await call("POST", "/cases", {"title": "路灯不亮", "place": VILLAGES[0]})).json
    number = opened["case"]["number"]
    acts = (await call("GET", f"/cases/{number}/acts")).json["items"]
    assert {each["code"] for each in acts} == {"api.no-person"}
    async with place.store.write() as connection:
        await connection.execute(update(token).values(scopes=b'["cases:act"]'))
    said = await call("POST", f"/cases/{number}/acts", {"act": "register"})
    assert (said.status, said.code) == (403, "api.no-person")


def moved() -> list:
    """The small county, in which one village has become part of another, and one belongs to another township since."""
    other = f"{COUNTY}109"
    rows = []
    for row in build(SMALL):
        if isinstance(row, Area) and row.code == VILLAGES[4]:
            rows.append(replace(row, valid_to=MERGED_ON, successor=VILLAGES[3]))
        elif isinstance(row, Area) and row.code == VILLAGES[2]:
            rows.append(replace(row, valid_to=MERGED_ON))
            rows.append(replace(row, valid_from=MERGED_ON, parent=other))
        else:
            rows.append(row)
            if isinstance(row, Area) and row.code == TOWNSHIP:
                rows.append(replace(row, code=other, name="新乡"))
    return rows


async def test_an_area_is_what_the_registry_says_with_what_it_was_made_of(tmp_path):
    async with desk(tmp_path, moved()) as place:
        before, after = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
        told = [(VILLAGES[number], at) for number in (2, 3, 4) for at in (before, after)]
        for box, at in told:
            await place.place.event(box, Alarm(kind="smoke", state="pulse"), at=at)
        for box in VILLAGES:
            await place.place.box(box)
        numbers = {}
        county = await place.caller()
        for number in (2, 3, 4):
            opened = (await county("POST", "/cases", {"title": "x", "box": VILLAGES[number]})).json
            numbers[number] = opened["case"]["number"]

        async def seen(area: str) -> tuple[list[int], list[str], set[str]]:
            call = await place.caller(area=area)
            events = [each["id"] for each in (await call.get("/events"))["items"]]
            for event in range(1, 7):
                assert (await call("GET", f"/events/{event}")).status == (200 if event in events else 404)
            cases = {each["number"] for each in (await call.get("/cases"))["items"]}
            for number in numbers.values():
                assert (await call("GET", f"/cases/{number}")).status == (200 if number in cases else 404)
            boxes = [each["id"] for each in (await call.get("/boxes"))["items"]]
            assert (await call.get("/summary"))["boxes"] == len(boxes)
            assert (await call.get("/counts"))["open"] == len(cases)
            return events, sorted(boxes), {key for key, number in numbers.items() if number in cases}

        merged = ([3, 4, 5, 6], [VILLAGES[3], VILLAGES[4]], {3, 4})
        assert await seen(VILLAGES[3]) == merged
        assert await seen(VILLAGES[4]) == merged  # its name means the other one now
        assert await seen(VILLAGES[2]) == ([1, 2], [VILLAGES[2]], {2})
        assert await seen(f"{COUNTY}109") == ([1, 2], [VILLAGES[2]], {2})  # today's tree, its past included
        assert await seen(TOWNSHIP) == ([3, 4, 5, 6], [*VILLAGES[:2], *VILLAGES[3:]], {3, 4})  # never by digits
        assert await seen(COUNTY) == ([1, 2, 3, 4, 5, 6], sorted(VILLAGES), {2, 3, 4})


async def test_a_person_sees_what_the_person_works_in(place):
    for box in VILLAGES[:2]:
        await place.place.box(box)
        await place.place.event(box, Alarm(kind="smoke", state="pulse"))
    clerk, county = await place.caller(ALL, person=CLERK), await place.caller(ALL, person=COUNTY_STAFF)
    assert [each["box"] for each in (await clerk.get("/events"))["items"]] == [VILLAGES[0]]
    assert [each["box"] for each in (await county.get("/events"))["items"]] == VILLAGES[:2]
    both = await place.caller(ALL, person=COUNTY_STAFF, area=VILLAGES[1])
    assert [each["box"] for each in (await both.get("/events"))["items"]] == [VILLAGES[1]]
    nothing = await place.caller(ALL, person=CLERK, area=VILLAGES[1])
    assert (await nothing.get("/events"))["items"] == []
    assert {each["code"] for each in (await clerk.get("/areas"))["items"]} == {VILLAGES[0]}
    grids = (await clerk.get("/grids"))["features"]
    assert {each["properties"]["village"] for each in grids} == {VILLAGES[0]}
    assert (await clerk("GET", f"/areas/{VILLAGES[1]}")).status == 404


async def test_pictures_letters_and_orders_keep_to_the_area(place):
    ref = place.place.reference(VILLAGES[1], jpeg())
    await place.place.box(VILLAGES[1])
    await place.place.picture(VILLAGES[1], ref, jpeg())
    path = f"/pictures/{VILLAGES[1]}/{ref.stream}/{ref.seq}"
    inside, outside = await place.caller(area=VILLAGES[1]), await place.caller(area=VILLAGES[0])
    said = await inside("GET", path)
    assert (said.status, said.body, said.headers["content-type"]) == (200, jpeg(), "image/jpeg")
    assert (await inside("GET", path, if_none_match=said.headers["etag"])).status == 304
    assert (await outside("GET", path)).code == "api.not-found"
    for method, way, body in (
        ("POST", "orders", {"op": "ping"}), ("GET", "orders", None), ("GET", "board", None),
        ("PUT", "board", {"notices": []}),
    ):  # fmt: skip
        assert (await outside(method, f"/boxes/{VILLAGES[1]}/{way}", body)).status == 404
        assert (await inside(method, f"/boxes/{VILLAGES[1]}/{way}", body)).status in (200, 202)
    assert (await inside("POST", "/cases", {"title": "x", "box": VILLAGES[0]})).code == "api.outside"
    assert (await inside("POST", "/cases", {"title": "x"})).code == "api.outside"


async def test_telephones_are_told_by_a_scope_of_their_own(place):
    some = (await (await place.caller(["people:read"])).get("/people"))["items"]
    more = (await (await place.caller(["people:read", "people:phone"])).get("/people"))["items"]
    assert {each["phone"] for each in some} == {None}
    phones = {row.code: row.phone for row in build(SMALL) if isinstance(row, Person)}
    assert {each["code"]: each["phone"] for each in more} == {each["code"]: phones[each["code"]] for each in more}


async def test_what_a_token_is_is_told_to_who_has_it_and_its_text_to_nobody(place):
    call = await place.caller(["tokens:read"])
    assert (await call.get("/token"))["scopes"] == ["tokens:read"]
    listed = await call("GET", "/tokens")
    assert listed.json["items"][0]["prefix"] == call.token[:11]
    assert call.token[11:] not in listed.body.decode()
    async with place.store.read() as connection:
        (row,) = (await connection.execute(select(token))).all()
    assert call.token[11:] not in repr(row)
    assert row.sha256 == tokens.digest(call.token)


async def test_a_revoked_token_ends_at_once(place):
    chief, other = await place.caller(["tokens:read", "tokens:revoke"]), await place.caller(["events:read"])
    assert (await other("GET", "/events")).status == 200
    (wanted,) = [each for each in (await chief.get("/tokens"))["items"] if each["name"] == "t2"]
    assert (await chief("DELETE", f"/tokens/{wanted['id']}")).json["state"] == "revoked"
    assert (await other("GET", "/events")).code == "api.token-revoked"
    assert (await chief("DELETE", "/tokens/777")).code == "api.not-found"


async def test_the_last_use_is_noted_not_at_every_request(tmp_path):
    async with desk(tmp_path) as place:
        call = Caller(place.url, await place.token())
        for _ in range(3):
            await call.get("/token")
        assert (await call.get("/token"))["used"] is None, "noted once a minute"
        began = datetime.now(UTC)
        store = place.store
        async with store.read() as connection:
            assert (await connection.execute(select(token.c.used))).scalar() is None
        await place.close()
        async with store.read() as connection:
            used = (await connection.execute(select(token.c.used))).scalar()
        assert used is not None
        assert abs(used - began) < timedelta(minutes=1)
