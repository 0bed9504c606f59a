"""Relations: every planted one is found, confirmed and named; what is next to it, and what is right, is not claimed."""

from collections.abc import Callable
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np
import pytest
from faults import FAULTS, planted
from gradparity.harness.demo import elman
from gradparity.harness.diagnosis.case import Inquiry
from gradparity.harness.diagnosis.relations import _factor, find
from gradparity.harness.diagnosis.straight import straightened
from gradparity.harness.diagnosis.terms import credits_of, terms
from gradparity.harness.finding import Finding
from gradparity.harness.gradients import Gradients
from gradparity.harness.layout import Layout, native_gradients
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem, Tensors
from gradparity.harness.strategies import problems
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planted_relations import (
    PLANTED,
    Candidate,
    Change,
    Named,
    Planted,
    a,
    against,
    by_sizes,
    changed,
    everything,
    handing,
    hearing,
    inquire,
    leaking,
    made,
    one,
    outer,
    reference,
    scaled_gate,
    truncated,
)


def claimed(inquiry: Inquiry) -> list[Finding]:
    return [one for one in find(inquiry) if one.confidence != "lead"]


@pytest.mark.parametrize("row", PLANTED, ids=lambda row: row.id)
def test_planted_relation_is_found_confirmed_and_named(row: Planted) -> None:
    (found,) = claimed(inquire(changed(row.change), row.problem))
    assert row.says in found.what
    assert set(found.gradients) == set(row.names)
    assert found.confidence == "confirmed"
    assert found.whole
    assert all(one.before > THRESHOLD >= one.after for one in found.residuals)


@pytest.mark.parametrize("row", PLANTED, ids=lambda row: row.id)
def test_what_is_a_hair_beside_a_relation_is_not_claimed(row: Planted) -> None:
    def beside(p: Problem, x: Tensors, g: Gradients) -> Named:
        found = dict(row.change(p, x, g))
        for name in row.names:
            found[name] = np.array(found[name])
            found[name][(0,) * found[name].ndim] += 1e-7 * (1 + np.abs(g.quantities[name]).max())
        return found

    assert not claimed(inquire(changed(beside), row.problem))


NEIGHBOURS = {
    "half of the adjoint leaks": leaking(lambda B: [*range(B)], 0.5),
    "every other sequence leaks": leaking(lambda B: [*range(0, B, 2)]),
    "half of the adjoint is kept": handing(lambda da, W, dh: da @ W.T + dh / 2),
    "targets of two steps on": against(lambda y: np.roll(y, 2, 0)),
    "errors of two steps on": hearing(lambda d: np.roll(d, 2, 0)),
    "b_h hears of half of the later losses": lambda p, x, g: {
        "b_h": (truncated(lambda s, t: s == t)(p, x, g)["b_h"] + g.named["b_h"]) / 2
    },
}


@pytest.mark.parametrize("fault", NEIGHBOURS)
def test_a_neighbour_of_a_relation_is_not_claimed(fault: str) -> None:
    inquiry = inquire(changed(NEIGHBOURS[fault]), Problem())
    assert inquiry.case.wrong
    assert not claimed(inquiry)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", models())
def test_right_gradients_have_no_finding(model: str, dtype: str) -> None:
    assert find(inquire(changed(lambda p, x, g: {}), Problem(model=model, dtype=dtype))) == ()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", models())
def test_noise_on_every_gradient_is_not_claimed(model: str, dtype: str) -> None:
    def shaken(p: Problem, x: Tensors, g: Gradients) -> Named:
        random = np.random.default_rng(p.T)
        return {name: array + 0.1 * random.standard_normal(array.shape) for name, array in g.named.items()}

    assert not claimed(inquire(changed(shaken), Problem(model=model, dtype=dtype)))


# --- what the findings say --------------------------------------------------------------------------------------------


def test_a_sentence_says_what_to_look_for_under_the_users_names() -> None:
    layout = Layout("torch")
    change = one("W_hh", lambda a, p: -a.T)
    found = claimed(inquire(native(change, layout), Problem(), layout))
    assert [one.sentence for one in found] == [
        "The gradient of weight_hh_l0 is transposed and of the opposite sign: the operands of its outer product are "
        "exchanged, or a .T is missing or too many; look for out - y written the other way round, or -= where += is "
        "meant."
    ]
    assert found[0].gradients == ("weight_hh_l0",)


