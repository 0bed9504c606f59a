"""What people call gradients and weights: long names say it, single letters propose, shapes and values decide."""

from collections.abc import Mapping
from itertools import permutations

import pytest
from gradparity.harness.errors import BadInput
from gradparity.harness.problem import Problem
from here import judged, right

APART = Problem(T=3, B=2, I=3, H=4, O=2)
ALIKE = Problem(T=3, B=2, I=4, H=4, O=4)  # shapes tell nothing apart
NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def named(given: Mapping[str, str], of: Problem):
    """A candidate that is right and gives its gradients under these names."""

    def gradients(params, x, y, h0):
        found = right(of, params, x, y, h0)
        return {name: found[one] for name, one in given.items()}

    return gradients


SCHOOLS = {  # who calls W_xh, W_hh, b_h, W_hy and b_y what
    "Goodfellow": ("U", "W", "b", "V", "c"),
    "Keras": ("W", "U", "b", "V", "c"),
    "Keras, marked": ("dW", "dU", "db", "dV", "dc"),
    "in part": ("dW", "dU", "dbh", "dWhy", "dby"),
    "one letter": ("dW", "dWhh", "dbh", "dWhy", "dby"),
    "output first": ("V", "U", "c", "W", "b"),
    "long": ("dWxh", "dWhh", "dbh", "dWhy", "dby"),
}


@pytest.mark.parametrize("problem", [APART, ALIKE], ids=["shapes decide", "values decide"])
@pytest.mark.parametrize("school", SCHOOLS)
def test_gradients_under_the_letters_of_every_school(school, problem):
    given = dict(zip(SCHOOLS[school], NAMES, strict=True))
    panel = judged(named(given, problem), problem)
    assert panel.verdict == "match"
    assert {one.given: one.matched for one in panel.matches} == given
    loose = {name for name in given if len(name.removeprefix("d")) == 1}
    guessed = {one.given for one in panel.matches if one.by in ("shape", "value")}
    assert guessed == loose
    (said, *more) = [note for note in panel.notes if note.startswith("Read by")] or [""]
    assert not more
    assert all(f"{name} as {given[name]}" in said for name in loose)
    assert bool(said) == bool(loose)


def test_names_that_say_it_stay_wrong_where_they_are_exchanged():
    given = {"dWxh": "W_hh", "dWhh": "W_xh", "dbh": "b_h", "dWhy": "W_hy", "dby": "b_y"}
    panel = judged(named(given, ALIKE), ALIKE)
    assert panel.verdict == "mismatch"
    assert {d.name for d in panel.comparisons[0].differences if d.verdict != "match"} == {"W_xh", "W_hh"}


def test_a_gradient_is_that_of_the_users_own_letter():
    def swapped(W, U, bh, Why, by, x, y, h0):
        found = right(ALIKE, {"W_xh": W, "W_hh": U, "b_h": bh, "W_hy": Why, "b_y": by}, x, y, h0)
        return {
            "dW": found["W_hh"],
            "dU": found["W_xh"],
            "dbh": found["b_h"],
            "dWhy": found["W_hy"],
            "dby": found["b_y"],
        }

    panel = judged(swapped, ALIKE)
    assert panel.verdict == "mismatch"  # the exchange is a fault, and no matter of names
    assert {one.given: one.matched for one in panel.matches if len(one.given) == 2} == {"dW": "W_xh", "dU": "W_hh"}


@pytest.mark.parametrize("problem", [APART, ALIKE], ids=["apart", "alike"])
@pytest.mark.parametrize("order", list(permutations("UWV")), ids="".join)
def test_parameters_that_are_letters_are_what_the_code_runs_with(order, problem):
    first, second, third = order
    takes = f"{first}, {second}, {third}, b, c, x, y, h0"
    code = f"def gradients({takes}):\n    return of({takes})"

    def of(Wxh, Whh, Why, b, c, x, y, h0):
        assert (x[0] @ Wxh + h0 @ Whh + b).shape == h0.shape
        sizes = {"T": len(x), "B": x.shape[1], "I": x.shape[2], "H": h0.shape[1], "O": y.shape[2]}
        found = right(Problem(**sizes), {"W_xh": Wxh, "W_hh": Whh, "b_h": b, "W_hy": Why, "b_y": c}, x, y, h0)
        return {
            "dW_xh": found["W_xh"],
            "dW_hh": found["W_hh"],
            "dWhy": found["W_hy"],
            "db": found["b_h"],
            "dc": found["b_y"],
        }

    scope = {"of": of}
    exec(code, scope)
    panel = judged(scope["gradients"], problem)
    assert panel.verdict == "match"
    (said,) = [note for note in panel.notes if note.startswith("Parameters of one letter")]
    assert f"{first} as W_xh" in said
    assert f"{second} as W_hh" in said


def test_a_letter_beside_the_long_name_of_the_same_is_refused():
    given = {"W_xh": "W_xh", "W_hh": "W_hh", "W": "W_hh", "b_h": "b_h", "W_hy": "W_hy", "b_y": "b_y"}
    with pytest.raises(BadInput, match="'W_hh' and 'W' all read as W_hh; rename all but one"):
        judged(named(given, APART), APART)
