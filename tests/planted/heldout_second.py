"""The second set of faults to measure by, written in ignorance of how the diagnosis works: simple networks here.

Those in LSTMs and GRUs are in heldout_second_gated.py; `SECOND` has both.
"""

from functools import partial

from .accepts import MEAN_OVER_BATCH, NO_CARRY
from .heldout_second_gated import SECOND_GATED
from .programs import PROGRAMS
from .row import planted

keras = partial(planted, PROGRAMS["keras_layers"])
linear = partial(planted, PROGRAMS["torch_linear"])
checkpoints = partial(planted, PROGRAMS["relu_checkpoints"])
double = partial(planted, PROGRAMS["double_loop"])

KERAS = (
    keras(
        "inputs of the step before",
        ("self.inputs[:, t].T", "self.inputs[:, t - 1].T"),
        tag="off by one",
        truth="dW_xh pairs each adjoint with the input of the step before, and that of step 0 with the last input",
        accepts=(
            r"x_\(t-1\).{0,80}(x_t is meant|stands)",
            r"input.{0,60}step before",
            r"W_xh.{0,60}adjoints of the step after",
            r"flat\(x\)\.T @ flat\(da\).* => .*(roll\(x|x\[:-1\]|x\[t - 1\]|da\[1:\])",
        ),
    ),
    keras(
        "states flattened in another order",
        ("inputs = self.inputs.reshape(", "inputs = self.inputs.swapaxes(0, 1).reshape("),
        tag="transposed batch and time",
        truth="dW_hy flattens the states time first and the errors batch first: a state meets another's error",
        accepts=(
            r"W_hy.{0,160}(time and batch|batch and time)",
            r"(time and batch|batch and time).{0,100}(exchanged|swapped|mixed|transposed|order)",
            r"W_hy.{0,120}(another|other|wrong) (time)?(step|sequence|batch|pair)",
            r"flat\(h\[1:\]\)\.T @ flat\(dout\).* => .*(swapaxes|transpose|moveaxis)",
        ),
    ),
    keras(
        "bias forgotten",
        ("            grad_bias += grad_pre.sum(axis=0)\n", ""),
        tag="gradient missing",
        truth="nothing is ever added to the gradient of b_h: it stays zero",
        accepts=(
            r"b_h\b.{0,60}(\bzeros?\b|\b(is|are|be|all|stays|remains) 0\b|nothing|never|empty)",
            r"\b(zeros?|nothing|never|missing)\b.{0,40}b_h\b",
            r"flat\(da\)\.sum\(0\), => .*(zeros|0 \*|\* 0)",
        ),
    ),
    keras(
        "input gradient before the slope",
        ("np.matmul(grad_pre, kernel.T)", "np.matmul(grad_state, kernel.T)"),
        tag="wrong adjoint",
        truth="the gradient of x is made of dL/dh, without tanh's slope, where that of the pre-activation is meant",
        accepts=(
            r'"x": da @ p\["W_xh"\]\.T.* => .*dh @',
            r"\bx\b.{0,100}(before|without|not been|lacks?|missing).{0,60}(slope|nonlinearity)",
            r"(slope|nonlinearity).{0,60}(missing|forgotten|left out).{0,60}\bx\b",
        ),
    ),
    keras(
        "carry made and not used",
        ("grad_pre = grad_state * (", "grad_pre = grad_output[:, t] * ("),
        tag="no carry",
        truth="the pre-activation's adjoint is made of the step's own loss alone: no error flows back in time",
        accepts=(*NO_CARRY, r"own loss alone"),
    ),
)

