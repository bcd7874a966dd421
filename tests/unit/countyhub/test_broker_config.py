"""`countyhub broker-config`: a mistake replaces nothing, a failure puts the former back, what was begun is ended."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from countyhub.ca import brokertrial, renewal
from countyhub.cli import brokerapply
from countyhub.cli import main as countyhub_main
from tests.hubs import HubProcess

NO_UNIT = "no/such"
"""systemctl refuses the name, where there is a systemd and where there is none."""

pytestmark = pytest.mark.skipif(brokertrial.program() is None, reason="mosquitto is missing: apt-get install mosquitto")


class Hub:
    """A hub with a CA; `call` is `countyhub broker-config` into `out`."""

    def __init__(self, folder: Path) -> None:
        process = HubProcess(folder, 1883, '[enrol]\nnames = ["hub.example.cn"]\n')
        self.config, self.out = process.config, folder / "etc"
        assert self._main("ca", "init") == 0
        (self.kept,) = folder.rglob(renewal.SERVER_FILE)
        self.kept = self.kept.parent
        self.note = self.kept / renewal.STAMP_FILE

    def call(self, *words: str) -> int:
        return self._main("broker-config", "--out", str(self.out), *words)

    def _main(self, *words: str) -> int:
        return countyhub_main([*words, "--config", str(self.config), "--language", "en"])

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.out.iterdir() if path.is_file()}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path / "hub")


def foreign_key(hub: Hub, other: Hub) -> None:
    """Certificate of one, key of another."""
    mark = b"-----BEGIN PRIVATE KEY-----"
    head = (hub.kept / "server.pem").read_bytes().partition(mark)[0]
    (hub.kept / "server.pem").write_bytes(head + mark + (other.kept / "server.pem").read_bytes().partition(mark)[2])


def foreign_ca(hub: Hub, other: Hub) -> None:
    """All in order for mosquitto; but no box would believe it."""
    shutil.copy(other.kept / "ca.pem", hub.kept / "ca.pem")


def torn_list(hub: Hub, other: Hub) -> None:
    (hub.kept / "crl.pem").write_bytes((hub.kept / "crl.pem").read_bytes()[:100])


@pytest.mark.parametrize("mistake", [foreign_key, foreign_ca, torn_list])
def test_what_mosquitto_would_not_take_replaces_nothing(hub, tmp_path, capsys, mistake):
    assert hub.call() == 0
    before = hub.files()
    mistake(hub, Hub(tmp_path / "other"))
    assert hub.call() == 78
    assert "ca.broker-refuses" in (said := capsys.readouterr().err), said
    assert hub.files() == before


def test_files_that_are_not_the_hubs_are_not_handed_on(hub, tmp_path, capsys):
    """Root reads where the hub's user writes: a link there would give away what it points to."""
    secret = tmp_path / "shadow"
    secret.write_text("root's own")
    (hub.kept / "crl.pem").unlink()
    (hub.kept / "crl.pem").symlink_to(secret)
    assert hub.call() == 78
    assert "ca.unreadable" in capsys.readouterr().err
    assert "crl.pem" not in hub.files()


def test_where_it_was_never_done_it_is_not_done_again(hub, capsys):
    assert hub.note.exists()
    assert hub.call("--again", "--apply", NO_UNIT) == 0
    assert "nothing was set up" in capsys.readouterr().out
    assert (hub.note.exists(), hub.out.exists()) == (False, False)


def test_a_service_that_does_not_start_has_its_former_files_back(hub, capsys):
    assert hub.call() == 0
    before = hub.files()
    (hub.kept / "hub-password").write_bytes(b"another\n")
    assert hub.call("--apply", NO_UNIT) == 3
    assert "the former files are back" in capsys.readouterr().err
    assert hub.files() == before
    assert not hub.note.exists()


def test_what_was_written_and_not_told_is_told_the_next_time(hub):
    """As after a power cut between the two."""
    assert hub.call() == 0
    brokerapply.remember(hub.out, "restart")
    assert hub.call("--apply", NO_UNIT) == 1
    assert brokerapply.pending(hub.out) == "restart"
    assert brokerapply.more(("", "restart", "reload")) == "restart"


def test_a_note_that_cannot_be_taken_away_is_named(hub, capsys):
    """Else the service would be started for it again and again."""
    assert hub.call() == 0
    hub.note.unlink(missing_ok=True)
    hub.note.mkdir()
    assert hub.call("--apply", NO_UNIT) == 78
    assert str(hub.note) in capsys.readouterr().err
    os.rmdir(hub.note)
