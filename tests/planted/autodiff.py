"""Faults planted in derivatives that people register with a framework: autograd.Function and custom_vjp."""

from functools import partial

from .accepts import FLOW_TRANSPOSED, GRADIENT_TRANSPOSED, MEAN_OVER_BATCH, NO_CARRY, STATE_MADE
from .programs import PROGRAMS
from .row import planted

cell = partial(planted, PROGRAMS["torch_cell"])
lstm = partial(planted, PROGRAMS["torch_lstm"])
gru = partial(planted, PROGRAMS["torch_gru"])
jax_cell = partial(planted, PROGRAMS["jax_cell"])
jax_lstm = partial(planted, PROGRAMS["jax_lstm"])

AUTODIFF = (
    cell(
        "recurrent product not transposed",
        ("da @ W_hh.t()", "da @ W_hh"),
        tag="flow transposed",
        truth="the gradient of h is da @ W_hh where W_hh.t() is meant",
        accepts=FLOW_TRANSPOSED,
    ),
    cell(
        "slope of the state before",
        ("(1 - h_new**2)", "(1 - h**2)"),
        tag="off by one",
        truth="tanh's slope is taken at h, the state a step starts from, where h_new is meant",
        accepts=(r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t\]\)", r"slope.{0,60}(before|one step|h_\(t-1\))"),
    ),
    cell(
        "state of the same step",
        ("h.t() @ da", "h_new.t() @ da"),
        tag="off by one",
        truth="the gradient of W_hh is made of h_new where h is meant",
        accepts=STATE_MADE,
    ),
    cell(
        "bias averaged",
        ("da.sum(0)", "da.mean(0)"),
        tag="mean for sum",
        truth="the gradient of b is a mean over the batch where a sum is meant",
        accepts=MEAN_OVER_BATCH,
    ),
    lstm(
        "cell's own gradient ignored",
        ("dc = dc_new + dh", "dc = dh"),
        tag="no carry",
        truth="backward ignores the gradient of its second output, the cell",
        accepts=(r"dc = dc_next \+ .* => dc = dh\[t\]", r"dc_next = dc \* f => .*zeros"),
    ),
    lstm(
        "input gate for forget gate",
        ("return da, dc * f", "return da, dc * i"),
        tag="wrong factor",
        truth="the gradient of the cell before has the factor i where f is meant",
        accepts=(r"dc_next = dc \* f => dc_next = dc \* i",),
    ),
    lstm(
        "sigmoid's slope for tanh's",
        ("dc * i * (1 - g**2)", "dc * i * g * (1 - g)"),
        tag="wrong derivative",
        truth="the candidate's slope is g (1 - g), a sigmoid's, where tanh's 1 - g^2 is meant",
        accepts=(r"dc \* i \* \(1 - g \* g\) => .*dc \* i \* g \* \(1 - g\)",),
    ),
    gru(
        "carry overwritten",
        ("dh = dh + grad[t]", "dh = grad[t]"),
        tag="no carry",
        truth="dh is overwritten by the own step's gradient, so that no error flows back in time",
        accepts=NO_CARRY,
    ),
    gru(
        "carry through z dropped",
        ("dh = dh * z + dhs @ W_hh.T", "dh = dhs @ W_hh.T"),
        tag="dropped term",
        truth="what the state carries straight to the next one, dh * z, is missing",
        accepts=(r"dh_next = dh\[t\] \* z \+ .* => dh_next = dhs\[t\] @", r"dh \* z.{0,40}missing"),
    ),
    gru(
        "slope of the candidate forgotten",
        ("dn = dh * (1 - z) * (1 - n * n)", "dn = dh * (1 - z)"),
        tag="slope missing",
        truth="the candidate's adjoint lacks 1 - n^2, tanh's slope",
        accepts=(r"dh\[t\] \* \(1 - z\) \* \(1 - n \* n\) => .*dh\[t\] \* \(1 - z\);",),
    ),
    jax_cell(
        "recurrent product not transposed",
        ("W.T @ delta", "W @ delta"),
        tag="flow transposed",
        truth="the cotangent of h is W @ delta where W.T is meant",
        accepts=FLOW_TRANSPOSED,
    ),
    jax_cell(
        "gradient of W transposed",
        ("jnp.outer(delta, h)", "jnp.outer(h, delta)"),
        tag="transposed",
        truth="the cotangent of W is transposed: the operands of its outer product are exchanged",
        accepts=GRADIENT_TRANSPOSED,
    ),
    jax_cell(
        "slope without its square",
        ("(1 - new * new)", "(1 - new)"),
        tag="wrong derivative",
        truth="tanh's slope is 1 - new where 1 - new^2 is meant",
        accepts=(r"lambda h: 1 - h \* h\) => .*lambda h: 1 - h\)",),
    ),
    jax_lstm(
        "cell's own cotangent ignored",
        ("dc = dc + dh * o", "dc = dh * o"),
        tag="no carry",
        truth="the rule ignores the cotangent of its second output, the cell",
        accepts=(r"dc = dc_next \+ .* => dc = dh\[t\]", r"dc_next = dc \* f => .*zeros"),
    ),
    jax_lstm(
        "forget gate without its cell",
        ("dc * c_prev * f", "dc * f"),
        tag="dropped factor",
        truth="the forget gate's cotangent lacks the factor c_prev",
        accepts=(r"dc \* c\[t\] \* f \* \(1 - f\) => .*dc \* f \* \(1 - f\)",),
    ),
)
