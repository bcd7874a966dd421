"""SECURITY.md names for each protection its place and the test that fails without it. What only files show is here."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from countyhub.config import Config as HubConfig
from edgeagent import plugins
from edgeagent.config import Config as BoxConfig
from edgeagent.configfile.sample import sample

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PLACES = sorted(set(re.findall(r"`((?:gridwire|edgeagent|drivers|countyhub|scripts|systemd)/[\w./@-]+)`", PAGE)))


@cache
def named_in(file):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_is_named_exists():
    assert len(NAMED) > 50
    assert [
        f"{file}::{name}" for file, name in NAMED if not (ROOT / file).is_file() or name not in named_in(file)
    ] == []


def test_every_place_that_is_named_exists():
    assert [place for place in PLACES if not (ROOT / place).exists()] == []


def test_every_protection_of_the_table_names_a_place_and_a_test():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        _, where, test = row.rsplit(" | ", 2)
        assert "`" in where, row
        assert "::" in test or "not built" in row, row


SECRET = re.compile(r"(^|_)(password|secret|token|key|passphrase)s?$")


def secrets_in(kind, path, seen):
    """Path and default of each text in a Struct, and those below, whose name or mark says that it is a secret."""
    if kind in seen:
        return
    for field in msgspec.structs.fields(kind):
        own = inspect.type_info(field.type) if field.name else None
        yield from below(own, f"{path}.{field.name}", {*seen, kind})
        shown = repr(own)
        if SECRET.search(field.name) or (
            "'secret': True" in shown and "StructType(" not in shown
        ):  # not a table of them
            yield f"{path}.{field.name}", field.default


def below(info, path, seen):
    for part in vars_of(info):
        if isinstance(part, inspect.StructType):
            yield from secrets_in(part.cls, path, seen)
        else:
            yield from below(part, path, seen)


def vars_of(info):
    names = ("type", "item_type", "value_type")
    found = [getattr(info, name, None) for name in names] + list(getattr(info, "types", ()))
    own = [info] if isinstance(info, inspect.StructType) else []
    return own + [each for each in found if isinstance(each, inspect.Type)]


KINDS = [("box", BoxConfig), ("hub", HubConfig), *((name, plugins.resolve(name)) for name in plugins.available())]


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
def test_no_secret_has_a_default(name, kind):
    """Who sets none gets none: there is no password that somebody could know from the sources."""
    found = dict(secrets_in(getattr(kind, "config", kind), name, set()))
    assert {path: default for path, default in found.items() if default not in ("", None, msgspec.NODEFAULT)} == {}
    if name in ("box", "hub"):
        assert len(found) >= 1


def test_no_sample_shows_a_password_to_be_kept():
    text = "\n".join([sample({}), *(path.read_text(encoding="utf-8") for path in (ROOT / "config").glob("*.toml"))])
    given = re.findall(r'^#? ?(?:password|secret|token) = "([^"]*)"', text, re.MULTILINE)
    assert [value for value in given if value and not value.startswith(("file:", "env:", "CHANGE"))] == []


def test_every_package_is_locked_with_the_hash_of_each_file():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    ours = [each for each in lock["package"] if "registry" not in each["source"]]
    assert [each["name"] for each in ours] == ["gridwire"]
    for package in lock["package"]:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        assert files or package in ours, package["name"]
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]) for file in files), package["name"]


def test_what_is_built_is_built_from_the_lock():
    """pip refuses a file without a hash from the lock; nobody installs past it."""
    assert '"--require-hashes"' in (ROOT / "scripts/deb/wheels.py").read_text(encoding="utf-8")
    assert "uv sync --quiet --locked" in (ROOT / "scripts/bootstrap.sh").read_text(encoding="utf-8")
