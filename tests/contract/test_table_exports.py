"""Everything that is shown as a table is taken away as XLSX and CSV: no table, and no link to a file, is left out."""

import re
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

import countyhub.web
from countyhub.web.app import create
from countyhub.web.settings import ConsoleSettings
from tests.walks import FILES

WEB = Path(countyhub.web.__file__).parent
TEMPLATES = {path.name: path.read_text("utf-8") for path in (WEB / "templates").glob("*.html")}
SHOWN = "{{ table.export }}"
"""Of a table that `tables.shown` gives to a macro."""

NO_LISTS = {"sheet.html": "one case as it is printed: its facts beside their names"}
"""Templates whose tables are no lists, and why."""


def exported():
    """The addresses of the console that end so, without their endings."""
    app = create(create_async_engine("sqlite+aiosqlite://"), None, ConsoleSettings())
    paths = [route.path for route in app.routes if route.path.endswith((".csv", ".xlsx"))]
    assert len(paths) == len(set(paths))
    found = {path.rpartition(".")[0] for path in paths}
    assert len(paths) == 2 * len(found), "both kinds of each"
    return found


def test_every_table_says_where_it_is_taken_away():
    there = exported()
    assert set(NO_LISTS) <= set(TEMPLATES)
    for name, source in TEMPLATES.items():
        for tag in re.findall(r"<table\b[^>]*", source if name not in NO_LISTS else ""):
            found = re.search(r'data-export="([^"]+)"', tag)
            assert found, f"{name}: {tag}"
            assert found[1] in there or (found[1], name) == (SHOWN, "_table.html"), f"{name}: {tag}"
    calls = [
        call for path in WEB.rglob("*.py") for call in re.findall(r"\btables\.shown\((.+)\)", path.read_text("utf-8"))
    ]
    assert len(calls) >= 5
    assert {re.findall(r'"([^"]+)"', call)[-1] for call in calls} <= there


def test_every_export_has_its_link_and_its_test():
    linked = {path for source in TEMPLATES.values() for path in re.findall(r'take\(v, c, "([^"]+)"', source)}
    assert linked == exported() == {f"/{name}" for name in FILES}
