"""Faults that the diagnosis was not tuned on, in programs of their own: they measure it, nothing is fitted to them."""

from functools import partial

from .accepts import FLOW_TRANSPOSED, GRADIENT_TRANSPOSED, STATE_MADE, STEP_0_ALONE
from .programs import PROGRAMS
from .row import planted

matrices = partial(planted, PROGRAMS["lstm_matrices"])
elman = partial(planted, PROGRAMS["elman_einsum"])
tape = partial(planted, PROGRAMS["gru_tape"])
outer = partial(planted, PROGRAMS["relu_outer"])
sequence = partial(planted, PROGRAMS["torch_lstm_sequence"])

HELDOUT = (
    matrices(
        "carry of the last gate alone",
        ("dh_next += da[k] @", "dh_next = da[k] @"),
        tag="= for +=",
        truth="the adjoint carried back to h is overwritten gate by gate, so that gate o's share alone is left",
        accepts=(
            r"(only|alone).{0,60}gate o\b",
            r"gate o\b.{0,60}(only|alone)",
            r"gates i, f and g.{0,80}(missing|dropped|lack|carr)",
            r"dh_next = da\[t\] @ .* => .*(3 \* H|-H:|da_o @)",
        ),
    ),
    matrices(
        "slope at the cell for the slope at its tanh",
        ("(1 - tanh_c**2)", "(1 - c**2)"),
        tag="derivative of the wrong variable",
        truth="the slope of the cell's tanh is written 1 - c^2 where 1 - tanh(c)^2 is meant",
        accepts=(r"1 - tanh_c\[t\] \* tanh_c\[t\]\) => .*1 - c\[t \+ 1\] (\* c\[t \+ 1\]|\*\* ?2)", r"1 - c\^2"),
    ),
    matrices(
        "forget gate with the state for the cell",
        ("dc * c_prev *", "dc * h_prev *"),
        tag="wrong name",
        truth="the forget gate's adjoint is made of the hidden state before where the cell before is meant",
        accepts=(r"dc \* c\[t\] \* f .* => .*dc \* h\[t\] \* f", r"gate f\b.{0,80}h_\(t-1\).{0,60}c_\(t-1\)"),
    ),
    matrices(
        "own share of the cell not carried",
        ('dc_next = dc * gate["f"]', 'dc_next = dc_next * gate["f"]'),
        tag="dropped term",
        truth="what is carried to the cell before is made of dc_next, without the step's own share, where dc is meant",
        accepts=(r"dc_next = dc \* f => dc_next = dc_next \* f;", r"cell.{0,80}own (share|loss|step)"),
    ),
    matrices(
        "softmax over the batch",
        ("e / e.sum(axis=1, keepdims=True)", "e / e.sum(axis=0, keepdims=True)"),
        tag="wrong axis",
        truth="the softmax is normalised over the batch where the classes are meant",
        accepts=(
            r"softmax.{0,80}(over the batch|wrong axis|axis of the batch)",
            r"np\.exp\(shifted\)\.sum\(-1.* => .*\.sum\((0|-2|1)\b",
        ),
    ),
    matrices(
        "bias summed over the units too",
        ("da[k].sum(axis=0)", "da[k].sum()"),
        tag="wrong axis",
        truth="a gate's bias has one and the same sum over batch and hidden units in every entry",
        accepts=(
            r"summed over.{0,60}(hidden|units|all)",
            r"(hidden|units).{0,60}summed",
            r"flat\(da\)\.sum\(0\).* => .*\.sum\(\)",
        ),
    ),
    matrices(
        "tanh's slope for the forget gate's",
        ('gate["f"] * (1 - gate["f"])', '(1 - gate["f"] ** 2)'),
        tag="wrong derivative",
        truth="the forget gate has tanh's slope, 1 - f^2, where the sigmoid's f (1 - f) is meant",
        accepts=(
            r"dc \* c\[t\] \* f \* \(1 - f\) => .*dc \* c\[t\] \* \(1 - f \* f\)",
            r"(gate f\b.{0,80}tanh'?s slope|tanh'?s slope.{0,80}gate f\b)",
        ),
    ),
    elman(
        "gradient of W transposed",
        ('"tgb,thb->gh"', '"tgb,thb->hg"'),
        tag="transposed",
        truth="dW is transposed: the indices behind the arrow are exchanged",
        accepts=GRADIENT_TRANSPOSED,
    ),
    elman(
        "output weight with the states before",
        ("error, after)", "error, before)"),
        tag="off by one",
        truth="dV is made of the states that steps start from, where those they make are meant",
        accepts=(
            r"flat\(h\[1:\]\)\.T @ flat\(dout\).* => .*flat\(h\[:-1\]\)\.T @ flat\(dout\)",
            r"h_\(t-1\).{0,80}h_t is meant",
            r"h_\(t-1\) stands where",
        ),
    ),
    elman(
        "input weight with the inputs before",
        ("delta, x)", "delta[1:], x[:-1])"),
        tag="off by one",
        truth="dU pairs each adjoint with the input of the step before",
        accepts=(
            r"x_\(t-1\).{0,80}(x_t is meant|stands)",
            r"input.{0,60}step before",
            r"W_xh.{0,60}adjoints of the step after",  # the same pairs, told from the other factor
            r"flat\(x\)\.T @ flat\(da\).* => .*flat\(x\[:-1\]\)\.T @ flat\(da\[1:\]\)",
        ),
    ),
    elman(
        "bias averaged over time and batch",
        ("delta.sum(axis=(0, 2))", "delta.mean(axis=(0, 2))"),
        tag="mean for sum",
        truth="db is a mean over time and batch where a sum is meant",
        accepts=(r"1/\(?(T ?\* ?B|B ?\* ?T)", r"mean.{0,40}(time|steps|timesteps) and.{0,12}batch"),
    ),
    elman(
        "own loss overwritten",
        ("dh[t] += W.T @", "dh[t] = W.T @"),
        tag="= for +=",
        truth="but for the last step, a step's own loss is overwritten by what flows back from the steps behind it",
        accepts=(
            r"dh\[t\] \+= dh_next => dh\[t\] = dh_next",
            r"own loss.{0,60}(missing|dropped|overwritten|lost|ignored|does not|without)",
            r"(without|lacks|lose).{0,40}own loss",
            r"(only|alone).{0,40}loss of the last step",
        ),
    ),
    elman(
        "softmax differentiated twice",
        ("error = prob - target", "error = (prob - target) * prob * (1 - prob)"),
        tag="loss derivative",
        truth="prob - target, which has the softmax in it already, is multiplied with prob (1 - prob) again",
        accepts=(r"softmax.{0,60}(twice|again|once more)", r"p \* \(1 - p\)", r"=> .*onehot.*\(1 - np\.exp\(log_p\)\)"),
    ),
    tape(
        "reset gate left out of the state's share",
        ("np.concatenate((dr, dz, r * dn))", "np.concatenate((dr, dz, dn))"),
        tag="dropped factor",
        truth="the candidate's adjoint lacks the factor r behind the product with the state",
        accepts=(
            r"dhs\[t, :, 2 \* H :\] \*= r => (pass|dhs\[t, :, 2 \* H :\] \*= 1)?;",
            r"(reset gate|factor r)\b.{0,60}(missing|lack|left out|not applied|without)",
            r"(missing|lack|left out|without).{0,40}(reset gate|factor r)\b",
        ),
    ),
    tape(
        "update gate's difference the other way round",
        ("dh * (h - n) * z", "dh * (n - h) * z"),
        tag="sign",
        truth="the update gate's adjoint has n - h where h - n is meant: its sign is wrong",
        accepts=(r"\(h\[t\] - n\) => .*\(n - h\[t\]\)", r"=> dxs_z\[:\] = -", r"gate z\b.{0,60}(sign|negat)"),
    ),
    tape(
        "reset gate sees the candidate",
        ("dn * hn * r", "dn * n * r"),
        tag="wrong name",
        truth="the reset gate's adjoint is made of n where the state's share hn is meant",
        accepts=(r"dxs_n \* hs_n\[t\] \* r .* => .*dxs_n \* n \* r",),
    ),
    tape(
        "kept share exchanged with the new one",
        ("return dh * z +", "return dh * (1 - z) +"),
        tag="wrong factor",
        truth="the straight path to the state before has the factor 1 - z where z is meant",
        accepts=(r"dh_next = dh\[t\] \* z \+ .* => dh_next = dh\[t\] \* \(1 - z\) \+",),
    ),
    tape(
        "candidate with z for 1 - z",
        ("dn = dh * (1 - z) *", "dn = dh * z *"),
        tag="wrong factor",
        truth="the candidate's adjoint has the factor z where 1 - z is meant",
        accepts=(r"dh\[t\] \* \(1 - z\) \* \(1 - n \* n\) => .*dh\[t\] \* z \* \(1 - n \* n\)",),
    ),
    tape(
        "taken off the wrong end",
        ("tape.pop()", "tape.pop(0)"),
        tag="order in time",
        truth="errors come from the end and the tape from its beginning: a step's adjoint meets another step's states",
        accepts=(r"(states|tape|cache).{0,80}(revers|forward order|another step)",),
    ),
    tape(
        "slope of the reset gate forgotten",
        ("hn * r * (1 - r)", "hn"),
        tag="slope missing",
        truth="the reset gate's adjoint lacks r (1 - r), the sigmoid's slope",
        accepts=(r"hs_n\[t\] \* r \* \(1 - r\) => .*hs_n\[t\];", r"gate r\b.{0,60}slope"),
    ),
    outer(
        "mask of the state before",
        ("dh * (h[t + 1] > 0)", "dh * (h[t] > 0)"),
        tag="off by one",
        truth="the mask is taken from the state that a step starts from, where the state it makes is meant",
        accepts=(r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t\]\)", r"(slope|mask).{0,60}(before|one step|h_\(t-1\))"),
    ),
    outer(
        "input weight before the mask",
        ("np.outer(x[t], da)", "np.outer(x[t], dh)"),
        tag="wrong adjoint",
        truth="dW_xh is made of dh, before the mask, where da is meant",
        accepts=(
            r"flat\(x\)\.T @ flat\(da\).* => .*flat\(x\)\.T @ flat\(dh\)",
            r"W_xh.{0,100}(before|without|not been).{0,60}(mask|slope|nonlinearity)",
        ),
    ),
    outer(
        "recurrent product transposed",
        ("dh_next = W_hh @ da", "dh_next = W_hh.T @ da"),
        tag="flow transposed",
        truth="the adjoint is carried back through W_hh.T where, for row vectors, W_hh @ da is meant",
        accepts=FLOW_TRANSPOSED,
    ),
    outer(
        "gradient of h0 one state too late",
        ('"dh0": dh_next', '"dh0": dh'),
        tag="h0 gradient",
        truth="the gradient given for h0 is that of the state which step 0 makes",
        accepts=(
            r'"h0": dh_next.* => .*"h0": dh\[0\]',
            r"h0.{0,120}(h_1|one step|state that step 0 makes|after step 0)",
        ),
    ),
    outer(
        "bias before the mask",
        ("db_h += da", "db_h += dh"),
        tag="wrong adjoint",
        truth="db_h is made of dh, before the mask, where da is meant",
        accepts=(
            r"flat\(da\)\.sum\(0\).* => .*flat\(dh\)\.sum\(0\)",
            r"b_h.{0,100}(before|without|not been).{0,60}(mask|slope|nonlinearity)",
        ),
    ),
    outer(
        "target of the step before",
        ("do[y[t]] -= 1", "do[y[t - 1]] -= 1"),
        tag="off by one",
        truth="the output of a step is compared with the target of the step before",
        accepts=(r"target.{0,80}(step before|another step|one step|shift)", r"y\[t - 1\]"),
    ),
    outer(
        "output bias assigned",
        ("db_y += do", "db_y = do"),
        tag="= for +=",
        truth="db_y is overwritten at every step, so that step 0's term alone is left",
        accepts=(*STEP_0_ALONE, r"flat\(dout\)\.sum\(0\).* => .*dout\[0\]\.sum\(0\)"),
    ),
    sequence(
        "gradients of h0 and c0 exchanged",
        ("dx[::-1]), dh, dc,", "dx[::-1]), dc, dh,"),
        tag="exchanged",
        truth="backward returns the gradients of its arguments h and c in each other's place",
        accepts=(
            r"(h0 and c0|c0 and h0).{0,40}(exchanged|swapped|each other)",
            r'"h0": dh_next.* => .*"h0": dc_next.*"c0": dc_next.* => .*"c0": dh_next',
        ),
    ),
    sequence(
        "input gradients in backward order",
        ("torch.stack(dx[::-1])", "torch.stack(dx)"),
        tag="order in time",
        truth="the gradients of x are in the order of the backward loop: the last step's comes first",
        accepts=(r"\bx\b.{0,60}revers", r"da @ .* => .*\[::-1\]"),
    ),
    sequence(
        "forget gate of the wrong step",
        ("dc = dc + dh * o", "dc = dc * f + dh * o"),
        ("            dc = dc * f\n", ""),
        tag="off by one",
        truth="what the cell carries back is multiplied with the forget gate of the step it reaches, not that it left",
        accepts=(
            r"(?=.*dc = dc_next \+ .* => dc = dc_next \* f \+)(?=.*dc_next = dc \* f => dc_next = dc;)",
            r"forget.{0,80}(another|wrong|own|earlier|later|before) step",
        ),
    ),
    sequence(
        "candidate with the forget gate",
        ("dc * g, dc * i\n", "dc * g, dc * f\n"),
        tag="wrong factor",
        truth="the candidate's adjoint has the factor f where i is meant",
        accepts=(r"dc \* i \* \(1 - g \* g\) => .*dc \* f \* \(1 - g \* g\)",),
    ),
    sequence(
        "output gate not in the cell's path",
        ("dh * o * (1", "dh * (1"),
        tag="dropped factor",
        truth="the path from h to the cell lacks the factor o",
        accepts=(r"dh\[t\] \* o \* \(1 - tanh_c.* => .*dh\[t\] \* \(1 - tanh_c",),
    ),
    sequence(
        "state of the same step",
        ("kept.append((x_t, h_prev,", "kept.append((x_t, h,"),
        tag="off by one",
        truth="dW_hh is made of the state that a step makes, where the state it starts from is meant",
        accepts=STATE_MADE,
    ),
)
