"""Inputs that are one-hot in time, which turn the gradient of the input matrix into a record of the backward pass.

dW_xh sums x_t outer da_t over time. Where x_t is the t-th unit vector, and the batch is one element, row t of dW_xh is
therefore da_t itself, the adjoint of the pre-activation of timestep t: any candidate shows them, asked or not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import listed
from ..problem import Problem, make_tensors
from .case import Case, Question

Array = np.ndarray
LARGEST = 32  # hidden units and outputs of a decoding question: a fault needs no more, and each question costs time


def input_weight(problem: Problem) -> str | None:
    """The weight that the input meets, W_xh; its rows are what is decoded."""
    return next((name for name, (left, _) in problem.spec.factors.items() if left == "x"), None)


def decoding(problem: Problem, T: int, B: int = 1) -> Question:
    """The same model and loss on T one-hot inputs. With more than one batch element, rows are summed over them."""
    asked = replace(
        problem,
        T=T,
        B=B,
        I=T,
        H=min(problem.H, LARGEST),
        O=min(problem.O, LARGEST),
    )
    tensors = make_tensors(asked)
    x = np.broadcast_to(np.eye(T)[:, None, :], (T, B, T)).astype(asked.dtype)
    return asked, replace(tensors, x=x)


def rows(case: Case) -> Array | None:
    """The candidate's adjoint of every timestep, (T, K), from the answer to a decoding question; None where it gave
    none that can be read."""
    given = case.given.get(input_weight(case.problem) or "")
    return given if given is not None and np.isfinite(given).all() else None


def off(case: Case, name: str) -> Array:
    """How far every entry that the candidate gave is from the reference's, in units of noise; infinite where it is no
    number."""
    away = np.abs(case.given[name] - case.expected(name)) / case.noise.values[name]
    return np.where(np.isfinite(away), away, np.inf)


def made_of(case: Case, adjoint: str) -> set[str]:
    """The gradients given that are sums over time of products with this adjoint."""
    return {n for n, (_, of) in case.problem.spec.factors.items() if of == adjoint and n in case.given}


def wrong_before(case: Case) -> tuple[str, ...]:
    """What is wrong before anything flows back, as the user calls it: the outputs, or else all that dL/dout makes;
    none where one of those is right, for then dL/dout is."""
    made = made_of(case, "adjoint_out")
    wrong = {"outputs"} if "outputs" in case.wrong else made if made <= set(case.wrong) else set()
    return tuple(case.shown[name] for name in case.wrong if name in wrong)


def vouched(case: Case) -> tuple[str, ...]:
    """The gradients, as the user calls them, that show that the adjoints behind W_xh are right, whatever W_xh is.

    The gradient of x is each step's adjoint times a weight: it shows all of them. That of the recurrent weight mixes
    steps only after states have told them apart, and does where nothing that is made of the adjoints contradicts it.
    A bias forgets the order, and an initial state knows only what was carried back: together they leave to the weights
    no more than how they are made.
    """
    spec, name = case.problem.spec, input_weight(case.problem)
    alike = made_of(case, spec.factors[name][1]) - {name} if name else set()
    recurrent = {n for n, (left, _) in spec.factors.items() if left == "h_prev" and n in case.given}
    biases = {n for n in alike if spec.tensor(n).kind == "bias"}
    states = {s.name for s in spec.states if s.name in case.given}
    x = {"x"} & set(case.given)
    proofs = [(x, x), (recurrent, recurrent | alike | x)] + [(biases, biases | states | x)] * bool(states)
    for needed, witnesses in proofs:
        if needed and not witnesses & set(case.wrong):
            return tuple(case.shown[s.name] for s in spec.quantities if s.name in witnesses)
    return ()


def blocks(case: Case, array: Array) -> dict[str, Array]:
    """The last axis, cut into its gate blocks by name; {"": array} where the model has no gates."""
    gates = case.problem.spec.gates
    return dict(zip(gates, np.split(array, len(gates), -1), strict=True)) if gates else {"": array}


def said(steps: Iterable[int], T: int, word: str = "timestep") -> str:
    """Timesteps in words: 'timestep 4', 'timesteps 0 to 3', 'timesteps 1, 4 and 6', 'every timestep'."""
    ordered = sorted(steps)
    if len(ordered) == T > 1:
        return f"every {word}"
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{word}s {ordered[0]} to {ordered[-1]}"
    return counted_out(word, ordered)


def counted_out(word: str, of: Sequence[object]) -> str:
    """'gate f', 'gates i, f and o'."""
    return f"{word if len(of) == 1 else word + 's'} {listed(of, 'and')}"


def wrong_gates(case: Case, wrong: Array) -> str:
    """' in gates i and f': the gates that are wrong, if not all of them; `wrong` is (..., K)."""
    by_gate = blocks(case, wrong)
    gates = [gate for gate, block in by_gate.items() if block.any()]
    return f" in {counted_out('gate', gates)}" if len(gates) < len(by_gate) else ""


def inside(case: Case, wrong: Array) -> str:
    """The same, and the hidden units that are wrong, if not all of them."""
    by_unit = np.stack(list(blocks(case, wrong).values())).reshape(-1, case.problem.H)
    units = [int(k) for k in np.flatnonzero(np.any(by_unit, axis=0))]
    some = f" at hidden {counted_out('unit', units)}" if len(units) < case.problem.H else ""
    return wrong_gates(case, wrong) + some


def is_are(names: Sequence[object]) -> str:
    return "is" if len(names) == 1 else "are"