def native(change: Change, layout: Layout) -> Candidate:
    return lambda p, x: native_gradients(layout, p, changed(change)(p, x))


@pytest.mark.parametrize("convention", ["row", "column", "torch"])
def test_the_candidates_layout_and_gate_order_do_not_matter(convention: str) -> None:
    layout = Layout(convention, gates=("o", "i", "g", "f"))
    change = one("W_hh", lambda a, p: scaled_gate(a, 4, 1, -1))
    (found,) = claimed(inquire(native(change, layout), Problem(model="lstm"), layout))
    assert "right but for gate f, where it is of the opposite sign" in found.what


def test_a_finding_names_the_timesteps_it_speaks_of() -> None:
    left_out = made("W_hh", lambda x, h: h[1:-1], lambda g: a(g)[1:])
    (found,) = claimed(inquire(changed(left_out), Problem()))
    assert found.steps == (0,)
    assert "outer(h0, adjoint at step 0), is missing" in found.sentence


def test_faults_of_different_gradients_are_findings_of_their_own() -> None:
    def two(p: Problem, x: Tensors, g: Gradients) -> Named:
        return {"W_hh": g.named["W_hh"].T, "b_y": g.named["b_y"] / p.B, "W_hy": g.named["W_hy"] / p.B}

    found = claimed(inquire(changed(two), Problem()))
    assert {one.what for one in found} == {"W_hh is transposed", "W_hy and b_y are scaled by 1/B"}
    assert not any(one.whole for one in found)


def test_only_a_right_loss_is_set_against_wrong_gradients() -> None:
    halved = by_sizes("", 1, 0.5)
    (apart,) = claimed(inquire(changed(everything(halved)), Problem()))
    (together,) = claimed(inquire(changed(everything(halved, loss=True)), Problem()))
    assert "the loss itself is right" in apart.sentence
    assert "the loss itself is right" not in together.sentence


def test_the_class_of_the_question_is_explained_by_two_faults_at_once() -> None:
    """The recurrent adjoint is read where it is still zero, and W_hh lacks the term of the initial state."""

    def unbatched(p: Problem, x: Tensors) -> Named:
        params = {name: x.params[name] for name in ("W_xh", "W_hh", "W_hy")}
        found = elman.gradients(params, x.x[:, 0], x.y[:, 0], x.states["h0"][0])
        return {f"W_{name.removeprefix('dcdW')}": array for name, array in found.items()}

    (found,) = claimed(inquire(unbatched, Problem(B=1, bias=False), Layout(batched=False)))
    assert found.whole
    assert found.gradients == ("W_xh", "W_hh")
    assert "no error flows back in time" in found.what
    assert "W_hh is without the term of timestep 0" in found.what


def test_an_lstm_without_both_of_its_recurrent_paths() -> None:
    def alone(p: Problem, x: Tensors, g: Gradients) -> Named:
        of = [reference(replace(p, loss_on=s), replace(x, y=x.y[s])) for s in range(p.T)]
        da = np.stack([one.adjoints["adjoint_a"][s] for s, one in enumerate(of)])
        zero = np.zeros_like(g.named["h0"])
        return {
            "W_xh": outer(x.x, da),
            "W_hh": outer(g.states["h"][:-1], da),
            "b_h": da.sum((0, 1)) / p.B,
            "x": da @ x.params["W_xh"].T,
            "h0": zero,
            "c0": zero,
        }

    (found,) = claimed(inquire(changed(alone), Problem(model="lstm")))
    assert found.whole
    assert "no error flows back in time" in found.what
    assert "b_h is scaled by 1/B" in found.what
    assert "h0 and c0 are zero" in found.what


# --- gradients of wrong shapes ----------------------------------------------------------------------------------------

SHAPES = [
    ("lstm", "b_h", "summed over time, where", lambda p, g: a(g).sum(0)),
    ("lstm", "b_h", "summed over batch, where", lambda p, g: a(g).sum(1)),
    ("rnn", "b_h", "summed over nothing, where", lambda p, g: a(g)),
    ("rnn", "b_y", "summed over time, batch and output, where", lambda p, g: g.adjoints["adjoint_out"].sum()),
    ("rnn", "b_h", "summed over batch and hidden, where", lambda p, g: a(g).sum((1, 2))),
    ("rnn", "h0", "summed over its batch axis", lambda p, g: g.named["h0"].sum(0)),
]


