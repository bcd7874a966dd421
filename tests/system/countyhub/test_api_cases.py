"""Cases over HTTP: reported, acted on, merged; who comes second, and what comes twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from countyhub.api.routes import events
from countyhub.store.casetables import cases
from countyhub.store.notifytables import alert
from countyhub.store.tokentables import api_answer
from gridwire.events import Alarm
from tests.apis import ALL, Desk
from tests.browser.county import jpeg
from tests.casebooks import overtaken
from tests.registries import TOWNSHIP, VILLAGES

pytestmark = pytest.mark.usefixtures("database")
CLERK, COUNTY_STAFF, TOWNSHIP_STAFF = "P00014", "P00006", "P00010"
REPORT = {"title": "路灯不亮", "text": "村口第二盏", "place": VILLAGES[0], "category": "0101"}


async def reported(place: Desk, **more: object) -> str:
    said = await (await place.caller())("POST", "/cases", {**REPORT, **more})
    assert said.status == 201, said
    return said.json["case"]["number"]


async def test_a_report_goes_the_whole_loop(place):
    machine, clerk = await place.caller(), await place.caller(ALL, person=CLERK)
    said = await machine("POST", "/cases", {**REPORT, "receipt": "R7KQ2"})
    number = said.json["case"]["number"]
    assert said.headers["location"] == f"/api/1/cases/{number}"
    assert (said.json["case"]["stage"], said.json["case"]["owner"]) == ("found", None)
    steps = (
        {"act": "register"},
        {"act": "begin"},
        {"act": "ledger_step", "step": "discuss", "day": "2026-01-05"},
        {"act": "feed_back", "text": "已更换灯泡"},
        {"act": "close", "text": "办结"},
    )
    for number_of_step, step in enumerate(steps):
        before = await clerk("GET", f"/cases/{number}")
        assert before.headers["etag"] == f'"{number_of_step}"'
        done = await clerk("POST", f"/cases/{number}/acts", step, if_match=before.headers["etag"])
        assert done.status == 200, done
        assert done.headers["etag"] == f'"{number_of_step + 1}"'
    assert (done.json["case"]["stage"], done.json["case"]["open"]) == ("closed", False)
    lines = (await clerk.get(f"/cases/{number}/timeline"))["items"]
    assert [line["act"] for line in lines] == ["opened", *(step["act"] for step in steps)]
    assert done.json["five_steps"] == [{"step": "discuss", "day": "2026-01-05"}]
    assert {line["actor"] for line in lines[1:]} == {CLERK}
    assert (await machine.get("/cases", receipt="R7KQ2"))["items"][0]["number"] == number
    assert (await machine.get("/cases", open="true"))["items"] == []


async def test_who_comes_second_is_told_the_version_in_force(place):
    number = await reported(place)
    clerk, chief = await place.caller(ALL, person=CLERK), await place.caller(ALL, person=COUNTY_STAFF)
    path = f"/cases/{number}/acts"
    assert (await clerk("POST", path, {"act": "register", "expected": 0})).status == 200
    late = await chief("POST", path, {"act": "void", "text": "误报", "expected": 0})
    assert (late.status, late.code, late.json["version"], late.headers["etag"]) == (409, "case.stale", 1, '"1"')
    late = await chief("POST", path, {"act": "void", "text": "误报"}, if_match='"0"')
    assert (late.status, late.code, late.json["version"], late.headers["etag"]) == (412, "api.changed", 1, '"1"')
    assert (await chief.get(f"/cases/{number}"))["case"]["stage"] == "filed"
    again = await asyncio.gather(*(clerk("POST", path, {"act": "begin", "expected": 1}) for _ in range(4)))
    assert sorted(each.status for each in again) == [200, 409, 409, 409]


async def test_refusals_say_why_and_what_to_do_in_both_languages(place):
    number = await reported(place)
    clerk, other = await place.caller(ALL, person=CLERK), await place.caller(ALL, person="P00018")
    path = f"/cases/{number}/acts"
    early = await clerk("POST", path, {"act": "close", "text": "x"}, accept_language="en-GB,en;q=0.9,zh;q=0.1")
    assert (early.status, early.code) == (409, "case.wrong-stage")
    assert early.json["detail"] == early.json["en"]
    assert "只有以下环节可以" in early.json["zh"]
    assert early.headers["content-language"] == "en"
    await clerk("POST", path, {"act": "register"})
    assert (await clerk("POST", path, {"act": "pass_up"})).code == "case.text-missing"
    assert (await clerk("POST", path, {"act": "assign", "text": "x"})).code == "case.target-missing"
    assert (await clerk("POST", path, {"act": "assign", "text": "x", "target": "X9"})).code == "case.target-unknown"
    assert (await other("POST", path, {"act": "begin"})).status in (403, 404)
    step = {"act": "ledger_step", "step": "discuss"}
    undated, early = await clerk("POST", path, step), await clerk("POST", path, {**step, "day": "9999-01-01"})
    assert (undated.status, undated.code) == (422, "case.five-steps-no-date")
    assert (early.status, early.code) == (422, "case.five-steps-future")
    assert (await clerk("POST", path, {**step, "day": "2026-13-01"})).status == 400
    assert (await clerk("POST", path, {**step, "step": "dance"})).status == 400
    acts = {each["act"]: each for each in (await clerk.get(f"/cases/{number}/acts"))["items"]}
    assert acts["begin"]["possible"]
    assert acts["pass_up"]["needs"] == ["text"]
    assert (acts["close"]["possible"], acts["close"]["code"]) == (False, "case.wrong-stage")
    assert acts["close"]["why_zh"]


async def test_a_case_goes_to_another_office_by_its_code(place):
    number = await reported(place)
    clerk = await place.caller(ALL, person=CLERK)
    await clerk("POST", f"/cases/{number}/acts", {"act": "register"})
    grid = (await clerk.get(f"/areas/{VILLAGES[0]}"))["grids"][0]
    done = await clerk("POST", f"/cases/{number}/acts", {"act": "assign", "text": "请查看", "target": grid})
    assert done.json["case"]["owner"] == {"level": "grid", "code": grid}
    assert (await clerk.get("/cases", owner=grid))["items"][0]["number"] == number
    assert (await clerk.get("/cases", had=VILLAGES[0], level="grid"))["items"][0]["number"] == number
    assert (await clerk("GET", "/cases", query={"owner": "X9"})).code == "api.unknown-place"


async def test_cases_are_merged_and_split_again(place):
    parent, child = await reported(place), await reported(place)
    clerk = await place.caller(ALL, person=CLERK)
    for number in (parent, child):
        await clerk("POST", f"/cases/{number}/acts", {"act": "register"})
    done = await clerk("POST", f"/cases/{child}/merge", {"into": parent, "expected": 1})
    assert (done.json["case"]["stage"], done.json["case"]["parent"], done.json["also"]) == ("merged", parent, [parent])
    assert (await clerk.get(f"/cases/{parent}"))["children"] == [child]
    assert [each["number"] for each in (await clerk.get("/cases", parent=parent))["items"]] == [child]
    assert (await clerk("POST", f"/cases/{child}/merge", {"into": child})).status in (409, 422)
    nowhere = child[:-4] + "9999"
    assert (await clerk("POST", f"/cases/{child}/merge", {"into": nowhere})).code == "api.not-found"
    done = await clerk("POST", f"/cases/{child}/split", {"text": "两回事"})
    assert (done.json["case"]["stage"], done.json["case"]["parent"]) == ("filed", "")


async def test_a_request_that_comes_again_is_done_once_and_hears_the_same(place):
    call = await place.caller()
    first = await call("POST", "/cases", REPORT, idempotency_key="k-1")
    again = await call("POST", "/cases", REPORT, idempotency_key="k-1")
    assert (again.status, again.body, again.headers["location"]) == (201, first.body, first.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    assert (await call.get("/counts"))["open"] == 1
    assert (await call("POST", "/cases", {**REPORT, "title": "x"}, idempotency_key="k-1")).code == "api.key-reused"
    other = await place.caller()
    assert (await other("POST", "/cases", REPORT, idempotency_key="k-1")).body != first.body, "another one's key"
    several = await asyncio.gather(*(call("POST", "/cases", REPORT, idempotency_key="k-2") for _ in range(6)))
    done = {each.body for each in several if each.status == 201}
    assert len(done) == 1
    assert {each.code for each in several if each.status != 201} <= {"api.in-progress"}
    assert (await call.get("/counts"))["open"] == 3


async def test_what_was_refused_may_be_asked_again_and_what_was_cut_off_after_a_minute(place):
    call = await place.caller()
    wrong = {**REPORT, "category": "9999"}
    for _ in range(2):
        assert (await call("POST", "/cases", wrong, idempotency_key="k")).code == "api.unknown-category"
    first = await call("POST", "/cases", REPORT, idempotency_key="k-2")
    async with place.store.write() as connection:  # as a process leaves it that dies before it has done anything
        await connection.execute(update(api_answer).values(status=None, headers=None, body=None))
    assert (await call("POST", "/cases", REPORT, idempotency_key="k-2")).code == "api.in-progress"
    async with place.store.write() as connection:
        await connection.execute(update(api_answer).values(at=datetime.now(UTC) - timedelta(seconds=61)))
    assert (await call("POST", "/cases", REPORT, idempotency_key="k-2")).body != first.body
    async with place.store.write() as connection:
        await connection.execute(update(api_answer).values(at=datetime.now(UTC) - timedelta(hours=25)))
    later = await call("POST", "/cases", REPORT, idempotency_key="k-2")
    assert "idempotency-replayed" not in later.headers


async def test_the_same_matter_of_another_system_is_one_case_while_it_is_open(place):
    one, two = await place.caller(), await place.caller()
    first, again = [await one("POST", "/cases", {**REPORT, "about": "12345/2026-77"}) for _ in range(2)]
    assert first.json["case"]["number"] == again.json["case"]["number"]
    other = await two("POST", "/cases", {**REPORT, "about": "12345/2026-77"})
    assert other.json["case"]["number"] != first.json["case"]["number"]


@pytest.mark.postgres_only
async def test_who_is_overtaken_is_not_told(place):
    """Another process changes the case between reading and writing: it is done on what is there then."""
    call, clerk = await place.caller(), await place.caller(ALL, person=CLERK)
    report = {**REPORT, "about": "1"}
    number = (await call("POST", "/cases", report)).json["case"]["number"]
    joined = await overtaken(place.store, number, call("POST", "/cases", report))
    assert (joined.status, joined.json["case"]["number"]) == (201, number)
    act = {"act": "register", "expected": 0}
    done = await overtaken(place.store, number, clerk("POST", f"/cases/{number}/acts", act))
    assert (done.status, done.headers["etag"]) == (200, '"1"')


async def test_what_a_report_must_not_say_is_refused(place):
    call = await place.caller()
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for more, code in (
        ({"place": "999999999999"}, "api.unknown-place"),
        ({"box": "999999999999"}, "api.unknown-place"),
        ({"category": "9999"}, "api.unknown-category"),
        ({"happened": future}, "api.in-future"),
        ({"titel": "x"}, "api.bad-request"),
        ({"title": ""}, "api.bad-request"),
        ({"title": "x\x00"}, "api.bad-request"),
        ({"happened": "2026-05-01T08:00:00"}, "api.bad-request"),
    ):
        said = await call("POST", "/cases", {**REPORT, **more})
        assert said.code == code, said
        assert said.status in (400, 422)
    assert (await call.get("/counts"))["open"] == 0


async def test_files_are_what_they_are_and_are_given_back_to_be_saved(place):
    number = await reported(place)
    call, path = await place.caller(), f"/cases/{number}/attachments"
    added = await call("POST", path, jpeg(), query={"name": "../村口.jpg"}, content_type="image/jpeg")
    assert added.status == 201
    one = await call("GET", added.headers["location"].removeprefix("/api/1"))
    assert (one.body, one.headers["content-type"]) == (jpeg(), "image/jpeg")
    assert one.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert "/" not in one.headers["content-disposition"].partition("''")[2]
    assert one.headers["x-content-type-options"] == "nosniff"
    again = await call("POST", f"{path}?name=b.jpg", jpeg(), content_type="image/jpeg")
    assert (again.json["is_new"], again.json["id"]) == (False, added.json["id"])
    html = b"<html><script>alert(1)</script>"
    assert (await call("POST", f"{path}?name=a.jpg", html, content_type="image/jpeg")).code == "case.attachment-kind"
    assert (await call("POST", f"{path}?name=a.html", html, content_type="text/html")).code == "api.wrong-type"
    assert (await call("POST", f"{path}?name=a.jpg", b"", content_type="image/jpeg")).code == "case.attachment-empty"
    large = b"\xff\xd8\xff" + bytes(8 * 1024 * 1024)
    assert (await call("POST", f"{path}?name=a.jpg", large, content_type="image/jpeg")).code == "api.too-large"
    assert len((await call.get(f"/cases/{number}"))["attachments"]) == 1


async def test_pages_of_cases_go_on_where_the_last_one_ended(place):
    numbers = [await reported(place) for _ in range(5)]
    call = await place.caller()
    seen, after = [], {}
    while True:
        page = await call.get("/cases", limit=2, **after)
        seen += [each["number"] for each in page["items"]]
        if not page["next"]:
            break
        if not after:
            await reported(place)  # what comes in meanwhile does not shift the pages
        after = {"after": page["next"]}
    assert seen == list(reversed(numbers))
    assert [each["number"] for each in (await call.get("/cases", order="due", area=TOWNSHIP))["items"]][:5] != []
    assert (await call.get("/cases", area=VILLAGES[1]))["items"] == []


async def test_events_are_followed_without_gap_or_repeat(place, monkeypatch):
    call = await place.caller()
    assert await call.get("/events") == {"items": [], "next": 0, "more": False}
    for number in range(5):
        await place.place.event(VILLAGES[number % 2], Alarm(kind="smoke", state="pulse"))
    first = await call.get("/events", limit=2)
    rest = await call.get("/events", after=first["next"])
    assert [each["id"] for each in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    only = await call.get("/events", box=VILLAGES[1], limit=1)
    assert ([each["id"] for each in only["items"]], only["next"], only["more"]) == ([2], 2, True)
    assert [each["id"] for each in (await call.get("/events", box=VILLAGES[1], after=2))["items"]] == [4]
    assert await call.get("/events", type=["checkin", "sos"], after=3) == {"items": [], "next": 5, "more": False}
    monkeypatch.setattr(events, "SPAN", 2)
    assert await call.get("/events", type="sos") == {"items": [], "next": 2, "more": True}
    seen, after, more = [], 0, True
    while more:
        page = await call.get("/events", box=VILLAGES[1], after=after)
        seen, after, more = [*seen, *(each["id"] for each in page["items"])], page["next"], page["more"]
    assert (seen, after) == ([2, 4], 5)
    one = await call.get("/events/2")
    assert one["event"]["event"]["type"] == "cn.gridwire.alarm.v1"
    assert one["event"]["time_known"] is True


async def test_a_call_for_help_is_answered_once(place):
    number = await reported(place)
    now = datetime.now(UTC)
    row = {"reason": 1, "lap": 1, "step": 0, "drill": False, "opened": now, "due": now, "ended_by": ""}
    await place.place.insert(alert, number=number, **row)
    clerk, machine = await place.caller(ALL, person=CLERK), await place.caller()
    assert [each["number"] for each in (await machine.get("/calls"))["items"]] == [number]
    said = await clerk("POST", f"/cases/{number}/answer")
    assert (said.status, said.json["ended_by"], said.json["due"]) == (200, CLERK, None)
    assert (await clerk("POST", f"/cases/{number}/answer")).code == "notify.no-such-call"
    assert (await machine.get("/calls"))["items"] == []
    assert len((await machine.get("/calls", all="true"))["items"]) == 1
    assert (await machine.get("/notifications"))["items"] == []


async def test_a_case_out_of_sight_is_as_if_it_were_not_there(place):
    number = await reported(place)
    async with place.store.write() as connection:
        assert (await connection.execute(update(cases).values(title="x"))).rowcount == 1
    outside = await place.caller(ALL, person=COUNTY_STAFF, area=VILLAGES[1])
    tries = (
        ("GET", f"/cases/{number}", None), ("GET", f"/cases/{number}/timeline", None),
        ("GET", f"/cases/{number}/acts", None), ("GET", f"/cases/{number}/attachments/1", None),
        ("POST", f"/cases/{number}/acts", {"act": "note", "text": "x"}), ("POST", f"/cases/{number}/answer", None),
        ("POST", f"/cases/{number}/merge", {"into": number}), ("POST", f"/cases/{number}/split", {"text": "x"}),
    )  # fmt: skip
    for method, path, body in tries:
        assert (await outside(method, path, body)).code == "api.not-found", (method, path)
