"""Who does what on a day: duties by person and by place, mergers followed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import msgspec

from countyhub.registry.forms import Duty
from countyhub.registry.lineage import Lineage


class Staff(NamedTuple):
    """Duties of a day. `by_place`: place and role."""

    by_person: dict[str, list[Duty]]
    by_place: dict[tuple[str, str], list[Duty]]


def staff_of(duties: Iterable[Duty], lineage: Lineage, day: date) -> Staff:
    """Of the duties that hold on that day; the place is what the one in the file has been merged into by then."""
    staff = Staff(defaultdict(list), defaultdict(list))
    for row in duties:
        path = lineage.path(row.place, day)
        duty = msgspec.structs.replace(row, place=path[0]) if path and path[0] != row.place else row
        if any(each.key == duty.key for each in staff.by_person[duty.person]):
            continue  # she had both of what has become one
        staff.by_person[duty.person].append(duty)
        staff.by_place[duty.place, duty.role].append(duty)
    return staff
