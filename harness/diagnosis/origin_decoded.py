"""Where it starts, for a candidate that returns gradients alone: its adjoints are read off dW_xh (`decoding`)."""

import numpy as np

from ..errors import listed
from ..finding import Finding, Residual
from .case import Case, Inquiry
from .decoding import (
    decoding,
    input_weight,
    inside,
    is_are,
    made_of,
    off,
    rows,
    said,
    vouched,
    wrong_before,
    wrong_gates,
)

Array = np.ndarray
MEANS = "where it starts"
MOST_STEPS = 12


def decoded(inquiry: Inquiry) -> Finding | None:
    """What one-hot inputs show; None where nothing can be read, or nothing is wrong there.

    Of further sizes only those are asked that the first answer leaves a question about: some code compiles for each.
    """
    problem = inquiry.case.problem
    weight, T = input_weight(problem), problem.long_enough(min(max(problem.T, 2), MOST_STEPS))
    if weight is None or not inquiry.case.wrong_gradients:
        return None

    def asked(T: int, B: int = 1) -> Case | None:
        if problem.long_enough(T) > T:
            return None
        (case,) = inquiry.ask([decoding(problem, T, B)])
        return case

    onehot = asked(T)
    if onehot is None or rows(onehot) is None:
        return None
    if not (off(onehot, weight) > onehot.threshold).any():
        several = problem.B > 1 and not onehot.wrong_gradients
        return _products(onehot, asked(T, problem.B) if several else None)
    if vouched(onehot):
        return _own_product(onehot, weight)
    return _before(onehot, asked(1)) if wrong_before(onehot) else _rows(onehot, asked(1))


def _before(onehot: Case, single: Case | None) -> Finding:
    """All that dL/dout makes is wrong: it begins before anything flows back."""
    names = [n for n in onehot.wrong if n in made_of(onehot, "adjoint_out")]
    shown = listed([onehot.shown[n] for n in names], "and")
    outputs = "outputs" in onehot.given
    ends = "the derivative of the loss" if outputs else "the forward pass or the derivative of the loss"
    product = f" or in the product that makes {shown}" if len(names) == 1 else ""
    what = f"{shown} {is_are(names)} wrong before anything flows back"
    where = "Your outputs are right." if outputs else "Return your outputs too, as `outputs`, to have them compared."
    alone = single is not None and not set(names) & set(single.wrong)
    between = " With a single timestep it is right: look at what passes from step to step." if alone else ""
    sentence = (
        f"The gradient of {shown}, which needs dL/dout and nothing that flows back in time, is wrong already: the "
        f"fault is in {ends}{product}. {where}{between}"
    )
    residuals = tuple(Residual(onehot.shown[n], float(off(onehot, n).max()), 0.0) for n in names)
    return Finding(MEANS, what, sentence, tuple(r.name for r in residuals), residuals=residuals)


def _rows(onehot: Case, single: Case | None) -> Finding:
    """Some rows of dW_xh are wrong: the steps, and what the first of them depends on."""
    name, T = input_weight(onehot.problem) or "", onehot.problem.T
    cells = off(onehot, name)
    worst = cells.max(1)
    right = [int(t) for t in np.flatnonzero(worst <= onehot.threshold)]
    first = int(np.flatnonzero(worst > onehot.threshold)[-1])
    wrong = cells[first] > onehot.threshold
    gates, where = wrong_gates(onehot, wrong), inside(onehot, wrong)
    others = f"{said(right, T)} {is_are(right)} right" if right else "no timestep is right"
    if first == T - 1:
        what = f"the last timestep is wrong already{gates}"
        seen = f"The last timestep, to which nothing flows back in time, is wrong already{where}; {others}."
    else:
        what = f"wrong from timestep {first} back{gates}"
        seen = f"Going back from the last timestep, timestep {first} is the first that is wrong{where}; {others}."
    legend = f"With inputs that are one-hot in time, row t of {onehot.shown[name]} is the adjoint of timestep t."
    return located(onehot, name, what, f"{legend} {seen} {_look(name, first, T, single)}", worst)


