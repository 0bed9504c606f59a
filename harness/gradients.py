"""Gradients, and who made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Maker:
    """Who made a set of gradients, and with what.

    `status`: "ok", "failed" (it crashed, hung or raised), "missing" (not installed), "unsupported" (it has not this
    model, or the problem is too large for it). `detail` says why, and what to do about it. `precision` is the setting
    for matrix products (TF32 and the like) where the framework has one.
    """

    name: str
    status: str = "ok"
    detail: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    dtype: str = ""
    precision: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Gradients:
    """What one backend says of one problem, in the canonical layout.

    Args:
        loss: the loss, 0-d, in the dtype it was summed in.
        outputs: (T, B, O).
        named: gradient of the loss by tensor name: the weights, x, h0, c0.
        adjoints: per-timestep adjoints by name, adjoint_h = dL/dh_t (T, B, H), where the backend can give them.
        states: of the forward pass, from the reference alone: h (T + 1, B, H), the initial one in front.
        uncertainty: by name, the error that an approximate oracle knows itself to make, as a max-norm.
    """

    loss: Array
    outputs: Array
    named: Mapping[str, Array]
    adjoints: Mapping[str, Array] = field(default_factory=dict)
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, Array] = field(default_factory=dict)

    @property
    def quantities(self) -> dict[str, Array]:
        """All that can be compared, by the names of the model table."""
        return {"loss": np.asarray(self.loss), "outputs": self.outputs, **self.named, **self.adjoints}
