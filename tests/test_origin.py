"""Where it starts: the first wrong quantity and its timestep, from what a candidate returns or from one-hot inputs."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from faults import FAULTS, Fault, planted
from gradparity.backends import numpy_bptt
from gradparity.harness.demo import elman
from gradparity.harness.diagnosis import origin
from gradparity.harness.layout import Layout
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem, Tensors
from inquired import gradients_alone, inquired, inquired_function

Array = np.ndarray
Candidate = Callable[[Problem, Tensors], Mapping[str, Array]]
KINDS = {fault.kind: fault for fault in FAULTS}


def faulty(fault: Fault | str, *more: str) -> Candidate:
    """A candidate with a planted fault, which returns the gradients asked for, and the quantities in `more`."""
    gradients = planted(KINDS[fault] if isinstance(fault, str) else fault)

    def candidate(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        found = gradients(problem, tensors).quantities
        return {name: found[name] for name in (*more, *(spec.name for spec in problem.asked))}

    return candidate


def returning(**changes: Callable[[Problem, Array], Array]) -> Candidate:
    """A right candidate that also returns these quantities, each changed."""

    def candidate(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        found = numpy_bptt.gradients(problem, tensors).quantities
        changed = {name: change(problem, found[name]) for name, change in changes.items()}
        return {**gradients_alone(problem, tensors), **changed}

    return candidate


def same(_: Problem, array: Array) -> Array:
    return array


@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", ["rnn", "rnn_relu", "lstm", "gru"])
def test_of_a_right_candidate_nothing_is_said(model, dtype, loss):
    problem = Problem(model=model, dtype=dtype, loss=loss)
    everything = {"loss": same, "outputs": same, **{spec.name: same for spec in problem.spec.chain}}
    assert origin.find(inquired(gradients_alone, problem)) == ()
    assert origin.find(inquired(returning(**everything), problem)) == ()


# --- the forward pass -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 1, 4])
def test_outputs_that_differ_come_before_anything_else(first):
    def late(_: Problem, outputs: Array) -> Array:
        return outputs + (np.arange(len(outputs)) >= first)[:, None, None]

    def worse(_: Problem, loss: Array) -> Array:
        return loss + 1

    (found,) = origin.find(inquired(returning(outputs=late, loss=worse), Problem()))
    assert f"Your forward pass differs from step {first} on" in found.sentence
    assert found.steps == tuple(range(first, 7))
    assert found.whole
    assert found.residuals[0].after <= THRESHOLD < found.residuals[0].before


def test_a_real_fault_of_the_forward_pass_is_found_in_the_outputs():
    inquiry = inquired(faulty("forward with W_hh transposed", "outputs", "loss"), Problem())
    assert [found.what for found in origin.find(inquiry)] == ["the forward pass differs"]


# --- the loss ---------------------------------------------------------------------------------------------------------

LOSSES: dict[str, Callable[[Problem, Array], Array]] = {
    "the loss is twice what it should be": lambda p, loss: 2 * loss,
    "the loss is 1/(T*B*O) of what it should be": lambda p, loss: loss / (p.T * p.B * p.O),
    "the loss is 1/B of what it should be": lambda p, loss: loss / p.B,
    "the loss is off by the constant 3": lambda p, loss: loss + 3,
    "the loss differs": lambda p, loss: loss**2,
}


@pytest.mark.parametrize("what", LOSSES)
def test_a_wrong_loss_is_named_and_the_gradients_are_said_to_be_right(what):
    (found,) = origin.find(inquired(returning(outputs=same, loss=LOSSES[what]), Problem()))
    assert found.what == what
    assert "its value alone differs, and your outputs are right" in found.sentence
    named = what != "the loss differs"
    assert found.confidence == ("confirmed" if named else "lead")
    assert (found.residuals[0].after <= THRESHOLD) == named


def test_a_factor_that_holds_on_one_problem_alone_is_not_claimed():
    (found,) = origin.find(inquired(returning(outputs=same, loss=lambda p, loss: loss / 3), Problem(B=3)))
    assert found.what == "the loss differs"


def test_without_outputs_a_wrong_loss_asks_for_them_where_the_gradients_are_wrong_too():
    loss, begins = origin.find(inquired(faulty("forward with W_hh transposed", "loss"), Problem()))
    assert "Return your outputs" in loss.sentence
    assert begins.what == "W_hy and b_y are wrong before anything flows back"


# --- adjoints that the candidate returned -----------------------------------------------------------------------------

CHAIN = {
    "twice the error": ("adjoint_out", 6),
    "nothing flows back in time": ("adjoint_h", 5),
    "truncated after three steps": ("adjoint_h", 3),
    "recurrent weight not transposed": ("adjoint_h", 5),
    "slope forgotten": ("adjoint_a", 6),
    "gates i and f exchanged": ("adjoint_a", 6),
    "cell's own past forgotten": ("adjoint_a", 5),
    "hidden carry dropped": ("adjoint_h", 5),
    "carry through z dropped": ("adjoint_h", 5),
    "sign of the update gate": ("adjoint_xs", 6),
}


@pytest.mark.parametrize("kind", CHAIN)
def test_the_chain_of_returned_adjoints_is_walked_to_the_first_wrong_one(kind):
    name, step = CHAIN[kind]
    problem = Problem(model=KINDS[kind].model)
    chain = [spec.name for spec in problem.spec.chain]
    (found,) = origin.find(inquired(faulty(kind, "outputs", *chain), problem))
    assert found.what == f"{name} is first wrong at timestep {step}"
    assert max(found.steps) == step
    assert found.residuals[0].after <= THRESHOLD < found.residuals[0].before


def test_the_gates_of_a_wrong_preactivation_are_named():
    inquiry = inquired(faulty("gates i and f exchanged", "adjoint_a"), Problem(model="lstm"))
    assert "timestep 6 in gates i and f" in origin.find(inquiry)[0].sentence


def test_another_quantity_under_the_same_name_is_not_blamed():
    carried = inquired(returning(adjoint_h=lambda p, dh: dh - 1), Problem())
    assert carried.case.wrong == ("adjoint_h",)
    assert origin.find(carried) == ()


# --- adjoints decoded from dW_xh --------------------------------------------------------------------------------------

DECODED: dict[str, tuple[str, tuple[int, ...], str]] = {
    "nothing flows back in time": ("wrong from timestep 5 back", (0, 1, 2, 3, 4, 5), "h0 is right"),
    "truncated after three steps": ("wrong from timestep 3 back", (0, 1, 2, 3), "timesteps 4 to 6 are right"),
    "recurrent weight not transposed": ("wrong from timestep 5 back", (0, 1, 2, 3, 4, 5), "h0 is wrong as well"),
    "first step left out": ("wrong from timestep 0 back", (0,), "the bounds of the backward loop"),
    "slope forgotten": ("the last timestep is wrong already", (0, 1, 2, 3, 4, 5, 6), "alone is wrong as well"),
    "backward in forward order": ("the last timestep is wrong already", (0, 1, 2, 3, 4, 5, 6), "steps are mixed up"),
    "inputs one step late": ("the adjoints are right, W_xh is not", (0, 1, 2, 3, 4, 5, 6), "x is right"),
    "cell made for cell left": ("the last timestep is wrong already in gate f", (0, 1, 2, 3, 4, 5, 6), ""),
    "forget gate not applied to the carry": (
        "wrong from timestep 5 back in gates i, f and g", (0, 1, 2, 3, 4, 5), "c0 is wrong as well",
    ),
    "sign of the update gate": ("the last timestep is wrong already in gate z", (0, 1, 2, 3, 4, 5, 6), ""),
}  # fmt: skip


@pytest.mark.parametrize(("loss", "dtype"), [("mse", "float64"), ("mse", "float32"), ("softmax_xent", "float64")])
@pytest.mark.parametrize("kind", DECODED)
def test_one_hot_inputs_show_the_first_wrong_timestep(kind, loss, dtype):
    what, steps, says = DECODED[kind]
    (found,) = origin.find(inquired(faulty(kind), Problem(model=KINDS[kind].model, loss=loss, dtype=dtype)))
    assert found.what == what
    assert found.steps == steps
    assert says in found.sentence
    assert (found.gradients, found.confidence, found.whole) == (("W_xh",), "confirmed", False)
    assert found.residuals[0].after <= THRESHOLD < found.residuals[0].before


PRODUCTS = {
    "gradient of W_hh transposed": "W_hh is",
    "h0 term of W_hh missing": "W_hh is",
    "hidden bias only of the last step": "b_h is",
    "output weight from the state before": "W_hy is",
    "gradient of c0 after one step too few": "c0 is",
    "one bias for two": "b_hh is",
}


@pytest.mark.parametrize(
    ("kind", "bias"), [(k, b) for k in PRODUCTS for b in (True, False) if b or not PRODUCTS[k].startswith("b_")]
)
def test_where_every_adjoint_is_right_the_product_is_named(kind, bias):
    (found,) = origin.find(inquired(faulty(kind), Problem(model=KINDS[kind].model, bias=bias)))
    assert found.what == f"the adjoints behind W_xh are right, {PRODUCTS[kind]} not"
    assert found.residuals[0].after <= THRESHOLD < found.residuals[0].before


def test_right_adjoints_that_the_weights_meet_in_the_wrong_order_are_said_to_be_right():
    def reversed_in_time(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        right = numpy_bptt.gradients(problem, tensors)
        da, h = right.adjoints["adjoint_a"][::-1], right.states["h"][:-1]
        weights = {"W_xh": np.einsum("tbi,tbh->ih", tensors.x, da), "W_hh": np.einsum("tbi,tbh->ih", h, da)}
        return {n: a for n, a in {**right.named, **weights}.items() if n != "x"}

    (found,) = origin.find(inquired(reversed_in_time, Problem()))
    assert found.what == "the adjoints are right, W_xh and W_hh are not"
    assert "b_h and h0 are right" in found.sentence


@pytest.mark.parametrize("kind", ["gradient divided by the batch", "bias summed over time alone, one element kept"])
def test_what_one_batch_element_hides_is_found_with_more(kind):
    (found,) = origin.find(inquired(faulty(kind), Problem()))
    assert found.what.startswith("right with one batch element, ")
    assert "with 3 of them" in found.sentence


@pytest.mark.parametrize("kind", ["sign of the error", "twice the error", "forward with W_hh transposed"])
def test_what_begins_before_the_backward_loop_is_not_blamed_on_it(kind):
    (found,) = origin.find(inquired(faulty(kind), Problem()))
    assert found.what == "W_hy and b_y are wrong before anything flows back"


def test_the_class_of_the_demo_is_right_at_its_last_timestep():
    problem = Problem(T=5, B=1, I=5, H=5, O=5, bias=False)
    (found,) = origin.find(inquired_function(elman.gradients, problem, Layout("row", batched=False)))
    assert found.what == "wrong from timestep 3 back"
    assert found.steps == (0, 1, 2, 3)
    assert "timestep 4 is right" in found.sentence


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        ("nothing flows back in time", [(7, 1), (1, 1)]),
        ("gradient of W_hh transposed", [(7, 1)]),
        ("inputs one step late", [(7, 1)]),
        ("gradient divided by the batch", [(7, 1), (7, 3)]),
        ("sign of the error", [(7, 1), (1, 1)]),
    ],
)
def test_no_size_is_asked_that_the_answer_does_not_need(kind, shapes):
    inquiry, asked = inquired(faulty(kind), Problem()), []

    def ask(questions):
        asked.extend((problem.T, problem.B) for problem, _ in questions)
        return inquiry.ask(questions)

    assert origin.find(replace(inquiry, ask=ask))
    assert asked == shapes


def test_without_an_answer_nothing_is_said():
    inquiry = inquired(faulty("slope forgotten"), Problem())
    assert origin.find(replace(inquiry, ask=lambda questions: [None for _ in questions])) == ()


def test_a_transposed_input_weight_shows_no_adjoints_and_nothing_is_read_into_it():
    def transposed(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        right = gradients_alone(problem, tensors)
        return {**right, "W_xh": right["W_xh"].T}

    assert origin.find(inquired(transposed, Problem(I=5, H=5))) == ()
