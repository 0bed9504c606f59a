"""Planted faults: one edit each of the NumPy reference's own source, of kinds people make, over the three models.

A fault is text that stands in `backends/numpy_bptt.py` and what takes its place; where the text stands more than once,
`section` is the function that it is looked for in.
"""

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gradparity.backends import numpy_bptt

SOURCE = Path(numpy_bptt.__file__).read_text()


@dataclass(frozen=True)
class Fault:
    """A kind of mistake, the model it shows in, and the edit that makes it."""

    kind: str
    model: str
    old: str
    new: str

    @property
    def section(self) -> str:
        return {"rnn": "def elman(", "rnn_relu": "def elman("}.get(self.model, f"def {self.model}(")


def planted(fault: Fault) -> Callable:
    """The gradients function of a reference with this fault in it."""
    head, section, tail = SOURCE.partition(fault.section)
    where = tail if fault.old in tail else head
    if fault.old not in where:
        raise LookupError(f"{fault.kind}: the reference no longer reads {fault.old!r}")
    edited = where.replace(fault.old, fault.new, 1)
    text = head + section + edited if where is tail else edited + section + tail
    module = types.ModuleType("gradparity.backends._planted")
    module.__package__ = "gradparity.backends"
    sys.modules[module.__name__] = module
    exec(compile(text, "planted", "exec"), module.__dict__)
    return module.gradients


