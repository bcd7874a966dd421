"""A village clerk sees his village alone, on every page, stream and export; and personal data is shown to nobody who
has not said why: both walked through with something that can be recognised."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from countyhub.accounts.roles import ROLES
from countyhub.accounts.session import COOKIE
from countyhub.api.table import ROUTES
from countyhub.audit import reading
from countyhub.registry import plan, stored
from countyhub.registry.forms import Duty
from countyhub.store import tables as t
from countyhub.store.notifytables import message
from gridwire.events import Alarm, Checkin, DeviceState, Request
from simulators.county.build import COUNTY, SMALL, build
from tests.apis import desk
from tests.browser.client import live
from tests.browser.county import jpeg
from tests.registries import VILLAGES, ZONE, small
from tests.walks import THERE, Browser, browser, pages, person_of

pytestmark = pytest.mark.usefixtures("database")
HERE, THERE_BOX = VILLAGES[0], VILLAGES[1]
OWN, OTHER = "own-canary", "other-canary"
PHONE, NUMBER, NAME, WORDS = "13987654321", "110101199003077758", "欧阳震华", "窗外有人哭喊"


async def fill(place) -> None:
    """In two villages the same: events with pictures, a device, a case, a dead letter; told apart by a word."""
    county = await browser(place, "county")
    for box, word in ((HERE, OWN), (THERE_BOX, OTHER)):
        await place.place.box(box, word)
        await place.place.device(box, "cam-1", f"{word} camera", state="down", detail=word)
        alarm = await place.place.event(box, Alarm(kind="smoke", state="pulse", source=word), device="cam-1")
        await place.place.picture_of(alarm, box, jpeg(1))
        said = f'{{"title": "{word}", "text": "{word}", "place": "{box}"}}'
        opened = await county("POST", "/api/1/cases", said, content_type="application/json")
        assert opened[0] == 201, opened


def addresses(place) -> list[str]:
    """Every page, table to take away and live stream that can be asked for, and every route of the interface."""
    found = [path for method, path in pages(place) if method == "GET" and path != "/metrics"]  # that is no person's
    found += [f"/live/{name}" for name in ("board", "map", "cameras", "boxes", "lights", "cases")]
    found += [f"/events?box={THERE_BOX}", f"/boxes/{THERE_BOX}", f"/boxes/{HERE}", f"/cameras/{THERE_BOX}/cam-1",
              f"/live?box={THERE_BOX}", f"/cases?q={OTHER}", f"/cases.csv?q={OTHER}",
              "/look?object=event/2"]  # fmt: skip
    routes = [route for route in ROUTES if route.method == "GET"]
    return found + ["/api/1" + re.sub(r"\{([a-z_]+)\}", lambda each: THERE[each[1]], route.path) for route in routes]


async def shown(someone: Browser, url: str, path: str) -> str:
    """What somebody gets of an address; of a stream its first update."""
    if not path.startswith("/live"):
        return (await someone("GET", path))[2]
    where, _, query = path.partition("?")
    try:
        async with live(url, query, path=where, session="", cookie=f"{COOKIE}={someone.cookie}") as stream:
            return str((await stream.update())[1])
    except (AssertionError, EOFError):
        return ""  # it is not his


async def test_a_village_clerk_sees_his_village_alone(place):
    await fill(place)
    clerk = await browser(place, "village_clerk", area=HERE)
    seen = [path for path in addresses(place) if OTHER in await shown(clerk, place.url, path)]
    assert [path for path in seen if path != f"/cases?q={OTHER}"] == []
    everything = {path: await shown(clerk, place.url, path) for path in ("/events", "/live", "/boxes", "/cases.csv")}
    for path in ("/events", "/live", "/boxes"):
        assert OWN in everything[path], path
    assert "1" in re.search(r'class="value">(\d+)<span class="of">/1<', everything["/events"])[1], "boxes online"
    county = await browser(place, "county")
    for whose, alarms in ((clerk, "1"), (county, "2")):
        page = (await whose("GET", "/events?lang=zh"))[2]
        assert re.search(r'今日报警.*?class="value">(\d+)', page, re.DOTALL)[1] == alarms, "his own alone"
    for path in ("/events", "/live", "/boxes", "/cases", "/cases.csv", "/live/boxes"):
        got = await shown(county, place.url, path)
        assert (OWN in got, OTHER in got) == (True, True), path
    assert OTHER not in (await clerk("GET", f"/cases?q={OTHER}"))[2].replace(f'value="{OTHER}"', "").replace(
        f"q={OTHER}", ""
    )
    part = await browser(place, "county", area=HERE)
    for path in ("/users", "/users.csv", "/settings", "/letters"):
        assert [(await each("GET", path))[0] for each in (county, part)] == [200, 403], f"{path} belongs to no village"


async def test_an_open_stream_follows_the_registry(tmp_path):
    """The clerk's duty ends while he looks: his page is told to come anew, and gets nothing then."""
    rows = build(SMALL)
    duty = next(row for row in rows if isinstance(row, Duty) and row.role == "village_clerk")
    async with desk(tmp_path, rows) as place:
        await fill(place)
        clerk = await browser(place, "village_clerk", person=duty.person)
        for where, page in (("/live", "/events"), ("/live/boxes", "/boxes")):
            query = re.search(rf'data-stream="{where}\?([^"]*)"', (await clerk("GET", page))[2])[1].replace(
                "&amp;", "&"
            )
            assert "sight=" in query
        cookie = f"{COOKIE}={clerk.cookie}"
        async with live(place.url, query, path=where, session="", cookie=cookie) as stream:
            await stream.message()
            over = [replace(row, valid_to=datetime.now(UTC).date()) if row is duty else row for row in rows]
            async with place.store.read() as connection:
                known, revision = await stored.load(connection), await stored.revision(connection)
            folder, today = small(tmp_path / "again", over), datetime.now(ZONE).date()
            found = plan.make(folder, known, revision=revision, county=COUNTY, today=today, allow_ending=True)
            assert not found.mistakes, found.mistakes
            await plan.apply(place.store, found, by="test", now=datetime.now(UTC), zone=ZONE)
            await place.place.event(HERE, Alarm(kind="smoke", state="pulse"))
            said = {}
            while said.get("event") != "reload":
                said = await stream.message()
        assert (await clerk("GET", "/events"))[1] == "/account"


