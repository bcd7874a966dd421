"""The hub's own topics, once: on which an event or a step of a case is sent on to other systems, and how to subscribe.

A county's events by kind: `hub/1/431126/event/+/+/sos`; of a township: `hub/1/431126/event/431126001/#`.
"""

from __future__ import annotations

from typing import NamedTuple

ROOT = "hub/1"
NOWHERE = "unknown"
"""In the place of the township where the registry names none."""


class FeedTopic(NamedTuple):
    """One row: `path` below the county's base, and what it carries."""

    path: str
    description: str


TOPICS: dict[str, FeedTopic] = {
    "event": FeedTopic("event/{township}/{box}/{kind}", "one event of a box, in the hub's order, after its commit"),
    "case": FeedTopic("case/{township}/{number}", "one step of a case: an act, a light that changed, an attachment"),
}
"""All are QoS 1, none is retained."""


def base(county: str) -> str:
    """`hub/1/{county}`: also the CloudEvents source of the steps of cases."""
    return f"{ROOT}/{county}"


def event_topic(county: str, township: str, box: str, kind: str) -> str:
    """`kind` is one of `gridwire.events.KIND_OF`: alarm, checkin, …"""
    path = TOPICS["event"].path.format(township=township or NOWHERE, box=box, kind=kind)
    return f"{base(county)}/{path}"


def case_topic(county: str, township: str, number: str) -> str:
    return f"{base(county)}/{TOPICS['case'].path.format(township=township or NOWHERE, number=number)}"
