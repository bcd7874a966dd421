"""What tests of every folder share: the hub's databases, and counts that stand in the summary of every run, also of one
in several processes."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from countyhub.store.engine import Store, open_store
from tests import hubs, postgres

# No test is timed: a slow machine is no finding.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    # A shell ignores Ctrl-C for what it runs in the background, and whoever is started there inherits that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "sqlite_only: about the file; the rest of the module runs on both databases")
    config.addinivalue_line("markers", "postgres_only: about the server; the rest of the module runs on both databases")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of the hub run on both databases: in the quick suite only where the module says `POSTGRES_QUICK = True`."""
    if "database" in metafunc.fixturenames:
        quick = getattr(metafunc.module, "POSTGRES_QUICK", False)
        on_postgres = pytest.param("postgresql", marks=() if quick else pytest.mark.slow)
        marked = metafunc.definition.get_closest_marker
        only = {name for name in ("sqlite", "postgres") if marked(f"{name}_only")}
        both = {"sqlite": "sqlite", "postgres": on_postgres}
        kinds = [kind for name, kind in both.items() if not only or name in only]
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture
def postgres_installed() -> None:
    """For tests of the server alone; they are skipped where it is not."""
    if reason := postgres.unavailable():
        pytest.skip(reason)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that the hubs and stores of this test have: sqlite or postgresql."""
    if request.param == "postgresql":
        request.getfixturevalue("postgres_installed")
    with hubs.on(request.param):
        yield request.param


@pytest.fixture
async def store(database: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A hub's store on that database: in today's format, nothing in it."""
    opened = await open_store(hubs.database_url(tmp_path))
    yield opened
    await opened.close()


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
