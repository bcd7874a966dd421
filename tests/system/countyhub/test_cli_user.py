"""`countyhub user` and `countyhub audit` as somebody uses them at the machine of the hub."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import sys
from pathlib import Path

import pytest

from countyhub.cli import main

PASSWORD = "kd73-qwpl-x9"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = tmp_path / "countyhub.toml"
    config.write_text(f'county = "431126"\ndata_dir = "{tmp_path}"\n')

    def run(*words: str, said: str = "", language: str = "en") -> tuple[int, str, str]:
        out, errors = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            code = main([*words, "--config", str(config), "--language", language])
        return code, out.getvalue(), errors.getvalue()

    assert run("migrate")[0] == 0
    return run


def test_roles_are_told_as_the_console_tells_them(hub):
    words = ("user", "add", "li", "--role", "county", "--role", "auditor")
    assert hub(*words, "--generate")[0] == 0
    assert "  县中心、审计  " in hub("user", "list", language="zh")[1]
    assert "  county centre, auditor  " in hub("user", "list")[1]
    assert json.loads(hub("user", "list", "--json", language="zh")[1])["roles"] == ["county", "auditor"]


def test_users_are_made_changed_and_ended_and_all_of_it_is_noted(hub, tmp_path):
    made = hub("user", "add", "Admin", "--role", "county", "--generate")
    assert (made[0], len(made[1].strip())) == (0, 19)
    assert "admin" in made[2]
    for words, why in (
        (("add", "admin", "--role", "county"), "user.exists"),
        (("add", "x y", "--role", "county"), "user.bad-name"),
        (("add", "li", "--role", "township"), "user.place-needed"),
        (("add", "li", "--role", "township", "--person", "P1"), "user.not-on-duty"),
        (("add", "li", "--role", "county", "--stays"), "user.stays-and-acts"),
        (("set-password", "nobody"), "user.unknown"),
    ):
        code, _, told = hub("user", *words, said=f"{PASSWORD}\n")
        assert (code, why in told) == (2, True), (words, told)
    assert "password.too-common" in hub("user", "add", "li", "--role", "auditor", said="password123\n")[2]
    assert hub("user", "add", "li", "--role", "auditor", said=f"{PASSWORD}\n")[0] == 0
    code, link, _ = hub("user", "link", "li", "--url", "https://hub.example/")
    assert (code, link.startswith("https://hub.example/login/link/")) == (0, True)
    assert hub("user", "disable", "li")[0] == 0
    found = [json.loads(line) for line in hub("user", "list", "--json")[1].splitlines()]
    assert [(each["name"], each["disabled"] is None) for each in found] == [("admin", True), ("li", False)]
    rows = [json.loads(line) for line in hub("audit", "list", "--json")[1].splitlines()]
    kinds = [row["kind"] for row in rows if row["kind"] != "command"]
    assert kinds == ["user.added", "user.added", "user.link", "user.disabled"]
    assert all(row["who"].startswith("cli/") for row in rows)
    assert PASSWORD not in json.dumps(rows)
    anchor = tmp_path / "noted"
    anchor.write_text(hub("audit", "anchor")[1])
    assert hub("audit", "verify", "--anchors", str(anchor))[0] == 0
    database = sqlite3.connect(tmp_path / "hub.db")
    database.execute("DROP TRIGGER audit_stays")
    database.execute("DELETE FROM audit WHERE id = 3")
    database.commit()
    database.close()
    code, told, _ = hub("audit", "verify")
    assert (code, told.startswith("BROKEN at row 3")) == (1, True)
