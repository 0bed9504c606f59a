"""A rectified network in a functional manner: folds over lists and no loop. Columns, one sequence."""

import operator
from functools import reduce
from itertools import accumulate

import numpy as np


def relu(a):
    return np.maximum(a, 0)


def gradients(params, x, y, h0):
    U, W, V = params["W_xh"], params["W_hh"], params["W_hy"]
    b, c = params["b_h"], params["b_y"]

    def advance(state, x_t):
        return relu(U @ x_t + W @ state + b)

    def retreat(later, of_step):
        error, slope = of_step
        return slope * (V.T @ error + W.T @ later)

    states = list(accumulate(x, advance, initial=h0))
    errors = [V @ state + c - target for state, target in zip(states[1:], y, strict=True)]
    slopes = [state > 0 for state in states[1:]]

    nothing = np.zeros_like(h0)
    from_the_end = list(accumulate(zip(errors[::-1], slopes[::-1], strict=True), retreat, initial=nothing))
    deltas = from_the_end[1:][::-1]

    return {
        "b_h": reduce(operator.add, deltas),
        "W_xh": reduce(operator.add, map(np.outer, deltas, x)),
        "W_hh": reduce(operator.add, map(np.outer, deltas, states)),
        "b_y": reduce(operator.add, errors),
        "W_hy": reduce(operator.add, map(np.outer, errors, states[1:])),
        "h0": W.T @ deltas[0],
    }