FAULTS = [
    # transposes, which a square W_hh hides from every shape check
    Fault("recurrent weight not transposed", "rnn", "dh_next = da[t] @ W_hh.T", "dh_next = da[t] @ W_hh"),
    Fault(
        "gradient of W_hh transposed", "rnn", '"W_hh": flat(h[:-1]).T @ flat(da)', '"W_hh": flat(da).T @ flat(h[:-1])'
    ),
    Fault("forward with W_hh transposed", "rnn", "h[t] @ W_hh)", "h[t] @ W_hh.T)"),
    # off-by-one timesteps
    Fault("W_hh from the state made, not the state left", "rnn", "flat(h[:-1]).T", "flat(h[1:]).T"),
    Fault("slope from the step before", "rnn", "slope(h[t + 1])", "slope(h[t])"),
    Fault("adjoint of the wrong step", "rnn", "dh[t] += dh_next", "dh[t - 1] += dh_next"),
    Fault("first step left out", "rnn", "for t in reversed(range(T)):", "for t in reversed(range(1, T)):"),
    Fault("inputs one step late", "rnn", '"W_xh": flat(x).T', '"W_xh": flat(np.roll(x, 1, axis=0)).T'),
    Fault("backward in forward order", "rnn", "for t in reversed(range(T)):", "for t in range(T):"),
    # dropped terms
    Fault("nothing flows back in time", "rnn", "dh[t] += dh_next", "dh[t] += 0"),
    Fault("truncated after three steps", "rnn", "dh[t] += dh_next", "dh[t] += dh_next * (t % 3 > 0)"),
    Fault("slope forgotten", "rnn", "da[t] = dh[t] * slope(h[t + 1])", "da[t] = dh[t]"),
    Fault("h0 term of W_hh missing", "rnn", "flat(h[:-1]).T @ flat(da)", "flat(h[1:-1]).T @ flat(da[1:])"),
    Fault("hidden bias only of the last step", "rnn", '"b_h": flat(da).sum(0)', '"b_h": da[-1].sum(0)'),
    # wrong derivative, sign, scale, axis, mean for sum
    Fault("derivative of tanh at the wrong place", "rnn", "lambda h: 1 - h * h", "lambda h: 1 - np.tanh(h) ** 2"),
    Fault("derivative of tanh without its square", "rnn", "lambda h: 1 - h * h", "lambda h: 1 - h"),
    Fault("sign of the error", "rnn", "dout = out - y", "dout = y - out"),
    Fault("twice the error", "rnn", "dout = out - y", "dout = 2 * (out - y)"),
    Fault("mean for sum", "rnn", '"b_h": flat(da).sum(0)', '"b_h": flat(da).mean(0)'),
    Fault(
        "gradient divided by the batch",
        "rnn",
        "dout[problem.supervised] = dy",
        "dout[problem.supervised] = dy / dy.shape[-2]",
    ),
    Fault("bias summed over time alone, one element kept", "rnn", '"b_h": flat(da).sum(0)', '"b_h": da.sum(0)[0]'),
    Fault("output bias from one step", "rnn", '"b_y": flat(dout).sum(0)', '"b_y": dout[0].sum(0)'),
    Fault("output weight from the state before", "rnn", '"W_hy": flat(h[1:]).T', '"W_hy": flat(h[:-1]).T'),
    Fault("dead units let through", "rnn_relu", "(h > 0)", "(h >= 0)"),
    Fault(
        "leaky where it should be dead",
        "rnn_relu",
        "(h > 0).astype(h.dtype)",
        "np.where(h > 0, 1, 0.01).astype(h.dtype)",
    ),
    # lstm: gates, cells
    Fault(
        "gates i and f exchanged",
        "lstm",
        "da_i, da_f, da_g, da_o = blocks(da[t], 4)",
        "da_f, da_i, da_g, da_o = blocks(da[t], 4)",
    ),
    Fault(
        "gates g and o exchanged",
        "lstm",
        "da_i, da_f, da_g, da_o = blocks(da[t], 4)",
        "da_i, da_f, da_o, da_g = blocks(da[t], 4)",
    ),
    Fault("cell's own past forgotten", "lstm", "dc = dc_next + dh[t]", "dc = dh[t]"),
    Fault("forget gate not applied to the carry", "lstm", "dc_next = dc * f", "dc_next = dc"),
    Fault("cell made for cell left", "lstm", "dc * c[t] * f", "dc * c[t + 1] * f"),
    Fault("tanh of the cell without its slope", "lstm", " * (1 - tanh_c[t] * tanh_c[t])", ""),
    Fault("sigmoid's slope for tanh's", "lstm", "dc * i * (1 - g * g)", "dc * i * g * (1 - g)"),
    Fault("tanh's slope for sigmoid's", "lstm", "dc * g * i * (1 - i)", "dc * g * (1 - i * i)"),
    Fault(
        "output gate sees the cell, not its tanh", "lstm", "da_o[:] = dh[t] * tanh_c[t]", "da_o[:] = dh[t] * c[t + 1]"
    ),
    Fault("input gate's product misses the candidate", "lstm", "dc * g * i * (1 - i)", "dc * i * (1 - i)"),
    Fault("hidden carry dropped", "lstm", "dh_next = da[t] @ W_hh.T", "dh_next = np.zeros_like(h0)"),
    Fault("gradient of c0 after one step too few", "lstm", '"c0": dc_next', '"c0": dc'),
    # gru: its two conventions and its terms
    Fault("z for keep, in the backward only", "gru", "dh[t] * (1 - z) * (1 - n * n)", "dh[t] * z * (1 - n * n)"),
    Fault("carry through z dropped", "gru", "dh_next = dh[t] * z + dhs[t] @ W_hh.T", "dh_next = dhs[t] @ W_hh.T"),
    Fault("reset gate not applied to the state's share", "gru", "dhs[t, :, 2 * H :] *= r", "pass"),
    Fault("reset before the product", "gru", "dxs_n * hs_n[t] * r", "dxs_n * h[t] * r"),
    Fault("sign of the update gate", "gru", "(h[t] - n) * z", "(n - h[t]) * z"),
    Fault("one bias for two", "gru", '"b_hh": flat(dhs).sum(0)', '"b_hh": flat(dxs).sum(0)'),
    Fault(
        "gates r and z exchanged",
        "gru",
        "dxs_r, dxs_z, dxs_n = blocks(dxs[t], 3)",
        "dxs_z, dxs_r, dxs_n = blocks(dxs[t], 3)",
    ),
    Fault("h0 gradient misses the last product", "gru", '"h0": dh_next', '"h0": dh[0]'),
]
