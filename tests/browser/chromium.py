"""A headless Chromium driven over a pair of pipes (DevTools protocol): no port and no further package is needed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.logins import COOKIES

APT = "apt-get install -y chromium fonts-noto-cjk"
PATH = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class ScriptError(AssertionError):
    """A script in the page has failed."""


class Page:
    """One tab. `problems` collects what the page's console and its content policy complain about."""

    def __init__(self, reader: asyncio.StreamReader, out: int) -> None:
        self._reader, self._out = reader, out
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session: str | None = None
        self._last = 0
        self._loaded = asyncio.Event()
        self.problems: list[str] = []
        self.requests: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        answer = self._answers[self._last] = asyncio.get_running_loop().create_future()
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return await answer

    async def attach(self) -> None:
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")

    async def listen(self) -> None:
        while True:
            try:
                raw = await self._reader.readuntil(b"\0")
            except asyncio.IncompleteReadError:
                return
            message = json.loads(raw[:-1])
            if "id" in message:
                answer = self._answers.pop(message["id"])
                if "error" in message:
                    answer.set_exception(ScriptError(message["error"]["message"]))
                else:
                    answer.set_result(message["result"])
            else:
                self._note(message["method"], message["params"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(params["exceptionDetails"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    async def open(self, url: str, *, width: int = 1440, height: int = 900, dark: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=scheme)
        name, _, value = COOKIES.get(urlsplit(url).netloc, "").partition("=")
        if name:
            await self.call("Network.setCookie", name=name, value=value, url=url, httpOnly=True)
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await self._loaded.wait()

    async def value(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise ScriptError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    async def until(self, script: str, timeout_s: float = 20.0) -> None:
        """Until the expression is true in the page."""
        async with asyncio.timeout(timeout_s):
            while not await self.value(script):
                await asyncio.sleep(0.05)

    async def screenshot(self, path: Path, *, whole: bool = False) -> None:
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """A browser of its own in `profile`; ends with the block."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    # The browser expects its pipes as descriptors 3 and 4, whatever number they have here.
    shell = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser} {to_browser}<&- {from_browser}>&-'
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", shell, str(PATH), *FLAGS, f"--user-data-dir={profile}", "about:blank",
        pass_fds=(to_browser, from_browser), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_browser)
    os.close(from_browser)
    reader = asyncio.StreamReader(limit=64 * 2**20)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(to_us, "rb")
    )
    page = Page(reader, from_us)
    listening = asyncio.create_task(page.listen())
    try:
        async with asyncio.timeout(60):
            await page.attach()
        yield page
    finally:
        listening.cancel()
        transport.close()
        os.close(from_us)
        if process.returncode is None:
            process.terminate()
        await process.wait()
