"""Conventions that are no bugs: each is named for a candidate that has it, none for a fault that is close to it."""

from collections.abc import Callable
from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from faults import FAULTS, Fault, planted
from gradparity.backends import numpy_bptt, variants
from gradparity.harness.diagnosis import conventions
from gradparity.harness.layout import Layout
from gradparity.harness.models import models
from gradparity.harness.problem import Problem, Tensors
from inquired import ROW, Candidate, gradients_alone, inquired

Array = np.ndarray
MODELS = tuple(models())


def asked_otherwise(there: Callable[[Problem, Tensors], tuple[Problem, Tensors]]) -> Candidate:
    """A candidate that is right about another question."""
    return lambda problem, tensors: gradients_alone(*there(problem, tensors))


def zeroed(*names: str) -> Candidate:
    def there(p: Problem, t: Tensors) -> tuple[Problem, Tensors]:
        return p, t.map(lambda name, a: np.zeros_like(a) if name in names else a)

    return asked_otherwise(there)


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def gru_by_hand(reset_first: bool, z_is_new: bool, one_bias: bool = False) -> Candidate:
    """A gated unit written out backwards, so that the complex step of the variants meets other mathematics."""

    def candidate(problem: Problem, tensors: Tensors) -> dict[str, Array]:
        p, x, h = tensors.params, tensors.x, [tensors.states["h0"]]
        U_r, U_z, U_n = np.split(p["W_hh"], 3, axis=1)
        c_r, c_z, c_n = np.split(p["b_hh"], 3)
        tape = []
        for x_t in x:
            x_r, x_z, x_n = np.split(x_t @ p["W_xh"] + p["b_xh"], 3, axis=1)
            r, z = sigmoid(x_r + h[-1] @ U_r + c_r), sigmoid(x_z + h[-1] @ U_z + c_z)
            inside, outside = (0, c_n) if one_bias else (c_n, 0)
            s = (r * h[-1]) @ U_n + c_n if reset_first else h[-1] @ U_n + inside
            n = np.tanh(x_n + s if reset_first else x_n + r * s + outside)
            new = z if z_is_new else 1 - z
            tape.append((r, z, n, s, new))
            h.append(new * n + (1 - new) * h[-1])
        d = {name: np.zeros_like(value) for name, value in p.items()}
        dh, dx = np.zeros_like(h[0]), np.empty_like(x)
        for t in reversed(range(problem.T)):
            r, z, n, s, new = tape[t]
            before = h[t]
            dout = h[t + 1] @ p["W_hy"] + p["b_y"] - tensors.y[t]
            d["W_hy"] += h[t + 1].T @ dout
            d["b_y"] += dout.sum(0)
            dh = dh + dout @ p["W_hy"].T
            da_n = dh * new * (1 - n * n)
            da_z = dh * (n - before) * (1 if z_is_new else -1) * z * (1 - z)
            carry = dh * (1 - new)
            if reset_first:
                back = da_n @ U_n.T
                da_r, carry = back * before * r * (1 - r), carry + back * r
                dU_n, dc_n = (r * before).T @ da_n, da_n.sum(0)
            else:
                da_r, carry = da_n * s * r * (1 - r), carry + (da_n * r) @ U_n.T
                dU_n, dc_n = before.T @ (da_n * r), (da_n if one_bias else da_n * r).sum(0)
            da = np.concatenate([da_r, da_z, da_n], axis=1)
            d["W_xh"] += x[t].T @ da
            d["b_xh"] += da.sum(0)
            d["W_hh"] += np.concatenate([before.T @ da_r, before.T @ da_z, dU_n], axis=1)
            d["b_hh"] += np.concatenate([da_r.sum(0), da_z.sum(0), dc_n])
            dx[t] = da @ p["W_xh"].T
            dh = carry + da_r @ U_r.T + da_z @ U_z.T
        return {**d, "x": dx, "h0": dh}

    return candidate


