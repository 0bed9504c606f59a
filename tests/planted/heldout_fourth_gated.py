"""The faults of the fourth set that are in LSTMs and GRUs."""

from functools import partial

from .programs import PROGRAMS
from .row import planted

cells = partial(planted, PROGRAMS["notebook_cells"])
nodes = partial(planted, PROGRAMS["lstm_nodes"])
julia = partial(planted, PROGRAMS["julia_port"])
filled = partial(planted, PROGRAMS["torch_filled"])

CELLS = (
    cells(
        "cell handed on without this step's output",
        ('gradients["dc_prev"] = dc * ft', 'gradients["dc_prev"] = dc_next * ft'),
        tag="missing term",
        truth="what is handed on to the cell before is made of dc_next alone: the share of this step's state is lost",
        accepts=(
            r"dc_next = dc \* f => .*dc_next \* f",
            r"(\bcell|dc_next|\bdc\b|c0).{0,120}(lacks|without|misses|not include|left out|only|alone|dropped)",
        ),
    ),
    cells(
        "columns of the input for the state's",
        ('parameters["W" + k][:, :n_a].T', 'parameters["W" + k][:, -n_a:].T'),
        tag="wrong slice",
        truth="the last columns of [a_prev, x] are taken for the way back, some of them the input's",
        accepts=(
            r"W_hh.{0,100}(columns?|slice|shifted|input'?s?|W_xh)",
            r"(columns?|slice|rows?)\b.{0,100}(wrong|input'?s?|W_xh|last|first)",
            r"@ W_hh\.T => .*(W_xh|roll|concatenate|hstack|vstack)",
        ),
    ),
    cells(
        "output gate left out of the sums",
        ('for k in "fico":', 'for k in "fic":'),
        tag="loop bound",
        truth="the loop that adds up over time leaves gate o out: its weights and bias have no gradient",
        accepts=(
            r"(gate o|output gate|dWo|dbo|Wo\b).{0,80}(zeros?|missing|left out|never|no gradient|lacks|without)",
            r"(zeros?|missing|left out|never|no gradient|lacks|without).{0,60}(gate o|output gate)",
            r"=> .*da\w*(\[t\])?\[.*3 \* H:?.*\] = 0",
        ),
    ),
    cells(
        "cache unpacked in another order",
        ("a_prev, c_next, c_prev, ft, it, cct, ot, xt = cache", "a_prev, c_next, c_prev, ft, it, ot, cct, xt = cache"),
        tag="unpacking order",
        truth="backward takes the candidate for the output gate and the output gate for the candidate from the cache",
        accepts=(
            r"\b(g|cct|candidate)\b.{0,60}\b(o|ot|output gate)\b.{0,60}(exchanged|swapped|mixed|each other)",
            r"\b(o|ot|output gate)\b.{0,60}\b(g|cct|candidate)\b.{0,60}(exchanged|swapped|mixed|each other)",
            r"i, f, g, o = .* => i, f, o, g =",
        ),
    ),
)

NODES = (
    nodes(
        "tanh of the cell without its slope",
        ("self.o * tanh_derivative(np.tanh(self.s)) * top_diff_h", "self.o * top_diff_h"),
        tag="missing slope",
        truth="the output of the cell is tanh(s), and the way back through it leaves tanh's slope out",
        accepts=(
            r"dc = .* => .*dh\[t\] \* o( \+ dc_next)?;",
            r"dc\b.* => .*dc_next \+ dh\[t\] \* o;",
            r"(slope|derivative).{0,80}(tanh|cell).{0,80}(missing|forgotten|left out|not|without)",
            r"(missing|without|lacks|forgotten|left out).{0,60}(slope|derivative|1 - tanh)",
        ),
    ),
    nodes(
        "sigmoid of a sigmoid",
        ("    return values * (1 - values)\n", "    return sigmoid(values) * (1 - sigmoid(values))\n"),
        tag="activation for pre-activation",
        truth="the sigmoid's slope is taken as if the gate were its pre-activation: the sigmoid is applied once more",
        accepts=(
            r"=> .*sigmoid\((i|f|o|s|values|da|a)\b",
            r"(slope|derivative|sigmoid).{0,120}(twice|once more|again|of a gate|activation|sigmoid\()",
        ),
    ),
    nodes(
        "own diff for the next node's",
        ("diffs[idx] + self.nodes[idx + 1].bottom_diff_h", "diffs[idx] + self.nodes[idx].bottom_diff_h"),
        tag="wrong index",
        truth="a node is handed its own bottom diff, still zero, where that of the node after it is meant",
        accepts=(
            r"dh\[t\] \+= dh_next => (pass)?;",
            r"dh_next = .* => .*zeros",
            r"(nothing|no error) flows back in time",
            r"(through h|hidden|dh_next|state).{0,80}(not carried|nothing|no error|dropped|zero|does not flow|never)",
        ),
    ),
    nodes(
        "cell updated in place",
        ("self.s = self.s_prev * self.f\n", "self.s = np.multiply(self.s_prev, self.f, out=self.s_prev)\n"),
        tag="aliasing",
        truth="the new cell is made in the array of the old: all nodes end with the last cell for s and for s_prev",
        accepts=(
            r"(in place|alias\w*|overwrit\w+|same array|shares?|shared|\bcopy\b|copied)",
            r"(\bcell|\bc\b|\bs\b|s_prev|c\[t).{0,100}(last (time)?step|final|c_T|same at (every|all)|c\[-1\])",
            r"=> .*\bc\[(-1|T)\]",
        ),
    ),
)

