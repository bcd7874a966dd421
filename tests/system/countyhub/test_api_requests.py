"""Requests that are too many, too large, too odd, or from the wrong place; every refusal is a problem with a code."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from starlette.datastructures import Headers

from countyhub.api.door import Door
from countyhub.api.parts import ApiParts
from countyhub.api.problems import PlainHttp
from countyhub.api.ratelimit import Limits
from countyhub.config import ApiSettings, Config
from countyhub.store.tables import board as board_table
from countyhub.store.tables import command
from countyhub.web.serve import _listen
from tests.apis import ALL, Caller, desk
from tests.browser.county import county
from tests.receivers import Receiver
from tests.registries import VILLAGES

pytestmark = pytest.mark.usefixtures("database")
BOX = VILLAGES[0]


@pytest.fixture
async def place(tmp_path):
    async with desk(tmp_path) as found:
        await found.place.box(BOX)
        yield found


async def test_too_many_requests_wait_each_token_for_itself(tmp_path):
    async with desk(tmp_path, requests_per_minute=3) as place:
        one, two = await place.caller(), await place.caller()
        said = [await one("GET", "/token") for _ in range(4)]
        assert [each.status for each in said] == [200, 200, 200, 429]
        assert said[0].headers["ratelimit-policy"] == '"token";q=3;w=60'
        assert said[0].headers["ratelimit"] == '"token";r=2;t=20'
        assert said[3].code == "api.too-many"
        assert 1 <= int(said[3].headers["retry-after"]) <= 20
        assert (await two("GET", "/token")).status == 200


async def test_who_guesses_is_slowed_down_and_disturbs_nobody(tmp_path):
    async with desk(tmp_path, failures_per_minute=3) as place:
        good, bad = await place.caller(), Caller(place.url, "gw_wrong")
        said = [await bad("GET", "/events") for _ in range(5)]
        assert [each.status for each in said] == [401, 401, 401, 429, 429]
        assert said[4].code == "api.too-many-failures"
        assert int(said[4].headers["retry-after"]) > 0
        assert (await good("GET", "/events")).status == 200


def test_a_bucket_fills_at_a_steady_pace():
    limits = Limits(60)
    assert [limits.take("a", 0.0).allowed for _ in range(61)] == [True] * 60 + [False]
    assert limits.take("a", 0.0).wait_s == 1
    assert limits.take("a", 1.0).allowed
    assert not limits.take("a", 1.0).allowed
    assert limits.take("a", 1e9).left == 59
    assert limits.take("b", 0.0).left == 59


def test_buckets_are_bounded():
    limits = Limits(60)
    for number in range(30_000):
        limits.take(number, 0.0)
    assert len(limits._buckets) == 10_000


async def test_behind_a_proxy_the_proxy_says_who_it_is(tmp_path):
    async with desk(tmp_path, behind_proxy=True, failures_per_minute=1) as place:
        call, bad = await place.caller(), Caller(place.url, "gw_x")
        assert (await call("GET", "/token", x_forwarded_for="10.9.9.9, 203.0.113.9")).status == 200
        # Each address is counted for itself, and the first one in the list is anybody's word.
        for each, status in (("1.1.1.1, 9.9.9.1", 401), ("1.1.1.1, 9.9.9.2", 401), ("2.2.2.2, 9.9.9.1", 429)):
            assert (await bad("GET", "/token", x_forwarded_for=each)).status == status


async def test_a_proxy_that_nobody_has_told_of_is_refused(place):
    call = await place.caller()
    assert (await call("GET", "/token", x_forwarded_for="127.0.0.1")).code == "api.plain-http"


async def test_a_token_over_an_open_network_is_not_taken(tmp_path):
    """What another machine would be: the server believes the address of the socket, and so do we."""
    async with county(tmp_path) as place:
        config = Config(county="990126", api=ApiSettings())
        door = Door(place.store, ApiParts(config=config, book=None))
        headers = Headers({"authorization": "Bearer gw_x", "x-forwarded-for": "127.0.0.1"})
        with pytest.raises(PlainHttp):
            await door.token({"client": ("192.0.2.7", 5)}, headers, datetime.now(UTC))


async def test_bodies_are_bounded(place):
    call = await place.caller()
    large = {"title": "x", "text": "y" * 300_000}
    assert (await call("POST", "/cases", large)).code == "api.too-large"
    assert (await call("POST", "/cases", b"{", content_type="application/json")).code == "api.bad-request"
    assert (await call("POST", "/cases", b"title=x", content_type="application/x-www-form-urlencoded")).status == 415
    assert (await call("POST", "/cases", b"[" * 100_000)).code == "api.bad-request"
    assert (await call("POST", "/cases", b'{"title": "\xff"}')).code == "api.bad-request"
    assert (await call("POST", "/cases", {"title": "x"}, content_type="application/json; charset=utf-8")).status == 201


async def test_a_body_without_a_length_is_bounded_too(place):
    """Chunked: nobody says beforehand how much there is."""
    text, netloc = await place.token(), urlsplit(place.url).netloc
    reader, writer = await asyncio.open_connection(*netloc.split(":"))
    head = (f"POST /api/1/cases HTTP/1.1\r\nHost: {netloc}\r\nAuthorization: Bearer {text}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")  # fmt: skip
    writer.write(head.encode())
    for _ in range(6):
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
    await writer.drain()
    assert b" 413 " in await reader.readline()
    writer.close()


async def test_what_is_unknown_is_refused_by_name(place):
    call = await place.caller()
    said = await call("GET", "/events", query={"limt": 5, "limit": "1x", "type": "alarm", "box": "1"})
    assert {each["at"] for each in said.json["errors"]} == {"limt", "limit", "box"}
    for query in (
        "limit=1&limit=2",
        "limit=",
        "limit=01",
        "limit=%201",
        "limit=1.0",
        "limit=501",
        "after=-1",
        "%FF=1",
        "x",
    ):
        assert (await call("GET", f"/events?{query}")).code == "api.bad-request", query
    for query in ("open=1", "open=True", "open=yes", "after=1", "stage=gone", "since=2026-05-01"):
        assert (await call("GET", f"/cases?{query}")).code == "api.bad-request", query
    assert (await call("GET", "/token?x=1")).code == "api.bad-request"
    said = await call("POST", "/cases", {"title": 5})
    assert said.json["errors"][0]["at"] == "$.title"


async def test_headers_are_looked_at(place):
    call = await place.caller()
    path = f"/boxes/{BOX}/board"
    assert (await call("POST", "/cases", {"title": "x"}, idempotency_key="a b")).code == "api.bad-request"
    assert (await call("PUT", path, {"notices": []}, if_match="7")).code == "api.bad-request"
    assert (await call("PUT", path, {"notices": []}, if_match="*")).status == 200


async def test_methods_and_paths_that_are_not_there(place):
    call = await place.caller()
    said = await call("DELETE", "/events")
    assert (said.status, said.code, said.headers["allow"]) == (405, "api.wrong-method", "GET")
    assert (await call("PATCH", "/cases")).headers["allow"] == "GET, POST"
    assert (await call("GET", "/nothing")).code == "api.not-found"
    assert (await call("GET", "/events/x%0Ay")).code == "api.bad-request"
    head = await call("HEAD", "/events")
    assert (head.status, head.body) == (200, b"")


async def test_the_page_is_there_without_a_token_and_nothing_else_is(place):
    nobody = Caller(place.url)
    page = await nobody("GET", "/openapi.json")
    assert (page.status, page.json["openapi"]) == (200, "3.1.0")
    assert (await nobody("GET", "/summary")).headers["www-authenticate"] == 'Bearer realm="countyhub"'
    assert (await nobody("POST", "/openapi.json")).status == 405
    assert (await nobody("GET", "/summary", authorization="Basic Z3c6")).code == "api.no-token"


async def test_a_page_of_another_site_can_do_nothing(place):
    """No cookie counts, and a name that points here by somebody else's hand is refused before a token is looked at."""
    call = await place.caller()
    assert (await Caller(place.url)("POST", "/cases", {"title": "x"}, cookie=f"token={call.token}")).status == 401
    assert (await call("POST", "/cases", {"title": "x"}, host="evil.example")).status == 421
    assert (await call("OPTIONS", "/cases", origin="https://evil.example")).status == 405
    assert "access-control-allow-origin" not in (await call("GET", "/token", origin="https://evil.example")).headers