def regated(problem: Problem, tensors: Tensors, order: str) -> dict[str, Array]:
    """The gradients of code that takes block k of what it is given for the gate order[k]."""
    told = problem.spec.gates

    def there(name: str, a: Array) -> Array:
        if name not in ("W_xh", "W_hh", "b_h", "b_xh", "b_hh"):
            return a
        blocks = dict(zip(order, np.split(a, len(told), axis=-1), strict=True))
        return np.concatenate([blocks[gate] for gate in told], axis=-1)

    def back(name: str, a: Array) -> Array:
        if name not in ("W_xh", "W_hh", "b_h", "b_xh", "b_hh"):
            return a
        blocks = dict(zip(told, np.split(a, len(told), axis=-1), strict=True))
        return np.concatenate([blocks[gate] for gate in order], axis=-1)

    return {name: back(name, a) for name, a in gradients_alone(problem, tensors.map(there)).items()}


def transposed(problem: Problem, tensors: Tensors) -> dict[str, Array]:
    """The gradients of code that multiplies by the transpose of a square W_hh."""
    found = gradients_alone(problem, tensors.map(lambda name, a: a.T.copy() if name == "W_hh" else a))
    return {**found, "W_hh": found["W_hh"].T}


def found(candidate: Candidate, problem: Problem, layout: Layout = ROW, tensors: Tensors | None = None):
    inquiry = inquired(candidate, problem, layout, tensors)
    claims = conventions.find(inquiry)
    for claim in claims:
        assert claim.means == "not a bug"
        assert claim.whole
        assert claim.gradients == tuple(inquiry.case.shown[n] for n in inquiry.case.wrong)
        assert all(r.before > 32 >= r.after for r in claim.residuals)
    return claims


def the_one(candidate: Candidate, problem: Problem, layout: Layout = ROW):
    (claim,) = found(candidate, problem, layout)
    assert claim.confidence == "confirmed"
    return claim


CONVENTIONS: list[tuple[str, Problem, Candidate, str]] = [
    *(("h0 ignored", Problem(m), zeroed("h0"), "h0 is ignored") for m in MODELS),
    ("c0 ignored", Problem("lstm"), zeroed("c0"), "c0 is ignored"),
    ("both states ignored", Problem("lstm"), zeroed("h0", "c0"), "h0 and c0 are ignored"),
    ("bias ignored", Problem("rnn"), zeroed("b_y"), "b_y is ignored"),
    ("no bias", Problem("lstm", loss="softmax_xent"), zeroed("b_h", "b_y"), "the biases are ignored"),
    (
        "last step only",
        Problem("gru"),
        asked_otherwise(lambda p, t: (replace(p, loss_on="last"), replace(t, y=t.y[-1]))),
        "the loss is on the last step only",
    ),
    (
        "every step",
        Problem("rnn", loss_on="last"),
        asked_otherwise(lambda p, t: (replace(p, loss_on="all"), replace(t, y=np.stack([t.y] * p.T)))),
        "the loss is on every step",
    ),
    (
        "another model",
        Problem("rnn"),
        asked_otherwise(lambda p, t: (replace(p, model="rnn_relu"), t)),
        "the model is RNN (relu), not RNN (tanh)",
    ),
    ("W_hh transposed", Problem("rnn"), transposed, "W_hh is read as its transpose"),
    ("reset first", Problem("gru"), gru_by_hand(True, False), "the reset gate acts before the recurrent product"),
    ("z is new", Problem("gru"), gru_by_hand(False, True), "z weighs the new state, not the old one"),
    ("one bias", Problem("gru"), gru_by_hand(False, False, True), "there is one bias, not two"),
    ("one bias, z is new", Problem("gru"), gru_by_hand(False, True, True), "there is one bias, not two"),
    (
        "both of the unit's",
        Problem("gru"),
        gru_by_hand(True, True),
        "the reset gate acts before the recurrent product, and z weighs the new state, not the old one",
    ),
]


@pytest.mark.parametrize(
    ("problem", "candidate", "what"), [c[1:] for c in CONVENTIONS], ids=[c[0] for c in CONVENTIONS]
)
def test_a_convention_is_named(problem, candidate, what):
    assert the_one(candidate, problem).what.startswith(what)