LINEAR = (
    linear(
        "mask the other way round",
        ("grad_input[input <= 0] = 0", "grad_input[input > 0] = 0"),
        tag="mask inverted",
        truth="the rectifier's backward lets through what its forward stopped, and stops what it let through",
        accepts=(
            r"\(h > 0\).* => .*(h <= 0|h < 0|h == 0|h < 1|~|not |1 - )",
            r"(mask|slope|rectifier|relu).{0,80}(invert|other way|opposite|negat|revers|complement|wrong way)",
        ),
    ),
    linear(
        "state detached",
        ('linear(h, p["weight_hh_l0"]', 'linear(h.detach(), p["weight_hh_l0"]'),
        tag="no carry",
        truth="the state is detached in front of the recurrent product: no error flows back in time",
        accepts=(*NO_CARRY, r"detach", r"own loss alone", r"truncated.{0,40}(every|each|one) step"),
    ),
    linear(
        "log-probabilities for probabilities",
        ("grad = log_p.exp()", "grad = log_p.clone()"),
        tag="loss derivative",
        truth="the loss's gradient is log softmax - onehot, where softmax - onehot is meant: exp is forgotten",
        accepts=(
            r"np\.exp\(log_p\) - onehot => .*(?<!exp\()log_p - onehot",
            r"\blog\b.{0,40}(softmax|prob).{0,80}(where|instead|for|meant)",
            r"\bexp\b.{0,40}(missing|forgotten|left out)",
        ),
    ),
    linear(
        "first input skipped",
        ("in torch.tensor(x):", "in torch.tensor(x)[1:]:"),
        tag="forward",
        truth="the forward pass leaves the first input out: it goes from h0 straight to step 1",
        accepts=(
            r"(first (input|step)|\b(time)?step 0|\bx_0)\b.{0,80}(skipped|left out|ignored|missing|not (seen|used))",
            r"(skip\w*|leaves? out|ignor\w*|starts? (at|from|with)).{0,40}(first (input|step)|step [01]\b)",
            r"range\(T\).* => .*range\(1, T\)",
        ),
    ),
    linear(
        "biases averaged",
        ("grad_bias = grad_output.sum(0)", "grad_bias = grad_output.mean(0)"),
        tag="mean for sum",
        truth="the gradients of all biases are means over the batch where sums are meant",
        accepts=(*MEAN_OVER_BATCH, r"mean.{0,40}batch", r"\.sum\(0\).* => .*(\.mean\(0\)|/ ?(B|len)\b)"),
    ),
)

CHECKPOINTS = (
    checkpoints(
        "checkpoint kept too late",
        (
            "        checkpoint[k] = h\n        h = run(params, x[k : k + every], h)[-1]\n",
            "        h = run(params, x[k : k + every], h)[-1]\n        checkpoint[k] = h\n",
        ),
        tag="update order",
        truth="a chunk is run again from the state that it ends with, where the state that it starts from is meant",
        accepts=(
            r"(chunk|checkpoint|run again|recomput\w*|replay\w*).{0,120}\b(wrong|another|ends?|later|last)\b",
            r"states.{0,100}(start|begin)\w* from.{0,60}\b(wrong|another|ends?|later|last)\b",
        ),
    ),
    checkpoints(
        "adjoints of a chunk in backward order",
        ("deltas.insert(0, delta)", "deltas.append(delta)"),
        tag="order in time",
        truth="a chunk's adjoints are in backward order when they meet its inputs and states, in forward order",
        accepts=(
            r"chunk.{0,120}(revers|backward order|wrong order)",
            r"(revers|backward order|wrong order|order of the backward loop)",
        ),
    ),
    checkpoints(
        "adjoint reset at every chunk",
        (
            "    dh = np.zeros_like(h0)\n    for k in reversed(starts):\n",
            "    for k in reversed(starts):\n        dh = np.zeros_like(h0)\n",
        ),
        tag="truncated",
        truth="dh is zero again at the end of every chunk: no error flows from one chunk into the one before",
        accepts=(
            r"chunk.{0,80}(starts from|handed|boundar|reset|cross)",
            r"truncated",
            r"(no error|nothing) flows? back (from|across|beyond|past|into)",
            r"stops? flowing back",
        ),
    ),
    checkpoints(
        "targets of the first chunk",
        ("ys = y[k : k + len(xs)]", "ys = y[: len(xs)]"),
        tag="wrong chunk boundary",
        truth="the outputs of every chunk are compared with the targets of the first",
        accepts=(
            r"target.{0,100}(another|other|wrong|first|earlier|before|chunk|shift)",
            r"(another|other|wrong|first|earlier|shifted).{0,30}target",
            r"=> .*- y\[(:|t %|t -)",
        ),
    ),
    checkpoints(
        "bias of a chunk assigned",
        ('total["b_h"] += sum(', 'total["b_h"] = sum('),
        tag="= for +=",
        truth="db_h is overwritten chunk by chunk, so that the terms of the first chunk, steps 0 to 2, are left",
        accepts=(
            r"b_h\b.{0,100}(only|alone).{0,60}steps? 0",
            r"steps? 0(, 1,? and 2| to 2|-2|\.\.2).{0,30}(alone|only)",
            r"(only|alone).{0,60}(steps? 0(, 1,? and 2| to 2|-2|\.\.2)|first (3|three) (time)?steps|first chunk)",
            r"b_h\b.{0,60}(without|lacks?).{0,40}(steps? (3|after 2|from 3)|later steps)",
            r"flat\(da\)\.sum\(0\), => .*da\[:3\]",
        ),
    ),
)

