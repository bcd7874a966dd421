"""The site that `make docs` makes, opened from a file as from a stick: search in both languages, nothing fetched."""

import re
import shutil
import subprocess
import sys
from urllib.parse import quote

import pytest

from scripts.sitedocs import ENVIRONMENT, ROOT, fetched
from tests.browser.driver import chromium, expect, needs_browser, overflow

NARROW, WIDE = 390, 1440
PAGES = ("docs/index", "docs/guide/technician.zh", "docs/guide/operator.en", "SECURITY", "docs/security/compliance")


def test_what_a_page_would_fetch_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<script src="https://cdn.example/x.js"></script><link rel="stylesheet" href="//f.example/a.css">'
        '<a href="https://www.example/">a link is not fetched</a><img src="own.png"><link rel="canonical" href="https://x/">'
    )
    (tmp_path / "a.css").write_text(
        "@font-face { src: url(https://fonts.example/a.woff2) } p { background: url(own.png) }"
    )
    hosts = [line.partition("//")[2].partition("/")[0] for line in fetched(tmp_path)]
    assert hosts == ["fonts.example", "cdn.example", "f.example"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not (ENVIRONMENT / "bin" / "sphinx-build").exists():
        pytest.skip("the site's tools are not installed: make docs")
    out = tmp_path_factory.mktemp("site")
    build = [sys.executable, str(ROOT / "scripts" / "sitedocs.py"), str(out)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    yield out
    shutil.rmtree(out)


@pytest.mark.slow
@pytest.mark.timeout(400)
@needs_browser
async def test_the_site_from_a_file(site):
    async with chromium() as browser:
        for width in (WIDE, NARROW):
            page = await browser.person(width=width)
            for name in PAGES:
                await page.goto(f"file://{site}/{name}.html")
                assert await overflow(page) == 0, (name, width)
        for words, wanted in {
            "吊销": "identity.html",
            "摄像机 离线": "technician.zh.html",
            "revoked certificate": "identity.html",
        }.items():
            await page.goto(f"file://{site}/search.html?q={quote(words)}")
            found = page.locator(f"#search-results li a[href*='{wanted}']")
            await expect(found.first).to_have_attribute("href", re.compile(re.escape(wanted)))
        assert browser.problems == []
        assert browser.strangers("file:") == []
