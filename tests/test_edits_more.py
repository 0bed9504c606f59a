"""Kinds of edit that know gate blocks, slopes and carries: what each offers, and where it has nothing to offer."""

import ast

import numpy as np
import pytest
from gradparity.harness.edits import Edit, apply, propose
from gradparity.harness.edits.edit import line_change, plainness
from gradparity.harness.edits.purity import is_pure, own_functions

GATED = """import numpy as np

def backward(dh, gates, W, T):
    da = np.empty_like(gates)
    carry = 0
    for t in reversed(range(T)):
        i, o = split(gates[t], 2)
        d_i, d_o = split(da[t], 2)
        dh[t] += carry
        d_i[:] = dh[t] * i * (1 - i)
        d_o[:] = d_i * o
        db[t] = da[t]
        carry = da[t] @ W.T
    return carry
"""
PLAIN = """import numpy as np

def backward(dh, h, W, T):
    for t in range(T):
        da[t] = dh[t] * slope(h[t + 1])
        back = da[t] @ W.T
    return back, np.exp(a) - y
"""


def offered(source: str, kind: str) -> set[str]:
    """The lines that a kind makes of a source."""
    old = source.splitlines()
    made = [apply(source, edit).splitlines() for edit in propose(source, only=[kind])]
    return {new.strip() for lines in made for line, new in zip(old, lines, strict=True) if line != new}


@pytest.mark.parametrize(
    ("kind", "of_gated", "of_plain"),
    [
        (
            "exchange two blocks",
            {"db[t] = np.concatenate([d_o, d_i], -1)", "carry = np.concatenate([d_o, d_i], -1) @ W.T"},
            set(),
        ),
        (
            "leave a block out",
            {"carry = da[t] @ W.T - d_i @ split(W, 2)[0].T", "carry = da[t] @ W.T - d_o @ split(W, 2)[1].T"},
            set(),
        ),
        ("transpose by blocks", {"carry = da[t] @ np.vstack(np.split(W, 2, -1))"}, set()),
        (
            "undo a factor",
            {"d_o[:] = i * (1 - i) * o", "d_o[:] = dh[t] * (1 - i) * o", "d_o[:] = dh[t] * i * o"},
            set(),
        ),
        ("keep what is carried", {"carry = dh[t] + da[t] @ W.T"}, set()),
        ("share an array", {"da = gates"}, set()),
        ("leave a slope out", {"d_i[:] = dh[t]"}, set()),
        ("take another step's argument", set(), {"da[t] = dh[t] * slope(dh[t])", "da[t] = dh[t] * slope(da[t])"}),
        ("multiply with a slope", set(), {"return back, (np.exp(a) - y) * np.exp(a) * (1 - np.exp(a))"}),
    ],
)
def test_what_a_kind_offers(kind: str, of_gated: set[str], of_plain: set[str]) -> None:
    assert of_gated or of_plain  # else a kind that does nothing would pass
    assert offered(GATED, kind) == of_gated
    assert offered(PLAIN, kind) == of_plain