DOUBLE_LOOP = (
    double(
        "truncation left in",
        ("np.arange(0, t + 1)", "np.arange(max(0, t - 4), t + 1)"),
        tag="truncated",
        truth="the error of a step is taken back over four steps at most",
        accepts=(
            r"truncat",
            r"stops? flowing back",
            r"(no error|nothing) flows? back (from|beyond|past|over|more|further)",
            r"(more than|beyond|after|at most|over|only|further than).{0,20}(4|four|5|five) (time)?steps",
        ),
    ),
    double(
        "slope of the step that is left",
        ("(1 - s[bptt_step - 1] ** 2)", "(1 - s[bptt_step] ** 2)"),
        tag="off by one",
        truth="what flows back over a step has the slope of the step it leaves, where that it reaches is meant",
        accepts=(
            r"slope.{0,100}(step (after|behind)|after it|next|(one|wrong|another) step|later|leaves?|h_\(t\+1\))",
            r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t \+ 2\]\)",
            r"(carr\w*|flows? back).{0,100}slopes? of (the|a|another) (wrong|other|step)",
        ),
    ),
    double(
        "input of the loss's step",
        ("np.outer(delta_t, x[bptt_step])", "np.outer(delta_t, x[t])"),
        tag="wrong index",
        truth="dW_xh pairs each adjoint with the input of the step whose loss it is of, not with that of its own step",
        accepts=(
            r"W_xh.{0,140}\b(input|x)\b.{0,80}(of the loss|loss's|whose loss|another|other|wrong|later)",
            r"input.{0,60}(step of the loss|loss's step|step whose loss|same step as the loss)",
        ),
    ),
    double(
        "bias outside the inner loop",
        (
            "        for bptt_step in np.arange(0, t + 1)[::-1]:\n            dLdb += delta_t\n",
            "        dLdb += delta_t\n        for bptt_step in np.arange(0, t + 1)[::-1]:\n",
        ),
        tag="no carry",
        truth="db_h hears of each step's own loss alone: the line stands in front of the loop back in time",
        accepts=(
            r"b_h\b.{0,140}(own loss|no error|nothing flows|not carried|only its own)",
            r"(own loss|no error|nothing flows).{0,140}b_h\b",
        ),
    ),
    double(
        "gradients clipped",
        (
            "    return dLdU, dLdV, dLdW, dLdb, dLdc, dLds\n",
            "    for grad in (dLdU, dLdV, dLdW, dLdb, dLdc):\n        np.clip(grad, -1, 1, out=grad)\n"
            "    return dLdU, dLdV, dLdW, dLdb, dLdc, dLds\n",
        ),
        tag="clipped",
        truth="all gradients of weights and biases are clipped to -1 .. 1, which those of W_hy and b_y alone exceed",
        accepts=(r"clip", r"limited to", r"saturat", r"(between|within|outside|beyond|above|exceed).{0,20}-?1\b"),
    ),
)

SECOND = KERAS + LINEAR + CHECKPOINTS + DOUBLE_LOOP + SECOND_GATED
