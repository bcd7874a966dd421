"""What the demo's screen shows, in both languages, on a terminal and elsewhere."""

import io
import os
import pty
from collections import Counter

import pytest

from edgeagent.cli.say import width
from simulators.demo.counting import Count, Tally
from simulators.demo.screen import News, Screen, View, count_lines, cut_to, live_lines

VIEW = View(
    elapsed_s=65,
    left_s=10,
    cameras_up=5,
    cameras=6,
    link="cut",
    cut_left_s=12,
    waiting=3,
    emitted=Counter(motion=12, checkin=2),
    on_box={"alarm": 12, "checkin": 2},
    at_hub=Counter(motion=10, checkin=1),
    pictured=Counter(motion=5),
)
NEWS = [News(61, "摄像机「鱼塘」断电 8 秒", "camera fish pond: no power for 8 s")]


@pytest.mark.parametrize(
    ("language", "state", "kind", "news"),
    [("zh", "摄像机 5/6", "移动侦测", "断电 8 秒"), ("en", "uplink CUT, back in 12 s", "motion", "no power for 8 s")],
)
def test_the_live_part_says_it_all_in_either_language(language, state, kind, news):
    lines = live_lines(VIEW, NEWS, language)
    assert "01:05 / 01:15" in lines[0]
    assert state in lines[0]
    assert any(line.split() == [kind, "12", "10", "5"] for line in lines)
    assert news in lines[-1]
    table = [line for line in lines[2:] if line][:4]
    assert len({width(line) for line in table}) == 1, "columns align"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sum_of_the_count_is_one_line_for_machines_too(language):
    tally = Tally(emitted=4, stored=4, blind=1)
    table, total = count_lines(Count(total=tally, by_kind={"motion": tally}), language)
    assert total == "emitted 4 stored 4 lost 0 twice 0"
    assert table[1].split()[1:] == ["4", "4", "0", "0", "1"]


def test_cut_to_counts_columns_not_characters():
    assert cut_to("摄像机abc", 7) == "摄像机a"
    assert cut_to("摄像机", 5) == "摄像"


def test_elsewhere_than_on_a_terminal_news_are_lines_and_the_state_is_told_now_and_then():
    out = io.StringIO()
    screen = Screen("en", out)
    screen.news += NEWS
    screen.show(VIEW)
    screen.show(VIEW)
    assert out.getvalue().count("no power") == 1
    assert out.getvalue().count("cameras 5/6") == 1
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_it_is_drawn_over_and_what_stays_comes_above():
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as out:
        screen = Screen("en", out)
        screen.show(VIEW)
        drawn = len(live_lines(VIEW, [], "en"))
        screen.show(VIEW)
        screen.say("done")
        text = ""
        while "done" not in text:  # a terminal hands over what it has so far
            text += os.read(ours, 65536).decode()
        os.close(ours)
    assert text.count(f"\x1b[{drawn}F\x1b[J") == 2
    assert "\x1b[Jdone" in text


def test_a_terminal_that_is_closed_ends_the_writing_only():
    ours, theirs = pty.openpty()
    out = os.fdopen(theirs, "w")
    screen = Screen("en", out)
    os.close(ours)
    screen.say("nobody reads this")
    screen.show(VIEW)
