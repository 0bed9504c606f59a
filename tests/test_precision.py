"""Precision and repeatability: coarser types are recognised by the size and the randomness of their errors alone."""

from collections.abc import Callable
from time import process_time

import ml_dtypes
import numpy as np
import pytest
from faults import FAULTS, Fault, planted
from gradparity.backends import numpy_bptt
from gradparity.harness.diagnosis import precision
from gradparity.harness.diagnosis.equivalents import permutations, permute
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem, Tensors, make_tensors
from gradparity.harness.strategies import problems
from hypothesis import given, settings
from inquired import Candidate, gradients_alone, inquired, inquired_function

Array = np.ndarray
MODELS = tuple(models())
STEADY = [fault for fault in FAULTS if fault.kind != "first step left out"]  # which returns what memory held
FLOAT64, BFLOAT16 = np.dtype(float), np.dtype(ml_dtypes.bfloat16)


def float64(found: dict[str, Array]) -> dict[str, Array]:
    return {name: array.astype(np.float64) for name, array in found.items()}


def rounded(to: Callable[[Array], Array]) -> Candidate:
    """A candidate whose tensors are rounded before they are used."""
    return lambda p, t: float64(gradients_alone(p, t.map(lambda _, a: a if a.dtype.kind == "i" else to(a))))


def ten_bits(a: Array) -> Array:
    """As TF32 rounds the operands of a product: float32 with 10 bits of mantissa."""
    bits = (a.astype(np.float32).view(np.uint32) + np.uint32(0x1000)) & np.uint32(0xFFFFE000)
    return bits.view(np.float32).astype(np.float64)


def elman(problem: Problem, tensors: Tensors, *, states: np.dtype = FLOAT64, sums: np.dtype = FLOAT64):
    """The tanh network with its states kept in one type and the gradients of its weights summed in another."""
    p, x, T = tensors.params, tensors.x, problem.T
    h = np.empty((T + 1, problem.B, problem.H), states)
    h[0] = tensors.states["h0"]
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ p["W_xh"] + h[t].astype(float) @ p["W_hh"] + p["b_h"])
    d = {name: np.zeros_like(value, sums) for name, value in p.items()}
    dh = np.zeros_like(tensors.states["h0"])
    for t in reversed(range(T)):
        now, before = h[t + 1].astype(float), h[t].astype(float)
        dout = now @ p["W_hy"] + p["b_y"] - tensors.y[t]
        da = (dout @ p["W_hy"].T + dh) * (1 - now**2)
        for name, term in (
            ("W_hy", now.T @ dout),
            ("b_y", dout.sum(0)),
            ("W_xh", x[t].T @ da),
            ("W_hh", before.T @ da),
            ("b_h", da.sum(0)),
        ):
            d[name] += term.astype(sums)
        dh = da @ p["W_hh"].T
    return float64(d)


def the_one(candidate: Candidate, problem: Problem):
    inquiry = inquired(candidate, problem)
    (claim,) = precision.find(inquiry)
    assert claim.means == "not a bug"
    assert claim.confidence == "confirmed"
    assert claim.whole
    assert claim.gradients == tuple(inquiry.case.shown[n] for n in inquiry.case.wrong)
    assert all(r.before > 32 and r.after <= 8 for r in claim.residuals)
    return claim


@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("to", "what"),
    [
        (lambda a: a.astype(np.float32), "returns float32"),
        (lambda a: a.astype(np.float16), "returns float16"),
        (lambda a: a.astype(np.float32).astype(float), "computes in float32 somewhere"),
        (ten_bits, "float16 or TF32"),
        (lambda a: a.astype(BFLOAT16).astype(float), "bfloat16"),
    ],
    ids=["float32", "float16", "float32 tensors", "tf32 tensors", "bfloat16 tensors"],
)
def test_a_coarser_type_is_named(model, loss, to, what):
    assert what in the_one(rounded(to), Problem(model, loss=loss)).what


@pytest.mark.parametrize(
    ("dtype", "title"), [(np.dtype(np.float32), "float32"), (np.dtype(np.float16), "float16"), (BFLOAT16, "bfloat16")]
)
def test_one_array_of_a_coarser_type_is_enough(dtype, title):
    """The states alone, everything else in float64."""
    claim = the_one(lambda p, t: elman(p, t, states=dtype), Problem())
    assert title in claim.what
    assert ("float32" in claim.what) == (title == "float32")
    assert "somewhere" in claim.what


def test_sums_in_float32_leave_what_is_not_summed_right():
    claim = the_one(lambda p, t: elman(p, t, sums=np.dtype(np.float32)), Problem())
    assert claim.what == "returns float32"


