"""Counts of the reliability tests stand in the summary of every run, also of one in several processes."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say what a test has counted; it is printed at the end of the run."""

    def say(text: str) -> None:
        print(text)
        request.node.user_properties.append(("counted", text))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            texts = [text for name, text in report.user_properties if name == "counted"]
            if texts and report.when == "call":
                terminalreporter.section(f"counted by {report.nodeid}", sep="-")
                terminalreporter.write_line("\n".join(texts))