async def test_a_database_that_is_away_is_told_as_such(place):
    call = await place.caller()
    async with place.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE token RENAME TO elsewhere")
    said = await call("GET", "/token")
    assert (said.status, said.code, said.headers["retry-after"]) == (503, "api.database-away", "5")


async def test_a_board_is_changed_by_who_has_seen_it(place):
    call, path = await place.caller(), f"/boxes/{BOX}/board"
    first = await call("PUT", path, {"notices": [{"title": "停水通知", "text": "今晚 8 点"}], "expected": 0})
    assert (first.json["revision"], first.headers["etag"]) == (1, '"1"')
    late = await call("PUT", path, {"notices": [], "expected": 0})
    assert (late.code, late.json["version"]) == ("api.conflict", 1)
    late = await call("PUT", path, {"notices": []}, if_match='"0"')
    assert (late.code, late.headers["etag"]) == ("api.changed", '"1"')
    notice = first.json["notices"][0]
    answers = [{"receipt": "R7KQ2", "text": "已办结"}]
    second = await call("PUT", path, {"notices": [notice | {"text": "改到 9 点"}], "answers": answers}, if_match='"1"')
    assert second.json["notices"][0]["id"] == notice["id"]
    third = await call("PUT", path, {"notices": []}, if_match='"2"')
    assert third.json["answers"] == answers, "what is not named stays"
    async with place.store.read() as connection:
        (row,) = (await connection.execute(board_table.select())).all()
    assert json.loads(row.payload)["revision"] == 3
    assert (await call("GET", "/boxes/990126100999/board")).code == "api.not-found"


