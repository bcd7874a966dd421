"""Pages and fragments from templates, in the reader's language. Every value is escaped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from countyhub.accounts import masking
from countyhub.overview.arrivals import EventView
from countyhub.overview.boxviews import BoxView
from countyhub.web.live.kept import Kept
from countyhub.web.live.snapshot import Snapshot, zone_of
from countyhub.web.settings import ConsoleSettings
from countyhub.web.texts import agents, details, present
from countyhub.web.texts.table import text, word
from gridwire.problem import Language

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
COOKIE = "lang"
BOXES_KEPT, EVENTS_KEPT = 4000, 2000
"""Of which the HTML is kept; each language counts."""
_LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}


def language_of(request: Request, settings: ConsoleSettings) -> Language:
    """What the address says, else the cookie, else the browser's first known language, else the setting."""
    accepted = request.headers.get("accept-language", "").split(",")
    primary = [part.strip().partition(";")[0].partition("-")[0] for part in accepted]
    for said in (request.query_params.get("lang", ""), request.cookies.get(COOKIE, ""), *primary):
        language = _LANGUAGES.get(said.lower())
        if language:
            return language
    return settings.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every template may call, as `c`. `reveals`: whether its reader may ask for what is masked;
    `machines`: whether the pages of boxes and cameras are for him."""

    language: Language
    county: str
    code: str
    timezone: str
    assets: str
    clock: present.Clock
    reveals: bool = False
    machines: bool = True

    def t(self, key: str, **facts: object) -> str:
        return text(key, self.language, **facts)

    def word(self, prefix: str, value: str) -> str:
        return word(prefix, value, self.language)

    def line(self, view: EventView) -> present.Line:
        return present.line(view, self.language, self.clock)

    def masked(self, written: str) -> str:
        return masking.text(written)

    def detail(self, written: str) -> str:
        """What a box wrote about a device, without personal data, in the page's language where it can be told."""
        return details.spoken(masking.text(written), self.language)

    def size(self, count: int) -> str:
        return present.size(count)

    def percent(self, part: int, whole: int) -> str:
        return present.percent(part, whole)

    def url(self, *, path: str = "/", **query: object) -> str:
        """An address of the console with the parts of the query that are not empty."""
        given = {key: value for key, value in query.items() if value}
        return f"{path}?{urlencode(given)}" if given else path


class Renderer:
    """Holds the templates; `page` and the fragments give HTML."""

    def __init__(self, settings: ConsoleSettings, named: Callable[[], str] = str) -> None:
        """`named`: what the registry calls the county; asked where the configuration gives no name."""
        self._settings, self._named = settings, named
        # No trust in file names: every template is HTML, so every value is escaped.
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals["agent_of"] = agents.named
        self._assets = _digest(STATIC.rglob("*"))
        self._boxes: Kept[str] = Kept(BOXES_KEPT)
        self._events: Kept[str] = Kept(EVENTS_KEPT)
        self._contexts: dict[tuple[Language, bool, bool], Context] = {}

    def context(self, language: Language, *, reveals: bool = False, machines: bool = True) -> Context:
        key = (language, reveals, machines)
        if key not in self._contexts:
            self._contexts[key] = self._context(language, reveals=reveals, machines=machines)
        return self._contexts[key]

    def _context(self, language: Language, *, reveals: bool, machines: bool) -> Context:
        settings = self._settings
        unnamed = text("county.unnamed", language, code=settings.county)
        return Context(
            language=language,
            county=settings.county_name or self._named() or unnamed,
            code=settings.county,
            timezone=settings.timezone,
            assets=self._assets,
            clock=present.Clock(zone_of(settings.timezone)),
            reveals=reveals,
            machines=machines,
        )

    def page(
        self, name: str, language: Language, *, reveals: bool = False, machines: bool = True, **values: Any
    ) -> str:
        context = self.context(language, reveals=reveals, machines=machines)
        return self._templates.get_template(name).render(c=context, **values)

    def event(self, view: EventView, language: Language, *, reveals: bool = False) -> str:
        """A row is made once for all who read it in this language and may ask for as much."""
        make = partial(self._macro, "event", language, view, reveals=reveals)
        return self._events.get((view.id, language, reveals), (view,), make)

    def box(self, view: BoxView, language: Language, *, machines: bool = True) -> str:
        """Made anew when the box is another."""
        make = partial(self._macro, "box", language, view, machines=machines)
        return self._boxes.get((view.id, language, machines), (view,), make)

    def summary(self, snapshot: Snapshot, language: Language) -> str:
        return self._macro("summary", language, snapshot.summary)

    def attention(self, snapshot: Snapshot, language: Language, *, machines: bool = True) -> str:
        return self._macro("attention", language, snapshot.trouble, names_of(snapshot), machines=machines)

    def _macro(
        self, name: str, language: Language, *values: object, reveals: bool = False, machines: bool = True
    ) -> str:
        macro = getattr(self._templates.get_template(f"_{name}.html").module, name)
        return str(macro(*values, self.context(language, reveals=reveals, machines=machines))).strip()


def names_of(snapshot: Snapshot) -> dict[str, str]:
    return {box.id: box.label for box in snapshot.boxes}


def _digest(files: Iterable[Path]) -> str:
    """Changes with every release of the static files, so that no browser keeps an old one."""
    content = b"".join(path.read_bytes() for path in sorted(files) if path.is_file())
    return hashlib.sha256(content).hexdigest()[:12]
