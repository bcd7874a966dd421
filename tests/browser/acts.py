"""What a person does on the page of a case: opens an act, writes, chooses, confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.driver import expect

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page


def form(page: Page, act: str) -> Locator:
    return page.locator(f"details[data-key={act}]")


async def opened(page: Page, act: str, text: str = "", target: str = "") -> Locator:
    """Opened and filled in, not sent. `target`: the office's name as it is shown, or a part of it."""
    found = form(page, act)
    await found.locator("summary").click()
    if text:
        await found.locator("textarea").fill(text)
    if target:
        option = found.locator("select[name=target] option").filter(has_text=target)
        await found.locator("select[name=target]").select_option(await option.first.get_attribute("value"))
    return found


async def does(page: Page, act: str, text: str = "", target: str = "", *, stage: str) -> None:
    """Sent; the case is then at this stage, and nothing was refused."""
    await (await opened(page, act, text, target)).locator("form button").click()
    await expect(page.locator(".steps [aria-current=step]")).to_have_text(stage)
    await expect(page.locator("[role=alert]:visible")).to_have_count(0)
