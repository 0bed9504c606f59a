"""The gated recurrent unit of Cho et al. (2014), with the reset gate after the product, as cuDNN and torch have it.

Not to be confused with the first version of the paper, (r * h) @ W_hn, nor with h = z * n + (1 - z) * h_prev.
"""

from . import Model, hidden_bias, recurrent

GATES = ("r", "z", "n")

MODEL = Model(
    name="gru",
    title="GRU",
    equations=(
        "xs = x_t @ W_xh + b_xh and hs = h_(t-1) @ W_hh + b_hh, in blocks r, z, n",
        "r = sigmoid(xs_r + hs_r); z = sigmoid(xs_z + hs_z)",
        "n = tanh(xs_n + r * hs_n)",
        "h_t = (1 - z) * n + z * h_(t-1)",
        "out_t = h_t @ W_hy + b_y",
    ),
    **recurrent(
        gates=GATES,
        biases=(
            hidden_bias("b_xh", GATES, ("bxh", "bih", "bx", "bin"), ("bias_ih_l0",)),
            hidden_bias("b_hh", GATES, ("bhh", "bh", "brec"), ("bias_hh_l0",)),
        ),
        shares=("adjoint_xs", "adjoint_hs"),
    ),
)
