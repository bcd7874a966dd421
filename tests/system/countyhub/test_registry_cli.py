"""`countyhub registry` as a person in the county office uses it, on both databases, and beside a process that reads."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from sqlalchemy import select

from countyhub.cli import main
from countyhub.registry import plan, stored
from countyhub.registry.content import Content
from countyhub.registry.forms import FORMS
from countyhub.registry.live import LiveRegistry
from countyhub.registry.stored import RegistryMoved, table_of
from countyhub.store.engine import open_store
from countyhub.store.registrytables import registry_import, registry_place
from simulators.county.build import COUNTY, SMALL, Plan, build
from tests import hubs
from tests.registries import NEW, TOWNSHIP, VILLAGES, ZONE, add, change, registry, small

ROOT = Path(__file__).resolve().parents[3]
A, B = VILLAGES[3:]
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


class Done(NamedTuple):
    """What a command has left."""

    returncode: int
    stdout: str
    stderr: str


class Office:
    """A hub's configuration and the command."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.url = hubs.database_url(folder)
        self.config = folder / "countyhub.toml"
        self.config.write_text(
            f'county = "{COUNTY}"\ndata_dir = "{folder}"\n[database]\nurl = "{self.url}"\n', encoding="utf-8"
        )

    def run(self, *words: object, language: str = "en") -> Done:
        """The command, in this process: starting Python each time takes longer than all else."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["registry", *map(str, words), "--config", str(self.config), "--language", language])
        return Done(code, out.getvalue(), err.getvalue())

    async def imported(self, folder: Path, today: date = date(2026, 6, 1)) -> int:
        """The same in this process; returns the revision."""
        store = await open_store(self.url)
        try:
            async with store.read() as connection:
                known, revision = await stored.load(connection), await stored.revision(connection)
            found = plan.make(folder, known, revision=revision, county=COUNTY, today=today)
            assert found.mistakes == []
            return await plan.apply(store, found, by="test", now=NOW, zone=ZONE)
        finally:
            await store.close()


@pytest.fixture
def office(database, tmp_path):
    return Office(tmp_path / "hub")


@contextlib.asynccontextmanager
async def opened(office):
    store = await open_store(office.url)
    try:
        yield store
    finally:
        await store.close()


def test_check_import_export_and_show(office, tmp_path):
    files = small(tmp_path / "files")
    done = office.run("check", files)
    assert (done.returncode, done.stdout) == (0, "the files are in order; 0 warnings\n")
    dry = office.run("import", files)
    assert dry.returncode == 0
    assert "nothing was written: add --apply" in dry.stdout
    assert "unknown" not in office.run("show").stderr
    done = office.run("import", files, "--apply", "--by", "张三")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"imported: {len(build(SMALL))} rows, revision 1" in done.stdout
    assert office.run("import", files, "--apply").stdout.splitlines()[-1] == "nothing to change"
    assert "15 files written" in office.run("export", tmp_path / "out").stdout
    for path in files.iterdir():
        found = (tmp_path / "out" / path.name).read_bytes()
        assert found == path.read_bytes()
    shown = office.run("show", A, language="zh").stdout
    assert "隶属：桥洞村" in shown
    assert "信息员" in shown
    assert json.loads(office.run("show", "0101", "--json").stdout)["owner"].startswith("D")


def test_mistakes_change_nothing(office, tmp_path):
    files = small(tmp_path / "files")
    change(files / "boxes.csv", f",{A},", f",{TOWNSHIP}999,")
    done = office.run("import", files, "--apply")
    assert done.returncode == 1
    assert "✗ boxes.csv, row 5, column village: there is no" in done.stdout
    assert "nothing was changed" in done.stdout
    found = json.loads(office.run("check", files, "--json").stdout)
    assert found["mistake_count"] == 1
    assert found["mistakes"][0]["row"] == 5
    assert office.run("show", A).returncode == 1


def test_many_mistakes_are_counted_not_listed(office, tmp_path):
    files = small(tmp_path / "files")
    change(files / "services.csv", "direct", "dirct", count=21)
    done = office.run("check", files, "--show", "3", language="zh")
    assert done.stdout.count("✗") == 3
    assert "另有 18 条" in done.stdout
    assert "错误 21 处" in done.stdout


def test_files_alone_need_no_configuration(tmp_path):
    files = small(tmp_path / "files")
    words = [sys.executable, "-m", "countyhub.cli", "registry", "check", str(files), "--county", COUNTY]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 0
    done = subprocess.run(words[:-2], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 78


def test_wrong_use(office, tmp_path):
    assert office.run("show", "--at", "soon").returncode == 2
    assert office.run("check", tmp_path / "none").returncode == 1


async def test_an_import_says_who_from_what_and_what_was_there_before(office, tmp_path):
    files = small(tmp_path / "files")
    assert await office.imported(files) == 1
    change(files / "boxes.csv", "雁河村盒子", "一号盒子")
    assert await office.imported(files) == 2
    assert await office.imported(files) == 2, "nothing to do is no import"
    async with opened(office) as store, store.read() as connection:
        first, second = (await connection.execute(select(registry_import).order_by(registry_import.c.id))).all()
    assert (first.by, first.at) == ("test", NOW)
    assert len(msgspec.json.decode(first.files)["boxes.csv"]) == 64
    assert msgspec.json.decode(first.counts)["areas"] == {"added": 7, "changed": 0, "ended": 0}
    [told] = msgspec.json.decode(second.changes)["boxes"]["changed"]
    assert told["fields"] == {"name": ["雁河村盒子", "一号盒子"]}


async def test_everything_comes_back_from_the_database(office, tmp_path):
    await office.imported(small(tmp_path / "files"))
    async with opened(office) as store, store.read() as connection:
        found = await stored.load(connection)
    assert sorted(found.rows(), key=repr) == sorted(build(SMALL), key=repr)


async def test_two_people_import_at_once(office, tmp_path):
    files = small(tmp_path / "files")
    async with opened(office) as store:
        plans = [
            plan.make(files, Content.bare(()), revision=0, county=COUNTY, today=date(2026, 6, 1)) for _ in range(2)
        ]
        assert await plan.apply(store, plans[0], by="a", now=NOW, zone=ZONE) == 1
        with pytest.raises(RegistryMoved):
            await plan.apply(store, plans[1], by="b", now=NOW, zone=ZONE)


async def test_a_running_process_takes_an_import_up(office, tmp_path):
    files = small(tmp_path / "files")
    async with opened(office) as store:
        live = LiveRegistry(store, ZONE)
        assert await live.refresh() is False
        assert live.current.boxes() == ()
        await office.imported(files)
        assert await live.refresh() is True
        assert await live.refresh() is False
        assert live.current.revision == 1
        assert live.current.belongs(A, NOW).township == TOWNSHIP


async def test_a_merger_in_mid_month_and_the_same_question_in_sql(office, tmp_path):
    """What the snapshot answers and what `registry_place` says agree, the minute before midnight and after."""
    files = small(tmp_path / "files")
    await office.imported(files)
    areas = files / "areas.csv"
    for village in (A, B):
        old = next(line for line in areas.read_text("utf-8-sig").splitlines() if line.startswith(village))
        change(areas, old, old.removesuffix(",,,") + f",{NEW},,2026-07-16")
    add(areas, f"{NEW},合村,village,{TOWNSHIP},,2026-07-16,")
    await office.imported(files)
    c = registry_place.c
    times = [datetime(2026, 7, 15, 15, 59, tzinfo=UTC), datetime(2026, 7, 15, 16, 0, tzinfo=UTC)]
    async with opened(office) as store, store.read() as connection:
        found = await stored.load_registry(connection, ZONE)
        for at, expected in zip(times, (A, NEW), strict=True):
            query = select(c.village).where(c.kind == "box", c.code == A, c.since <= at, c.until > at)
            assert (await connection.execute(query)).scalars().all() == [expected]
            assert found.belongs(A, at).village == expected
    shown = (await asyncio.to_thread(office.run, "show", NEW, "--at", "2026-07-20")).stdout
    assert "boxes: 2" in shown


async def test_tables_and_forms_have_the_same_columns():
    for form in FORMS:
        assert {column.name for column in table_of(form).columns} == set(form.__struct_fields__), form.FILE


@pytest.mark.slow
async def test_a_full_scale_county_goes_in_and_comes_back(office, tmp_path, counted):
    rows = build(Plan())
    files = small(tmp_path / "files", rows)
    await office.imported(files)
    async with opened(office) as store, store.read() as connection:
        found = await stored.load_registry(connection, ZONE)
    whole = registry(rows)
    assert found.scope(COUNTY, NOW) == whole.scope(COUNTY, NOW)
    counted(f"{len(rows)} rows, {len(found.boxes())} boxes, {len(found.grids())} grids came back")
