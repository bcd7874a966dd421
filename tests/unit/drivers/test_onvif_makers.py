"""Whole messages in the manner of each maker give the signals that stand beside them."""

import json
from pathlib import Path

import pytest

from drivers.onvif.notifications import parse
from drivers.onvif.vocabulary import interpret

DATA = Path(__file__).parents[2] / "data" / "onvif"


@pytest.mark.parametrize("name", sorted(path.stem for path in DATA.glob("*.xml")))
def test_messages(name):
    notifications = parse((DATA / f"{name}.xml").read_bytes())
    told = [[signal.kind, signal.value, signal.object] for one in notifications for signal in interpret(one)]
    wanted = json.loads((DATA / f"{name}.json").read_text())
    assert len(told) == len(wanted)
    assert [signal[: len(expected)] for signal, expected in zip(told, wanted, strict=True)] == wanted


def test_chinese_names_survive_their_encoding():
    assert {one.source["Source"] for one in parse((DATA / "clone-gbk.xml").read_bytes())} == {"通道一"}