@pytest.mark.parametrize("model", ["rnn", "lstm"])
def test_one_bias_where_the_layout_has_two(model):
    def halved(p: Problem, t: Tensors) -> dict[str, Array]:
        return gradients_alone(p, t.map(lambda name, a: a / 2 if name == "b_h" else a))

    claim = the_one(halved, Problem(model), Layout("torch"))
    assert claim.what == "one bias is added where there are two: bias_ih_l0 and bias_hh_l0"
    assert not found(halved, Problem(model))  # where there is one, half of it is a fault


@pytest.mark.parametrize(("model", "order"), [("lstm", "ifog"), ("lstm", "ofgi"), ("gru", "zrn"), ("gru", "nrz")])
def test_the_order_of_the_gates_is_named_as_the_option_wants_it(model, order):
    claim = the_one(lambda p, t: regated(p, t, order), Problem(model))
    assert claim.sentence.endswith(f"pass --gates {order}.")
    layout = Layout(gates=tuple(order))  # and with that option the same code is right

    def native(p: Problem, t: Tensors) -> dict[str, Array]:
        place = {s.name: layout.place(s, p.spec)[0] for s in p.spec.tensors}
        given = t.map(lambda n, a: place[n].native(a) if n in place else a)
        return {n: place[n].canonical(a) for n, a in regated(p, given, order).items()}

    assert not found(native, Problem(model), layout)
    assert not inquired(native, Problem(model), layout).case.wrong


def test_an_order_is_named_against_the_one_that_was_told():
    claim = the_one(gradients_of_an_ifog_reader, Problem("lstm"), Layout(gates=tuple("figo")))
    assert claim.sentence.endswith("is given them as f, i, g, o: pass --gates ifog.")


def gradients_of_an_ifog_reader(problem: Problem, tensors: Tensors) -> dict[str, Array]:
    """Given blocks in f, i, g, o, it takes them for i, f, o, g; canonical in and out."""
    told, read = Layout(gates=tuple("figo")), Layout(gates=tuple("ifog"))

    def through(name: str, a: Array, first: Layout, then: Layout) -> Array:
        if name not in {s.name for s in problem.spec.tensors}:
            return a
        spec = problem.spec.tensor(name)
        return then.place(spec, problem.spec)[0].canonical(first.place(spec, problem.spec)[0].native(a))

    answer = gradients_alone(problem, tensors.map(lambda n, a: through(n, a, told, read)))
    return {n: through(n, a, read, told) for n, a in answer.items()}


@pytest.mark.parametrize("model", ["lstm", "gru"])
def test_two_conventions_at_once(model):
    order = "".join(reversed(Problem(model).spec.gates))

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        return regated(p, t.map(lambda n, a: np.zeros_like(a) if n == "h0" else a), order)

    claim = the_one(candidate, Problem(model))
    assert "h0 is ignored" in claim.what
    assert f"pass --gates {order}" in claim.sentence


def test_the_kink():
    """x and h0 zero: every first pre-activation is b_h, here exactly 0."""
    problem = Problem("rnn_relu", T=3, H=4)
    base = inquired(gradients_alone, problem).case.tensors
    x = base.x.copy()
    x[0] = 0
    tensors = replace(
        base, x=x, states={"h0": np.zeros_like(base.states["h0"])}, params={**base.params, "b_h": np.zeros(problem.H)}
    )

    def at_the_kink(slope: float) -> Candidate:
        def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
            W = t.params
            h, a = [t.states["h0"]], []
            for x_t in t.x:
                a.append(x_t @ W["W_xh"] + h[-1] @ W["W_hh"] + W["b_h"])
                h.append(np.maximum(a[-1], 0))
            d = {name: np.zeros_like(value) for name, value in W.items()}
            dh = np.zeros_like(h[0])
            for k in reversed(range(p.T)):
                dout = h[k + 1] @ W["W_hy"] + W["b_y"] - t.y[k]
                da = (dout @ W["W_hy"].T + dh) * np.where(a[k] == 0, slope, a[k] > 0)
                d["W_hy"] += h[k + 1].T @ dout
                d["b_y"] += dout.sum(0)
                d["W_xh"] += t.x[k].T @ da
                d["W_hh"] += h[k].T @ da
                d["b_h"] += da.sum(0)
                dh = da @ W["W_hh"].T
            return {**d, "h0": dh}

        return candidate

    for slope, said in ((1.0, "1 for 0"), (0.5, "1/2 for 0")):
        (claim,) = found(at_the_kink(slope), problem, tensors=tensors)
        assert claim.what == f"another subgradient at the kink: {said}"
        assert claim.confidence == "fits"  # no random problem has a kink to confirm it on
    assert not found(at_the_kink(0.0), problem, tensors=tensors)
    assert not found(at_the_kink(0.25), problem, tensors=tensors)


