"""The credit map: right for the right candidate in at most T evaluations, and each pattern under its own name alone."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from faults import FAULTS, Fault, planted
from gradparity.backends import numpy_bptt
from gradparity.harness.demo import elman
from gradparity.harness.diagnosis import credit
from gradparity.harness.diagnosis.case import Inquiry
from gradparity.harness.finding import CreditMap, Finding
from gradparity.harness.layout import Layout
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem, Tensors
from inquired import gradients_alone, inquired, inquired_function

Array = np.ndarray
Candidate = Callable[[Problem, Tensors], Mapping[str, Array]]
Change = Callable[[Array], Array]
KINDS = {fault.kind: fault for fault in FAULTS}


def faulty(fault: Fault | str) -> Candidate:
    """A candidate with a planted fault, which returns the gradients asked for."""
    gradients = planted(KINDS[fault] if isinstance(fault, str) else fault)

    def candidate(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        found = gradients(problem, tensors).named
        return {spec.name: found[spec.name] for spec in problem.asked}

    return candidate


def rerouted(change: Change) -> Candidate:
    """An rnn whose credit map is changed: `change` takes the adjoints of every step under every step's loss,
    (T, T, B, H), in the order [loss, step], to others; every gradient of the hidden layer is made of their sum."""

    def candidate(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        right = numpy_bptt.gradients(problem, tensors)
        if problem.loss_on == "all":
            each = [
                numpy_bptt.gradients(replace(problem, loss_on=s), replace(tensors, y=y))
                for s, y in enumerate(tensors.y)
            ]
            credits = np.stack([one.adjoints["adjoint_a"] for one in each])
        else:
            credits = np.zeros((problem.T, *right.adjoints["adjoint_a"].shape), problem.dtype)
            credits[-1] = right.adjoints["adjoint_a"]
        da = change(credits).sum(0)
        h = right.states["h"][:-1]
        return {
            **right.named,
            "W_xh": np.einsum("tbi,tbh->ih", tensors.x, da),
            "W_hh": np.einsum("tbi,tbh->ih", h, da),
            "b_h": da.sum((0, 1)),
            "x": da @ tensors.params["W_xh"].T,
        }

    return candidate


def masked(keep: Callable[[Array, Array], Array], by: float = 0.0) -> Change:
    """Cells for which keep(s, t) is false, times `by`."""

    def change(credits: Array) -> Array:
        s, t = np.split(np.indices(credits.shape[:2]), 2)
        return credits * np.where(keep(s[0], t[0]), 1.0, by)[..., None, None].astype(credits.dtype)

    return change


def traced(inquiry: Inquiry) -> tuple[CreditMap, tuple[Finding, ...], int]:
    """The map, its findings, and how many questions were asked."""
    asked: list[int] = []

    def ask(questions):
        asked.append(len(questions))
        return inquiry.ask(questions)

    picture, findings = credit.trace(replace(inquiry, ask=ask))
    assert picture is not None
    assert len(asked) == 1 or inquiry.case.problem.T > credit.MOST_STEPS
    return picture, findings, sum(asked)


RIGHT = list(
    product(["rnn", "rnn_relu", "lstm", "gru"], ["mse", "softmax_xent"], ["float64", "float32"], [True, False])
)


@pytest.mark.parametrize(("model", "loss", "dtype", "bias"), RIGHT, ids=str)
def test_a_right_candidate_matches_in_every_cell_after_no_more_evaluations_than_steps(model, loss, dtype, bias):
    problem = Problem(model=model, loss=loss, dtype=dtype, bias=bias)
    picture, findings, asked = traced(inquired(gradients_alone, problem))
    assert not findings
    assert {mark for row in picture.marks for mark in row} == {"match"}
    assert asked <= problem.T
    filled = np.array(picture.reference) > 0
    assert filled[np.tril_indices(len(filled))].all()
    assert not filled[np.triu_indices(len(filled), 1)].any()


@pytest.mark.parametrize("layout", [Layout("column"), Layout("torch"), Layout("row", batched=False)], ids=str)
def test_layouts_make_no_difference(layout):
    problem = Problem(B=1) if not layout.batched else Problem()
    assert not traced(inquired(gradients_alone, problem, layout))[1]


@pytest.mark.parametrize("T", [1, 2, 40])
def test_the_map_has_two_steps_or_more_and_no_more_than_can_be_read(T):
    picture, findings, asked = traced(inquired(gradients_alone, Problem(T=T)))
    assert not findings
    assert len(picture.marks) == asked == min(max(T, 2), credit.MOST_STEPS)


LONG = Problem(T=40, B=1, I=2, H=3, O=2, weight_scale=1.5)
LATE = {  # faults that 12 steps do not show: how the adjoints of every step change, what is said, on how many steps
    "a window": (lambda c: np.where(_back(c) > 20, 0.0, c), "truncated after 20 steps", 22),
    "a piece": (
        lambda c: np.where((_own(c) < 16) & (_own(c) + _back(c) >= 16), 0.0, c),
        "nothing flows back from 16 to 15",
        17,
    ),
}


def _own(credits: Array) -> Array:
    return np.arange(len(credits)).reshape(1, -1, 1, 1)


def _back(credits: Array) -> Array:
    return np.arange(len(credits)).reshape(-1, 1, 1, 1) - _own(credits)


@pytest.mark.parametrize("late", LATE)
def test_a_fault_that_shows_on_more_steps_than_a_map_has_is_looked_for(late):
    change, what, steps = LATE[late]
    picture, (found,), asked = traced(inquired(rerouted(change), LONG))
    assert found.what == what
    assert len(picture.marks) == steps
    assert f"On fewer than {steps} steps all is well." in found.sentence
    assert asked <= credit.MOST_STEPS + steps + 8


def test_what_a_right_map_looked_at_is_said():
    """A fault that no number of steps has to do with leaves a map that is right, and no talk of steps."""

    def scaled(problem, tensors):
        found = gradients_alone(problem, tensors)
        return found | {"b_y": 2 * found["b_y"]}

    picture, findings, asked = traced(inquired(scaled, LONG))
    assert not findings
    assert picture.sentence == "On 12 steps every loss reaches every step as it should."
    assert asked <= credit.MOST_STEPS + 2


def test_the_class_of_the_demo_shows_the_diagonal_alone():
    problem = Problem(T=5, B=1, I=5, H=5, O=5, bias=False)
    picture, (found,), asked = traced(inquired_function(elman.gradients, problem, Layout("row", batched=False)))
    assert found.what == "nothing flows back in time"
    assert found.steps == (0, 1, 2, 3)
    assert asked == 5
    assert not found.whole
    assert "diagonal alone" in picture.sentence
    for s, t in np.ndindex(5, 5):
        assert picture.marks[s][t] == ("missing" if s > t else "match")
        assert (picture.candidate[s][t] > 0) == (s == t)
        assert (picture.reference[s][t] > 0) == (s >= t)


FOUND = {
    "nothing flows back in time": "nothing flows back in time",
    "truncated after three steps": "nothing flows back from 1 to 0 and from 4 to 3",
    "recurrent weight not transposed": "what flows back in time is wrong",
    "adjoint of the wrong step": "the carried gradient goes to the wrong step",
    "backward in forward order": "the backward loop runs forwards",
    "inputs one step late": "the rows of W_xh stand 1 step too early",
    "slope forgotten": "a step's own adjoint is wrong",
    "dead units let through": "a step's own adjoint is wrong",
    "first step left out": "a step's own adjoint is wrong",
    "hidden carry dropped": "what flows back in time is wrong",
    "cell's own past forgotten": "what flows back in time is wrong",
    "carry through z dropped": "what flows back in time is wrong",
    "gates i and f exchanged": "a step's own adjoint of gates i and f is wrong",
    "cell made for cell left": "a step's own adjoint of gate f is wrong",
    "output gate sees the cell, not its tanh": "a step's own adjoint of gate o is wrong",
    "reset before the product": "a step's own adjoint of gate r is wrong",
    "sign of the update gate": "a step's own adjoint of gate z is wrong",
}


@pytest.mark.parametrize(("loss", "dtype"), [("mse", "float64"), ("mse", "float32"), ("softmax_xent", "float64")])
@pytest.mark.parametrize("kind", FOUND)
def test_planted_faults_are_seen_for_what_they_are(kind, loss, dtype):
    problem = Problem(model=KINDS[kind].model, loss=loss, dtype=dtype)
    picture, (found,), asked = traced(inquired(faulty(kind), problem))
    assert found.what == FOUND[kind]
    assert found.sentence == picture.sentence
    assert found.confidence == "confirmed"
    assert found.gradients == ("W_xh",)
    assert found.residuals[0].before > 100 * THRESHOLD
    assert found.residuals[0].after <= THRESHOLD
    assert asked <= problem.T


REROUTED: dict[str, tuple[Change, tuple[int, ...]]] = {
    "nothing flows back in time": (masked(lambda s, t: s == t), (0, 1, 2, 3, 4, 5)),
    "truncated after 1 step": (masked(lambda s, t: s - t <= 1), (0, 1, 2, 3, 4)),
    "truncated after 3 steps": (masked(lambda s, t: s - t <= 3), (0, 1, 2)),
    "nothing flows back from 3 to 2": (masked(lambda s, t: (s < 3) | (t >= 3)), (0, 1, 2)),
    "timestep 0 left out": (masked(lambda s, t: t > 0), (0,)),
    "timesteps 2 and 5 left out": (masked(lambda s, t: (t != 2) & (t != 5)), (2, 5)),
    "the loss of timestep 6 is not sent back": (masked(lambda s, t: s < 6), (0, 1, 2, 3, 4, 5, 6)),
    "the loss of timestep 2 is not sent back": (masked(lambda s, t: s != 2), (0, 1, 2)),
    "a step's own adjoint is wrong": (masked(lambda s, t: t != 4, 3.0), (4,)),
    "some losses do not reach timesteps 1 and 2": (
        masked(lambda s, t: ~(((s == 4) & (t == 1)) | ((s == 5) & (t == 2)))), (1, 2),
    ),
    "every adjoint is zero": (lambda credits: 0 * credits, (0, 1, 2, 3, 4, 5, 6)),
    "the rows of W_xh stand 2 steps too late": (lambda credits: np.roll(credits, 2, axis=1), (0, 1, 2, 3, 4, 5, 6)),
    "the rows of W_xh are reversed in time": (lambda credits: credits[:, ::-1], (0, 1, 2, 3, 4, 5, 6)),
    "a step's target reaches steps after it": (
        lambda credits: credits + masked(lambda s, t: t > s)(np.roll(credits, 1, axis=1)), (1, 2, 3, 4, 5, 6),
    ),
    "what flows back is wrong from 2 steps on": (masked(lambda s, t: s - t < 2, 3.0), (0, 1, 2, 3, 4)),
    "what flows back in time is wrong": (masked(lambda s, t: s - t < 1, 3.0), (0, 1, 2, 3, 4, 5)),
}  # fmt: skip


@pytest.mark.parametrize("what", REROUTED)
def test_every_pattern_is_seen_under_its_own_name(what):
    change, steps = REROUTED[what]
    _, (found,), _ = traced(inquired(rerouted(change), Problem()))
    assert found.what == what
    assert found.steps == steps
    assert found.residuals[0].after <= THRESHOLD < found.residuals[0].before


def test_rerouting_nothing_is_right():
    assert not traced(inquired(rerouted(lambda credits: credits), Problem()))[1]


@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
def test_a_loss_on_the_last_step_is_moved_by_shorter_sequences(loss):
    problem = Problem(loss_on="last", loss=loss)
    picture, findings, asked = traced(inquired(gradients_alone, problem))
    assert (asked, findings) == (7, ())
    assert (np.array(picture.reference)[np.tril_indices(7)] > 0).all()
    _, (found,), _ = traced(inquired(faulty("nothing flows back in time"), problem))
    assert found.what == "nothing flows back in time"
    _, (found,), _ = traced(inquired(rerouted(masked(lambda s, t: s - t <= 2)), problem))
    assert found.what == "truncated after 2 steps"
    _, (found,), _ = traced(inquired(faulty("slope forgotten"), problem))
    assert found.what == "a step's own adjoint is wrong"


UNTOUCHED = ("gradient of W_hh transposed", "h0 term of W_hh missing", "mean for sum", "one bias for two")


@pytest.mark.parametrize("kind", UNTOUCHED)
def test_a_fault_that_no_adjoint_has_is_not_claimed(kind):
    assert not traced(inquired(faulty(kind), Problem(model=KINDS[kind].model)))[1]


@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
def test_behind_a_wrong_forward_pass_nothing_is_claimed(loss):
    picture, findings, _ = traced(inquired(faulty("forward with W_hh transposed"), Problem(loss=loss)))
    assert not findings
    assert "W_hy and b_y are wrong already" in picture.sentence


def test_a_fault_of_the_product_that_makes_the_rows_is_not_blamed_on_the_adjoints():
    fault = Fault("negated", "rnn", '"W_xh": flat(x).T', '"W_xh": -flat(x).T')
    picture, findings, _ = traced(inquired(faulty(fault), Problem()))
    assert not findings
    assert "how W_xh is made of them" in picture.sentence


def test_no_answer_no_map():
    inquiry = inquired(faulty("slope forgotten"), Problem())
    assert credit.trace(replace(inquiry, ask=lambda questions: [None for _ in questions])) == (None, ())
    inquiry = inquired(lambda p, t: {**gradients_alone(p, t), "W_xh": t.params["W_xh"] * np.nan}, Problem())
    assert credit.trace(inquiry) == (None, ())


def test_an_error_that_a_certain_softmax_hides_is_not_taken_for_an_empty_map():
    fault = Fault("slope once more", "rnn", "np.exp(log_p) - onehot", "(np.exp(log_p) - onehot) * np.exp(log_p)")
    picture, findings, _ = traced(inquired(faulty(fault), Problem(loss="softmax_xent")))
    assert not findings
    assert "W_hy and b_y are wrong already" in picture.sentence
