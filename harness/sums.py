"""The long sums of a problem, added up one term after another.

The loss is a sum over time, batch and outputs, and the gradient of every weight one over time and batch. NumPy adds up
in pairs and BLAS in blocks, which keeps the rounding error small; a loop over time, which is what backpropagation by
hand, autograd and a compiled scan all are, adds to a total, whose rounding error grows with the square root of the
number of terms. Both are right, and the noise has to allow for both.

Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, sections 2.8, 4.2 and 4.3.
"""

from collections.abc import Callable

import numpy as np

from .gradients import Gradients
from .problem import Problem, Tensors

Array = np.ndarray


def running_sums(problem: Problem, tensors: Tensors, found: Gradients) -> dict[str, Array]:
    """The loss and every weight's gradient as running sums, in the dtype of `found`, which has to hold the states.

    The loss comes in two orders, (2,); the gradients as backpropagation makes them, from the last step to the first.
    """
    terms = TERMS[problem.loss](found.outputs[problem.supervised], tensors.y).ravel()
    h, spec = found.states["h"], problem.spec
    left = {"x": tensors.x, "h_prev": h[:-1], "h": h[1:], "1": np.ones_like(h[1:, :, :1])}
    return {
        "loss": np.stack([np.add.accumulate(order)[-1] for order in (terms, terms[::-1])]),
        **{
            name: summed_back(left[which], found.adjoints[adjoint]).reshape(problem.shape(name))
            for name, (which, adjoint) in spec.factors.items()
        },
    }


def summed_back(left: Array, adjoint: Array) -> Array:
    """Sum over time and batch of outer(left, adjoint), from the last to the first: (T, B, K), (T, B, N) -> (K, N).

    Unlike a matrix product, einsum adds to its result term by term.
    """
    return np.einsum("tk,tn->kn", *(a.reshape(-1, a.shape[-1])[::-1] for a in (left, adjoint)))


def mse(out: Array, y: Array) -> Array:
    """0.5 * (out - y)^2, one for every output: (..., O) -> (..., O)."""
    return 0.5 * (out - y) ** 2


def softmax_xent(out: Array, y: Array) -> Array:
    """log sum exp(out) - out[y], one for every target: (..., O) -> (..., 1)."""
    shifted = out - out.max(-1, keepdims=True)
    return np.log(np.exp(shifted).sum(-1, keepdims=True)) - np.take_along_axis(shifted, y[..., None], axis=-1)


TERMS: dict[str, Callable[[Array, Array], Array]] = {"mse": mse, "softmax_xent": softmax_xent}
