"""Faults planted in simple recurrent networks in rarer styles: forward mode, generators, chunks, layers, einsum."""

from functools import partial

from .accepts import (
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

rtrl = partial(planted, PROGRAMS["rtrl"])
generator = partial(planted, PROGRAMS["generator"])
examples = partial(planted, PROGRAMS["per_example"])
chunks = partial(planted, PROGRAMS["last_step_chunks"])
einsum = partial(planted, PROGRAMS["relu_einsum"])
layers = partial(planted, PROGRAMS["relu_layers"])

UNUSUAL = (
    rtrl(
        "sensitivity carried untransposed",
        ("np.tensordot(W_hh.T, s_h, 1)", "np.tensordot(W_hh, s_h, 1)"),
        tag="flow transposed",
        truth="the sensitivity in W_hh is carried forward through W_hh where W_hh.T is meant",
        accepts=(*FLOW_TRANSPOSED, r"(?=.*W_hh)(?=.*transposed.{0,40}(flow|carr|path|weight))"),
    ),
    rtrl(
        "bias forgets the past",
        ("(W_hh.T @ s_b + unit)", "unit"),
        tag="no carry",
        truth="the sensitivity in b_h is not carried forward: only each step's own loss counts for it",
        accepts=(r"own loss", *NO_CARRY),
    ),
    rtrl(
        "state of the same step",
        ('"i,jk->kij", h_prev, unit', '"i,jk->kij", h, unit'),
        tag="off by one",
        truth="the direct term of W_hh is made of the state that a step makes, where the state it starts from is meant",
        accepts=STATE_MADE,
    ),
    rtrl(
        "h0 without the slope",
        ("s_0 = slope[:, None] * (W_hh.T @ s_0)", "s_0 = W_hh.T @ s_0"),
        tag="slope missing",
        truth="the sensitivity in h0 lacks the slopes of tanh",
        accepts=(r"h0.{0,120}slope",),
    ),
    generator(
        "carry overwritten",
        ("dh = dh + dout", "dh = dout"),
        tag="no carry",
        truth="dh is overwritten by the own step's loss, so that no error flows back in time",
        accepts=NO_CARRY,
    ),
    generator(
        "recurrent product not transposed",
        ("da @ W_rec.T", "da @ W_rec"),
        tag="flow transposed",
        truth="the adjoint is carried back through W_rec where W_rec.T is meant",
        accepts=FLOW_TRANSPOSED,
    ),
    generator(
        "sigmoid's slope for tanh's",
        ("(1 - h) * (1 + h)", "(1 - h) * h"),
        tag="wrong derivative",
        truth="the slope is h (1 - h), that of a sigmoid, where tanh's 1 - h^2 is meant",
        accepts=(r"lambda h: 1 - h \* h\) => .*lambda h: h \* \(1 - h\)\)", r"sigmoid'?s slope"),
    ),
    generator(
        "targets in forward order",
        ("reversed(y), strict", "y, strict"),
        tag="order in time",
        truth="steps go backward and targets forward: the error compares an output with another step's target",
        accepts=(r"target.{0,80}(revers|order|another step)", r"(revers|order).{0,80}target"),
    ),
    examples(
        "adjoint leaks into the next sequence",
        ("        dh = np.zeros(len(bh))\n        for t", "        for t"),
        ("    for b in range(B):\n", "    dh = np.zeros(len(bh))\n    for b in range(B):\n"),
        tag="stale state",
        truth="dh is not reset between the sequences of the batch: one ends with the adjoint that the next begins with",
        accepts=(r"(batch element|sequence).{0,120}(leak|reset|stale|carried over|left over)",),
    ),
    examples(
        "gradient of W_hh transposed",
        ("np.outer(h[t], dz)", "np.outer(dz, h[t])"),
        tag="transposed",
        truth="the gradient of W_hh is transposed: the operands of its outer product are exchanged",
        accepts=GRADIENT_TRANSPOSED,
    ),
    examples(
        "target added",
        ("p[y[t, b]] -= 1", "p[y[t, b]] += 1"),
        tag="sign",
        truth="onehot(y) is added to the softmax where it is to be subtracted",
        accepts=(r"- onehot.* => .*\+ onehot",),
    ),
    examples(
        "carry added to itself",
        ("dh = Whh @ dz", "dh += Whh @ dz"),
        tag="+= for =",
        truth="the adjoint of a step is kept, beside what the product carries back: a path straight past the cell",
        accepts=(
            r"dh_next = da\[t\] @ W_hh\.T => dh_next \+= ",
            r"dh_next = .* => dh_next = dh\[t\] \+ ",
            r"(straight past|skip|identity)",
        ),
    ),
    chunks(
        "adjoint not handed to the chunk before",
        ("grads, dh = run_back(", "grads, _ = run_back("),
        tag="stale state",
        truth="every chunk starts from the loss's adjoint, and none from what the chunk behind it hands back",
        accepts=(r"chunk.{0,80}(starts from|handed)",),
    ),
    chunks(
        "state of the same step",
        ("states[-2::-1]", "states[:0:-1]"),
        tag="off by one",
        truth="W_hh is made of the states that steps make, where those they start from are meant",
        accepts=STATE_MADE,
    ),
    chunks(
        "truncated to the last chunk",
        ("zip(reversed(chunks), reversed(runs)", "zip(chunks[-1:], runs[-1:]"),
        tag="truncated",
        truth="the backward pass ends after the last chunk: errors do not reach the steps before",
        accepts=(r"truncated", r"no error flows back from", r"stop flowing back"),
    ),
    einsum(
        "mask of the adjoint",
        ("delta = np.where(a > 0, upstream, 0.0)", "delta = np.where(upstream > 0, upstream, 0.0)"),
        tag="derivative of the wrong variable",
        truth="the mask is where the adjoint is positive, and not where the pre-activation is",
        accepts=(r"mask.{0,60}adjoint", r"adjoint.{0,60}(mask|positive)", r"slope\(h\[t \+ 1\]\) => .*slope\(dh"),
    ),
    einsum(
        "recurrent product not transposed",
        ('"bh,gh->bg", delta, W', '"bh,hg->bg", delta, W'),
        tag="flow transposed",
        truth="the adjoint is carried back through W where its transpose is meant",
        accepts=FLOW_TRANSPOSED,
    ),
    einsum(
        "adjoints left in backward order",
        ("np.stack(deltas[::-1])", "np.stack(deltas)"),
        tag="order in time",
        truth="the list of adjoints is in the order of the backward loop when it meets inputs and states",
        accepts=(r"revers", r"order of the backward loop"),
    ),
    einsum(
        "carry without the mask",
        ('"bh,gh->bg", delta, W', '"bh,gh->bg", upstream, W'),
        tag="slope bypassed",
        truth="what is carried back is made of the adjoint before the mask",
        accepts=SLOPE_BYPASSED,
    ),
    layers(
        "mask forgotten",
        ("return dout * (a > 0)", "return dout * np.ones_like(a)"),
        tag="slope missing",
        truth="the backward of the rectifier lets everything through",
        accepts=(*SLOPE_MISSING, r"\(h > 0\).* => .*(ones|>= 0)"),
    ),
    layers(
        "biases averaged",
        ("dout.sum(axis=0)", "dout.mean(axis=0)"),
        tag="mean for sum",
        truth="the gradients of both biases are means over the batch where sums are meant",
        accepts=MEAN_OVER_BATCH,
    ),
    layers(
        "gradients assigned",
        ("grads[name] += new[name]", "grads[name] = new[name]"),
        tag="= for +=",
        truth="all gradients are overwritten at every step, so that step 0's terms alone are left",
        accepts=STEP_0_ALONE,
    ),
    layers(
        "carry added behind the mask",
        ("relu_backward(dh + dh_next, cache_r)", "relu_backward(dh, cache_r) + dh_next"),
        tag="update order",
        truth="the carried adjoint is added behind the rectifier's mask, where it belongs before it",
        accepts=(
            r"(carr|recurrent).{0,100}(slope|mask|nonlinearity)",
            r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t \+ 1\]\) \+ dh_next",
        ),
    ),
)
