"""Planted relations: how a candidate is put to the means of diagnosis in this process, and a row for every relation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from gradparity.backends import numpy_bptt
from gradparity.harness.diagnosis.case import Case, Inquiry, Question, elsewhere, make_case
from gradparity.harness.gradients import Gradients
from gradparity.harness.layout import Layout
from gradparity.harness.noise import measure_noise
from gradparity.harness.problem import Problem, Tensors, make_tensors

Array = np.ndarray
Named = dict[str, Array]
Candidate = Callable[[Problem, Tensors], Named]
Change = Callable[[Problem, Tensors, Gradients], Named]
reference = numpy_bptt.gradients


def inquire(candidate: Candidate, problem: Problem, layout: Layout | None = None, *, others: bool = True) -> Inquiry:
    """The candidate, in this process, on the problem and on two of other sizes."""
    layout = layout or Layout()

    def one(question: Question) -> Case:
        truth, noise = reference(*question), measure_noise(*question, reference)
        return make_case(*question, layout, candidate(*question), truth, noise)

    further = elsewhere(problem, layout.batched) if others else ()
    case, *rest = [one((p, make_tensors(p))) for p in (problem, *further)]
    return Inquiry(case, tuple(rest), lambda questions: [one(q) for q in questions], reference)


def changed(change: Change) -> Candidate:
    """The reference with some gradients replaced."""

    def candidate(problem: Problem, tensors: Tensors) -> Named:
        truth = reference(problem, tensors)
        return {"loss": np.asarray(truth.loss), **truth.named, **change(problem, tensors, truth)}

    return candidate


def outer(left: Array, adjoint: Array) -> Array:
    """Sum over time and batch of outer products, written apart from the product's."""
    return np.einsum("tbk,tbn->kn", left, adjoint)


def gated(array: Array, gates: int) -> Array:
    return array.reshape(*array.shape[:-1], gates, -1)


def scaled_gate(array: Array, gates: int, gate: int, by: float) -> Array:
    blocks = gated(array, gates).copy()
    blocks[..., gate, :] *= by
    return blocks.reshape(array.shape)


def by_sizes(letters: str, power: int = 1, number: float = 1.0) -> Callable[[Problem], float]:
    return lambda p: number * float(np.prod([p.sizes[s] for s in letters])) ** power


def everything(factor: Callable[[Problem], float], loss: bool = False) -> Change:
    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        found = {name: factor(p) * array for name, array in g.named.items()}
        return {**found, "loss": factor(p) * np.asarray(g.loss)} if loss else found

    return change


def one(name: str, change: Callable[[Array, Problem], Array]) -> Change:
    return lambda p, x, g: {name: change(g.named[name], p)}


def made(name: str, left: Callable[[Tensors, Array], Array], adjoint: Callable[[Gradients], Array]) -> Change:
    """A weight's gradient from these factors; `left` is given the states, (T + 1, B, H)."""
    return lambda p, x, g: {name: outer(left(x, g.states["h"]), adjoint(g))}


def a(g: Gradients) -> Array:
    return g.adjoints["adjoint_a"]


def truncated(steps: Callable[[int, int], bool]) -> Change:
    """The tanh network's backward with the error of every step followed back by itself, as long as `steps(s, t)`."""

    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        h, W = g.states["h"], x.params
        dout = g.adjoints["adjoint_out"]
        da_all = np.zeros_like(h[1:])
        dh0 = np.zeros_like(h[0])
        for s in range(p.T):
            dh = dout[s] @ W["W_hy"].T
            for t in range(s, -1, -1):
                if not steps(s, t):
                    break
                da = dh * (1 - h[t + 1] ** 2)
                da_all[t] += da
                dh = da @ W["W_hh"].T
                if t == 0:
                    dh0 += dh
        return {
            "W_xh": outer(x.x, da_all),
            "W_hh": outer(h[:-1], da_all),
            "b_h": da_all.sum((0, 1)),
            "x": da_all @ W["W_xh"].T,
            "h0": dh0,
        }

    return change


