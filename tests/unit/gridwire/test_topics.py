"""Every row of the table of topics can be built, and what a box publishes on can be taken apart again."""

import pytest

from gridwire import topics
from tests.instances import BOX, STREAM


@pytest.mark.parametrize(
    "name", [name for name, row in topics.TOPICS.items() if row.sender == "box" and name != "media"]
)
def test_rows_of_the_box(name):
    full = topics.topic("431126", BOX, name)
    assert topics.parse_up(full) == topics.Address("431126", BOX, name)


def test_media():
    full = topics.media_topic("431126", BOX, STREAM, 12)
    assert full == f"grid/1/431126/{BOX}/up/media/{STREAM}/12"
    assert topics.parse_up(full) == topics.Address("431126", BOX, "media", STREAM, 12)


@pytest.mark.parametrize("name", [name for name, row in topics.TOPICS.items() if row.sender == "hub"])
def test_rows_of_the_hub_are_subscribed_by_the_box_only(name):
    full = topics.topic("431126", BOX, name)
    assert full in topics.box_filters("431126", BOX)
    with pytest.raises(topics.ForeignTopic):
        topics.parse_up(full)


def test_filters():
    assert topics.hub_filters("431126") == ["grid/1/431126/+/up/#"]
    assert len(topics.box_filters("431126", BOX)) == 4


@pytest.mark.parametrize(
    "full",
    [
        "",
        "grid/1/431126/431126001001/up/event\n",
        "grid/2/431126/431126001001/up/event",
        "grid/1/431126/431126001001-1/up/event",
        "grid/1/431126/431126001001/up/event/x",
        "grid/1/431126/431126001001/up/other",
        "x/grid/1/431126/431126001001/up/event",
        f"grid/1/431126/431126001001/up/media/{STREAM}/0",
        f"grid/1/431126/431126001001/up/media/{STREAM}/9007199254740992",
        f"grid/1/431126/431126001001/up/media/{STREAM.lower()}/1",
    ],
)
def test_foreign_topics(full):
    with pytest.raises(topics.ForeignTopic):
        topics.parse_up(full)
