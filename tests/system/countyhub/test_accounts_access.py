"""Who gets which page and which route of the interface: each with each role and with nobody, over real HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from countyhub.accounts import session, users
from countyhub.accounts.roles import ROLES, rights
from countyhub.api.table import ROUTES
from countyhub.audit import reading
from countyhub.cases.book import Book
from countyhub.config import Config
from countyhub.registry import stored
from countyhub.registry.forms import Duty
from countyhub.registry.live import LiveRegistry
from countyhub.store import tables
from countyhub.store.casetables import case_evidence
from countyhub.web.access import ANYONE, MONITORING, PUBLIC, page_of
from gridwire.events import Alarm
from simulators.county.build import COUNTY, SMALL, build
from tests.apis import desk
from tests.browser.county import jpeg
from tests.logins import PASSWORD, user
from tests.registries import VILLAGES, ZONE
from tests.walks import THERE, Browser, browser, pages, person_of

pytestmark = pytest.mark.usefixtures("database")
ENDS = {"/logout", "/account/password", "/account/sessions", "/account/language"}
"""Not walked through: they end what the walk needs, or lead to the account by themselves."""


async def test_every_page_has_its_row_in_the_table(place):
    assert [each for each in pages(place) if page_of(*each) is None] == []


async def test_nobody_gets_a_page_without_logging_in(place):
    nobody = Browser(place.url)
    for method, path in pages(place):
        status, leads_to, _ = await nobody(method, path)
        right = page_of(method, path).right
        if right in (PUBLIC, MONITORING):
            assert status < 500, (method, path, status)
            assert not leads_to.startswith("/login?"), (method, path)
        elif method == "GET" and not path.startswith("/live"):
            assert (status, leads_to.partition("?")[0]) == (303, "/login"), (method, path)
        else:
            assert status == 401, (method, path)
    for route in ROUTES:
        path = re.sub(r"\{([a-z_]+)\}", lambda each: THERE[each[1]], route.path)
        assert (await nobody(route.method, f"/api/1{path}"))[0] == 401, route.name


@pytest.mark.parametrize(
    "role",
    [role if role in ("village_clerk", "auditor") else pytest.param(role, marks=pytest.mark.slow) for role in ROLES],
)
async def test_every_role_gets_its_pages_and_routes_and_no_others(place, role):
    someone, has = await browser(place, role), rights([role], has_person=bool(await person_of(place, role)))
    person = await person_of(place, role)
    book = Book.configured(Config(county=COUNTY), LiveRegistry(place.store, ZONE))
    await book.refresh()
    is_whole = book.scope(person, datetime.now(UTC)).whole if person else ROLES[role].whole
    for method, path in pages(place):
        page = page_of(method, path)
        if path in ENDS or page.right == PUBLIC:
            continue
        status, leads_to, _ = await someone(method, path)
        shown = page_of(method, re.sub(r"(-[a-z]+)?\.(csv|xlsx)$", "", path)) or page
        may = all(each.right in (ANYONE, MONITORING, "") or each.right in has for each in (page, shown))
        if may and (is_whole or not (page.whole or shown.whole)):
            assert status not in (401, 403), (method, path, status)
            assert leads_to not in ("/login", "/account"), (method, path)
        elif path == "/":
            assert (status, leads_to) == (303, "/audit" if "audit:read" in has else "/account")
        else:
            assert status == 403, (method, path, status)
    for route in ROUTES:
        path = re.sub(r"\{([a-z_]+)\}", lambda each: THERE[each[1]], route.path)
        status, _, text = await someone(route.method, f"/api/1{path}")
        if route.scope and (route.scope not in has or route.scope == "people:phone"):
            assert (status, "api.scope-missing" in text) == (403, True), (route.name, status)
        elif route.whole and not is_whole:
            assert "api.whole-county-only" in text, route.name
        else:
            assert status not in (401, 403, 500), (route.name, text)


async def test_what_changes_something_comes_from_a_page_of_ours(place):
    someone = await browser(place, "dispatcher")
    other = session.csrf(session.new_secret())
    title = '{"title": "x"}'
    for path in ("/logout", "/account/password", "/cases", "/look", "/api/1/cases"):
        for wrong in ("", "x", other):
            assert (await someone("POST", path, "a=b", x_csrf_token=wrong))[0] == 403, (path, wrong)
        for header in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "same-site"},
                       {"sec_fetch_site": "cross-site"}):  # fmt: skip
            assert (await someone("POST", path, "a=b", **header))[0] == 403, (path, header)
    said = await someone("POST", "/api/1/cases", title, content_type="application/json", sec_fetch_site="same-origin")
    assert said[0] == 201, said
    assert (await someone("POST", "/logout", f"csrf={session.csrf(someone.cookie)}", x_csrf_token=""))[0] == 303
    assert (await someone("GET", "/"))[1] == "/login"
    assert (await someone("GET", "/api/1/cases"))[0] == 401
    async with place.store.read() as connection:
        kinds = [row.kind for row in await reading.newest(connection)]
        act, *_ = await reading.newest(connection, kind="case.act")
    assert kinds[0] == "logout"
    assert (act.who.partition("/")[0], act.person != "", act.object.startswith("case/")) == ("user", True, True)


async def test_the_scope_is_the_registrys_at_the_time(tmp_path):
    """A duty that has ended shows nothing; an area shows itself alone; nobody gets a role that is not his duty's."""
    rows = build(SMALL)
    clerk = next(row for row in rows if isinstance(row, Duty) and row.role == "village_clerk")
    gone = next(row for row in rows if isinstance(row, Duty) and row.role == "township")
    ended = replace(gone, valid_to=datetime.now(UTC).date())
    async with desk(tmp_path, [ended if row is gone else row for row in rows]) as place:
        for box in VILLAGES[:2]:
            await place.place.box(box)
            await place.place.event(box, Alarm(kind="smoke", state="pulse"))
        here = await browser(place, "village_clerk", person=clerk.person)
        assert (await here("GET", "/api/1/events"))[2].count('"box":') == 1
        area = await browser(place, "township", area=VILLAGES[1])
        events = (await area("GET", "/api/1/events"))[2]
        assert VILLAGES[1] in events
        assert VILLAGES[0] not in events
        away = await browser(place, "township", person=gone.person)
        assert (await away("GET", "/"))[1] == "/account"
        assert "没有职责" in (await away("GET", "/account", accept_language="zh"))[2]
        assert "person-away" in (await away("GET", "/api/1/events"))[2]
        with pytest.raises(users.NotOnDuty):
            async with place.store.read() as connection:
                registry = await stored.load_registry(connection, ZONE)
            users.check_registry(registry, ["county"], person=clerk.person, area="", now=datetime.now(UTC))


