"""The buttons of a case offer nothing that would be refused."""

from __future__ import annotations

from countyhub.lifecycle.state import Act, Case, Office
from countyhub.registry.forms import Department
from countyhub.web.cases.caseacts import buttons
from simulators.county.build import COUNTY
from tests.casebooks import GRID, MORNING, ROAD, VILLAGE, book, people
from tests.registries import TOWNSHIP


def test_every_office_that_is_offered_is_taken():
    """R-LIFE-07, R-LIFE-03: as the registry has it: an authority is a department, or a township's queue."""
    centre = Department(code="CENTRE-T", name="乡镇中心", kind="centre", area=TOWNSHIP)
    of = book([centre])
    case = Case(
        number="430181-20260603-0001", category=ROAD, route=of.route(VILLAGE, "", MORNING, GRID), origin="person",
        handling="at_once", arrived=MORNING, happened=MORNING, stage="filed", owner=Office("village", VILLAGE),
        mode="authorised",
    )  # fmt: skip
    offered: dict[str, set[Office]] = {"authority": set(), "target": set()}
    for who in ("village_clerk", "township", "dispatcher"):
        actor = people(of)[who]
        for button in buttons(of, case, actor, MORNING)[0]:
            for field in button.fields:
                if field.kind in offered:
                    found = {office for _, office in field.choices}
                    offered[field.kind] |= found
                    acts = [Act(name=button.name, target=office, text="-") for office in found]
                    assert [each for each in acts if of.target_refused(case, each, actor, MORNING)] == []
    assert {office.level for office in offered["authority"]} == {"department", "station"}
    assert Office("department", "D02") in offered["authority"]
    assert Office("station", f"T{TOWNSHIP[6:]}-grid") in offered["target"]
    assert Office("county", COUNTY) not in offered["authority"]
