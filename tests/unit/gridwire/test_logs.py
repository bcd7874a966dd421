"""How we log: for the journal, as JSON, and never without end. The standard library's logging, real streams."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridwire import logs
from gridwire.loglimit import KINDS_KEPT, MAX_LINES, MAX_OF_MESSAGE, WINDOW_S, Limit

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Log:
    """A logger with our handler on a stream of its own."""

    def __init__(self, form: str = "plain") -> None:
        self.clock, self.stream = Clock(), io.StringIO()
        self.handler = logs.LimitedHandler(self.stream, Limit(self.clock))
        self.handler.setFormatter(logs.formatter(form, {}, self.stream))
        self.logger = logging.Logger("edgeagent.test")  # noqa: LOG001 - one of this test alone
        self.logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)],
)
def test_the_journal_is_told_the_priority_of_each_line(level, priority):
    log = Log("journal")
    log.logger.log(level, "camera %s\nis dark", "cam-1")
    name = logging.getLevelName(level)
    assert log.lines == [f"<{priority}>{name} edgeagent.test: camera cam-1", f"<{priority}>  is dark"]


def test_every_line_of_a_traceback_has_it_too():
    log = Log("journal")
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        log.logger.exception("failed")
    assert log.lines[0] == "<3>ERROR edgeagent.test: failed"
    assert log.lines[-1] == "<3>  two"
    assert all(line.startswith("<3>  ") for line in log.lines[1:])


def test_json_is_an_object_a_line_with_everything_in_it():
    log = Log("json")
    try:
        raise ValueError("村口")
    except ValueError:
        log.logger.exception("camera %s:\nfailed", "cam-1")
    (line,) = log.lines
    found = json.loads(line)
    assert found.keys() == {"at", "level", "logger", "message", "trace"}
    assert (found["level"], found["logger"], found["message"]) == ("error", "edgeagent.test", "camera cam-1:\nfailed")
    assert found["trace"][-1] == "ValueError: 村口"
    assert found["at"].endswith("+00:00")


@pytest.mark.parametrize("form", ["plain", "journal"])
def test_what_comes_from_outside_begins_no_line_of_its_own(form):
    log = Log(form)
    log.logger.warning("device says %s", "x\n<0>CRITICAL edgeagent: all is lost\r\x1b[2J\u2028more")
    first, second = log.lines
    assert second.removeprefix("<4>").startswith("  <0>CRITICAL")
    assert "\x1b" not in first + second
    assert "\\x0d" in second


def test_a_long_message_is_cut():
    log = Log()
    log.logger.info("%s", "x" * 10**6)
    assert len(log.lines[0]) < logs.MAX_CHARS + 100


def test_a_camera_that_fails_every_second_does_not_fill_the_disk(counted):
    log = Log()
    for _ in range(86400):
        log.clock.now_s += 1
        log.logger.warning("device %s: %s", "cam-1", "no answer within 10 s")
    size = len(log.stream.getvalue())
    assert len(log.lines) < 2000
    counted(f"86400 failures in a day: {len(log.lines)} lines, {size // 1024} KiB")
    assert size < 200_000
    told = sum(int(line.split("[")[1].split()[0]) for line in log.lines if "[" in line)
    log.handler.close()
    told += sum(int(line.split(": ")[1].split()[0]) for line in log.lines if "lines were left out" in line)
    written = sum("no answer" in line for line in log.lines)
    assert told + written == 86400


def test_another_camera_and_another_message_are_still_heard():
    log = Log()
    for _ in range(50):
        log.logger.warning("device %s failed", "cam-1")
    log.logger.warning("device %s failed", "cam-2")
    log.logger.warning("device %s is back", "cam-1")
    assert log.lines[-2:] == [
        "WARNING edgeagent.test: device cam-2 failed", "WARNING edgeagent.test: device cam-1 is back",
    ]  # fmt: skip


def test_what_differs_each_time_does_not_get_around_the_limit():
    log = Log()
    for number in range(5000):
        log.logger.warning("letter %s cannot be read", f"id-{number}")
    assert len(log.lines) == MAX_OF_MESSAGE
    for number in range(5000):
        log.logger.error("failed: %s", ValueError(number))
    assert len(log.lines) == MAX_OF_MESSAGE + MAX_LINES


def test_what_was_left_out_is_told_although_nothing_more_of_it_comes():
    log = Log()
    for _ in range(MAX_LINES + 7):
        log.logger.warning("100% of %s failed".replace("%", "%%", 1), "cam-1")
    log.clock.now_s += 3 * WINDOW_S
    log.logger.info("something else")
    assert log.lines[-2] == "WARNING edgeagent.test: 7 lines were left out of: 100%% of %s failed (cam-1)"
    log.clock.now_s += 2 * WINDOW_S
    log.logger.info("again")
    assert "left out" not in log.lines[-1]
    assert sum("7 lines" in line for line in log.lines) == 1


def test_after_a_minute_it_goes_on_and_says_how_many_were_left_out():
    log = Log("json")
    for _ in range(MAX_LINES + 3):
        log.logger.warning("dark")
    log.clock.now_s += WINDOW_S - 1
    log.logger.warning("dark")
    log.clock.now_s += 1
    log.logger.warning("dark")
    assert len(log.lines) == MAX_LINES + 1
    assert json.loads(log.lines[-1])["left_out"] == 4


def test_memory_is_bounded_and_what_is_forgotten_is_told():
    log = Log()
    for _ in range(MAX_LINES + 5):
        log.logger.warning("first")
    for number in range(2 * KINDS_KEPT):
        log.logger.warning(f"kind {number}")
    log.handler.close()
    assert "5 lines were left out of: " in log.lines[-1]


def test_the_journal_is_recognised_by_device_and_inode(tmp_path):
    with (tmp_path / "journal").open("w") as stream:
        found = os.fstat(stream.fileno())
        assert logs.is_journal(f"{found.st_dev}:{found.st_ino}", stream)
        assert not logs.is_journal(f"{found.st_dev}:{found.st_ino + 1}", stream)
        assert not logs.is_journal("", stream)
    assert not logs.is_journal("1:2", io.StringIO())


def test_a_process_of_systemd_s_marks_its_lines_and_its_child_with_another_stream_does_not(tmp_path):
    path = tmp_path / "journal"
    code = "import logging; from gridwire import logs; logs.start(); logging.warning('dark')"
    with path.open("w") as journal:
        found = os.fstat(journal.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        command = [sys.executable, "-c", code]
        subprocess.run(command, cwd=ROOT, env=environment, stderr=journal, check=True)
        other = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert path.read_text() == "<4>WARNING root: dark\n"
    assert other.stderr == "WARNING root: dark\n"


@pytest.mark.parametrize(
    ("environment", "begins"),
    [({}, "WARNING "), ({"LOG_FORMAT": "json"}, '{"at"'), ({"LOG_FORMAT": "odd"}, "WARNING ")],
)
def test_a_process_logs_as_its_environment_says_and_libraries_are_quiet(environment, begins):
    code = (
        "import logging; from gridwire import logs; logs.start();"
        "logging.getLogger('httpx').info('https://sms.local/?phone=13800000000');"
        "logging.getLogger('x').warning('dark')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert line.startswith(begins)
