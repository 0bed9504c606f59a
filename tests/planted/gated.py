"""Faults planted in LSTMs and GRUs."""

from functools import partial

from .accepts import BIAS_OF_STEP_0
from .programs import PROGRAMS
from .row import planted

steps = partial(planted, PROGRAMS["lstm_steps"])
gates = partial(planted, PROGRAMS["lstm_gates"])
buffers = partial(planted, PROGRAMS["lstm_buffers"])
einsum = partial(planted, PROGRAMS["lstm_einsum"])
gru = partial(planted, PROGRAMS["gru_class"])
by_gate = partial(planted, PROGRAMS["gru_torch"])
dicts = partial(planted, PROGRAMS["gru_dicts"])

NO_CELL_CARRY = (
    r"dc = dc_next \+ .* => dc = dh\[t\]",
    r"dc_next = dc \* f => .*zeros",
    r"cell.{0,60}(no error|nothing).{0,20}flows? back",
)

LSTM = (
    steps(
        "forget gate not applied to the carry",
        ("dprev_c = dc * f", "dprev_c = dc"),
        tag="forget factor",
        truth="the adjoint carried to the cell before lacks the factor f",
        accepts=(r"dc_next = dc \* f => dc_next = dc;", r"forget.{0,60}(missing|not applied|lacks)"),
    ),
    steps(
        "slope of the cell's tanh forgotten",
        (" * o * (1 - tanh_c**2)", " * o"),
        tag="slope missing",
        truth="the path from h to the cell lacks 1 - tanh(c)^2",
        accepts=(r"\* \(1 - tanh_c\[t\] \* tanh_c\[t\]\) => .*dh\[t\] \* o;", r"tanh.{0,20}\bc\b.{0,60}slope"),
    ),
    steps(
        "cell made for cell left",
        ("df = dc * prev_c", "df = dc * next_c"),
        tag="off by one",
        truth="the forget gate's adjoint is made of the cell that a step makes, where the cell it starts from is meant",
        accepts=(r"dc \* c\[t\] \* f .* => .*dc \* c\[t \+ 1\] \* f",),
    ),
    steps(
        "gates i and f exchanged",
        ("di * i * (1 - i), df * f * (1 - f)", "df * f * (1 - f), di * i * (1 - i)"),
        tag="gates exchanged",
        truth="the adjoints of gates i and f stand in each other's block",
        accepts=(
            r"gates i and f.{0,40} exchanged",
            r"da_i, da_f, da_g, da_o = .* => da_f, da_i, da_g, da_o",
            r"\bda_i\b.* => .*\bda_f\b.*;.*\bda_f\b.* => .*\bda_i\b",
        ),
    ),
    steps(
        "slope of the output gate forgotten",
        ("do * o * (1 - o)))", "do))"),
        tag="slope missing",
        truth="the output gate's adjoint lacks o (1 - o), the sigmoid's slope",
        accepts=(
            r"\* tanh_c\[t\] \* o \* \(1 - o\) => .*tanh_c\[t\];",
            r"=> .*tanh_c\[t\] \* \(1 - o\);.*=> .*tanh_c\[t\] \* o \* 1;",
            r"gate o.{0,60}slope",
        ),
    ),
    steps(
        "carry of h not added",
        ("lstm_step_backward(dhs[t] + dh, dc", "lstm_step_backward(dhs[t], dc"),
        tag="no carry",
        truth="dL/dh of a step lacks what the step behind carries back; only the cell carries errors back in time",
        accepts=(
            r"dh\[t\] \+= dh_next => (pass)?;",
            r"dh_next = .* => .*zeros",
            r"hidden.{0,60}(no error|nothing).{0,20}flows? back",
        ),
    ),
    steps(
        "carry of c not added",
        ("dc = dnext_c + dnext_h", "dc = dnext_h"),
        tag="no carry",
        truth="dL/dc of a step lacks what the step behind carries back",
        accepts=NO_CELL_CARRY,
    ),
    steps(
        "input gate has the gate for its factor",
        ("di = dc * g", "di = dc * i"),
        tag="wrong factor",
        truth="the input gate's adjoint is made of i where the candidate g is meant",
        accepts=(r"dc \* g \* i .* => .*dc \* i \* i", r"gate i.{0,80}\bg\b.{0,20}meant"),
    ),
    gates(
        "output gate sees the cell",
        ("do = dh * np.tanh(c[t])", "do = dh * c[t]"),
        tag="derivative of the wrong variable",
        truth="the output gate's adjoint is made of c where tanh(c) is meant",
        accepts=(r"dh\[t\] \* tanh_c\[t\] \* o .* => .*dh\[t\] \* c\[t \+ 1\] \* o",),
    ),
    gates(
        "output gate's share not carried",
        (" + Wo.T @ do\n", "\n"),
        tag="dropped term",
        truth="the adjoint carried back to h lacks the output gate's share",
        accepts=(r"gate o.{0,80}(carr|flows? back|share)", r"dh_next = .* => .*(: ?3 \* H|:-H|W_hh\.T - da_o @)"),
    ),
    gates(
        "sigmoid's slope for tanh's",
        ("(1 - g[t] ** 2)", "g[t] * (1 - g[t])"),
        tag="wrong derivative",
        truth="the candidate's slope is g (1 - g), a sigmoid's, where tanh's 1 - g^2 is meant",
        accepts=(
            r"dc \* i \* \(1 - g \* g\) => .*dc \* i \* g \* \(1 - g\)",
            r"dc \* i \* \(1 - g \* g\) => .*(g - g \* g)",
        ),
    ),
    gates(
        "bias takes another gate's adjoint",
        ("dbi += di", "dbi += dg"),
        tag="wrong name",
        truth="the bias of gate i collects the adjoint of gate g",
        accepts=(r"gate i, where it is the block of gate g",),
    ),
    gates(
        "forget bias of one",
        ("sigmoid(Wf @ z[t] + bf)", "sigmoid(Wf @ z[t] + bf + 1)"),
        tag="forward",
        truth="the forward pass adds 1 to the forget gate's pre-activation",
        accepts=(r"forget.{0,20}bias", r"forward.{0,120}(forget|gate f)", r"\b1 is added to the forget gate"),
    ),
    gates(
        "gradient of a gate assigned",
        ("dWf += df @ z[t].T", "dWf = df @ z[t].T"),
        tag="= for +=",
        truth="the gradient of gate f's matrix is overwritten at every step, so that step 0's term alone is left",
        accepts=(r"gate f.{0,80}(timestep 0|step 0|overwritten)",),
    ),
    buffers(
        "gates overwritten before they are used",
        ("swapaxes(0, 1).copy()", "swapaxes(0, 1)"),
        tag="aliasing",
        truth="i, f, g, o are views of the buffer that their adjoints are written to, and are read after that",
        accepts=(r"alias", r"view of", r"overwritten before", r"da = np\.empty_like\(gates\) => da = gates;"),
    ),
    buffers(
        "cell's adjoint assigned",
        ("dc += dh * o", "dc = dh * o"),
        tag="no carry",
        truth="dL/dc is overwritten, so that nothing is carried back through the cell",
        accepts=NO_CELL_CARRY,
    ),
    buffers(
        "bias of the step left over",
        ("bias = da.sum(axis=0)", "bias = gates[t].reshape(B, 4 * H).sum(axis=0)"),
        tag="one step only",
        truth="the biases' gradient is that of the step which the loop has left over, step 0",
        accepts=BIAS_OF_STEP_0,
    ),
    buffers(
        "adjoint of c0 overwritten too early",
        ("        dc *= f\n        np.matmul", "        np.matmul"),
        ("        gates[t, :, 2] = dc", "        dc *= f\n        gates[t, :, 2] = dc"),
        tag="update order",
        truth="dc is multiplied with f before the candidate's adjoint is made of it",
        accepts=(r"dc \* i \* \(1 - g \* g\) => .*dc\w* (\* f )?\* i", r"gate g.{0,80}\b(dc_next|forget|f)\b"),
    ),
    einsum(
        "carry untransposed",
        ('"bgh,kgh->bk", da, W', '"bgh,hgk->bk", da, W'),
        tag="flow transposed",
        truth="the adjoint is carried back through each gate's W where its transpose is meant",
        accepts=(
            r"recurrent weight.{0,40}transposed",
            r"(carr|flow).{0,60}transpos",
            r"dh_next = .*W_hh\.T => .*vstack\(np\.split\(W_hh, 4",
        ),
    ),
    einsum(
        "candidate has the forget gate for its factor",
        ("dc * s.i * (1 - s.g**2)", "dc * s.f * (1 - s.g**2)"),
        tag="wrong factor",
        truth="the candidate's adjoint is made of f where i is meant",
        accepts=(r"dc \* i \* \(1 - g \* g\) => .*dc \* f \* \(1 - g \* g\)",),
    ),
    einsum(
        "state of the same step",
        ('"bk,bgh->kgh", s.h_prev', '"bk,bgh->kgh", s.h'),
        tag="off by one",
        truth="the gradient of W is made of the state that a step makes, where the state it starts from is meant",
        accepts=(r"h_t.{0,80}h_\(t-1\) is meant", r"flat\(h\[:-1\]\)\.T.* => .*flat\(h\[1:\]\)"),
    ),
    einsum(
        "slope of softmax once more",
        ("dlogits = prob - onehot[t]", "dlogits = (prob - onehot[t]) * prob * (1 - prob)"),
        tag="loss derivative",
        truth="the error prob - onehot is multiplied with prob (1 - prob), which it already contains",
        accepts=(r"(?P<p>p|prob|np\.exp\(log_p\)) \* \(1 - (?P=p)\)", r"softmax.{0,60}(twice|once more|again)"),
    ),
)