async def personal(place) -> str:
    """Personal data wherever it may stand; the number of the case."""
    here = place.place
    await here.box(HERE)
    await here.device(HERE, "cam-1", "gate", state="down", detail=f"call {PHONE}")
    mine = {"person": "a" * 64, "key": "k"}
    await here.event(HERE, Checkin(method="id", name=NAME, masked="", point=PHONE, **mine))
    await here.event(HERE, Request(item="0101", mode="report", receipt="7", text=f"{WORDS} {PHONE} {NUMBER}", **mine))
    await here.event(HERE, Alarm(kind="smoke", state="pulse", source=f"{PHONE}", object=NUMBER))
    await here.event(HERE, DeviceState(state="down", detail=f"call {PHONE}"), device="cam-1")
    payload = f'{{"name": "{NAME}", "call": "{PHONE}"}}'.encode()
    now = datetime.now(UTC)
    facts = {"topic": f"grid/1/431126/{HERE}/x", "payload": payload, "size": len(payload), "code": "codec.bad"}
    facts |= {"text_zh": f"坏 {PHONE}", "text_en": f"bad {PHONE}", "received": now, "last_received": now, "count": 1}
    await here.insert(t.dead_letter, id=7, box=HERE, digest=bytes(16), **facts)
    county = await browser(place, "county")
    said = f'{{"title": "回电 {PHONE}", "text": "{PHONE} {NUMBER}", "place": "{HERE}"}}'
    opened = await county("POST", "/api/1/cases", said, content_type="application/json")
    number = re.search(r'"number":"([0-9-]+)"', opened[2])[1]
    told = {"reason": 1, "lap": 0, "channel": "", "number": number, "kind": "sos", "urgent": True, "made": now}
    told |= {"text": f"回电 {PHONE}", "state": "waiting", "problem": ""}
    for each, role in enumerate(ROLES):
        await here.insert(message, id=each + 1, person=await person_of(place, role) or f"nobody{each}", **told)
    return number


@pytest.mark.parametrize(
    "role", [role if role == "county" else pytest.param(role, marks=pytest.mark.slow) for role in ROLES]
)
async def test_personal_data_is_shown_for_a_reason_alone(place, role):
    number = await personal(place)
    someone = await browser(place, role)
    own = [f"/cases/{number}", f"/live/case?number={number}", f"/look?object=case/{number}", f"/boxes/{HERE}",
           f"/cameras/{HERE}/cam-1", f"/api/1/cases/{number}", f"/api/1/cases/{number}/timeline", "/api/1/letters",
           *(f"/api/1/events/{each}" for each in (1, 2, 3, 4)), "/api/1/letters/7", f"/api/1/boxes/{HERE}"]  # fmt: skip
    canaries = (PHONE, NUMBER, NAME, WORDS, base64.b64encode(PHONE.encode()).decode()[:12])
    found = {}
    for path in [*addresses(place), *own]:
        got = await shown(someone, place.url, path)
        if told := [each for each in canaries if each in got]:
            found[path] = told
    assert found == {}


async def test_what_is_masked_can_be_looked_at_and_that_is_in_the_audit(place):
    await personal(place)
    county, inspector = await browser(place, "county"), await browser(place, "inspector")
    people = json.loads((await county("GET", "/api/1/people"))[2])["items"]
    assert {person["phone"] for person in people} == {None}, "a page shows them for a reason, the interface for none"
    assert "/look?object=event/1" in (await county("GET", "/events"))[2]
    assert "/look?object=event/1" not in (await inspector("GET", "/events"))[2]
    for subject, canaries in (("event/1", (NAME, PHONE)), ("event/2", (WORDS, PHONE)), ("letter/7", (NAME, PHONE))):
        assert (await inspector("POST", "/look", f"object={subject}&reason=case&text=curious"))[0] == 403
        assert PHONE not in (await county("GET", f"/look?object={subject}"))[2]
        assert (await county("POST", "/look", f"object={subject}&reason=case&text=calling+back"))[0] == 303
        got = (await county("GET", f"/look?object={subject}"))[2]
        assert [each for each in canaries if each not in got] == []
        async with place.store.read() as connection:
            row, *_ = await reading.newest(connection, kind="personal.revealed")
        assert (row.object, b"calling back" in row.detail) == (subject, True)
    assert WORDS in (await county("GET", "/api/1/events/2"))[2]
    assert WORDS not in (await county("GET", "/api/1/events"))[2]
    assert (await county("GET", "/api/1/letters/7"))[0] == 200
    clerk = await browser(place, "village_clerk", area=THERE_BOX)
    assert (await clerk("POST", "/look", "object=event/1&reason=case&text=curious"))[0] == 404
