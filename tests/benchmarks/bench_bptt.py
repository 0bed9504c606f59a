"""NumPy backpropagation through time against torch.nn, forward and backward, float64, in one run"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch
from gradparity.backends import numpy_bptt, torch_nn
from gradparity.harness.problem import Problem, make_tensors

SIZES: tuple[dict[str, Any], ...] = ({"T": 32, "B": 16, "I": 64, "H": 64}, {"T": 64, "B": 32, "I": 256, "H": 256})
ROUNDS = 9


def rows() -> list[tuple[str, str, str]]:
    found = []
    for model in ("rnn", "lstm", "gru"):
        for sizes in SIZES:
            problem = Problem(model=model, O=8, **sizes)
            ours, theirs = interleaved(problem)
            what = f"{model} {tuple(sizes.values())}: NumPy / torch.nn, {torch.get_num_threads()} threads"
            found.append((what, f"{ours / theirs:.2f}  ({1e3 * ours:.1f} ms / {1e3 * theirs:.1f} ms)", "at most 1.0"))
    return found


def interleaved(problem: Problem) -> tuple[float, float]:
    """Best times of both, taken in turn, so that a busy machine hurts both alike. Whole backends: losses and all."""
    tensors = make_tensors(problem)
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for k, gradients in enumerate((numpy_bptt.gradients, torch_nn.gradients)):
            best[k] = min(best[k], timed(lambda g=gradients: g(problem, tensors)))
    return best[0], best[1]


def timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


if __name__ == "__main__":
    print(*rows(), sep="\n")  # noqa: T201
