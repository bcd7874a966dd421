"""What commands say and how they end when the database gives way under them, or they are used wrongly: one place."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from countyhub import cli
from countyhub.store.engine import open_store
from tests.instances import BOX

CLI = Path(cli.__file__).parent
WRITES = ("the database takes nothing: ", "数据库无法写入：")
READS = ("the database cannot be read: ", "数据库无法读取：")
AWAY = [
    ("board show {box}", "board", WRITES),
    ("box list", "box", READS),
    ("case list", "cases", ("the database takes nothing: ", "数据库无法使用：")),
    ("deadletter list", "dead_letter", WRITES),
    ("matters list", "matter", READS),
    ("notify list", "notify_alert", WRITES),
    ("prune", "media", WRITES),
    ("registry show", "registry_area", ("the database cannot be used: ", "数据库无法使用：")),
    ("token list", "token", WRITES),
    ("webhook list", "webhook", WRITES),
]
WRONG = [
    ("board show nonsense", 2),
    ("box replay nonsense --since 2026-01-01T00:00", 2),
    ("case show 431126-20260101-0001", 1),
    ("notify ack 431126-20260101-0001", 2),
    ("registry show --at 2026-13-01", 2),
    ("token revoke nobody", 2),
    ("webhook pause nobody", 2),
]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "hub.db"

    async def make() -> None:
        await (await open_store(f"sqlite:///{file}")).close()

    asyncio.run(make())
    return file


@pytest.fixture
def config(tmp_path: Path, migrated: Path) -> Path:
    shutil.copy(migrated, tmp_path / "hub.db")
    file = tmp_path / "countyhub.toml"
    file.write_text(f'county = "431126"\ndata_dir = "{tmp_path}"\n')
    return file


@pytest.mark.parametrize(("words", "table", "told"), AWAY, ids=[row[0] for row in AWAY])
def test_a_database_that_gives_way_is_told_in_both_languages(
    config: Path, capsys: pytest.CaptureFixture[str], words: str, table: str, told: tuple[str, str]
) -> None:
    with contextlib.closing(sqlite3.connect(config.parent / "hub.db")) as connection:
        connection.execute(f"DROP TABLE {table}")
    for language, expected in zip(("en", "zh"), told, strict=True):
        asked = words.format(box=BOX).split()
        assert cli.main([*asked, "--config", str(config), "--language", language]) == 1
        assert capsys.readouterr().err.startswith(expected)


@pytest.mark.parametrize(("words", "code"), WRONG, ids=[row[0] for row in WRONG])
def test_a_mistake_is_told_by_its_exit_code(
    config: Path, capsys: pytest.CaptureFixture[str], words: str, code: int
) -> None:
    assert cli.main([*words.split(), "--config", str(config), "--language", "en"]) == code
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_ca_says_it_in_its_own_words(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text() + '[enrol]\nnames = ["hub.example"]\n')
    assert cli.main(["ca", "init", "--config", str(config)]) == 0
    with contextlib.closing(sqlite3.connect(config.parent / "hub.db")) as connection:
        connection.execute("DROP TABLE box_identity")
    capsys.readouterr()
    for language, expected in (("en", "this cannot be done: "), ("zh", "无法完成：")):
        assert cli.main(["ca", "show", "--config", str(config), "--language", language]) == 1
        assert capsys.readouterr().err.startswith(expected)


def test_no_command_has_an_except_clause_of_its_own_for_a_database_that_is_away() -> None:
    """One place, `attempt`, says it."""
    commands = {words.split()[0] for words, *_ in AWAY} | {"ca"}
    own = {
        path.stem
        for path in CLI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "UNAVAILABLE"
    }
    assert "attempt" in own
    assert own.isdisjoint(commands)