@pytest.mark.parametrize(("model", "name", "says", "wrong"), SHAPES, ids=[row[2] for row in SHAPES])
def test_a_wrong_shape_is_explained(model: str, name: str, says: str, wrong: Callable) -> None:
    change: Change = lambda p, x, g: {name: np.asarray(wrong(p, g))}  # noqa: E731
    inquiry = inquire(changed(change), Problem(model=model))
    assert name in inquiry.case.odd
    (found,) = claimed(inquiry)
    assert says in found.what
    assert found.gradients == (name,)
    assert found.confidence == "confirmed"
    (evidence,) = found.residuals
    assert evidence.before == np.inf
    assert evidence.after <= THRESHOLD


@pytest.mark.parametrize(("model", "name", "says", "wrong"), SHAPES, ids=[row[2] for row in SHAPES])
def test_a_wrong_shape_with_wrong_numbers_is_not_explained(model: str, name: str, says: str, wrong: Callable) -> None:
    change: Change = lambda p, x, g: {name: np.asarray(wrong(p, g)) * 1.2345678}  # noqa: E731
    assert not claimed(inquire(changed(change), Problem(model=model)))


def test_a_wrong_shape_in_columns_and_another_gate_order() -> None:
    layout = Layout("column", gates=("o", "i", "g", "f"))

    def unsummed(p: Problem, x: Tensors) -> Named:
        found = native_gradients(layout, p, changed(lambda p, x, g: {})(p, x))
        per_step = np.split(a(reference(p, x)).sum(0), 4, -1)
        return {**found, "b_h": np.concatenate([per_step[k] for k in (3, 0, 2, 1)], -1).T}

    (found,) = claimed(inquire(unsummed, Problem(model="lstm"), layout))
    assert "summed over time, where it is to be summed over time and batch" in found.what


# --- what must not be claimed -----------------------------------------------------------------------------------------

# Faults inside the recursion bend every gradient behind it, by no simple relation; these are for the other means.
ELSEWHERE = [
    "recurrent weight not transposed",
    "forward with W_hh transposed",
    "slope from the step before",
    "adjoint of the wrong step",
    "backward in forward order",
    "slope forgotten",
    "derivative of tanh without its square",
    "cell's own past forgotten",
    "tanh's slope for sigmoid's",
    "carry through z dropped",
    "sign of the update gate",
]


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.kind in ELSEWHERE], ids=lambda f: f.kind)
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_a_fault_inside_the_recursion_is_no_relation(fault) -> None:
    faulty = planted(fault)
    inquiry = inquire(lambda p, x: dict(faulty(p, x).named), Problem(model=fault.model))
    assert inquiry.case.wrong_gradients
    assert not claimed(inquiry)


def test_a_hidden_size_of_three_is_not_taken_for_a_batch_of_three() -> None:
    for says, factor in (("1/3", lambda p: 1 / 3), ("1/B", lambda p: 1 / p.B), ("1/H", lambda p: 1 / p.H)):
        (found,) = claimed(inquire(changed(one("W_xh", lambda a, p, f=factor: f(p) * a)), Problem(B=3, H=3)))
        assert found.what == f"W_xh is scaled by {says}"


def test_a_relation_that_holds_on_the_first_problem_alone_is_not_claimed() -> None:
    first = Problem()

    def there(p: Problem, x: Tensors, g: Gradients) -> Named:
        return {"W_hh": g.named["W_hh"].T if p == first else g.named["W_hh"] * 1.2345678}

    assert not claimed(inquire(changed(there), first))


def test_without_other_problems_a_relation_fits_and_is_not_confirmed() -> None:
    inquiry = inquire(changed(one("W_hh", lambda a, p: a.T)), Problem(), others=False)
    assert [one.confidence for one in find(inquiry)] == ["fits"]


def test_one_step_one_unit_and_one_element_claim_no_more_than_the_others_bear_out() -> None:
    tiny = Problem(T=1, B=1, I=1, H=1, O=1)
    (found,) = claimed(inquire(changed(one("W_hh", lambda a, p: 2 * a)), tiny))
    assert found.what == "W_hh is scaled by 2"
    assert not claimed(inquire(changed(one("W_hh", lambda a, p: 1.2345678 * a)), tiny))


