"""What the command line offers is what there is, though its arguments are made without importing it."""

from __future__ import annotations

from countyhub.cli import caseargs
from countyhub.lifecycle import state
from countyhub.worktime import deadlines


def test_cases_can_be_listed_by_each_light_and_stage():
    assert sorted(caseargs.LIGHTS) == sorted(each.colour for each in deadlines.LIGHTS)
    assert tuple(state.STAGES) == caseargs.STAGES
