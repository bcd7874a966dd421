"""No page is left out of the sweep of the browser suite, which is slow and runs where there is a browser."""

import sys

from sqlalchemy.ext.asyncio import create_async_engine
from starlette.routing import Mount

from countyhub import web
from countyhub.web import texts
from countyhub.web.access import EXPORTED, PAGES, page_of
from countyhub.web.app import create, pages
from countyhub.web.settings import ConsoleSettings
from countyhub.web.texts import table
from tests.browser.sweep import NO_PAGES, SWEEP


def test_every_address_that_answers_a_page_is_in_the_sweep():
    app = create(create_async_engine("sqlite+aiosqlite://"), None, ConsoleSettings())
    found = [each for each in app.routes if isinstance(each, Mount) or "GET" in each.methods]
    assert set(NO_PAGES) <= {each.path for each in found}, "no exception for what is not there"
    pages = [each for each in found if each.path not in NO_PAGES and not each.path.endswith((".csv", ".xlsx"))]
    opened = [each.path.partition("?")[0] for each in SWEEP if each.status == 200]
    assert [each.path for each in pages if not any(each.path_regex.match(path) for path in opened)] == []


def test_every_right_by_which_a_page_is_got_is_in_the_sweep():
    opened = {page_of("GET", each.path.partition("?")[0]) for each in SWEEP}
    rows = {each for each in PAGES if "GET" in each.methods and not each.path.endswith(EXPORTED)}
    left_out = {each.path for each in rows - opened}
    assert left_out == {"/livez|/readyz", "/static/.+", "/metrics", "/picture/.+", "/live/(cameras|boxes)", "/live/.+"}


def test_a_page_and_its_texts_are_found_by_their_names(tmp_path, monkeypatch):
    room, said = tmp_path / "rooms/tides", tmp_path / "texts"
    room.mkdir(parents=True)
    said.mkdir()
    (room / "__init__.py").touch()
    (room / "tidepage.py").write_text("def routes(desk): return []")
    (said / "tidetexts.py").write_text("TEXTS = {'tides.none': ('没有', 'none')}")
    before = [page.__name__ for page in pages()]
    monkeypatch.setattr(web, "__path__", [*web.__path__, str(room.parent)])
    monkeypatch.setattr(texts, "__path__", [*texts.__path__, str(said)])
    try:
        assert sorted({page.__name__ for page in pages()} - set(before)) == ["countyhub.web.tides.tidepage"]
        assert table.written().keys() - table.TEXTS.keys() == {"tides.none"}
    finally:
        for name in ("tides", "tides.tidepage", "texts.tidetexts"):
            sys.modules.pop(f"{web.__name__}.{name}", None)
        vars(web).pop("tides", None)
        vars(texts).pop("tidetexts", None)
