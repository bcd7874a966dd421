"""A file is found whole or as it was: whoever is stopped on the way leaves the old one, and nothing beside it."""

from __future__ import annotations

import os
import stat

import pytest

from gridwire import wholefile


@pytest.fixture(autouse=True)
def plain_umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize(("mode", "found"), [(None, 0o640), (0o600, 0o600), (0o644, 0o644)])
@pytest.mark.parametrize("on_disk", [True, False])
def test_the_new_one_stands_in_place_of_the_old_with_its_mode(tmp_path, mode, found, on_disk):
    file = tmp_path / "file"
    file.write_bytes(b"a longer old one")
    wholefile.replace(file, b"new", mode=mode, on_disk=on_disk)
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == found
    assert os.listdir(tmp_path) == ["file"]


def test_what_the_last_look_raises_leaves_the_old_one(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def look():
        assert sorted(os.listdir(tmp_path)) == [f".file.{os.getpid()}.new", "file"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wholefile.replace(file, b"new", last_look=look)
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_one_that_is_there_is_never_created_again(tmp_path):
    file = tmp_path / "file"
    wholefile.create(file, b"first", mode=0o600)
    with pytest.raises(FileExistsError):
        wholefile.create(file, b"second", mode=0o600)
    assert file.read_bytes() == b"first"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_laid_beside_it_is_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"somebody else's")
    (tmp_path / f".file.{os.getpid()}.new").symlink_to(other)
    with pytest.raises(OSError):
        wholefile.replace(tmp_path / "file", b"new")
    assert other.read_bytes() == b"somebody else's"
