"""The faults of the third set that are in LSTMs and GRUs."""

from functools import partial

from .accepts import MEAN_OVER_BATCH
from .programs import PROGRAMS
from .row import planted

port = partial(planted, PROGRAMS["matlab_port"])
tuples = partial(planted, PROGRAMS["carry_tuples"])
objects = partial(planted, PROGRAMS["torch_step_objects"])
closures = partial(planted, PROGRAMS["closures"])
scan = partial(planted, PROGRAMS["jax_reverse_scan"])

PORT = (
    port(
        "cell updated before the error",
        (
            "        dS = dS + Wy.T @ E\n        dC = dC + dS * o * (1 - tC**2)\n",
            "        dC = dC + dS * o * (1 - tC**2)\n        dS = dS + Wy.T @ E\n",
        ),
        tag="update order",
        truth="dC is made before the error of the step has been added to dS: the cell hears of later losses only",
        accepts=(
            r"dc = dc_next \+ .* => .*dc_next \+ dh_next \* o",
            r"(\bcell|\bdc\b).{0,80}(without|lacks|misses|before|not yet|only).{0,60}(loss|errors?|dout|dh_next)",
        ),
    ),
    port(
        "tanh of the cell before",
        ("tC = np.tanh(C[:, [t]])", "tC = np.tanh(C[:, [t - 1]])"),
        tag="off by one",
        truth="the backward pass takes tanh of the cell that the step starts from, where the one it makes is meant",
        accepts=(
            r"tanh_c\[t\].* => .*(tanh_c\[t - 1\]|np\.tanh\(c\[t\]\))",
            r"(tanh_c|tanh\(c\w*\)|tanh of the cell).{0,80}(before|one step|c_\(t-1\)|t - 1|starts? from)",
        ),
    ),
    port(
        "target of the step before",
        ("- Y[:, [t]]", "- Y[:, [t - 1]]"),
        tag="target misaligned",
        truth="the output of a step is held against the target of the step before, that of the first against zero",
        accepts=(
            r"out - y => .*(roll\(y|y\[t - 1\]|y\[:-1\])",
            r"targets?\b.{0,80}(before|earlier|previous|shifted|one step|misaligned)",
            r"y_\(t-1\)",
        ),
    ),
    port(
        "h0 at every step",
        ("dA @ S[:, [t - 1]].T", "dA @ S[:, [0]].T"),
        tag="wrong index",
        truth="W_hh pairs the adjoint of every step with h0, where the state that the step starts from is meant",
        accepts=(
            r"flat\(h\[:-1\]\)\.T @ flat\(da\).* => .*(h\[0\]|\bh0\b|h\[:1\])",
            r"W_hh.{0,120}(h0|h_0|initial state).{0,60}(every|each|all|always)",
            r"(every|each|all)\b.{0,60}(h0|h_0|initial state)",
        ),
    ),
)

TUPLES = (
    tuples(
        "softmax over the batch",
        ("e / e.sum(axis=-1, keepdims=True)", "e / e.sum(axis=-2, keepdims=True)"),
        tag="wrong axis",
        truth="the softmax is normalised over the batch, where it should be over the classes",
        accepts=(
            r"(softmax|normali[sz]\w+|log_sum).{0,80}batch",
            r"log_sum = .* => .*sum\((axis ?= ?)?(-2|1|0)\b",
            r"shifted\)\.sum\(-1, keepdims=True\).* => .*sum\((axis ?= ?)?(-2|1|0)\b",
        ),
    ),
    tuples(
        "reset gate before tanh's slope",
        ("pre_r = pre_n * hn", "pre_r = dn * hn"),
        tag="wrong name",
        truth="the reset gate's adjoint is made of dn, before tanh's slope, where that of the pre-activation is meant",
        accepts=(
            r"dxs_r\[:\] = dxs_n \* hs_n.* => .*dh\[t\] \* \(1 - z\) \* hs_n",
            r"dxs_r\[:\] = dxs_n \* hs_n.* => .*/ \(1 - n \* n\)",
            r"(gate r|reset gate|dxs_r).{0,100}(slope|1 - n)",
        ),
    ),
    tuples(
        "errors not reversed",
        ("errors[::-1], strict", "errors, strict"),
        tag="order of time",
        truth="the steps are walked from the end, their errors from the beginning: a state meets another step's error",
        accepts=(
            r"dout @ p\[\"W_hy\"\]\.T => .*(\[::-1\]|flip)",
            r"(errors?|dout|loss\w*)\b.{0,80}(reversed?|flipped|backwards|(other|opposite|wrong|forward) order)",
            r"(reversed?|flipped|backwards) in time",
        ),
    ),
)

