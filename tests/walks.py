"""For tests that walk through the console: somebody's requests, a user of each role, and every page there is."""

from __future__ import annotations

import asyncio
import http.client
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.routing import Mount, Route

from countyhub.accounts import session
from countyhub.accounts.session import COOKIE
from countyhub.api.parts import ApiParts
from countyhub.cases.book import Book
from countyhub.config import Config
from countyhub.registry import stored
from countyhub.registry.forms import Duty
from countyhub.registry.live import LiveRegistry
from countyhub.web.app import create
from countyhub.web.settings import ConsoleSettings
from simulators.county.build import COUNTY
from tests.logins import user
from tests.registries import TOWNSHIP, VILLAGES, ZONE

FILES = {
    "cases": "案件", "lights": "灯色", "cameras": "摄像机", "camera-rates": "在线率", "boxes": "盒子", "events": "事件",
    "suppressed": "未立案信号", "suppressed-windows": "按已知时段", "letters": "未识别报文",
    "flow": "近 30 天立案与办结",
    "ranking": "乡镇月度排名", "camera-days": "近 30 天摄像机在线率", "box-hours": "近 7 天连接与待传",
    "stages": "各环节", "checkins": "签到台账", "checkin-days": "每日签到", "checkin-rows": "签到明细",
    "users": "用户", "audit": "审计",
}  # fmt: skip
"""Every table that is taken away as a file: the end of its address, and what the file is named."""

THERE = {"number": f"{COUNTY}-20260101-0001", "box": VILLAGES[0], "order": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "event": "7",
         "stream": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "seq": "7", "attachment": "7", "place": TOWNSHIP, "token": "777",
         "letter": "7", "hook": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "secret": "none", "page": "lights", "device": "cam-1",
         "file": "7", "path": "console.css",
         "name": "nobody", "act": "disable"}  # fmt: skip


class Browser:
    """Somebody's requests, one connection each. `cookie` empty: nobody's."""

    def __init__(self, url: str, cookie: str = "") -> None:
        self._netloc, self.cookie = urlsplit(url).netloc, cookie

    async def __call__(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, str]:
        """Status, where it leads to, body; with a CSRF token unless `x_csrf_token` says otherwise."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            given["cookie"] = f"{COOKIE}={self.cookie}"
            given.setdefault("x-csrf-token", session.csrf(self.cookie))
        if body:
            given.setdefault("content-type", "application/x-www-form-urlencoded")
        return await asyncio.to_thread(self._request, method, path, body, given)

    def _request(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection(self._netloc, timeout=30)
        try:
            connection.request(method, path, body.encode() or None, headers)
            answer = connection.getresponse()
            is_stream = answer.getheader("content-type", "").startswith("text/event-stream")
            text = "" if is_stream else answer.read().decode("utf-8", "replace")
            return answer.status, answer.getheader("location", ""), text
        finally:
            connection.close()


async def person_of(place, role: str) -> str:
    """Somebody who has this duty in the small county."""
    async with place.store.read() as connection:
        registry = await stored.load_registry(connection, ZONE)
    duties = registry.in_force(Duty, datetime.now(UTC))
    return next((duty.person for duty in duties if duty.role == role), "")


async def browser(place, role: str, **given: str) -> Browser:
    """Logged in as this role, as a person of the registry who has it."""
    given = given or {"person": await person_of(place, role)}
    who = await user(place.store, f"{role}.{''.join(given.values())}".lower(), [role], **given)
    async with place.store.write() as connection:
        return Browser(place.url, (await session.begin(connection, who, datetime.now(UTC)))[1])


def pages(place) -> list[tuple[str, str]]:
    """Method and path of everything that the console answers."""
    config = Config(county=COUNTY)
    book = Book.configured(config, LiveRegistry(place.store, ZONE))
    app = create(place.store, None, ConsoleSettings(county=COUNTY), ApiParts(config=config, book=book))
    found = []
    for route in app.routes:
        if isinstance(route, Mount):
            found.append(("GET", f"{route.path}/console.css"))
        elif isinstance(route, Route):
            path = re.sub(r"\{([a-z_]+)(:[a-z]+)?\}", lambda each: THERE[each[1]], route.path)
            found += [(method, path) for method in sorted(route.methods - {"HEAD"})]
    return found
