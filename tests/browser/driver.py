"""Debian's chromium, driven by Playwright (dependency group `browser`): no browser of its own, nothing downloaded.

Everything that the pages complain about, and whatever they ask for, is collected for the test to judge.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.logins import COOKIES

try:
    from playwright.async_api import Browser, Page, async_playwright, expect
except ImportError:
    Browser = Page = async_playwright = expect = None

PATH = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "no chromium: make browser" if PATH is None else "no playwright: make browser" if expect is None else ""
"""Why there can be no test in a browser; empty: there can."""
needs_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LIVE, BROKEN = re.compile(r"\bon\b"), re.compile(r"\bbroken\b")
"""Classes of the mark that says whether a page is live."""
PATIENCE_S = 30.0
if expect is not None:
    expect.set_options(timeout=PATIENCE_S * 1000)


class Chromium:
    """`problems`: what the consoles of all pages complained about; `requests`: every address that was asked for."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.problems: list[str] = []
        self.requests: list[str] = []

    async def person(
        self,
        url: str = "",
        *,
        cookie: str = "",
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        language: str = "zh",
    ) -> Page:
        """Somebody at a screen of his own, who is logged in at `url` as the tests are, or by `cookie`, and opens it."""
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            locale="en-GB" if language == "en" else "zh-CN",
            is_mobile=width < 600,
            has_touch=width < 600,
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(PATIENCE_S * 1000)
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("console", self._note)
        name, _, value = (cookie or COOKIES.get(urlsplit(url).netloc, "")).partition("=")
        if name:
            home = {"domain": urlsplit(url).hostname, "path": "/"}
            await context.add_cookies([{"name": name, "value": value, **home, "httpOnly": True}])
        page = await context.new_page()
        if url:
            await page.goto(url)
        return page

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(f"{message.text} {message.location.get('url', '')}")

    def strangers(self, *homes: str) -> list[str]:
        """Addresses that were asked for and are not at home."""
        return [url for url in self.requests if not url.startswith((*homes, "about:", "data:", "blob:"))]


async def live(page: Page) -> None:
    """Until the page hears from the hub."""
    await expect(page.locator("#live")).to_have_class(LIVE)


async def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its screen."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    """A browser of its own; ends with the block."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=PATH, args=list(FLAGS))
        try:
            yield Chromium(browser)
        finally:
            await browser.close()