def _look(name: str, first: int, T: int, single: Case | None) -> str:
    """Where to look: a single timestep tells what a step does alone from what passes between steps.

    The gradients of the initial states are what the first step hands back: there a single step shows that too.
    """
    hands = f"what timestep {first + 1} hands back to timestep {first}"
    local = (
        "the derivative of its nonlinearities, the step whose values they take, and under which step and gate the "
        "result is stored"
    )
    if single is None or name not in single.given:
        return f"Look at {f'what one step does alone: {local}' if first == T - 1 else hands}."
    states = [s.name for s in single.problem.spec.states if s.name in single.given]
    if name in single.wrong:
        return (
            f"A single timestep alone is wrong as well: look at what one step does, {local}."
            if first == T - 1
            else "A single timestep alone is wrong as well, though nothing flows back to it: look at what is done at "
            "timestep 0, and at the bounds of the backward loop."
        )
    if first == T - 1:
        return (
            "Yet a single timestep alone is right: one step's derivatives are right, and steps are mixed up. Look at "
            "the indices in time and the direction of the backward loop."
        )
    wrong = [n for n in states if n in single.wrong]
    if states and not wrong:
        return (
            f"For a single timestep {listed(states, 'and')} {is_are(states)} right, which is what a step hands back. "
            f"Look at how, and where, timestep {first} adds what timestep {first + 1} hands back to it."
        )
    if wrong:
        return (
            f"For a single timestep {listed(wrong, 'and')} {is_are(wrong)} wrong as well, which is what a step hands "
            "back: look at the product that takes its adjoint back to the state before it, and at what is added there."
        )
    return f"A single timestep alone is right. Look at {hands}."


def _products(onehot: Case, batch: Case | None) -> Finding | None:
    """Every row is right: what is wrong is made of right adjoints, or shows only with more than one batch element."""
    case = onehot if onehot.wrong_gradients else batch
    if case is None or not case.wrong_gradients:
        return None
    weight = input_weight(case.problem) or ""
    names = [case.shown[n] for n in case.wrong_gradients]
    wrong = f"{listed(names, 'and')} {is_are(names)}"
    if case is onehot:
        what = f"the adjoints behind {case.shown[weight]} are right, {wrong} not"
        terms = " ".join(f"{case.shown[n]} is {_made(case, n)}." for n in case.wrong_gradients[:2])
        sentence = (
            f"At every timestep the adjoint that {case.shown[weight]} is made of is right; {wrong} wrong. {terms} Look "
            "at the product or sum that computes it, and at its indices in time."
        )
    else:
        what = f"right with one batch element, {wrong} not"
        sentence = (
            f"With one batch element everything is right; with {case.problem.B} of them {wrong} wrong: look at the "
            "axes that are summed, and at what is divided by the size of the batch."
        )
    rest = float(off(onehot, weight).max())
    residuals = tuple(Residual(case.shown[n], case.before(n), rest) for n in case.wrong_gradients)
    return Finding(MEANS, what, sentence, tuple(names), residuals=residuals)


def _own_product(onehot: Case, weight: str) -> Finding:
    """W_xh is wrong though its adjoints are right, and so may be others that are made of them."""
    worst = off(onehot, weight).max(1)
    right = [int(t) for t in np.flatnonzero(worst <= onehot.threshold)]
    wrong = [onehot.shown[n] for n in onehot.wrong_gradients]
    rows_said = f" Of its rows {said(right, len(worst))} {is_are(right)} right." if right else ""
    sentence = (
        f"{listed(vouched(onehot), 'and')} {is_are(vouched(onehot))} right, which shows that so is every adjoint; "
        f"{listed(wrong, 'and')} {is_are(wrong)} not. {onehot.shown[weight]} is {_made(onehot, weight)}.{rows_said} "
        "Look at how the terms of the timesteps are stored, paired and summed."
    )
    what = f"the adjoints are right, {listed(wrong, 'and')} {is_are(wrong)} not"
    return located(onehot, weight, what, sentence, worst)


LEFT = {
    "x": "x_t times ",
    "h_prev": "the state that step t starts from (h0 for the first) times ",
    "h": "the state that step t makes times ",
    "1": "",
}


def _made(case: Case, name: str) -> str:
    """What a gradient is, from the model's table."""
    if name not in case.problem.spec.factors:
        state = case.problem.spec.tensor(name).kind == "state"
        return "what the first timestep hands back" if state else "each step's adjoint times the input weight"
    left, adjoint = case.problem.spec.factors[name]
    of = "dL/dout of step t" if adjoint == "adjoint_out" else f"the adjoint of {adjoint.removeprefix('adjoint_')}_t"
    return f"the sum over timesteps and batch elements of {LEFT[left]}{of}"


def located(case: Case, name: str, what: str, sentence: str, worst: Array, whole: bool = False) -> Finding:
    """`worst` is the residual of every timestep."""
    wrong = worst > case.threshold
    rest = float(worst[~wrong].max()) if (~wrong).any() else 0.0
    evidence = Residual(case.shown[name], float(worst.max()), rest)
    steps = tuple(int(t) for t in np.flatnonzero(wrong))
    return Finding(MEANS, what, sentence, (evidence.name,), steps, (evidence,), whole=whole)
