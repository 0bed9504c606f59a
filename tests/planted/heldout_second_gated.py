"""The second set of faults to measure by: those in LSTMs and GRUs."""

from functools import partial

from .programs import PROGRAMS
from .row import planted

matrix = partial(planted, PROGRAMS["lstm_one_matrix"])
by_hand = partial(planted, PROGRAMS["torch_by_hand"])
autodiff = partial(planted, PROGRAMS["gru_autodiff"])
scan = partial(planted, PROGRAMS["jax_gru_scan"])

MATRIX = (
    matrix(
        "c0 without the forget gate",
        ("dc0 = IFOGf[t, :, d : 2 * d] * dC[t]", "dc0 = dC[t]"),
        tag="dropped factor",
        truth="the gradient of c0 lacks the forget gate of step 0: it is that of the cell which step 0 makes",
        accepts=(
            r'"c0": dc_next.* => .*"c0": (dc\b|.*/ ?f)',
            r"\bc0\b.{0,140}(forget|gate f\b|factor f\b|one step|\bc_1\b|cell.{0,20}step 0 makes)",
        ),
    ),
    matrix(
        "forget gate of step 0 forgotten",
        ("            dIFOGf[t, :, d : 2 * d] = c0 * dC[t]\n", ""),
        tag="dropped term",
        truth="at step 0 the forget gate gets no gradient: the term with c0 is missing",
        accepts=(
            r"(gate f\b|forget).{0,140}(step 0|first step|\bc0\b)",
            r"(step 0|first step|\bc0\b).{0,140}(gate f\b|forget)",
        ),
    ),
    matrix(
        "carry from the wrong columns",
        ("dprevh = dHin[t, :, 1 + input_size :]", "dprevh = dHin[t, :, :d]"),
        tag="wrong slice",
        truth="what is carried back to h is cut from the columns of the bias and of x, where those of h are meant",
        accepts=(
            r"dh_next = da\[t\] @ W_hh\.T => .*(W_xh|b_h)",
            r"carr\w*.{0,120}(W_xh|bias|\binputs?\b(?! gate)|column|slice|rows)",
            r"(column|slice|rows).{0,100}(bias|input|W_xh)",
        ),
    ),
    matrix(
        "output gate for the candidate",
        ("dIFOGf[t, :, :d] = IFOGf[t, :, 3 * d :] * dC[t]", "dIFOGf[t, :, :d] = IFOGf[t, :, 2 * d : 3 * d] * dC[t]"),
        tag="wrong gate in a slice",
        truth="the input gate's adjoint has the output gate o for its factor where the candidate g is meant",
        accepts=(
            r"dc \* g \* i .* => .*dc \* o \* i",
            r"gate i\b.{0,100}\bo\b.{0,60}\bg\b",
            r"\bo\b.{0,40}\bg\b.{0,20}meant",
        ),
    ),
    matrix(
        "target not subtracted",
        ("    dscores[np.arange(n)[:, None], np.arange(b), y] -= 1\n", ""),
        tag="loss derivative",
        truth="the loss's gradient is softmax(out), and onehot(y) is not subtracted",
        accepts=(
            r"np\.exp\(log_p\) - onehot => .*np\.exp\(log_p\)( - 0( \* onehot)?)?;",
            r"(target|onehot|\by\b).{0,60}(not subtracted|missing|left out|forgotten|never|ignored|not used)",
            r"(without|lacks?|missing|forgotten).{0,60}(target|onehot)",
        ),
    ),
)

