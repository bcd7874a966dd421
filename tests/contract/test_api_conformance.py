"""The interface answers as its OpenAPI page says: whatever is asked, on every route, with good data and with bad."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from countyhub.api.openapi import PREFIX, build
from countyhub.api.route import Route
from countyhub.api.table import ROUTES
from countyhub.registry.forms import Box
from gridwire.events import Alarm
from simulators.county.build import SMALL
from simulators.county.build import build as county_of
from tests.apis import ALL, Aside, Caller
from tests.browser.county import jpeg

BOXES = [row.box for row in county_of(SMALL) if isinstance(row, Box)]
ODD = ["403", "404", "409", "412", "413", "415", "422"]
"""412: what If-Match names is not there; 422: good words that make no sense together; 413, 415: files."""
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", *ODD]},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "405", *ODD]},
    }
}
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


class Surface(NamedTuple):
    schema: Any
    url: str
    token: str
    real: dict[str, list[Any]]
    """Names of parameters of paths -> values that are there."""


async def _fill(aside: Aside) -> tuple[str, dict[str, list[Any]]]:
    """A box, events, a picture, an order, a case with a file; and a token of somebody who may do everything."""
    desk, box = aside.desk, BOXES[0]
    await desk.place.box(box, "盒子")
    alarm = await desk.place.event(box, Alarm(kind="smoke", state="start"))
    ref = desk.place.reference(box, jpeg())
    await desk.place.picture(box, ref, jpeg())
    token = await desk.token(ALL, person="P00006")
    call = Caller(desk.url, token)
    order = (await call("POST", f"/boxes/{box}/orders", {"op": "ping"})).json["id"]
    numbers = [
        (await call("POST", "/cases", {"title": f"路灯 {each}", "box": box})).json["case"]["number"]
        for each in range(3)
    ]
    await call("POST", f"/cases/{numbers[0]}/attachments?name=a.jpg", jpeg(), content_type="image/jpeg")
    assert alarm
    await desk.token()
    real = {"box": [box], "number": numbers, "order": [order], "event": [1], "stream": [ref.stream], "seq": [ref.seq],
            "attachment": [1], "place": [box, "990126100"], "token": [2]}  # fmt: skip
    return token, real


def _without_security() -> dict[str, Any]:
    """Who may ask has tests of its own; here every request has a token."""
    page = build(ROUTES)
    for operations in page["paths"].values():
        for each in operations.values():
            del each["security"]
    del page["security"], page["components"]["securitySchemes"]
    return page


@pytest.fixture(scope="module")
def surface(tmp_path_factory):
    with Aside(tmp_path_factory.mktemp("api")) as aside:
        token, real = aside.do(_fill(aside))
        schema = schemathesis.openapi.from_dict(_without_security(), config=SchemathesisConfig.from_dict(CONFIG))
        yield Surface(schema, aside.desk.url + PREFIX, token, real)


def _ask(surface: Surface, route: Route, mode: GenerationMode, examples: int) -> None:
    operation = surface.schema[route.path][route.method]
    placed = st.fixed_dictionaries({}, optional={name: st.sampled_from(surface.real[name]) for name in surface.real})

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=QUIET,
              phases=[Phase.generate])  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), real=placed)
    def ask(case: Any, real: dict[str, Any]) -> None:
        if mode is GenerationMode.POSITIVE and case.path_parameters:
            case.path_parameters.update({name: real[name] for name in case.path_parameters.keys() & real})
        if (case.path_parameters or {}).get("token") == 1:
            case.path_parameters["token"] = 2  # not the one that is used here
        case.call_and_validate(base_url=surface.url, headers={"Authorization": f"Bearer {surface.token}"})

    ask()


def _asked(route: Route) -> list[GenerationMode]:
    """What may be wrong has to be something that is taken."""
    takes = route.where or route.query or route.body or route.method == "POST"
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if takes else [GenerationMode.POSITIVE]


each_route_in_each_way = pytest.mark.parametrize(
    ("route", "mode"),
    [
        pytest.param(route, mode, id=f"{route.name}-{'good' if mode is GenerationMode.POSITIVE else 'bad'}")
        for route in ROUTES
        for mode in _asked(route)
    ],
)


@each_route_in_each_way
def test_it_answers_as_the_page_says(surface, route, mode):
    _ask(surface, route, mode, 5)


@pytest.mark.slow
@each_route_in_each_way
def test_it_answers_as_the_page_says_more_often(surface, route, mode):
    _ask(surface, route, mode, 60)
