"""Problems carry a code, two texts and their facts."""

import pytest

from gridwire.problem import Problem, declared


class Sample(Problem):
    code = "test.sample"
    en = "{what} is wrong"
    zh = "{what}有误"


def test_texts():
    problem = Sample(what="{x}")
    assert str(problem) == "test.sample: {x} is wrong"
    assert problem.text("zh") == "test.sample: {x}有误"
    assert problem.facts == {"what": "{x}"}


def test_declared_finds_it():
    assert Sample in declared()
    assert [cls.code for cls in declared()] == sorted(cls.code for cls in declared())


def test_what_the_system_says_is_told_in_the_readers_language(tmp_path):
    with pytest.raises(OSError) as gone:
        (tmp_path / "gone").read_text()
    for given in (gone.value, gone.value.strerror, "[Errno 2] No such file or directory"):
        problem = Sample(what=given)
        assert problem.text("zh") == "test.sample: 文件或文件夹不存在有误"
        assert problem.text("en") == "test.sample: No such file or directory is wrong"
    assert Sample(what="another").text("zh") == "test.sample: another有误"