BY_HAND = (
    by_hand(
        "tanh of the cell before",
        ("dh * s.tanh_c))", "dh * steps[t - 1].tanh_c))"),
        tag="cached value of the wrong step",
        truth="the output gate's adjoint has tanh(c) of the step before, and at step 0 that of the last step",
        accepts=(
            r"dh\[t\] \* tanh_c\[t\] \* o .* => .*(tanh_c\[t - 1\]|np\.tanh\(c\[t\]\))",
            r"gate o\b.{0,120}(step before|another step|wrong step|one step|c_\(t-1\))",
        ),
    ),
    by_hand(
        "carry without the slopes",
        ('p["weight_hh_l0"].t().mv(d_pre)', 'p["weight_hh_l0"].t().mv(d_gates)'),
        tag="slope bypassed",
        truth="what is carried back to h is made of the gates' adjoints before their slopes",
        accepts=(
            r"(carr\w*|flows? back).{0,120}(slope|nonlinearit)",
            r"(slope|nonlinearit).{0,120}(carr\w*|flows? back)",
        ),
    ),
    by_hand(
        "sign in the slope of the cell's tanh",
        ("(1 - s.tanh_c**2)", "(1 + s.tanh_c**2)"),
        tag="sign",
        truth="the slope of the cell's tanh is 1 + tanh(c)^2 where 1 - tanh(c)^2 is meant",
        accepts=(
            r"\(1 - tanh_c\[t\] \* tanh_c\[t\]\) => .*\(1 \+ tanh_c\[t\] \* tanh_c\[t\]\)",
            r"1 \+ tanh",
            r"slope.{0,40}tanh.{0,60}sign",
        ),
    ),
    by_hand(
        "slope with another gate",
        ("s.i * (1 - s.i)", "s.i * (1 - s.f)"),
        tag="wrong name",
        truth="the input gate's slope is i (1 - f) where i (1 - i) is meant",
        accepts=(
            r"dc \* g \* i \* \(1 - i\) => .*dc \* g \* i \* \(1 - f\)",
            r"gate i\b.{0,80}slope",
            r"slope.{0,40}gate i\b",
        ),
    ),
    by_hand(
        "output weight with the cell's tanh",
        ("torch.outer(error, s.h)", "torch.outer(error, s.tanh_c)"),
        tag="wrong name",
        truth="dW_hy is made of tanh(c), without the output gate, where h = o tanh(c) is meant",
        accepts=(
            r"flat\(h\[1:\]\)\.T @ flat\(dout\).* => .*tanh_c",
            r"(W_hy|weight_hy).{0,140}(tanh|output gate|gate o\b|cell|\bc_t\b)",
        ),
    ),
)

AUTODIFF = (
    autodiff(
        "difference assigned",
        ("other.grad -= out.grad", "other.grad = -out.grad"),
        tag="= for +=",
        truth="the candidate's gradient is overwritten by its share of h - n: its factor is -z where 1 - z is meant",
        accepts=(
            r"dh\[t\] \* \(1 - z\) \* \(1 - n \* n\) => .*(dh\[t\] \* (-z|\(-z\)|\(0 - z\))|-\(?dh\[t\] \* z)",
            r"gate n\b.{0,120}(overwritten|-z\b|\(1 - z\)|1 - z)",
            r"-z\b.{0,60}1 - z",
        ),
    ),
    autodiff(
        "slope at the pre-activation",
        ("(1 - out.value**2)", "(1 - self.value**2)"),
        tag="derivative of the wrong variable",
        truth="tanh's slope is written 1 - a^2, of what tanh is applied to, where 1 - tanh(a)^2 is meant",
        accepts=(
            r"slope.{0,100}(pre-?activation|before the tanh|applied to|argument)",
            r"(pre-?activation|argument).{0,100}slope",
            r"\(1 - n \* n\) => .*\(1 - (a|pre|xs|np\.arctanh)",
            r"gate n\b.{0,80}slope",
        ),
    ),
    autodiff(
        "tanh's slope for the sigmoid's",
        ("out.grad * out.value * (1 - out.value)", "out.grad * (1 - out.value**2)"),
        tag="wrong derivative",
        truth="both gates, r and z, have tanh's slope, 1 - s^2, where the sigmoid's s (1 - s) is meant",
        accepts=(
            r"tanh'?s slope",
            r"slope.{0,20}of tanh",
            r"\* z \* \(1 - z\) => .*\* \(1 - z \* z\)",
            r"\* r \* \(1 - r\) => .*\* \(1 - r \* r\)",
        ),
    ),
    autodiff(
        "block's offset forgotten",
        ("self.grad[:, k * width : (k + 1) * width] += out.grad", "self.grad[:, :width] += out.grad"),
        tag="wrong slice",
        truth="the adjoints of all gates are added up in the block of gate r; those of z and n are left zero",
        accepts=(
            r"gates? z and n\b.{0,100}\b(zero|nothing|missing|0|empty|lost)\b",
            r"(gate|block).{0,12}\br\b.{0,120}\b(sum|added|all (the )?gates|other gates|every gate)\b",
            r"(sum|all|every).{0,80}(block|gate).{0,12}\br\b",
        ),
    ),
    autodiff(
        "product assigned",
        ("self.grad += out.grad @ other.value.T", "self.grad = out.grad @ other.value.T"),
        tag="= for +=",
        truth="the state's gradient is overwritten by its share of the recurrent product: the path through z is lost",
        accepts=(
            r"dh_next = dh\[t\] \* z \+ .* => dh_next = dhs\[t\] @",
            r"dh \* z.{0,60}(missing|lost|dropped)",
            r"(straight|direct|through z|skip).{0,80}(missing|lost|dropped|overwritten|left out|without)",
            r"(missing|lost|dropped|overwritten|left out|without|lacks?).{0,60}(straight|direct|through z|skip)",
        ),
    ),
)

