"""The pages of users, of the audit and of one's own account, by forms; and a renewed certificate of the console."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countyhub.accounts import session, users
from countyhub.audit import reading
from countyhub.web.app import create
from countyhub.web.serve import Tls, serve
from countyhub.web.settings import ConsoleSettings
from tests.browser.county import county
from tests.certificates import Authority
from tests.harness import until
from tests.logins import PASSWORD
from tests.walks import Browser, browser

pytestmark = pytest.mark.usefixtures("database")


async def test_users_are_made_changed_and_disabled_on_their_page(place):
    chief, other = await browser(place, "county", person=""), await browser(place, "dispatcher", person="")
    assert (await other("GET", "/users"))[0] == 403
    form = "name=Wang&role=inspector&person=&area="
    assert "不正确" in (await chief("POST", "/users", f"{form}&mine=wrong", accept_language="zh"))[2]
    assert "user.exists" not in (await chief("POST", "/users", f"{form}&mine={PASSWORD}"))[2]
    async with place.store.read() as connection:
        wang = await users.one(connection, "wang")
        (added,) = [row for row in await reading.newest(connection, kind="user.added") if row.object == "user/wang"]
    assert (wang.must_change, wang.roles, added.who) == (True, ("inspector",), "user/county.")
    status, _, page = await chief("POST", "/users/wang/password", f"mine={PASSWORD}")
    password = page.partition("<pre>")[2].partition("</pre>")[0]
    entered = await Browser(place.url)("POST", "/login", f"name=wang&password={password}")
    assert (status, entered[0]) == (200, 303)
    status, leads_to, _ = await chief("POST", "/users/wang/change", f"role=auditor&person=&area=&mine={PASSWORD}")
    assert (status, leads_to) == (303, "/users/wang")
    assert (await chief("POST", "/users/wang/change", f"role=township&person=&area=&mine={PASSWORD}"))[0] == 422
    assert (await chief("POST", "/users/wang/disable", f"mine={PASSWORD}"))[0] == 303
    assert "已停用" in (await chief("GET", "/users", accept_language="zh"))[2]
    assert (await Browser(place.url)("POST", "/login", f"name=wang&password={password}"))[0] == 401
    assert (await chief("POST", "/users/county./disable", f"mine={PASSWORD}"))[0] == 422, "himself"
    assert (await chief("POST", "/users/nobody/disable", f"mine={PASSWORD}"))[0] == 404
    assert (await chief("POST", "/users/wang/promote", f"mine={PASSWORD}"))[0] == 404
    table = (await chief("GET", "/users.csv?lang=en"))[2]
    assert "wang,auditor,,,disabled" in table
    assert "$" not in table, "no hash of a password"
    auditor = await browser(place, "auditor", person="")
    assert (await auditor("GET", "/users/wang"))[0] == 200
    assert (await auditor("POST", "/users/wang/enable", f"mine={PASSWORD}"))[0] == 403


async def test_the_audit_is_filtered_verified_and_taken_away(place):
    auditor = await browser(place, "auditor", person="")
    await Browser(place.url)("POST", "/login", "name=auditor.&password=wrong")
    page = (await auditor("GET", "/audit?kind=login.failed&lang=en"))[2]
    assert ("user/auditor." in page, "user/county." in page) == (True, False)
    assert "Whole: rows" in (await auditor("GET", "/audit/verify?lang=en"))[2]
    today = datetime.now(UTC).date()
    later = today + timedelta(days=3)
    assert "a log-in failed" not in (await auditor("GET", f"/audit.csv?since={later}&lang=en"))[2]
    assert (await auditor("GET", "/audit?since=yesterday"))[0] == 400
    table = (await auditor("GET", f"/audit.csv?who=anybody&since={today - timedelta(days=1)}&lang=en"))[2]
    assert "a log-in failed" in table
    async with place.store.read() as connection:
        row, *_ = await reading.newest(connection, kind="export")
    assert (row.who, row.object.startswith("/audit.csv?who=anybody")) == ("user/auditor.", True)


async def test_ones_own_account_ends_one_session_and_keeps_a_language(place):
    me = await browser(place, "inspector", person="")
    async with place.store.write() as connection:
        who = await users.one(connection, "inspector.")
        several = [await session.begin(connection, who, datetime.now(UTC)) for _ in range(2)]
    assert (await me("POST", "/account/sessions", f"session={several[0][0]}"))[0] == 303
    assert (await Browser(place.url, several[0][1])("GET", "/account"))[1].startswith("/login")
    assert (await Browser(place.url, several[1][1])("GET", "/account"))[0] == 200
    assert (await me("POST", "/account/language", "lang=en"))[0] == 303
    assert (await Browser(place.url)("GET", "/live"))[0] == 401, "by which a live page knows that its session is over"


async def test_a_renewed_certificate_is_taken_up_without_a_restart(tmp_path, caplog):
    """And a pair that does not belong together leaves the old one in force."""
    ca = Authority(tmp_path / "ca")
    first, second = ca.issue("first"), ca.issue("second")
    cert, key = tmp_path / "console.pem", tmp_path / "console.key"

    def put(certificate: Path, private: Path) -> None:
        cert.write_bytes(certificate.read_bytes())
        key.write_bytes(private.read_bytes())

    put(first.certificate, first.key)
    caplog.set_level("INFO", "countyhub.web")
    async with county(tmp_path) as place:
        app, tls = create(place.store, None, ConsoleSettings(county="431126")), Tls(str(cert), str(key))
        bound = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(app, "127.0.0.1", 0, bound.set_result, tls, renewed_every_s=0.05))
        try:
            port = await bound

            def shown() -> bytes:
                return ssl.get_server_certificate(("127.0.0.1", port), timeout=30).encode()

            assert (await asyncio.to_thread(shown)).strip() == first.certificate.read_bytes().strip()
            put(second.certificate, first.key)
            await until(lambda: "old certificate" in caplog.text)
            assert (await asyncio.to_thread(shown)).strip() == first.certificate.read_bytes().strip()
            put(second.certificate, second.key)
            await until(lambda: "taken up its renewed" in caplog.text)
            assert (await asyncio.to_thread(shown)).strip() == second.certificate.read_bytes().strip()
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