OBJECTS = (
    objects(
        "batch summed apart",
        ('"bk,bh->kh"', '"bk,ch->kh"'),
        tag="einsum letters",
        truth="W_hh sums adjoints and states over the batch each by itself: a sequence meets the states of all others",
        accepts=(
            r"W_hh.{0,160}(other|another|every|all|across).{0,30}(batch|sequence|example)",
            r"W_hh.{0,120}(batch).{0,60}(mixed|apart|separately|before|each)",
            r"flat\(h\[:-1\]\)\.T @ flat\(da\).* => .*sum\(",
        ),
    ),
    objects(
        "biases share a tensor",
        (
            "self.db_ih, self.db_hh = torch.zeros_like(self.b_ih), torch.zeros_like(self.b_hh)",
            "self.db_ih = self.db_hh = torch.zeros_like(self.b_ih)",
        ),
        tag="aliasing",
        truth="both biases' gradients are one tensor, to which every term is added twice",
        accepts=(
            r"(b_h|bias)\b.{0,80}(scaled by 2|twice|doubled|2 times|factor (of )?2|\* 2)",
            r"(twice|doubled|2 times|factor (of )?2).{0,60}(b_h|bias)",
            r"flat\(da\)\.sum\(0\), => .*(\b2(\.0)? \*|\* 2)",
        ),
    ),
    objects(
        "cell's adjoint dropped",
        ("dh, dc = step.backward(dh, dc)", "dh, _ = step.backward(dh, dc)"),
        tag="no carry",
        truth="what a step returns for the cell is thrown away: no error flows back from cell to cell or to c0",
        accepts=(
            r"dc = dc_next \+ .* => dc = dh\[t\]",
            r"dc_next = dc \* f => .*(zeros|pass)",
            r"cell.{0,60}(no error|nothing).{0,20}flows? back",
            r"(no error|nothing).{0,40}(cell|\bc_)",
        ),
    ),
    objects(
        "error averaged over the batch",
        (
            "error = h @ net.w_hy.T + net.b_hy - torch.tensor(y)",
            "error = (h @ net.w_hy.T + net.b_hy - torch.tensor(y)) / len(y)",
        ),
        tag="mean for sum",
        truth="the error is divided by the size of the batch, as of a mean, where the loss is a sum",
        accepts=(*MEAN_OVER_BATCH, r"dout = out - y => .*/ ", r"(mean|averag\w+|divided).{0,60}batch"),
    ),
)

CLOSURES = (
    closures(
        "first step popped",
        ("pulls.pop()", "pulls.pop(0)"),
        tag="wrong end",
        truth="the backward pass walks from the first step to the last: adjoints are carried forward in time",
        accepts=(
            r"reversed\(range\(T\)\).* => .*in range\(T\)",
            r"(backward|carr\w+|adjoints?|errors?|loop|steps).{0,80}(forwards? in time|forward order|first to last)",
            r"(wrong|opposite|other) (direction|order)( of| in)? time",
        ),
    ),
    closures(
        "late-bound gate",
        (" z=z,", ""),
        tag="late binding",
        truth="the closures see the variable z of the loop: every step goes back through the z of the last one",
        accepts=(
            r"\bz\b.{0,80}(last (time)?step|final step|another step|T - 1|z_T|same at every)",
            r"=> .*(z\[-1\]|z_last|gates\[-1\]|gates\[T - 1\])",
        ),
    ),
    closures(
        "bias summed over the units",
        ("d.sum(axis=1, keepdims=True)", "d.sum(keepdims=True)"),
        tag="keepdims",
        truth="every bias's gradient is summed over its units as well as the batch: the total stands in all entries",
        accepts=(
            r"\bb_\w+.{0,100}(same|equal|one number|total|constant|summed over)",
            r"summed.{0,60}(units|hidden|everything|all axes)",
            r"flat\((dxs|dhs|dout)\)\.sum\(0\).* => .*\.sum\((keepdims=True)?\)",
        ),
    ),
    closures(
        "input's share for the state's",
        ("d_u[N] * v[N] * r", "d_u[N] * u[N] * r"),
        tag="wrong name",
        truth="the reset gate's adjoint is multiplied with the candidate's input share, where the state's is meant",
        accepts=(
            r"dxs_r\[:\] = dxs_n \* hs_n.* => .*dxs_n \* \(?xs",
            r"(gate r|reset gate|dxs_r).{0,120}(xs_n|input'?s? share|share of the input)",
        ),
    ),
)

SCAN = (
    scan(
        "carry starts from h0 and c0",
        ("start = (jnp.zeros_like(h0), jnp.zeros_like(c0))", "start = (h0, c0)"),
        tag="initial carry",
        truth="the backward pass starts from the initial states themselves, where nothing has been carried back yet",
        accepts=(
            r"dh_next, dc_next = .* => .*= \(?(h0|.*, c0)\b",
            r"(starts?|begins?|first carry|initial carry|last (time)?step).{0,80}\b(h0|c0|initial states?)\b",
        ),
    ),
    scan(
        "last state in the place of h0",
        ("jnp.concatenate((h0[None], h[:-1]))", "jnp.roll(h, 1, axis=0)"),
        tag="initial state",
        truth="at step 0 W_hh pairs the adjoint with the last state, which roll brings to the front, where h0 is meant",
        accepts=(
            r"flat\(h\[:-1\]\)\.T @ flat\(da\).* => .*roll",
            r"W_hh.{0,120}(last|final) state",
            r"(last state|h_T|h\[-1\]).{0,80}(h0|h_0|initial state|step 0)",
        ),
    ),
    scan(
        "carries exchanged",
        ('(da @ p["W_hh"].T, dc * s["f"]), da', '(dc * s["f"], da @ p["W_hh"].T), da'),
        tag="exchanged",
        truth="the carries of h and c are returned in each other's place",
        accepts=(
            r"\b(dh_next|dh|h0|h)\b.{0,30}\b(dc_next|dc|c0|c)\b.{0,60}(exchanged|swapped|each other)",
            r"dh_next = .* => .*dh_next = dc \* f",
            r"dc_next = dc \* f => .*da\[t\] @ W_hh",
        ),
    ),
)

THIRD_GATED = PORT + TUPLES + OBJECTS + CLOSURES + SCAN