SCAN = (
    scan(
        "scanned forward",
        ("(g, kept), reverse=True)", "(g, kept))"),
        tag="order in time",
        truth="the backward pass is scanned from the first step to the last: adjoints are carried forward in time",
        accepts=(
            r"reversed\(range\(T\)\).* => .*in range\(T\)",
            r"(flows?|runs?|carried|goes|scanned|walk\w*|loop\w*).{0,40}\bforwards?\b(?! pass)",
            r"(first step to the last|wrong direction|forwards? in time|opposite direction|not reversed)",
        ),
    ),
    scan(
        "state's adjoint for the candidate's",
        ("dr = dn * un * r", "dr = dh * un * r"),
        tag="wrong variable",
        truth="the reset gate's adjoint is made of dh where the candidate's, dn, is meant",
        accepts=(
            r"dxs_n \* hs_n\[t\] \* r .* => .*dh\[t\] \* hs_n\[t\] \* r",
            r"gate r\b.{0,120}(\bdh\b|candidate|1 - z|slope of (gate )?n\b)",
        ),
    ),
    scan(
        "candidate forgotten in the update gate",
        ("dh * (h - n) * z", "dh * h * z"),
        tag="dropped term",
        truth="the update gate's adjoint has h where h - n is meant: the candidate's term is missing",
        accepts=(
            r"\(h\[t\] - n\) \* z \* \(1 - z\) => .*dh\[t\] \* h\[t\] \* z",
            r"gate z\b.{0,120}(\bn\b|candidate).{0,60}(missing|without|left out|forgotten|lack)",
            r"\bh\b.{0,20}where.{0,20}h - n",
        ),
    ),
    scan(
        "input gradient of the state's share",
        ("da @ W_xh.T, dh0", "du @ W_xh.T, dh0"),
        tag="wrong name",
        truth="the gradient of x is made of the state's share of the pre-activations, where the input's is meant",
        accepts=(
            r'"x": dxs @ p\["W_xh"\]\.T.* => .*dhs @',
            r"\bx\b.{0,140}(dhs|state's share|recurrent share|reset gate|factor r\b)",
        ),
    ),
    scan(
        "square outside the bracket",
        ("(1 - n**2)", "(1 - n) ** 2"),
        tag="wrong derivative",
        truth="the candidate's slope is (1 - n)^2 where 1 - n^2 is meant",
        accepts=(
            r"\(1 - n \* n\) => .*(\(1 - n\) ?\*\* ?2|\(1 - n\) \* \(1 - n\))",
            r"\(1 - n\)\^2",
            r"gate n\b.{0,80}slope",
            r"slope.{0,60}(gate n\b|candidate)",
        ),
    ),
)

SECOND_GATED = MATRIX + BY_HAND + AUTODIFF + SCAN
