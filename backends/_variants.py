"""Variants: networks that people mean by a model's name and that are not quite it, each with a step of its own.

Their gradients come from the complex step, so that a variant is its forward pass and nothing else.

Sources: Cho et al. (2014), equations 5 to 8, for the reset gate before the product; Chung et al. (2014), equations 5 to
8, for z as the weight of the new state as well; Jozefowicz et al. (2015) for the forget gate's extra bias.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._oracle_forward import Leaves, Step, product, sigmoid

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors

Array = np.ndarray
ZERO = 2.0**-300  # below it a real part is what two imaginary steps of 2^-200 leave of an exact zero


@dataclass(frozen=True)
class Variant:
    """A network close to a model: `what` it does otherwise, in a few words, the same in a `sentence`, and its step."""

    what: str
    sentence: str
    step: Step

    def gradients(self, problem: "Problem", tensors: "Tensors", names: Collection[str] = ()) -> "Gradients":
        """Loss, outputs, every gradient and adjoint_h of the variant, or those of these names alone, in float64."""
        from .complex_step import stepped

        return stepped(problem, tensors, self.step, names)


def variants(model: str) -> tuple[Variant, ...]:
    """The variants of a model, by its name; none for most."""
    return VARIANTS.get(model, ())


# --- gru: where the reset gate acts, and what z weighs ----------------------------------------------------------------


def gru(*, reset_first: bool = False, z_is_new: bool = False, one_bias: bool = False) -> Step:
    """One step; `reset_first` for (r * h) @ W_hn, `z_is_new` for h_t = z * n + (1 - z) * h_(t-1), `one_bias` for b_hn
    beside b_xn, where the reset gate does not reach it."""

    def step(w: Leaves, at_t: Leaves, h: Array) -> tuple[Array]:
        x_r, x_z, x_n = np.split(product(at_t["x"], w["W_xh"]) + w["b_xh"][:, None], 3, axis=-1)
        h_r, h_z, h_n = np.split(product(h, w["W_hh"]) + w["b_hh"][:, None], 3, axis=-1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        W_hn, b_hn = np.split(w["W_hh"], 3, axis=-1)[2], np.split(w["b_hh"], 3, axis=-1)[2]
        gated = product(r * h, W_hn) if reset_first else r * (h_n - b_hn[:, None] if one_bias else h_n)
        n = np.tanh(x_n + gated + (b_hn[:, None] if reset_first or one_bias else 0))
        return (h + z * (n - h) if z_is_new else n + z * (h - n),)

    return step


RESET_FIRST = "the reset gate acts before the recurrent product"
Z_IS_NEW = "z weighs the new state, not the old one"
RESET_SAYS = (
    "n = tanh(x W_xn + b_xn + (r * h) W_hn + b_hn), as in the paper of 2014; here, as in cuDNN and torch, the reset "
    "gate acts after the product: n = tanh(x W_xn + b_xn + r * (h W_hn + b_hn))"
)
ONE_BIAS = "there is one bias, not two: the reset gate does not act on the recurrent one"
BIAS_SAYS = (
    "n = tanh(x W_xn + b_xn + b_hn + r * (h W_hn)), so that both biases are one, their sum; here, as in cuDNN and "
    "torch, the reset gate acts on the recurrent bias too: n = tanh(x W_xn + b_xn + r * (h W_hn + b_hn))"
)
Z_SAYS = "h_t = z * n + (1 - z) * h_(t-1); here, as in cuDNN and torch, h_t = (1 - z) * n + z * h_(t-1)"

# --- lstm: a forget gate that starts open -----------------------------------------------------------------------------


def lstm_open(w: Leaves, at_t: Leaves, h: Array, c: Array) -> tuple[Array, Array]:
    """One step with 1 added to the forget gate's pre-activation."""
    a = product(at_t["x"], w["W_xh"]) + product(h, w["W_hh"]) + w["b_h"][:, None]
    i, f, g, o = np.split(a, 4, axis=-1)
    c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


# --- rnn_relu: the derivative at the kink -----------------------------------------------------------------------------


def kink(slope: float) -> Step:
    """One step of the rectified network with this derivative where the pre-activation is exactly 0."""

    def step(w: Leaves, at_t: Leaves, h: Array) -> tuple[Array]:
        a = product(at_t["x"], w["W_xh"]) + product(h, w["W_hh"]) + w["b_h"][:, None]
        there = np.where(np.abs(np.real(a)) < ZERO, slope, np.real(a) > 0)
        return (there * a,)

    return step


def _kink_says(slope: str) -> str:
    return (
        f"Where a pre-activation is exactly 0, your code takes {slope} for the derivative of the rectifier, and the "
        "reference 0, as torch does. Any number from 0 to 1 is a subgradient there: neither is wrong."
    )


VARIANTS: Mapping[str, tuple[Variant, ...]] = {
    "gru": (
        Variant(Z_IS_NEW, f"Your code computes {Z_SAYS}. Exchange z and 1 - z.", gru(z_is_new=True)),
        Variant(RESET_FIRST, f"Your code computes {RESET_SAYS}.", gru(reset_first=True)),
        Variant(ONE_BIAS, f"Your code computes {BIAS_SAYS}.", gru(one_bias=True)),
        Variant(
            f"{RESET_FIRST}, and {Z_IS_NEW}",
            f"Your code is the other convention of the gated unit in both places. It computes {RESET_SAYS}. And it "
            f"computes {Z_SAYS}.",
            gru(reset_first=True, z_is_new=True),
        ),
        Variant(
            f"{ONE_BIAS}, and {Z_IS_NEW}",
            f"Your code computes {BIAS_SAYS}. And it computes {Z_SAYS}.",
            gru(one_bias=True, z_is_new=True),
        ),
    ),
    "lstm": (
        Variant(
            "1 is added to the forget gate",
            "Your code adds 1 to the pre-activation of the forget gate, as TensorFlow's BasicLSTMCell does; here it is "
            "the bias alone that opens the gate.",
            lstm_open,
        ),
    ),
    "rnn_relu": (
        Variant("another subgradient at the kink: 1 for 0", _kink_says("1"), kink(1.0)),
        Variant("another subgradient at the kink: 1/2 for 0", _kink_says("1/2"), kink(0.5)),
    ),
}
