"""The simple recurrent network with rectified linear units, after Le, Jaitly and Hinton (2015)."""

from dataclasses import replace

from . import rnn

MODEL = replace(
    rnn.MODEL,
    name="rnn_relu",
    title="RNN (relu)",
    equations=(
        "a_t = x_t @ W_xh + h_(t-1) @ W_hh + b_h",
        "h_t = max(a_t, 0), with derivative 0 at the kink a_t = 0",
        "out_t = h_t @ W_hy + b_y",
    ),
    kinked=True,
)
