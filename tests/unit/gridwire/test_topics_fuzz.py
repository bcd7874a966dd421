"""Whatever stands in a topic or an id: it is one of ours, character by character, or it is refused by name."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from gridwire import topics
from gridwire.identifiers import DEVICE_PATTERN, BadBoxId, check_box_id
from tests.instances import BOX, STREAM

ODD = st.sampled_from(
    [*"+#/$ \t\n\r\0\"'\\%.:;|*?[]{}<>", "\u0660", "\uff11", "一", "\u200b", "\u202e", "\ud800", "é", "..", "//"]
)
"""Wildcards and separators of MQTT, controls, digits that are no ASCII, invisible and half characters."""
PARTS = st.sampled_from(
    ["grid", "1", "431126", BOX, f"{BOX}-2", "up", "down", "event", "media", STREAM, "7", "cmd", "/"]
)
IDS = st.lists(st.one_of(ODD, st.sampled_from([BOX, "-2", "cam-1", "a", "9", "-"])), max_size=6).map("".join)
TOPICS = st.lists(st.one_of(ODD, PARTS, st.just("/")), max_size=16).map("".join)


def refused(check, text, problem):
    try:
        assert check(text) == text
    except problem:
        return True
    return False


@given(IDS)
@example(f"{BOX}\n")
def test_an_id_holds_nothing_but_its_letters(text):
    if not refused(check_box_id, text, BadBoxId):
        assert re.fullmatch(r"[0-9]{12}(-[0-9]{1,2})?", text, re.ASCII)
    if re.search(DEVICE_PATTERN, text):
        assert re.fullmatch(r"[a-z0-9-]{1,32}", text, re.ASCII)


@given(TOPICS)
@example(f"grid/1/431126/{BOX}/up/event\n")
@example(f"grid/1/431126/{BOX}/up/+")
@example(f"$share/x/grid/1/431126/{BOX}/up/event")
def test_a_topic_is_one_of_ours_or_foreign(full):
    try:
        found = topics.parse_up(full)
    except topics.ForeignTopic:
        return
    assert check_box_id(found.box) == found.box
    again = (
        topics.media_topic(found.county, found.box, found.stream, found.seq)
        if found.name == "media"
        else topics.topic(found.county, found.box, found.name)
    )
    assert again == full
