"""The OpenAPI page is one, says everything in both languages, and says what the hub does."""

from __future__ import annotations

import re

import jsonschema
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from countyhub.api import openapi
from countyhub.api.problems import TITLES, status_of
from countyhub.api.route import Route
from countyhub.api.routes.acts import ActIn, ActName
from countyhub.api.scopes import PERSONAL, SCOPES
from countyhub.api.table import ROUTES
from countyhub.lifecycle.refusals import InputWrong, NotNow, Refused
from countyhub.lifecycle.table import TABLE
from gridwire.problem import Problem, declared

CHINESE = re.compile(r"[\u4e00-\u9fff]")
EACH = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


def test_it_is_a_page_of_openapi_3_1():
    jsonschema.validators.validator_for(OPENAPI_31)(OPENAPI_31).validate(openapi.build(ROUTES))


def test_its_schemas_are_json_schemas():
    for schema in openapi.build(ROUTES)["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_no_two_routes_are_one():
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    shapes = {(route.method, re.sub(r"\{[a-z_]+\}", "{}", route.path)) for route in ROUTES}
    assert len(shapes) == len(ROUTES)


@EACH
def test_a_route_is_told_in_both_languages(route: Route):
    assert CHINESE.search(route.zh)
    assert not CHINESE.search(route.en)
    assert len(route.description) > 10
    assert route.tag in openapi.TAGS
    assert route.scope == "" or route.scope in SCOPES


@EACH
def test_every_refusal_of_a_route_has_a_status_and_a_title(route: Route):
    for problem in openapi.problems_of(route):
        assert issubclass(problem, Problem)
        assert status_of(problem) in TITLES
        assert problem.code
        assert CHINESE.search(problem.zh)


@EACH
def test_what_a_parameter_is_for_is_said_where_its_name_does_not(route: Route):
    operation = openapi.build(ROUTES)["paths"][route.path][route.method.lower()]
    plain = {
        "limit",
        "stage",
        "light",
        "box",
        "device",
        "origin",
        "supervised",
        "drill",
        "state",
        "urgent",
        "open",
        "seq",
    }
    for each in operation.get("parameters", []):
        assert each.get("description") or each["name"] in plain, each["name"]


def test_every_scope_opens_something_or_more():
    used = {route.scope for route in ROUTES} | {"people:phone"}
    assert set(SCOPES) - {"metrics:read"} == used - {""}, "that one is for /metrics"
    assert set(SCOPES) >= PERSONAL


def test_every_act_of_people_can_be_done():
    hubs_own = {"adopt", "release", "close_with_parent", "void_with_parent", "withdraw"}
    assert set(ActName.__args__) == set(TABLE) - hubs_own - {"merge", "split"}
    assert ActIn.__struct_fields__[0] == "act"


def test_codes_of_the_interface_have_statuses_that_it_gives():
    for problem in declared(openapi.BadRequest.__base__):
        assert status_of(problem) in TITLES, problem.code


def test_every_refusal_says_whether_its_input_is_wrong_or_its_time():
    """Else its status would be an accident: 422 and 409 by the base, another one by the table of statuses."""
    found = declared(Refused)
    assert {each for each in found if not issubclass(each, InputWrong | NotNow)} == {
        each for each in found if status_of(each) not in (409, 422)
    }
    assert {status_of(each) for each in found if issubclass(each, InputWrong)} == {422}