def walked(p: Problem, x: Tensors, g: Gradients, dh: Array, steps: range, own: Array) -> Named:
    """The tanh network's backward over some steps, from this adjoint at their end; `own` is dL_t/dh_t, (T, B, H)."""
    h, W, da_all = g.states["h"], x.params, np.zeros_like(g.states["h"][1:])
    for t in reversed(steps):
        da_all[t] = (dh + own[t]) * (1 - h[t + 1] ** 2)
        dh = da_all[t] @ W["W_hh"].T
    return {
        "W_xh": outer(x.x, da_all),
        "W_hh": outer(h[:-1], da_all),
        "b_h": da_all.sum((0, 1)),
        "x": da_all @ W["W_xh"].T,
        "h0": dh,
    }


def leaking(order: Callable[[int], list[int]], share: float = 1.0) -> Change:
    """One sequence after the other; the adjoint that one ends with, or a share of it, the next begins with."""

    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        own, left, begins = g.adjoints["adjoint_out"] @ x.params["W_hy"].T, np.zeros(p.H), np.zeros((p.B, p.H))
        for b in order(p.B):
            begins[b] = share * left
            left = walked(p, x, g, begins, range(p.T), own)["h0"][b]
        return walked(p, x, g, begins, range(p.T), own)

    return change


def unhanded(k: int, share: float = 1.0) -> Change:
    """The loss on the last step. Chunks of k steps begin with the adjoint that the last begins with, or a share."""

    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        seen, none = g.adjoints["adjoint_h"][-1], np.zeros((p.T, p.B, p.H))
        stops = [*range(k, p.T, k), p.T]
        parts = [
            walked(p, x, g, seen if stop == p.T else share * seen, range(start, stop), none)
            for start, stop in zip([0, *stops], stops, strict=False)
        ]
        return {**{name: np.sum([part[name] for part in parts], 0) for name in HIDDEN}, "h0": parts[0]["h0"]}

    return change


def handing(back: Callable[[Array, Array, Array], Array]) -> Change:
    """The backward of the tanh network or of the LSTM, where a step hands back this, from da_t, W_hh and dL/dh_t."""

    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        W, h, own = x.params, g.states["h"], g.adjoints["adjoint_out"] @ x.params["W_hy"].T
        da_all, dh, dc = np.zeros_like(a(g)), np.zeros((p.B, p.H)), np.zeros((p.B, p.H))
        c, gates = x.states.get("c0", dc), []
        for t in range(p.T if p.model == "lstm" else 0):
            i, f, n, o = np.moveaxis(gated(x.x[t] @ W["W_xh"] + h[t] @ W["W_hh"] + W["b_h"], 4), 1, 0)
            i, f, n, o = (*(1 / (1 + np.exp(-s)) for s in (i, f)), np.tanh(n), 1 / (1 + np.exp(-o)))
            gates.append((i, f, n, o, c, c := f * c + i * n))
        for t in reversed(range(p.T)):
            dh = dh + own[t]
            if gates:
                i, f, n, o, before, made = gates[t]
                dc = dc + dh * o * (1 - np.tanh(made) ** 2)
                parts = (
                    dc * n * i * (1 - i),
                    dc * before * f * (1 - f),
                    dc * i * (1 - n * n),
                    dh * np.tanh(made) * o * (1 - o),
                )
                da_all[t], dc = np.concatenate(parts, -1), dc * f
            else:
                da_all[t] = dh * (1 - h[t + 1] ** 2)
            dh = back(da_all[t], W["W_hh"], dh)
        made = {"W_xh": outer(x.x, da_all), "W_hh": outer(h[:-1], da_all), "b_h": da_all.sum((0, 1))}
        return {**made, "x": da_all @ W["W_xh"].T, "h0": dh, **({"c0": dc} if gates else {})}

    return change


def hearing(order: Callable[[Array], Array]) -> Change:
    """The tanh network's hidden layer gets what the output layer hands it in this order; (T, B, H)."""

    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        own = order(g.adjoints["adjoint_out"] @ x.params["W_hy"].T)
        return walked(p, x, g, np.zeros((p.B, p.H)), range(p.T), own)

    return change


