"""A mutant's code is what compiling the whole file would give, though only the piece that is changed is compiled."""

from pathlib import Path
from types import CodeType

import pytest
from gradparity.harness.edits import Edit, apply
from gradparity.harness.repair import program as pieces
from gradparity.harness.repair.program import Codes, fresh, mutated, program

SOURCE = '''"""A file."""
from __future__ import annotations

SCALE = 2


class Base:
    def __init__(self):
        self.first = 1


class Net(Base):
    """A class with what a class can have."""

    def __init__(self, __hidden=3):
        super().__init__()
        self.__hidden = __hidden

    @property
    def half(self):
        return self._half

    @half.setter
    def half(self, value):
        self._half = value / 2

    @staticmethod
    def twice(x, times=SCALE):
        return x * times

    def answer(self):
        self.half = self.__hidden
        return self.twice(self.half) + self.first, [k for k in range(self.first)], __class__.__name__


def gradients():
    return Net().answer()
'''
PATH = Path("mine.py")


def edit(old: str, new: str) -> Edit:
    assert SOURCE.count(old) == 1, old
    start = SOURCE.index(old)
    return Edit("planted", start, start + len(old), new, 1, "")


IN_A_METHOD = (
    ("x * times", "x * times + 1"),
    ("hidden = __hidden", "hidden = 2 * __hidden"),
    ("range(self.first)", "range(4)"),
)
ELSEWHERE = (
    ("times=SCALE", "times=5"),  # a default is evaluated by the class
    ("self._half = value / 2", "self._half = value / 4"),  # of two methods with one name
    ("return x * times", "return x * times + len(__class__.__name__)"),  # a cell that the method did not have
    ("SCALE = 2", "SCALE = 3"),
    ("Net().answer()", "Net(8).answer()"),
)


@pytest.mark.parametrize(("old", "new"), IN_A_METHOD + ELSEWHERE)
def test_a_mutant_answers_as_its_own_file_would(monkeypatch, old, new):
    one = edit(old, new)
    whole: dict[str, object] = {"__name__": "whole"}
    exec(compile(apply(SOURCE, one), "whole.py", "exec"), whole)
    original = program(PATH, "gradients", SOURCE)
    before = fresh(original, original.codes)()
    compiled: list[str] = []
    compiling = pieces._compiled
    monkeypatch.setattr(pieces, "_compiled", lambda text, *rest: compiled.append(text) or compiling(text, *rest))
    answer = fresh(original, mutated(original, one))()
    assert answer == whole["gradients"]()  # type: ignore[operator]
    assert answer != before
    assert fresh(original, original.codes)() == before
    assert (len(compiled[-1].splitlines()) < 10) == ((old, new) in IN_A_METHOD or "class" not in compiled[-1])


def test_of_a_class_the_method_alone_is_exchanged():
    original = program(PATH, "gradients", SOURCE)
    changed = mutated(original, edit(*IN_A_METHOD[0]))
    assert [a is b for a, b in zip(original.codes, changed, strict=True)].count(False) == 1
    old, new = methods(original.codes), methods(changed)
    assert [name for name in old if old[name] is not new[name]] == ["Net.twice"]


def methods(codes: Codes) -> dict[str, CodeType]:
    """The code of every method by its qualified name; of two with one name the last."""
    classes = [one for code in codes for one in code.co_consts if isinstance(one, CodeType)]
    return {one.co_qualname: one for each in classes for one in each.co_consts if isinstance(one, CodeType)}