async def test_orders_are_written_down_for_the_hub_to_send(place):
    call, path = await place.caller(), f"/boxes/{BOX}/orders"
    said = await call("POST", path, {"op": "snapshot", "device": "cam-1", "expires_s": 60}, idempotency_key="o")
    assert said.status == 202
    assert (
        await call("POST", path, {"op": "snapshot", "device": "cam-1", "expires_s": 60}, idempotency_key="o")
    ).status == 202
    async with place.store.read() as connection:
        (row,) = (await connection.execute(command.select())).all()
    assert (row.op, json.loads(row.args), row.by, row.sent) == ("snapshot", {"device": "cam-1"}, "token/t1", None)
    assert (await call.get(f"{path}/{row.id}"))["ok"] is None
    numbered = {"op": "replay", "stream": row.id, "lane": "alarm"}
    for body in ({"op": "replay", "since": "2026-05-01T00:00:00Z"}, {**numbered, "ranges": [[1, 5]]}, {"op": "ping"}):
        assert (await call("POST", path, body)).status == 202, body
    wrong = ({"op": "replay"}, numbered, {"op": "replay", "lane": "alarm", "ranges": [[1, 5]]}, {"op": "snapshot"})
    for body in (*wrong, {**numbered, "ranges": [[5, 1]]}, {"op": "ping", "device": "x"}):
        assert (await call("POST", path, body)).code == "api.bad-order", body
    page = await call.get(path, limit=3)
    assert len(page["items"]) == 3
    assert [each["id"] for each in (await call.get(path, after=page["next"]))["items"]] == [row.id]


async def test_a_webhook_is_set_up_tested_and_taken_down(place):
    call = await place.caller(ALL, person="P00006")
    async with Receiver() as receiver:
        wanted = {"name": "12345", "url": receiver.url, "types": ["alarm", "case"], "areas": [BOX]}
        made = await call("POST", "/hooks", wanted, idempotency_key="h")
        assert made.status == 201, made
        assert made.json["secret"].startswith("whsec_")
        path = made.headers["location"].removeprefix("/api/1")
        assert (await call("POST", f"{path}/test")).json["taken"] is True
        assert (await call("PUT", f"{path}/state", {"state": "paused"})).json["state"] == "paused"
        assert (await call("PUT", f"{path}/state", {"state": "active"})).json["state"] == "active"
        assert (await call("POST", f"{path}/secret")).json["secret"] != made.json["secret"]
        listed = await call("GET", "/hooks")
        assert made.json["secret"] not in listed.body.decode()
        assert (await call.get(f"{path}/deliveries"))["items"] == []
        gone = await call("DELETE", path)
        assert (gone.status, gone.body) == (204, b"")
        assert (await call("GET", path)).code == "feeds.unknown"
    inward = {**wanted, "url": "http://169.254.169.254/latest"}
    assert (await call("POST", "/hooks", inward)).code == "feeds.private-address"
    assert (await call("POST", "/hooks", {**wanted, "types": []})).code == "api.bad-request"


def test_the_listener_is_told_to_be_tcp():
    """Else asyncio leaves Nagle's algorithm on, and every request over a kept connection takes 40 ms longer."""
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