GRU = (
    gru(
        "carry through z dropped",
        (' @ self.params["W_hh"].T + dh * z', ' @ self.params["W_hh"].T'),
        tag="dropped term",
        truth="what the state carries straight to the next one, dh * z, is missing",
        accepts=(r"dh_next = dh\[t\] \* z \+ .* => dh_next = dhs\[t\] @", r"dh \* z.{0,40}missing"),
    ),
    gru(
        "candidate without 1 - z",
        ("dn = dh * (1 - z)", "dn = dh"),
        tag="dropped factor",
        truth="the candidate's adjoint lacks the factor 1 - z",
        accepts=(r"dh\[t\] \* \(1 - z\) \* \(1 - n \* n\) => .*dh\[t\] \* \(1 - n \* n\)",),
    ),
    gru(
        "update gate the other way round",
        ("dz = dh * (h - n)", "dz = dh * (n - h)"),
        tag="sign",
        truth="the update gate's adjoint has n - h where h - n is meant",
        accepts=(
            r"\(h\[t\] - n\).* => .*\(n - h\[t\]\)",
            r"gate z.{0,60}opposite sign",
            r"=> .*-\(?dh\[t\] \* \(h\[t\] - n\)",
        ),
    ),
    gru(
        "reset gate missing on the state's share",
        ("[dxr, dxz, dxn * r]", "[dxr, dxz, dxn]"),
        tag="dropped factor",
        truth="the adjoint of the state's share of the candidate lacks the factor r",
        accepts=(r"dhs\[t, :, 2 \* H :\] \*= r => (pass)?;", r"dL/dxs.{0,60}dL/dhs"),
    ),
    gru(
        "slope of the candidate forgotten",
        ("dr = dxn * hn", "dr = dn * hn"),
        tag="slope missing",
        truth="the reset gate's adjoint lacks the slope of the candidate's tanh",
        accepts=(r"dxs_n \* hn|dxs_r\[:\] = dxs_n \* .* => .*dh\[t\] \* \(1 - z\)", r"gate r.{0,80}slope"),
    ),
    gru(
        "state's bias has the input's adjoint",
        ('self.grads["b_hh"] += dhs', 'self.grads["b_hh"] += dxs'),
        tag="wrong name",
        truth="b_hh's gradient is the sum of dxs where dhs is meant: gate n lacks the factor r",
        accepts=(r"dL/dxs_t.{0,60}dL/dhs_t", r"b_hh.{0,40}that of b_xh", r'"b_hh": flat\(dhs\).* => .*flat\(dxs\)'),
    ),
    by_gate(
        "half the sigmoid's slope",
        ("(h - n) * z * (1 - z)", "(h - n) * (1 - z)"),
        tag="dropped factor",
        truth="the update gate's adjoint has 1 - z for the sigmoid's slope, and z is missing",
        accepts=(r"\(h\[t\] - n\) \* z \* \(1 - z\) => .*\(h\[t\] - n\) \* \(1 - z\)",),
    ),
    by_gate(
        "candidate carried without the reset gate",
        ("du @ Un\n", "dan @ Un\n"),
        tag="wrong name",
        truth="the candidate's share of what is carried back is made of dan where du = dan * r is meant",
        accepts=(r"dhs\[t\] @ W_hh\.T => .*dxs\[t\] @ W_hh\.T",),
    ),
    by_gate(
        "reset gate sees the state",
        ("dar = dan * u * r", "dar = dan * h * r"),
        tag="wrong factor",
        truth="the reset gate's adjoint is made of the state h where its product u is meant",
        accepts=(r"dxs_n \* hs_n\[t\] \* r .* => .*dxs_n \* h\[t\] \* r",),
    ),
    by_gate(
        "candidate's second bias is the first",
        ("[dbr, dbz, dcn]", "[dbr, dbz, dbn]"),
        tag="wrong name",
        truth="the hidden bias of gate n has the gradient of the input bias: the factor r is missing",
        accepts=(
            r"dL/dxs_t.{0,60}dL/dhs_t",
            r"bias_hh_l0.{0,40}that of bias_ih_l0",
            r'"b_hh": flat\(dhs\).* => .*flat\(dxs\)',
        ),
    ),
    dicts(
        "gates r and z exchanged",
        ('{"r": dx["r"], "z": dx["z"],', '{"r": dx["z"], "z": dx["r"],'),
        tag="gates exchanged",
        truth="the state's shares of gates r and z stand in each other's place",
        accepts=(r"gates r and z.{0,40} exchanged", r"dhs\[t\] = .* => .*\[dxs_z, dxs_r, dxs_n\]"),
    ),
    dicts(
        "state's matrix has the input's adjoint",
        ("+= stacked_r @ h[t - 1].T", "+= stacked_x @ h[t - 1].T"),
        tag="wrong name",
        truth="W_hh's gradient is made of the adjoint of the input's share, where the recurrent share's is meant",
        accepts=(r"dL/dxs_t.{0,60}dL/dhs_t", r'"W_hh": .*flat\(dhs\).* => .*flat\(dxs\)'),
    ),
    dicts(
        "carry through 1 - z",
        ("dh_next = z * dh +", "dh_next = (1 - z) * dh +"),
        tag="wrong factor",
        truth="the state carries dh through 1 - z where z is meant",
        accepts=(r"dh_next = dh\[t\] \* z \+ .* => .*dh\[t\] \* \(1 - z\) \+",),
    ),
)

GATED = LSTM + GRU
