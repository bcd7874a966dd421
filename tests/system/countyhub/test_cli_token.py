"""`countyhub token`: made, shown once, listed, revoked; and what is refused."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from countyhub.api import tokens
from countyhub.cli import main
from countyhub.store.engine import open_store
from simulators.county.build import COUNTY
from tests.apis import import_registry
from tests.hubs import HubProcess
from tests.registries import VILLAGES

pytestmark = pytest.mark.usefixtures("database")


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class Hub(HubProcess):
    """Not running: the database is enough. Commands run in this process but the first, which is a real one."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder, 1)
        self._capsys = capsys

    def token(self, *words: str) -> Said:
        code = main(["token", *words, "--config", str(self.config), "--language", "en"])
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def hub(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = Hub(tmp_path / "hub", capsys)

    async def fill() -> None:
        store = await open_store(found.url)
        await import_registry(store, tmp_path / "registry")
        await store.close()

    asyncio.run(fill())
    return found


def test_a_token_is_shown_once_listed_and_revoked(hub: Hub):
    made = hub.cli("token", "add", "hotline", "--scope", "cases:open,cases:read", "--scope", "events:read",
                   "--person", "P00014", "--area", VILLAGES[0], "--days", "30")  # fmt: skip
    assert made.returncode == 0, made.stderr
    text = made.stdout.strip()
    assert tokens.is_wellformed(text)
    assert "Shown this once" in made.stderr
    listed = hub.token("list")
    assert text[:11] in listed.stdout
    assert text[11:] not in listed.stdout
    row = json.loads(hub.token("list", "--json").stdout)
    assert (row["scopes"], row["person"], row["area"]) == (
        ["cases:open", "cases:read", "events:read"], "P00014", VILLAGES[0])  # fmt: skip
    assert (row["state"], row["used"]) == ("good", None)
    assert re.match("cli/", row["by"])
    assert hub.token("revoke", "hotline").returncode == 0
    assert json.loads(hub.token("list", "--json").stdout)["state"] == "revoked"
    assert hub.token("revoke", "hotline").returncode == 0, "it stays so"
    assert "token.name-taken" in hub.token("add", "hotline", "--scope", "events:read").stderr
    assert text.encode() not in hub.database.read_bytes() if hub.database.exists() else True


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["a", "--scope", "cases:all"], "token.unknown-scope"),
        (["a", "--scope", ","], "token.unknown-scope"),
        (["a", "--scope", "cases:act"], "token.person-needed"),
        (["a", "--scope", "cases:act", "--person", "P99999"], "token.unknown-person"),
        (["a", "--scope", "cases:read", "--area", "999999"], "token.unknown-area"),
        (["a", "--scope", "cases:read", "--area", f"{COUNTY}100200001"], "token.unknown-area"),
        (["a\nb", "--scope", "cases:read"], "token.bad-name"),
    ],
)
def test_what_makes_no_sense_is_refused(hub: Hub, words: list[str], code: str):
    done = hub.token("add", *words)
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr
    assert hub.token("list").stdout == ""
    assert "token.unknown" in hub.token("revoke", "a").stderr


def test_tokens_are_random_and_know_a_slip_of_the_finger():
    made = {tokens.new_text() for _ in range(100)}
    assert len(made) == 100
    for text in made:
        assert tokens.is_wellformed(text)
        assert not tokens.is_wellformed(text[:-1] + ("A" if text[-1] != "A" else "B"))
        assert not tokens.is_wellformed(text + "\n")
    one = next(iter(made))
    swapped = one[:10] + one[11] + one[10] + one[12:]
    assert swapped == one or not tokens.is_wellformed(swapped)