def test_blocks_not_transposed_are_the_sum_over_gates() -> None:
    rng = np.random.default_rng(0)
    d, W, H = rng.normal(size=(2, 12)), rng.normal(size=(3, 12)), 3
    each = [slice(k * H, (k + 1) * H) for k in range(4)]
    assert np.allclose(d @ np.vstack(np.split(W, 4, -1)), sum(d[:, g] @ W[:, g] for g in each), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("take a variable with a similar name", "b = s.h_prev\na = s.h @ c", "b = s.h_prev\na = s.h_prev @ c"),
        ("multiply what stands alone", "a = b * r\nc = f([d, e])", "a = b * r\nc = f([d, e * r])"),
        ("multiply what stands alone", "a = b * o\nc = f([d])", "a = b * o\nc = f([d * o * (1 - o)])"),
        (
            "multiply what stands alone",
            "for t in s:\n    h, n = s[t]\n    a = d",
            "for t in s:\n    h, n = s[t]\n    a = d * (1 - n ** 2)",
        ),
        ("multiply what stands alone", "for t in s:\n    a = d", None),
        ("add what is never read", "def f(dh, d): return g(d)", "def f(dh, d): return g(dh + d)"),
        ("add what is never read", "a = g(d, c) + n", "a = g(d + n, c)"),
        ("add a term like another", "a = dh * z\nb = da @ W", "a = dh * z\nb = da @ W + dh * z"),
        ("put a mask in", "def f(d, a): return d", None),
        ("reverse what is zipped", "a = zip(b[-1:], c[-1:])", "a = zip(reversed(b), reversed(c))"),
        ("move two bounds together", "a = f(h[1:-1], d[1:])", "a = f(h[:-1], d)"),
        ("multiply by a matrix", "def f(): return a @ W.T, da[0]", "def f(): return a @ W.T, da[0] @ W.T"),
        ("keep what is returned", "a, _ = f(dh)", None),
        ("copy a view", "a = b.sum(0)", None),
        ("reverse what is zipped", "a = map(b, c)", None),
        ("move two bounds together", "a = f(h[1:], d)", None),
        ("transpose an argument", "a = np.tanh(W)", None),
        ("take a variable with a similar name", "def f(abc, xyz): return abc", None),
    ],
)
def test_what_a_kind_that_puts_back_offers(kind: str, before: str, after: str | None) -> None:
    """`after` is among what is made of the source; None: nothing is."""
    made = {apply(before, edit) for edit in propose(before, only=[kind])}
    assert after in made if after else not made, made


OWN = """
def slope(h): return 1 - h ** 2
def twice(h): return slope(h) + slope(h)
def noted(h): log.append(h)
def filled(a): a[0] = 1
def summed(a, b):
    a += b
    return a
def again(n): return again(n - 1) if n else 0
sigmoid = lambda z: 1 / (1 + np.exp(-z))
"""


@pytest.mark.parametrize(
    ("text", "pure"),
    [
        ("slope(h) * twice(d)", True),
        ("sigmoid(z).sum(0)", True),
        ("np.tanh(a) + len(x)", True),
        ("noted(h)", False),
        ("filled(a)", False),
        ("summed(a, b)", False),  # it adds to what it is given
        ("again(3)", False),  # nobody has looked whether it ends
        ("tape.pop()", False),
        ("np.add(a, b, out=a)", False),
        ("unknown(a)", False),
        ("(y := a)", False),
    ],
)
def test_an_expression_is_pure_if_all_that_it_calls_only_works_something_out(text: str, pure: bool) -> None:
    assert is_pure(ast.parse(text, mode="eval"), own_functions(ast.parse(OWN))) == pure


@pytest.mark.parametrize(
    ("old", "new", "line", "change"),
    [
        ("b = 2", "b = 3", 2, ("b = 2", "b = 3")),
        ("2", "20", 2, ("b = 2", "b = 20")),
        ("a = 1\n", "a = 1\nc = 5\n", 1, ("a = 1", "c = 5")),  # of several lines the first that reads otherwise
        ("", "c = 5\n", 1, ("", "c = 5")),  # put in before a line: nothing is taken away
        ("", "\n    c = 5", 1, ("", "c = 5")),  # and behind one
        ("a = 1\n", "", 1, ("a = 1", "")),  # left out: the line behind it is not what it would read
        ("a = 1\nb = 2\n", "b = 2\na = 1\n", 1, ("a = 1", "b = 2")),
    ],
)
def test_what_a_line_would_read_is_told(old: str, new: str, line: int, change: tuple[str, str]) -> None:
    source = "a = 1\nb = 2\nd = 4\n"
    start = source.index(old)
    assert line_change(source, Edit("", start, start + len(old), new, line, "")) == change


def test_the_plainer_edit_changes_fewer_words() -> None:
    source = "a = upstream @ W\n"
    another, more = Edit("", 4, 12, "delta", 1, ""), Edit("", 12, 12, " * (a > 0)", 1, "")
    assert plainness(source, another) < plainness(source, more)
