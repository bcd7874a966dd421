"""The table of routes: all that can be asked for. Every module in `routes` with `ROUTES` is in it, named nowhere."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from countyhub.api import routes
from countyhub.api.openapi import TAGS
from countyhub.api.route import Route


def found() -> tuple[Route, ...]:
    """In the order of the tags, of each tag the module of that name first: so people read them.

    Raises `ValueError` for a route with a tag that `TAGS` does not have (a programmer's mistake).
    """
    names = sorted(each.name for each in pkgutil.iter_modules(routes.__path__))
    modules = [importlib.import_module(f"{routes.__name__}.{name}") for name in names]
    rows = [(module.__name__, row) for module in modules for row in getattr(module, "ROUTES", ())]
    tags = list(TAGS)
    rows.sort(key=lambda each: (tags.index(each[1].tag), not each[0].endswith(f".{each[1].tag}")))
    return tuple(row for _, row in rows)


ROUTES: Final = found()