def against(order: Callable[[Array], Array]) -> Change:
    """The targets in this order in the backward pass."""

    def change(p: Problem, x: Tensors, g: Gradients) -> Named:
        found = reference(p, replace(x, y=order(x.y))).named
        return {name: found[name] for name in UNDER_LOSS}

    return change


@dataclass(frozen=True)
class Planted:
    """A relation, planted: the gradients that it makes wrong, and words of what has to be said of them."""

    says: str
    names: tuple[str, ...]
    change: Change
    model: str = "rnn"
    loss_on: Literal["all", "last"] = "all"

    @property
    def problem(self) -> Problem:
        return Problem(model=self.model, loss_on=self.loss_on)

    @property
    def id(self) -> str:
        return f"{self.model}-{self.says}".replace(" ", "_")


HIDDEN = ("W_xh", "W_hh", "b_h", "x", "h0")
GATED = (*HIDDEN, "c0")
UNDER_LOSS = ("W_xh", "W_hh", "b_h", "W_hy", "x", "h0")  # b_y is a sum, the same in any order of the targets
ALL = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "x", "h0")

PLANTED = [
    # one array
    Planted("W_hh is transposed", ("W_hh",), one("W_hh", lambda a, p: a.T)),
    Planted("W_hh is transposed and of the opposite sign", ("W_hh",), one("W_hh", lambda a, p: -a.T)),
    Planted("W_hh is transposed and scaled by 1/B", ("W_hh",), one("W_hh", lambda a, p: a.T / p.B)),
    Planted("x is reversed in time", ("x",), one("x", lambda a, p: a[::-1]), "gru"),
    Planted("W_hy is zero", ("W_hy",), one("W_hy", lambda a, p: 0 * a), "lstm"),
    # factors
    Planted("b_y is scaled by 1/(T*B)", ("b_y",), one("b_y", lambda a, p: a / (p.T * p.B))),
    Planted("b_y is scaled by 3", ("b_y",), one("b_y", lambda a, p: 3 * a)),
    Planted("b_y is scaled by B", ("b_y",), one("b_y", lambda a, p: p.B * a)),
    Planted("W_xh is scaled by 1/H", ("W_xh",), one("W_xh", lambda a, p: a / p.H)),
    Planted("W_xh is scaled by 1/10", ("W_xh",), one("W_xh", lambda a, p: 0.1 * a)),
    Planted(
        "W_xh and W_hh are of the opposite",
        ("W_xh", "W_hh"),
        lambda p, x, g: {n: -g.named[n] for n in ("W_xh", "W_hh")},
    ),
    Planted("every gradient is of the opposite sign", ALL, everything(by_sizes("", 1, -1.0))),
    Planted("every gradient is scaled by 1/B", ALL, everything(by_sizes("B", -1))),
    Planted(
        "every gradient and the loss is scaled by 2/(T*B*O)", ("loss", *ALL), everything(by_sizes("TBO", -1, 2.0), True)
    ),
    # clipping
    Planted(
        "clipped: no entry is larger than 0.05",
        ("W_hh",),
        one("W_hh", lambda a, p: np.clip(a, -0.05, 0.05)),
    ),
    # another step's error
    Planted("error of another timestep: they run in reversed order", HIDDEN, hearing(lambda d: d[::-1])),
    Planted("error of another timestep: that of the step before", HIDDEN, hearing(lambda d: np.roll(d, 1, 0))),
    # factors summed apart, and the own loss alone
    Planted(
        "what the own loss of step t gives h_t",
        ("b_h",),
        lambda p, x, g: {"b_h": (g.adjoints["adjoint_out"] @ x.params["W_hy"].T).sum((0, 1))},
    ),
    # one number in every entry
    Planted("summed over its hidden axis too", ("b_h",), one("b_h", lambda a, p: np.full_like(a, a.sum()))),
    Planted(
        "summed over its output axis too",
        ("W_hy",),
        one("W_hy", lambda a, p: a.sum(1, keepdims=True) + np.zeros_like(a)),
    ),
    Planted(
        "summed over its hidden axis too",
        ("b_h",),
        one("b_h", lambda a, p: np.repeat(gated(a, 4).sum(-1), p.H)),
        "lstm",
    ),
    Planted(
        "summed over its hidden axis and all gates too",
        ("b_h",),
        one("b_h", lambda a, p: np.full_like(a, a.sum())),
        "lstm",
    ),
    # gate blocks
    *(
        Planted(
            "blocks of gates f and o, which are exchanged",
            (name,),
            one(name, lambda a, p: gated(a, 4)[..., [0, 3, 2, 1], :].reshape(a.shape)),
            "lstm",
        )
        for name in ("W_xh", "b_h")
    ),
    Planted(
        "right but for the order of its gate blocks, which is z, n, r",
        ("W_hh",),
        one("W_hh", lambda a, p: np.roll(gated(a, 3), -1, -2).reshape(a.shape)),
        "gru",
    ),
    Planted(
        "gate f, where it is of the opposite", ("W_hh",), one("W_hh", lambda a, p: scaled_gate(a, 4, 1, -1)), "lstm"
    ),
    Planted("gate n, where it is zero", ("b_hh",), one("b_hh", lambda a, p: scaled_gate(a, 3, 2, 0)), "gru"),
    Planted(
        "gate z, where it is scaled by 1/T", ("b_hh",), one("b_hh", lambda a, p: scaled_gate(a, 3, 1, 1 / p.T)), "gru"
    ),
    Planted(
        "gate o, where it is the block of gate i",
        ("W_xh",),
        one("W_xh", lambda a, p: gated(a, 4)[..., [0, 1, 2, 0], :].reshape(a.shape)),
        "lstm",
    ),
    # one for another
    Planted("b_hh is that of b_xh", ("b_hh",), lambda p, x, g: {"b_hh": g.named["b_xh"]}, "gru"),
    Planted(
        "exchanged: c0 has that of h0",
        ("h0", "c0"),
        lambda p, x, g: {"h0": g.named["c0"], "c0": g.named["h0"]},
        "lstm",
    ),
    Planted(
        "h0 is the adjoint of the state that step 0 makes", ("h0",), lambda p, x, g: {"h0": g.adjoints["adjoint_h"][0]}
    ),
    Planted(
        "x is carried to the input from dL/dh_t, where dL/da_t is meant",
        ("x",),
        lambda p, x, g: {"x": g.adjoints["adjoint_h"] @ x.params["W_xh"].T},
    ),
    Planted(
        "x is carried to the input from (dL_t/dh_t, what the own loss",
        ("x",),
        lambda p, x, g: {"x": g.adjoints["adjoint_out"] @ x.params["W_hy"].T @ x.params["W_xh"].T},
    ),
    # terms of the sum
    Planted(
        "without the term of timestep 0", ("W_hh",), made("W_hh", lambda x, h: h[1:-1], lambda g: a(g)[1:]), "lstm"
    ),
    Planted("without the term of the last timestep", ("b_h",), lambda p, x, g: {"b_h": a(g)[:-1].sum((0, 1))}),
    Planted(
        "without the term of the last batch element",
        ("b_h",),
        lambda p, x, g: {"b_h": a(g)[:, :-1].sum((0, 1))},
        "lstm",
    ),
    Planted("the term of timestep 0 alone", ("W_xh",), made("W_xh", lambda x, h: x.x[:1], lambda g: a(g)[:1])),
    Planted("the term of the last timestep alone", ("b_h",), lambda p, x, g: {"b_h": a(g)[-1].sum(0)}, "lstm"),
    Planted("the term of batch element 0 alone", ("b_h",), lambda p, x, g: {"b_h": a(g).sum(0)[0]}),
    Planted(
        "without the term of timestep 0 and of the opposite sign",
        ("W_hh",),
        made("W_hh", lambda x, h: h[1:-1], lambda g: -a(g)[1:]),
    ),
    Planted(
        "right at only the last timestep, and zero elsewhere",
        ("x",),
        lambda p, x, g: {"x": np.concatenate([0 * g.named["x"][:-1], g.named["x"][-1:]])},
    ),
    Planted(
        "W_xh, W_hh and b_h are without the term of timestep 0",
        ("W_xh", "W_hh", "b_h"),
        lambda p, x, g: {
            "W_xh": outer(x.x[1:], a(g)[1:]),
            "W_hh": outer(g.states["h"][1:-1], a(g)[1:]),
            "b_h": a(g)[1:].sum((0, 1)),
        },
        "lstm",
    ),
    # factors of the products
    Planted("outer(h_t, dL/da_t), where outer(h_(t-1)", ("W_hh",), made("W_hh", lambda x, h: h[1:], a), "lstm"),
    Planted(
        "outer(h_(t-1), dL/dout_t), where outer(h_t",
        ("W_hy",),
        made("W_hy", lambda x, h: h[:-1], lambda g: g.adjoints["adjoint_out"]),
    ),
    Planted("dL/dh_t, where dL/da_t is meant", ("b_h",), lambda p, x, g: {"b_h": g.adjoints["adjoint_h"].sum((0, 1))}),
    Planted(
        "the adjoints of the step after", ("W_xh",), made("W_xh", lambda x, h: x.x[:-1], lambda g: a(g)[1:]), "lstm"
    ),
    Planted("the adjoints of the step before", ("W_xh",), made("W_xh", lambda x, h: x.x[1:], lambda g: a(g)[:-1])),
    Planted("in reversed order of time", ("W_xh",), made("W_xh", lambda x, h: x.x[::-1], a)),
    # whole backward passes
    Planted(
        "no error flows back in time",
        HIDDEN,
        truncated(lambda s, t: s == t),
    ),
    Planted(
        "flows back 2 steps and no further",
        HIDDEN,
        truncated(lambda s, t: s - t <= 2),
    ),
    Planted(
        "within pieces of 3 steps and no further, which begin at t = 0, 3",
        HIDDEN,
        truncated(lambda s, t: s // 3 == t // 3),
    ),
    Planted(
        "only the loss of the last step reaches the hidden layer",
        HIDDEN,
        lambda p, x, g: truncated(lambda s, t: s == p.T - 1)(p, x, g),
    ),
    Planted(
        "for b_h alone, no error flows back in time",
        ("b_h",),
        lambda p, x, g: {"b_h": truncated(lambda s, t: s == t)(p, x, g)["b_h"]},
    ),
    Planted("target of another timestep: they run in reversed order", UNDER_LOSS, against(lambda y: y[::-1])),
    Planted("target of another timestep: that of the step after", UNDER_LOSS, against(lambda y: np.roll(y, -1, 0))),
    Planted("target of another timestep: that of the step before", UNDER_LOSS, against(lambda y: np.roll(y, 1, 0))),
    Planted("was left over from the one before it", HIDDEN, leaking(lambda B: [*range(B)])),
    Planted("every chunk of 3 steps starts from the adjoint of the last", HIDDEN, unhanded(3), loss_on="last"),
    Planted("every step starts from the adjoint of the last", HIDDEN, unhanded(1), loss_on="last"),
    Planted("kept, beside what the recurrent weight carries back", HIDDEN, handing(lambda da, W, dh: da @ W.T + dh)),
    Planted(
        "the share of gates i, f and g alone, and nothing of gate o",
        GATED,
        handing(lambda da, W, dh: np.einsum("bgk,hgk->bh", gated(da, 4)[:, :3], gated(W, 4)[:, :3])),
        "lstm",
    ),
    Planted(
        "and nothing of gates f and o",
        GATED,
        handing(lambda da, W, dh: np.einsum("bgk,hgk->bh", gated(da, 4)[:, ::2], gated(W, 4)[:, ::2])),
        "lstm",
    ),
    Planted(
        "the share of gate o alone, and nothing of gates i, f and g",
        GATED,
        handing(lambda da, W, dh: np.einsum("bgk,hgk->bh", gated(da, 4)[:, 3:], gated(W, 4)[:, 3:])),
        "lstm",
    ),
    Planted(
        "h0 is the adjoint of the state that the last step makes",
        ("h0",),
        lambda p, x, g: {"h0": g.adjoints["adjoint_h"][-1]},
        "gru",
    ),
]
