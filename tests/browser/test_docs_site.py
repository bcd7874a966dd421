"""The site that `make docs` makes, opened from a file as from a stick: search in both languages, nothing fetched."""

import asyncio
import shutil
import subprocess
import sys
from urllib.parse import quote

import pytest

from scripts.sitedocs import ENVIRONMENT, ROOT, fetched
from tests.browser import chromium as browser

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
@pytest.mark.skipif(not browser.PATH, reason=f"no chromium: {browser.APT}")
async def test_the_site_from_a_file(site, tmp_path):
    async with browser.chromium(tmp_path / "profile") as page:
        for name in PAGES:
            for width in (WIDE, NARROW):
                await page.open(f"file://{site}/{name}.html", width=width)
                beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert await page.value(beyond) == 0, (name, width)
        for words, wanted in {
            "吊销": "identity.html",
            "摄像机 离线": "technician.zh.html",
            "revoked certificate": "identity.html",
        }.items():
            await page.open(f"file://{site}/search.html?q={quote(words)}")
            found = "[...document.querySelectorAll('#search-results li a')].map(link => link.href).join(' ')"
            async with asyncio.timeout(30):
                while wanted not in await page.value(found):
                    await asyncio.sleep(0.05)
        assert page.problems == []
        assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