@pytest.mark.parametrize("huge", [np.nan, np.inf, 1e300])
def test_what_is_not_finite_or_huge_is_not_explained(huge: float) -> None:
    assert not claimed(inquire(changed(one("W_hh", lambda a, p: np.full_like(a, huge))), Problem()))


@pytest.mark.parametrize("steps", [1, 9, 14, 30])
def test_a_window_of_any_length_is_named(steps: int) -> None:
    """Also one that leaves nothing out on the short problems that confirm others."""
    problem = Problem(T=40, B=1, I=2, H=3, O=2, weight_scale=1.5)
    found = find(inquire(changed(truncated(lambda s, t: s - t <= steps)), problem))
    said = f"the error of every step flows back {steps} step{'s' * (steps > 1)} and no further"
    assert [finding.what for finding in found] == [said]
    assert found[0].whole


def test_factors_are_not_kept_for_every_problem_there_has_been() -> None:
    for seed in range(200):
        list(_factor.matching(2.0, Problem(seed=seed)))
    assert _factor._table.cache_info().currsize < 200


# --- terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", models())
@pytest.mark.parametrize("loss_on", ["all", "last", 2])
def test_terms_and_credits_sum_to_the_truth(model: str, loss_on: Any) -> None:
    case = inquire(changed(lambda p, x, g: {}), Problem(model=model, loss_on=loss_on), others=False).case
    credits = credits_of(case, reference)
    for name in case.problem.spec.factors.keys() | {"x"}:
        assert terms(case, name).shape[:2] == (case.problem.T, case.problem.B)
        assert case.residual(name, terms(case, name).sum((0, 1))) <= THRESHOLD
    for name in case.truth.named:
        assert case.residual(name, np.sum([g.named[name] for g in credits.values()], 0)) <= THRESHOLD


def test_the_term_of_a_step_is_its_own() -> None:
    case = inquire(changed(lambda p, x, g: {}), Problem(), others=False).case
    t, b = 2, 1
    expected = np.outer(case.truth.states["h"][t, b], case.truth.adjoints["adjoint_a"][t, b])
    np.testing.assert_array_equal(terms(case, "W_hh")[t, b], expected)


# --- any size ---------------------------------------------------------------------------------------------------------

FACTORS = {
    "of the opposite sign": by_sizes("", 1, -1.0),
    "scaled by 2": by_sizes("", 1, 2.0),
    "scaled by 1/B": by_sizes("B", -1),
    "scaled by T": by_sizes("T"),
    "scaled by 1/(T*B*O)": by_sizes("TBO", -1),
}


@given(problem=problems(dtypes=["float64"], losses=["mse"]), says=st.sampled_from(list(FACTORS)))
@settings(max_examples=40, deadline=None)
def test_a_factor_is_named_by_its_symbol_at_any_size(problem: Problem, says: str) -> None:
    inquiry = inquire(changed(one("b_y", lambda a, p: FACTORS[says](p) * a)), problem)
    assert [one.what for one in claimed(inquiry)] == ([f"b_y is {says}"] if inquiry.case.wrong else [])


@given(problem=problems(dtypes=["float64"]), sign=st.sampled_from([1, -1]))
@settings(max_examples=40, deadline=None)
def test_a_transpose_is_found_at_any_size(problem: Problem, sign: int) -> None:
    inquiry = inquire(changed(one("W_hy", lambda a, p: sign * a.T)), problem)
    assume(problem.H != 1 and problem.O != 1)
    assume(inquiry.case.truth.named["W_hy"].any())  # where no unit is active it is zero, and of no sign
    assume(inquiry.case.wrong)
    straight = straightened(inquiry)
    (found,) = straight.told(claimed(straight.inquiry))
    assert "transposed" in found.what + found.sentence
    assert ("of the opposite sign" in found.what) == (sign < 0)


def test_the_search_is_quick() -> None:
    def everything_wrong(p: Problem, x: Tensors, g: Gradients) -> Named:
        return {name: array + 1 for name, array in g.named.items()}

    inquiry = inquire(changed(everything_wrong), Problem(model="lstm"))
    start = process_time()
    find(inquiry)
    assert process_time() - start < 1
