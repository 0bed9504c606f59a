"""The simple recurrent network of Elman (1990), with tanh."""

from . import Model, hidden_bias, recurrent

MODEL = Model(
    name="rnn",
    title="RNN (tanh)",
    equations=(
        "a_t = x_t @ W_xh + h_(t-1) @ W_hh + b_h",
        "h_t = tanh(a_t)",
        "out_t = h_t @ W_hy + b_y",
    ),
    **recurrent(biases=(hidden_bias("b_h", (), ("bh", "bhh", "b"), ("bias_ih_l0", "bias_hh_l0")),)),
)