async def test_a_picture_is_seen_for_a_reason_in_ones_own_place(place):
    for box in VILLAGES[:2]:
        await place.place.box(box)
    paths = []
    for box in VILLAGES[:2]:
        paths.append(await place.place.picture(box, place.place.reference(box, jpeg(1)), jpeg(1)))
    clerk = await browser(place, "village_clerk", area=VILLAGES[0])
    assert (await clerk("GET", paths[1]))[0] == 404, "another village's"
    assert (await clerk("GET", f"/look?object={paths[1][1:]}"))[0] == 404
    assert (await clerk("GET", paths[0]))[0] == 403
    assert (await clerk("GET", paths[0], accept="text/html"))[1] == f"/look?object={paths[0][1:]}"
    assert (await clerk("GET", f"/api/1{paths[0].replace('/picture/', '/pictures/')}"))[0] == 403
    asked = f"object={paths[0][1:]}&csrf={session.csrf(clerk.cookie)}"
    assert (await clerk("POST", "/look", f"{asked}&reason=case&text=x"))[0] == 422
    assert (await clerk("POST", "/look", f"object={paths[1][1:]}&reason=case&text=case+7"))[0] == 404
    assert (await clerk("POST", "/look", f"{asked}&reason=case&text=case+7&next=//evil.example"))[1].startswith(
        "/look?"
    )
    assert (await clerk("GET", paths[0]))[0] == 200
    assert (await clerk("GET", f"/api/1{paths[0].replace('/picture/', '/pictures/')}"))[0] == 200
    inspector = await browser(place, "inspector", area=VILLAGES[0])
    assert (await inspector("GET", paths[0]))[0] == 403
    async with place.store.read() as connection:
        (row,) = await reading.newest(connection, kind="picture.looked")
    assert (row.object, b"case 7" in row.detail) == (paths[0][1:], True)