def test_torch_in_float32():
    torch = pytest.importorskip("torch")

    def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
        leaves = [torch.tensor(a, dtype=torch.float32, requires_grad=True) for a in (Wxh, Whh, bh, Why, by)]
        h, loss = torch.tensor(h0, dtype=torch.float32), torch.zeros(())
        for x_t, y_t in zip(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32), strict=True):
            h = torch.tanh(x_t @ leaves[0] + h @ leaves[1] + leaves[2])
            loss = loss + 0.5 * ((h @ leaves[3] + leaves[4] - y_t) ** 2).sum()
        loss.backward()
        return dict(zip(("Wxh", "Whh", "bh", "Why", "by"), (leaf.grad for leaf in leaves), strict=True))

    (claim,) = precision.find(inquired_function(gradients, Problem()))
    assert claim.what == "returns float32"


def test_the_working_type_is_no_coarser_type():
    """Asked for float32, code that computes in float32 is right, and code in bfloat16 is still told."""
    problem = Problem(dtype="float32")
    assert not inquired(lambda p, t: numpy_bptt.gradients(p, t).named, problem).case.wrong
    claim = the_one(rounded(lambda a: a.astype(BFLOAT16).astype(np.float32)), problem)
    assert "bfloat16" in claim.what


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_permuted_problem_has_the_permuted_gradients(problem):
    tensors = make_tensors(problem)
    order = permutations(problem, draw=0)
    exact = numpy_bptt.gradients(problem, tensors.cast("longdouble")).quantities
    permuted = tensors.map(lambda name, value: permute(problem, name, value, order)).cast("longdouble")
    for name, value in numpy_bptt.gradients(problem, permuted).quantities.items():
        expected = permute(problem, name, exact[name], order)
        assert np.abs(value - expected).max() <= 1e-15 * (1 + np.abs(exact[name]).max())


def off_by(factor: float, *names: str) -> Candidate:
    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {n: a * factor if n in names or not names else a for n, a in found.items()}

    return candidate