JULIA = (
    julia(
        "reset gate applied too early",
        ('mul(grad["W_xh"], da,', 'block(da, 3)[:] *= r\n        mul(grad["W_xh"], da,'),
        ("        block(da, 3)[:] *= r  # from here on of the recurrent share\n", ""),
        tag="statement order",
        truth="the candidate's adjoint is multiplied with r before the input's weight and bias have taken it",
        accepts=(
            r"flat\((x|dxs)\).* => .*(dhs|\* r)",
            r"(W_xh|b_xh|input'?s? (weight|share|bias)).{0,120}(reset gate|gate r|\* r\b|recurrent share|dhs)",
            r"(reset gate|gate r|\* r\b).{0,100}(W_xh|b_xh|input'?s? (weight|share|bias)|too early|before)",
            r"dxs_n\[:\] = .* => .*\* r;",
        ),
    ),
    julia(
        "product overwrites the carry",
        ('mul(dh, params["W_hh"].T, da, 1, 1)', 'mul(dh, params["W_hh"].T, da)'),
        tag="= for +=",
        truth="mul's beta is 0 unless told: the product takes the place of dh z, which is lost",
        accepts=(
            r"dh_next = .* => dh_next = (dhs\[t\] @ W_hh\.T|\S+ @ \S+);",
            r"(gate z|through z|\bz\b|update gate).{0,100}(not carried|missing|dropped|lost|left out|without|nothing)",
            r"(lacks|without|misses|missing|left out|dropped|lost).{0,60}(dh\S* \* z|z \* dh|\bz\b|update gate)",
        ),
    ),
    julia(
        "recurrent share of the step before",
        ("rec_n[:, :, t] * r * (1 - r)", "rec_n[:, :, t - 1] * r * (1 - r)"),
        tag="wrong cache index",
        truth="the reset gate takes the candidate's recurrent share of the step before, and at step 0 zero",
        accepts=(
            r"hs_n.* => .*(hs_n\[t - 1\]|hs\[t - 1\]|roll)",
            r"(reset gate|gate r|dxs_r|hs_n|recurrent share).{0,120}(step before|previous|one step|earlier|t ?- ?1)",
        ),
    ),
    julia(
        "difference the other way",
        ("dh * (h_prev - n) * z", "dh * (n - h_prev) * z"),
        tag="sign",
        truth="the update gate's adjoint has n - h for h - n, and so the other sign",
        accepts=(
            r"(gate z|update gate|\bz\b).{0,80}(sign|negat\w+|-1|minus|opposite)",
            r"(sign|negat\w+|minus|opposite).{0,60}(gate z|update gate|\bz\b)",
            r"h\[t\] - n => .*n - h\[t\]",
            r"\(h\[t\] - n\).* => .*\(n - h\[t\]\)",
        ),
    ),
)

FILLED = (
    filled(
        "both gradients are one tensor",
        ("dgi, dgh = torch.zeros_like(gi), torch.zeros_like(gi)", "dgi = dgh = torch.zeros_like(gi)"),
        tag="aliasing",
        truth="dgi and dgh are one tensor: the reset gate is multiplied into the input's share as well",
        accepts=(
            r"(in place|alias\w*|overwrit\w+|one tensor|same tensor|same array|shares?|shared|\bcopy\b|copied|clone)",
            r"(weight_ih|bias_ih|W_xh|b_xh|input'?s? (weight|share|bias)).{0,120}(reset gate|gate r|\* r\b|dhs)",
            r"(reset gate|gate r|\* r\b).{0,100}(weight_ih|bias_ih|W_xh|b_xh|input'?s? (weight|share|bias))",
            r"flat\((x|dxs)\).* => .*(dhs|\* r)",
        ),
    ),
    filled(
        "reset gate behind the carry",
        ("dh = dh * z + dgh[t] @ w_hh", "dgh[t, :, 2 * H :] *= r"),
        ("= dgi[t]\n        dgh[t, :, 2 * H :] *= r", "= dgi[t]\n        dh = dh * z + dgh[t] @ w_hh"),
        tag="statement order",
        truth="what is carried back through the candidate is taken before it has been multiplied with the reset gate",
        accepts=(
            r"dh_next = .*=> .*dxs",
            r"(reset gate|gate r|\* r\b).{0,120}(carr\w+|flows? back|dh_next|h0)",
            r"(carr\w+|flows? back|dh_next).{0,120}(reset gate|gate r|\* r\b)",
        ),
    ),
    filled(
        "state after in the update gate",
        ("h = hs[t]\n", "h = hs[t + 1]\n"),
        tag="wrong cache index",
        truth="the update gate's adjoint takes the state that the step makes for the one that it starts from",
        accepts=(
            r"h\[t\] - n.* => .*h\[t \+ 1\] - n",
            r"(gate z|update gate|\bz\b).{0,120}(h_t\b|step makes|state after|new state|h\[t \+ 1\])",
            r"h_t.{0,80}h_\(t-1\) is meant",
        ),
    ),
)

FOURTH_GATED = CELLS + NODES + JULIA + FILLED
