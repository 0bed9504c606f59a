"""Long short-term memory: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000)."""

from . import Model, hidden_bias, recurrent

GATES = ("i", "f", "g", "o")

MODEL = Model(
    name="lstm",
    title="LSTM",
    equations=(
        "a_t = x_t @ W_xh + h_(t-1) @ W_hh + b_h, in blocks i, f, g, o",
        "i, f, o = sigmoid; g = tanh",
        "c_t = f * c_(t-1) + i * g",
        "h_t = o * tanh(c_t)",
        "out_t = h_t @ W_hy + b_y",
    ),
    **recurrent(
        gates=GATES,
        states=("h0", "c0"),
        biases=(hidden_bias("b_h", GATES, ("bh", "bhh", "b"), ("bias_ih_l0", "bias_hh_l0")),),
    ),
)
