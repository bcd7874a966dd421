"""The invented county: the size that was asked for, the same every time, nobody real in it, a sample that is fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from countyhub.registry.content import Content
from countyhub.registry.folder import file_bytes, file_name
from countyhub.registry.forms import FORMS, Area, Camera, Duty, Grid, Person, Polygon
from simulators.county.build import COUNTY, SMALL, Plan, build

ROOT = Path(__file__).resolve().parents[3]


def test_the_sample_is_what_the_generator_makes():
    content = Content.bare(build(SMALL))
    for kind in FORMS:
        path = ROOT / "config/county-sample" / file_name(kind)
        assert path.read_bytes() == file_bytes(kind, content.of(kind), "zh"), (
            f"{path.name} is stale: python -m simulators.county --small --out config/county-sample"
        )


def test_a_full_scale_county():
    rows = build(Plan())
    counts = Counter(type(row).FILE for row in rows)
    assert Counter(row.level for row in rows if isinstance(row, Area)) == {"county": 1, "township": 20, "village": 406}
    assert [counts[name] for name in ("boxes", "terminals", "grids", "cameras")] == [406, 406, 1661, 4600]
    roles = Counter(row.role for row in rows if isinstance(row, Duty))
    assert (roles["grid_worker"], roles["village_clerk"]) == (1661, 406)
    names = [row.name for row in rows if isinstance(row, Area)]
    assert len(names) == len(set(names))
    assert {row.grid for row in rows if isinstance(row, Camera)} <= {row.code for row in rows if isinstance(row, Grid)}


def test_nobody_real_is_named():
    rows = build(SMALL)
    assert COUNTY.startswith("99"), "no province has this number"
    assert all(re.match("100[0-9]{8}", row.phone) for row in rows if isinstance(row, Person))
    assert all(re.match("99", row.code) for row in rows if isinstance(row, Area | Grid | Polygon))


def test_a_seed_gives_one_county():
    assert build(SMALL) == build(SMALL)
    assert build(SMALL) != build(Plan(**{**vars(SMALL), "seed": 2}))


@pytest.mark.parametrize("wrong", [{"townships": 0}, {"villages": 3}, {"grids": 5}, {"departments": 99}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError):
        Plan(**wrong)


def test_the_command(tmp_path):
    words = ["-m", "simulators.county", "--small", "--merge", "2026-03-16", "--language", "en", "--out", tmp_path]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "2026-03-16" in done.stdout
    assert (tmp_path / "areas.csv").read_text("utf-8-sig").count("2026-03-16") == 3
