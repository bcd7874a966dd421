"""`edgeagent rules`: presets, what counts for a device and from which line, dry runs over records and an outbox."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from edgeagent.cli import main
from edgeagent.clock import Clock
from edgeagent.config import RuleSettings
from edgeagent.driver import Alarm, Checkin, Observation
from edgeagent.intake import Intake
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import gap_draft
from edgeagent.rules import Rules

CONFIG = """box = "430121001001"
latitude = 25.6
longitude = 111.9
[hub]
host = "127.0.0.1"
password = "file:nobody/may/read/it"
[store]
dir = "{folder}"
[device.pond-1]
driver = "no-such-driver"
preset = "pond"
[device.gate]
driver = "onvif"
[[rule]]
devices = ["gate"]
kinds = ["motion"]
armed = ["周一-周五 20:00-06:00"]
"""
NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)  # a Friday, 12:00 in Shanghai


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "edgeagent.toml"
    file.write_text(CONFIG.format(folder=tmp_path))
    return file


def line(at_s, device, kind, state, type_="cn.gridwire.alarm.v1"):
    time = (NOON + timedelta(seconds=at_s)).isoformat()
    return json.dumps({"type": type_, "subject": device, "time": time, "data": {"kind": kind, "state": state}})


RECORD = [
    line(20, "pond-1", "person", "end"),
    line(8, "pond-1", "person", "start"),  # in any order
    line(0, "pond-1", "person", "start"),
    line(1, "pond-1", "person", "end"),
    line(30, "gate", "motion", "start"),
    line(31, "gate", "motion", "end"),
    line(32, "gate", "fire", "pulse"),
    line(33, "gate", "", "", type_="cn.gridwire.checkin.v1"),
    "",
]


def run(capsys, *args):
    code = main(["rules", *map(str, args)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(("language", "word"), [("zh", "防溺水"), ("en", "Against drowning")])
def test_presets_say_what_they_do(capsys, language, word):
    code, out, _ = run(capsys, "presets", "--language", language)
    assert code == 0
    assert word in out
    for name in ("pond", "forest-edge", "village-office"):
        assert name in out
    code, out, _ = run(capsys, "presets", "--json")
    assert json.loads(out)["pond"]["rules"][0] == {"merge_gap_s": 10.0, "cooldown_s": 60.0}


def test_show_tells_what_counts_and_the_line_it_comes_from(capsys, config):
    code, out, _ = run(capsys, "show", "--config", config, "--language", "en")
    assert code == 0
    assert f"minimum duration  2 s      {config}:11 (pond)" in out
    assert f"armed  周一-周五 20:00-06:00  {config}:14" in out
    assert "no rule: all of it goes to the county" in out
    code, out, _ = run(capsys, "show", "gate", "--config", config, "--json")
    (device, groups), *others = json.loads(out).items()
    assert (code, device, others) == (0, "gate", [])
    assert groups[0]["kinds"] == ["motion"]
    assert groups[0]["from"] == {"armed": f"{config}:14"}


def test_show_of_a_device_that_is_none_names_those_that_are(capsys, config):
    code, _, err = run(capsys, "show", "gat", "--config", config, "--language", "en")
    assert (code, err) == (1, "rules.no-such-device: there is no device “gat”; there are: gate\n")


def test_a_wrong_rule_is_told_with_its_line(capsys, config):
    config.write_text(config.read_text() + 'cooldown_s = "60"\n')
    code, _, err = run(capsys, "show", "--config", config, "--language", "en")
    assert code == 78
    assert err.startswith(f"{config}:18: rule[1].cooldown_s: is the text “60”, expected a number from 0 to 86400")


def test_try_tells_for_each_alarm_what_would_happen_and_sums_up(capsys, config, tmp_path):
    record = tmp_path / "record.jsonl"
    record.write_text("\n".join(RECORD))
    code, out, err = run(capsys, "try", record, "--config", config, "--language", "zh")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [each.split()[5] for each in lines[:7]] == ["过短", "过短", "上报", "上报", "未布防", "无对应开始", "上报"]
    assert lines[0].startswith("05-01 12:00:00  pond-1  人员出现  开始  过短")
    assert lines[4].endswith(f"{config}:14")
    assert lines[8].split() == ["设备", "类型", "报警", "上报", "未布防", "过短", "无对应开始"]
    assert lines[-3].split() == ["pond-1", "人员出现", "4", "2", "0", "2", "0"]
    assert lines[-2].split() == ["合计", "7", "3", "1", "2", "1"]
    assert lines[-1] == "其他事件 1 条，未参与试算"


def test_try_as_json_from_standard_input_since_a_time(capsys, config, monkeypatch):
    text = "\n".join([*RECORD, "no event", line(40, "gate", "motion", "sideways")])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    since = "2026-05-01T12:00:25"
    code, out, _ = run(capsys, "try", "-", "--config", config, "--json", "--since", since)
    answer = json.loads(out)
    assert code == 1
    assert answer["unreadable"] == [10, 11]
    assert [(alarm["device"], alarm["why"]) for alarm in answer["alarms"]] == [
        ("gate", "disarmed"), ("gate", "not-started"), ("gate", "stored"),
    ]  # fmt: skip
    assert answer["summary"][1] == {
        "device": "gate", "kind": "motion", "alarms": 2, "by": {"disarmed": 1, "not-started": 1},
    }  # fmt: skip


def test_try_of_what_is_not_there_and_of_a_time_that_is_none(capsys, config, tmp_path):
    code, _, err = run(capsys, "try", tmp_path / "nothing", "--config", config, "--language", "en")
    assert (code, err) == (1, f"rules.no-record: {tmp_path / 'nothing'} cannot be read: No such file or directory\n")
    code, _, err = run(capsys, "try", "--outbox", "--config", config, "--language", "en")
    assert code == 1
    assert "there is no outbox" in err
    code, _, err = run(capsys, "try", "-", "--since", "yesterday", "--config", config, "--language", "en")
    assert (code, "is no time" in err) == (1, True)


async def test_try_reads_the_box_s_own_outbox(capsys, config, tmp_path):
    clock = Clock()
    box = await Outbox.open(
        tmp_path, Limits(8, 8, 7, 0), boot="b", machine="m", gap=lambda gap: gap_draft("s", clock, gap)
    )
    intake = Intake(box, Rules([RuleSettings()], "UTC"), clock, "grid/1/430121/430121001001")
    for kind in ("motion", "person"):
        await intake.take("pond-1", None, Observation(data=Alarm(kind=kind, state="start")), {})
    await intake.take("pond-1", None, Observation(data=Checkin(method="card", person="p", key="k")), {})
    await box.close()
    code, out, _ = run(capsys, "try", "--outbox", "--config", config, "--json", "--since", "1h")
    answer = json.loads(out)
    assert (code, answer["others"]) == (0, 0)
    assert [(alarm["kind"], alarm["why"], alarm["waited"]) for alarm in answer["alarms"]] == [
        ("motion", "dropped", False), ("person", "stored", True),
    ]  # fmt: skip
