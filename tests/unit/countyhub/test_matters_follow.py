"""Matters and cases as the follower writes them, against what correlation says of the whole set of signals."""

from __future__ import annotations

import random
from datetime import timedelta

from bench.storm import BEGIN_US, storm
from countyhub.correlate import batch
from countyhub.store.engine import Store
from gridwire.instants import instant, microseconds
from tests.matters import County, Office, matters, open_cases, registry, rows

BEGIN = instant(BEGIN_US)


async def test_a_day_gives_what_the_set_of_its_signals_gives(store: Store) -> None:
    found = storm(3, alarms=2_000)
    county = County()
    boxes = sorted(found.sites)
    content = rows(boxes, 0)
    from countyhub.registry.forms import Camera

    content += [Camera(box=box, device=device, name=device) for box in boxes for device in found.sites[box].cameras]
    office = Office(store, registry(content), BEGIN)
    order = random.Random(1)
    for first in range(0, len(found.signals), 500):
        some = found.signals[first : first + 500]
        office.now = instant(some[-1].at_us) + timedelta(seconds=1)
        arrived = []
        for signal in some:
            box, sign = county.sign(signal)
            if isinstance(sign, int):
                arrived.append(county.link(box, sign, instant(signal.at_us)))
            else:
                arrived.append(county.sends(box, sign, received=office.now))
        await office.commit(*arrived)
        await office.follow()
        if order.random() < 0.3:
            await office.restart()
    expected = batch.correlate(county.signals, microseconds(office.now), found.sites)
    assert await matters(store) == expected
    stages = await open_cases(store)
    print(len(expected), len(stages), {stage: list(stages.values()).count(stage) for stage in stages.values()})