@pytest.mark.parametrize("size", [6e-8, 5e-4, 4e-3], ids=["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("names", [(), ("W_hh",)], ids=["all", "one"])
def test_a_mistake_of_the_size_of_rounding_is_no_rounding(size, names):
    inquiry = inquired(off_by(1 + size, *names), Problem())
    assert inquiry.case.wrong
    assert not precision.find(inquiry)


@pytest.mark.parametrize("size", [1e-7, 1e-3])
def test_a_small_term_too_many_is_no_rounding(size):
    """The slope of tanh with a little added, as against division by zero."""
    faulty = planted(Fault("epsilon", "rnn", "lambda h: 1 - h * h", f"lambda h: 1 - h * h + {size}"))
    inquiry = inquired(lambda p, t: dict(faulty(p, t).named), Problem())
    assert inquiry.case.wrong
    assert not precision.find(inquiry)


def test_a_mistake_beside_rounding_is_not_explained():
    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = rounded(lambda a: a.astype(np.float32))(p, t)
        return {**found, "W_hh": 2 * found["W_hh"]}

    assert not precision.find(inquired(candidate, Problem()))


@pytest.mark.parametrize("fault", STEADY, ids=[f.kind for f in STEADY])
def test_a_planted_fault_is_no_rounding(fault):
    faulty = planted(fault)
    inquiry = inquired(lambda p, t: dict(faulty(p, t).named), Problem(fault.model))
    assert inquiry.case.wrong
    assert not precision.find(inquiry)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_said_of_correct_code(model):
    assert not precision.find(inquired(gradients_alone, Problem(model)))


# --- differences for derivatives --------------------------------------------------------------------------------------


def differences(step: float, central: bool) -> Candidate:
    """The slopes of the loss between two points."""

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        def loss(name: str, at: tuple[int, ...], by: float) -> float:
            moved = t.params[name].copy()
            moved[at] += by
            params = {**t.params, name: moved}
            return float(numpy_bptt.gradients(p, Tensors(params, t.x, t.y, t.states)).loss)

        def slope(name: str, at: tuple[int, ...]) -> float:
            behind, over = (-step, 2 * step) if central else (0.0, step)
            return (loss(name, at, step) - loss(name, at, behind)) / over

        return {n: np.reshape([slope(n, at) for at in np.ndindex(a.shape)], a.shape) for n, a in t.params.items()}

    return candidate


SMALL = Problem(T=3, B=2, I=2, H=3, O=2)


@pytest.mark.parametrize("central", [False, True], ids=["forward", "central"])
@pytest.mark.parametrize("step", [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 2.0**-26])
def test_differences_are_named_with_their_step(step, central):
    (claim,) = precision.find(inquired(differences(step, central), SMALL))
    assert claim.what == f"the gradients are finite differences with a step of {step:.2g}"
    assert claim.whole
    assert claim.confidence == "confirmed"


def test_exact_gradients_with_the_error_of_a_difference_are_no_differences():
    random = np.random.default_rng(0)
    kick = {n: random.normal(size=a.shape) for n, a in inquired(gradients_alone, SMALL).case.given.items()}

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        return {n: a + 1e-8 * kick[n] if p == SMALL else a for n, a in gradients_alone(p, t).items()}

    assert not precision.find(inquired(candidate, SMALL))


# --- from run to run --------------------------------------------------------------------------------------------------


def test_chance_is_named():
    random = np.random.default_rng(0)

    def dropout(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {**found, "W_xh": found["W_xh"] * (random.random(found["W_xh"].shape) > 0.5)}

    (claim,) = precision.find(inquired(dropout, Problem()))
    assert claim.what == "W_xh differs from run to run"
    assert claim.whole


STARTS = {  # what a gradient is added to, and whether that is a bug
    "memory that was never set": (lambda draw, found, t: found + draw.normal(size=found.shape), True),
    "no number, now and then": (lambda draw, found, t: found + (np.nan if draw.random() > 0.5 else 0.0), True),
    "noise on the input": (lambda draw, found, t: found * (1 + 0.1 * draw.normal() * np.abs(t.x).max()), False),
    "dropout": (lambda draw, found, t: found * (draw.random(found.shape) > 0.5), False),
}


@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
@pytest.mark.parametrize("start", STARTS)
def test_gradients_that_do_not_start_from_zero_are_a_bug_and_chance_in_the_forward_pass_is_none(start, loss):
    draw, (changed, bug) = np.random.default_rng(1), STARTS[start]

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {**found, "W_hh": changed(draw, found["W_hh"], t)}

    (claim,) = precision.find(inquired(candidate, Problem(loss=loss)))
    assert (claim.means, claim.gradients, claim.whole) == ("where it starts" if bug else "not a bug", ("W_hh",), True)
    assert ("W_hh does not start from zero" in claim.what) == ("That is a bug" in claim.sentence) == bug


def test_a_state_kept_from_the_call_before_is_no_start_of_a_gradient():
    kept: dict[tuple, dict[str, Array]] = {}

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        states = kept.get((p.B, p.H), t.states)
        found = numpy_bptt.gradients(p, Tensors(t.params, t.x, t.y, states))
        kept[p.B, p.H] = {"h0": found.states["h"][-1], "c0": found.states["h"][-1]}
        return {spec.name: found.named[spec.name] for spec in p.asked}

    problem = Problem("lstm", loss="softmax_xent")
    candidate(problem, inquired(gradients_alone, problem).case.tensors)
    (claim,) = precision.find(inquired(candidate, problem))
    assert claim.means == "not a bug"


def test_chance_beside_a_mistake_is_not_the_whole():
    random = np.random.default_rng(0)

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {**found, "b_h": found["b_h"] + random.normal(), "W_hh": -found["W_hh"]}

    (claim,) = precision.find(inquired(candidate, Problem()))
    assert claim.gradients == ("b_h",)
    assert not claim.whole


def test_a_state_kept_from_the_call_before_is_named():
    kept: dict[tuple, Array] = {}

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        h0 = kept.get((p.B, p.H), t.states["h0"])
        kept[p.B, p.H] = numpy_bptt.gradients(p, Tensors(t.params, t.x, t.y, {"h0": h0})).states["h"][-1]
        return gradients_alone(p, Tensors(t.params, t.x, t.y, {"h0": h0}))

    problem = Problem()
    candidate(problem, inquired(gradients_alone, problem).case.tensors)
    (claim,) = precision.find(inquired(candidate, problem))
    assert "from run to run" in claim.what


def stale(cleared: bool):
    """A candidate that adds to what it returned before, called once already; or one that is simply twice too large."""
    total: dict[tuple, Array] = {}

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        for name, array in found.items():
            key = (name, *array.shape)
            found[name] = total[key] = 2 * array if cleared else total.get(key, array) + array
        return found

    return candidate


def test_gradients_that_grow_with_every_call_are_neither_chance_nor_a_factor_of_two():
    (grown,) = precision.find(inquired(stale(cleared=False), Problem()))
    assert "grow with every call" in grown.what
    assert "not set back to zero" in grown.sentence
    assert grown.confidence == "confirmed"
    assert grown.whole
    assert all(one.before > THRESHOLD >= one.after for one in grown.residuals)
    assert not precision.find(inquired(stale(cleared=True), Problem()))


def test_arguments_changed_in_place_are_not_chance():
    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        t.x[:] = 0
        return {**found, "W_hh": -found["W_hh"]}

    inquiry = inquired(candidate, Problem(), tensors=inquired(gradients_alone, Problem()).case.tensors)
    assert not precision.find(inquiry)


@pytest.mark.parametrize("model", MODELS)
def test_it_takes_under_half_a_second(model):
    inquiry = inquired(rounded(lambda a: a.astype(np.float32)), Problem(model))
    start = process_time()
    assert precision.find(inquiry)
    assert process_time() - start < 0.5


@pytest.mark.parametrize("seed", range(8))
def test_no_error_is_expected_to_be_smaller_than_a_rounding(seed):
    """Of the loss, a single number, a few draws can all come out close by chance."""
    case = inquired(rounded(lambda a: a.astype(np.float32)), Problem(seed=seed)).case
    for name, error in precision.expected_errors(np.dtype(np.float32), case, numpy_bptt.gradients).items():
        assert error >= np.finfo(np.float32).eps / 2 * np.abs(case.expected(name)).max()
