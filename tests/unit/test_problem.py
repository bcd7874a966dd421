"""Problems carry a code, two texts and their facts."""

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