@pytest.mark.parametrize("fault", FAULTS, ids=[f.kind for f in FAULTS])
def test_a_planted_fault_is_no_convention(fault: Fault):
    faulty = planted(fault)

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        return dict(faulty(p, t).named)

    inquiry = inquired(candidate, Problem(fault.model))
    assert inquiry.case.wrong
    assert not conventions.find(inquiry)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_said_of_correct_code(model):
    assert not found(gradients_alone, Problem(model))


@pytest.mark.parametrize("model", MODELS)
def test_a_convention_with_a_fault_on_top_is_not_claimed(model):
    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        answer = zeroed("h0")(p, t)
        return {**answer, "W_hy": 2 * answer["W_hy"]}

    assert not found(candidate, Problem(model))


def test_what_is_right_elsewhere_contradicts():
    """Zeros for h0 on the first problem alone: confirmed on no other, so not a convention."""
    problem = Problem("rnn")

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        return dict(zeroed("h0")(p, t)) if p == problem else gradients_alone(p, t)

    assert not found(candidate, problem)


@pytest.mark.parametrize("model", [m for m in MODELS if variants(m)])
def test_a_variant_differs_from_the_model_and_agrees_with_itself(model):
    """Central differences of a variant's own loss: what the complex step says is its slope."""
    problem = Problem(model, T=3, B=2)
    tensors = inquired(gradients_alone, problem).case.tensors
    own = numpy_bptt.gradients(problem, tensors)
    for variant in variants(model):
        there = variant.gradients(problem, tensors)
        kinked = problem.spec.kinked  # where it is the model itself but for one point
        assert np.allclose(there.loss, own.loss) == kinked
        step = 1e-6
        gradient = there.named["W_hh"]
        nudge = np.where(
            gradient == gradient.max(), step, 0.0
        )  # where it stands out most from the rounding of the loss
        up, down = (
            variant.gradients(problem, replace(tensors, params={**tensors.params, "W_hh": tensors.params["W_hh"] + s}))
            for s in (nudge, -nudge)
        )
        assert (up.loss - down.loss) / (2 * step) == pytest.approx(gradient.max(), rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_it_takes_under_a_second(model):
    """With nothing to find, which is when every convention and every pair is tried."""
    inquiry = inquired(lambda p, t: {n: 3 * a for n, a in gradients_alone(p, t).items()}, Problem(model))
    start = process_time()
    assert not conventions.find(inquiry)
    assert process_time() - start < 1


@pytest.mark.parametrize("loss_on", ["all", "last"])
@pytest.mark.parametrize(
    ("x", "y", "back", "says"),
    [
        (slice(None, -1), slice(None, -1), lambda dx: np.concatenate([dx, 0 * dx[:1]]), "last timestep is left out"),
        (slice(1, None), slice(1, None), lambda dx: np.concatenate([0 * dx[:1], dx]), "first timestep is left out"),
    ],
    ids=["without the last", "without the first"],
)
def test_a_step_left_out(x: slice, y: slice, back: Callable[[Array], Array], says: str, loss_on: str) -> None:
    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        taken = replace(t, x=t.x[x], y=t.y[y] if p.loss_on == "all" else t.y)
        found = gradients_alone(replace(p, T=len(taken.x)), taken)
        return {**found, "x": back(found["x"])}

    (found,) = conventions.find(inquired(candidate, Problem(loss_on=loss_on)))  # type: ignore[arg-type]
    assert says in found.what
    assert (found.confidence, found.whole) == ("confirmed", True)
