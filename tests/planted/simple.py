"""Faults planted in simple recurrent networks, in the styles that most people write."""

from functools import partial

from .accepts import (
    BIAS_OF_STEP_0,
    FLOW_TRANSPOSED,
    GRADIENT_TRANSPOSED,
    MEAN_OVER_BATCH,
    NO_CARRY,
    SLOPE_BYPASSED,
    SLOPE_MISSING,
    STATE_MADE,
    STEP_0_ALONE,
)
from .programs import PROGRAMS
from .row import planted

karpathy = partial(planted, PROGRAMS["karpathy"])
column = partial(planted, PROGRAMS["column_class"])
arrays = partial(planted, PROGRAMS["row_arrays"])
recursive = partial(planted, PROGRAMS["recursive"])

SIMPLE = (
    karpathy(
        "carry never added",
        ("np.dot(Why.T, dy) + dhnext", "np.dot(Why.T, dy)"),
        tag="no carry",
        truth="dh lacks dhnext, so that no error flows back in time",
        accepts=NO_CARRY,
    ),
    karpathy(
        "recurrent product not transposed",
        ("np.dot(Whh.T, dhraw)", "np.dot(Whh, dhraw)"),
        tag="flow transposed",
        truth="the adjoint is carried back through Whh where Whh.T is meant",
        accepts=FLOW_TRANSPOSED,
    ),
    karpathy(
        "state of the same step",
        ("hs[t - 1].T)", "hs[t].T)"),
        tag="off by one",
        truth="dWhh is made of the state that a step makes, where the state it starts from is meant",
        accepts=STATE_MADE,
    ),
    karpathy(
        "target not subtracted",
        ("dy[y[t]] -= 1  #", "#"),
        tag="loss derivative",
        truth="the derivative of softmax and cross-entropy lacks - onehot(y)",
        accepts=(
            r"onehot => .*np\.exp\(log_p\);",
            r"onehot.{0,40}(missing|not subtracted)",
            r"target.{0,40}(missing|not subtracted)",
        ),
    ),
    karpathy(
        "bias assigned",
        ("dbh += dhraw", "dbh = dhraw"),
        tag="= for +=",
        truth="dbh is overwritten at every step, so that step 0's term alone is left",
        accepts=BIAS_OF_STEP_0,
    ),
    karpathy(
        "carry without the slope",
        ("np.dot(Whh.T, dhraw)", "np.dot(Whh.T, dh)"),
        tag="slope bypassed",
        truth="dhnext is made of dh, before the slope of tanh, where dhraw is meant",
        accepts=SLOPE_BYPASSED,
    ),
    column(
        "bias averaged",
        ("delta.sum(axis=1, keepdims=True)", "delta.mean(axis=1, keepdims=True)"),
        tag="mean for sum",
        truth="db_h is a mean over the batch where a sum is meant",
        accepts=MEAN_OVER_BATCH,
    ),
    column(
        "slope forgotten",
        ("delta = dh * (1.0 - h**2)", "delta = dh"),
        tag="slope missing",
        truth="delta lacks the factor 1 - h^2, tanh's slope",
        accepts=SLOPE_MISSING,
    ),
    column(
        "slope of the state before",
        ("(1.0 - h**2)", "(1.0 - h_prev**2)"),
        tag="off by one",
        truth="tanh's slope is taken at the state a step starts from, where the state it makes is meant",
        accepts=(r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t\]\)", r"slope.{0,60}(before|one step|h_\(t-1\))"),
    ),
    column(
        "error the other way round",
        ("[out - target for", "[target - out for"),
        tag="sign",
        truth="the derivative of the loss is out - y, and is written y - out",
        accepts=(r"opposite sign", r"=> .*y - out;"),
    ),
    column(
        "gradient of W transposed",
        ("delta @ h_prev.T", "h_prev @ delta.T"),
        tag="transposed",
        truth="dW is transposed: the operands of its outer product are exchanged",
        accepts=GRADIENT_TRANSPOSED,
    ),
    column(
        "forward with W transposed",
        ("self.W @ h + self.b", "self.W.T @ h + self.b"),
        tag="forward",
        truth="the forward pass multiplies the state with W.T where W is meant",
        accepts=(r"h\[t\] @ W_hh\) => .*h\[t\] @ W_hh\.T\)", r"forward.{0,80}transpos"),
    ),
    arrays(
        "adjoint one step too early",
        ("dh[t] += da[t + 1] @", "dh[t] += da[t] @"),
        tag="no carry",
        truth="the recurrent adjoint is read at t, still zero, where t + 1 is meant: nothing flows back in time",
        accepts=NO_CARRY,
    ),
    arrays(
        "h0 term left out",
        ("tensordot(h[:-1], da,", "tensordot(h[1:-1], da[1:],"),
        tag="h0 term",
        truth="W_hh lacks the term of step 0, outer(h0, da[0])",
        accepts=(r"without the term of timestep 0", r"initial state.{0,60} missing"),
    ),
    arrays(
        "state of the same step",
        ("tensordot(h[:-1], da,", "tensordot(h[1:], da,"),
        tag="off by one",
        truth="W_hh is made of the states that steps make, where those they start from are meant",
        accepts=STATE_MADE,
    ),
    arrays(
        "loop ends before step 0",
        ("range(T - 1, -1, -1)", "range(T - 1, 0, -1)"),
        tag="loop range",
        truth="the backward loop leaves step 0 out",
        accepts=(
            r"(without|but for|all but|leaves out|never reaches).{0,40}(timestep|step) 0",
            r"range\(T\)\).* => .*range\(1, T\)",
        ),
    ),
    arrays(
        "slope of the pre-activation's name",
        ("(1 - h[t + 1] ** 2)", "(1 - np.tanh(h[t + 1]) ** 2)"),
        tag="derivative of the wrong variable",
        truth="tanh is applied once more in its derivative, 1 - tanh(h)^2, where h is already the tanh",
        accepts=(r"1 - h \* h.* => .*tanh", r"tanh.{0,60}(twice|once more|already)"),
    ),
    arrays(
        "gradient of h0 misses the product",
        ('da[0] @ params["W_hh"].T', "da[0]"),
        tag="h0 gradient",
        truth="the gradient of h0 is step 0's pre-activation adjoint, which W_hh has still to carry back",
        accepts=(
            r'"h0": dh_next.* => .*"h0": da\[0\]',
            r"h0.{0,80}(before|without|lacks|misses).{0,60}(W_hh|recurrent)",
        ),
    ),
    arrays(
        "gradient of h0 a step late",
        ("da[0] @ params", "da[1] @ params"),
        tag="h0 gradient",
        truth="the gradient of h0 is carried back from step 1, where step 0 is meant",
        accepts=(
            r"h0.{0,120}(step 1|one step|wrong step|a step late)",
            r"for h0 alone.{0,40}reversed\(range\(1, T\)\)",
        ),
    ),
    arrays(
        "input gradient without its transpose's weight",
        ('da @ params["W_xh"].T', '(dout @ params["W_hy"].T) @ params["W_xh"].T'),
        tag="wrong adjoint",
        truth="the gradient of x is made of dL/dh of the own step's loss alone, where da is meant",
        accepts=(r'"x": da @ .* => .*"x": dh @', r"\bx\b.{0,100}(slope|pre-activation|own loss)"),
    ),
    recursive(
        "slope of the state before",
        ("1 - np.square(h_new)", "1 - np.square(h)"),
        tag="off by one",
        truth="tanh's slope is taken at the state a step starts from, where the state it makes is meant",
        accepts=(r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t\]\)", r"slope.{0,60}(before|one step|h_\(t-1\))"),
    ),
    recursive(
        "input weight assigned",
        ('grad["W_xh"] += ', 'grad["W_xh"] = '),
        tag="= for +=",
        truth="the gradient of W_xh is overwritten at every step, so that step 0's term alone is left",
        accepts=STEP_0_ALONE,
    ),
    recursive(
        "carry without the slope",
        ("return da @ Whh.T", "return dh_new @ Whh.T"),
        tag="slope bypassed",
        truth="what is handed back is made of dh_new, before the slope of tanh, where da is meant",
        accepts=SLOPE_BYPASSED,
    ),
)