async def test_logging_in_and_choosing_ones_own_password(place):
    await user(place.store, "new", ["county"], must_change=True)
    someone = Browser(place.url)
    assert (await someone("POST", "/login", "name=new&password=wrong"))[0] == 401
    assert (await someone("POST", "/login", "name=new&password=x", origin="http://evil.example"))[0] == 403
    async with place.store.write() as connection:
        who = await users.one(connection, "new")
        someone.cookie = (await session.begin(connection, who, datetime.now(UTC)))[1]
    assert (await someone("GET", "/"))[1] == "/account"
    assert (await someone("GET", "/login?next=/cases"))[1] == "/cases", "who is in needs no second log-in"
    assert (await someone("POST", "/cases", "a=b"))[0] == 403
    assert "api.must-change-password" in (await someone("GET", "/api/1/cases"))[2]
    form = f"old={PASSWORD}&new=x9k-demo-tree7&again="
    assert (await someone("POST", "/account/password", form + "other"))[0] == 422
    assert (await someone("POST", "/account/password", form + "x9k-demo-tree7"))[1] == "/account?said=changed"
    assert (await someone("GET", "/account"))[1].startswith("/login"), "the old session is over"
    assert (await Browser(place.url)("POST", "/login", "name=new&password=x9k-demo-tree7&next=/cases"))[1] == "/cases"


async def test_numbers_of_persons_are_shown_for_a_reason(place):
    county = await browser(place, "dispatcher")
    said = f'{{"title": "路灯不亮", "text": "请回电13812345678", "place": "{VILLAGES[0]}"}}'
    opened = await county("POST", "/api/1/cases", said, content_type="application/json")
    number = re.search(r'"number":"([0-9-]+)"', opened[2])[1]
    for path in ("", "/timeline"):
        assert "13812345678" not in (await county("GET", f"/api/1/cases/{number}{path}"))[2]
    masked = (await county("GET", f"/cases/{number}"))[2]
    assert ("138****5678" in masked, "13812345678" in masked) == (True, False)
    asked = f"/look?object=case/{number}&amp;next=/cases/{number}"
    assert asked in masked
    inspector = await browser(place, "inspector")
    assert asked not in (await inspector("GET", f"/cases/{number}"))[2]
    assert (await inspector("POST", "/look", f"object=case/{number}&reason=case&text=curious"))[0] == 403
    given = await county("POST", "/look", f"object=case/{number}&reason=case&text=calling+back&next=/cases/{number}")
    assert given[1] == f"/cases/{number}"
    assert "13812345678" in (await county("GET", given[1]))[2]
    async with place.store.read() as connection:
        (row,) = await reading.newest(connection, kind="personal.revealed")
    assert row.object == f"case/{number}"


async def test_the_audit_is_searched_by_the_words_that_people_have(place):
    """A case's number finds what was looked at in it; a person is known by user name, number or name."""
    person, box = await person_of(place, "dispatcher"), VILLAGES[0]
    dispatcher, auditor = await browser(place, "dispatcher", person=person), await browser(place, "auditor", person="")
    said = f'{{"title": "路灯不亮", "text": "路灯", "place": "{box}"}}'
    opened = await dispatcher("POST", "/api/1/cases", said, content_type="application/json")
    number = re.search(r'"number":"([0-9-]+)"', opened[2])[1]
    await place.place.box(box)
    await place.place.event(box, Alarm(kind="smoke", state="pulse"))
    async with place.store.write() as connection:
        event = (await connection.execute(select(func.max(tables.event.c.id)))).scalar_one()
        await connection.execute(case_evidence.insert().values(number=number, event_id=event))
    looked = f"object=event/{event}&reason=verify&text=calling+back&next=/cases/"
    assert (await dispatcher("POST", "/look", f"{looked}{number}"))[0] == 303
    assert (await dispatcher("POST", "/look", f"{looked}990000-20260101-0001"))[0] == 303
    async with place.store.read() as connection:
        name = (await stored.load_registry(connection, ZONE)).person(person, datetime.now(UTC)).name
        invented, told = await reading.newest(connection, kind="personal.revealed")
    assert (b'"case"' in invented.detail, number.encode() in told.detail) == (False, True)
    for asked in (f"object={number}", f"object=case/{number}", f"object=event/{event}", f"who=dispatcher.{person}",
                  f"who=user/dispatcher.{person.lower()}", f"who={person}", f"who={quote(name)}"):  # fmt: skip
        page = (await auditor("GET", f"/audit?kind=personal.revealed&{asked}&lang=zh"))[2]
        assert page.count("理由：核实告警；事由：calling back") == 2, asked
        assert name in page
    for asked in (f"object={number[:-1]}", "who=dispatcher", f"who={person}&object=event/{event}1"):
        page = (await auditor("GET", f"/audit?kind=personal.revealed&{asked}&lang=zh"))[2]
        assert "没有匹配的记录" in page, asked
        assert "操作：查看个人信息" in page
