"""The status page as text: both languages, the worst first, nothing from outside gets through unescaped."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from edgeagent.status.advice import findings
from edgeagent.status.page import POLICY, render
from edgeagent.status.state import BoxStatus
from edgeagent.status.words import WORDS, duration, size
from tests.instances import structs
from tests.unit.edgeagent.status_sample import sample

ZONE = "Asia/Shanghai"
FULL = {"outbox_bytes": 4, "outbox_max_bytes": 4, "pictures_bytes": 0, "pictures_max_bytes": 1, "full": True}
VOID = {"meta", "br"}


class Checker(HTMLParser):
    """Every element is closed in order; collects tags and the text outside of the style."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.words = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def read(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return checker


def test_chinese_and_english():
    zh, en = (" ".join(read(render(sample(), language, ZONE)).words) for language in ("zh", "en"))
    assert "县级平台" in zh
    assert "已连接" in zh
    assert "密码不对" in zh
    assert "2026-05-01 12:00:00" in zh
    assert "connected" in en
    assert "repeated too soon 7" in en
    own = {"石桥村", "村口", "池塘", "密码不对", "中文"}
    assert set(re.findall(r"[\u4e00-\u9fff]+", en)) == own


def test_dark_cameras_stand_first_and_those_switched_off_last():
    words = " ".join(read(render(sample(), "zh", ZONE)).words)
    assert words.index("cam-2") < words.index("cam-1") < words.index("cam-3")


def test_hostile_names_are_text():
    nasty = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    device = {"id": nasty, "name": nasty, "driver": nasty, "state": "down", "reason": nasty, "detail": nasty}
    status = sample(
        name=nasty,
        hub=nasty,
        held=nasty,
        last_error=nasty,
        emitted={nasty: 1},
        devices=[device | {"info": {nasty: nasty}}],
    )
    checker = read(render(status, "zh", ZONE))
    assert not checker.tags & {"script", "img", "link", "iframe"}


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", ["事件方式: 拉取事件", "型号: notify"]), ("en", ["events: events pulled", "model: notify"])],
)
def test_what_a_driver_says_of_a_device_is_in_the_readers_language(language, said):
    device = {"id": "c", "name": "c", "driver": "onvif", "state": "up", "reason": "", "detail": ""}
    status = sample(devices=[device | {"info": {"events": "pullpoint", "model": "notify"}}])
    words = read(render(status, language, ZONE)).words
    assert [word for word in words if word in said] == said


def test_the_policy_allows_this_style_and_no_other():
    style = re.search(r"<style>(.*)</style>", render(sample(), "zh", ZONE), re.DOTALL)[1]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in POLICY


@settings(max_examples=40)
@given(structs(BoxStatus))
def test_any_box_can_be_shown(status):
    for language in ("zh", "en"):
        read(render(status, language, ZONE))


def test_every_word_has_two_languages():
    assert all(zh and en for zh, en in WORDS.values())


@pytest.mark.parametrize(
    ("changes", "level", "english"),
    [
        ({"store": FULL}, "bad", "The outbox is full"),
        ({"store": FULL | {"outbox_max_bytes": 2**30}}, "bad", "The disk is full"),
        ({"store": FULL | {"full": False, "unwritable": "I/O error"}}, "bad", "cannot be written (I/O error)"),
        ({"held": "Not authorized (0x87)"}, "bad", "Not authorized (0x87)"),
        ({"connected": False}, "warn", "Not connected to the hub hub.example.cn:8883"),
        ({"oldest_waiting_s": 4000.0}, "warn", "for more than an hour"),
        ({"clock": "unsynced"}, "warn", "not synchronised"),
        ({"counters": {"parked": 2}}, "warn", "2 events were given up"),
        ({"counters": {"strange_acks": 2}}, "warn", "another box use the id 431126001001"),
    ],
)  # fmt: skip
def test_each_fault_says_what_to_do(changes, level, english):
    (found,) = findings(sample(devices=[], **changes))
    assert found.level == level
    assert english in found.en
    assert found.zh.endswith(("。", "？"))


def test_a_dark_camera_is_named_and_comes_before_lesser_faults():
    found = findings(sample(connected=False))
    assert [finding.level for finding in found] == ["bad", "warn"]
    assert "池塘" in found[0].zh
    assert findings(sample(devices=[])) == []


def test_durations_and_sizes():
    assert [duration(s, "en") for s in (0, 59.9, 61, 11100, 90000)] == [
        "0 s",
        "59 s",
        "1 min 1 s",
        "3 h 5 min",
        "1 d 1 h",
    ]
    assert duration(11100, "zh") == "3 小时 5 分"
    assert [size(n) for n in (0, 1023, 2048, 3 * 2**20, 5 * 2**30)] == [
        "0 B",
        "1023 B",
        "2.0 KiB",
        "3.0 MiB",
        "5.0 GiB",
    ]
