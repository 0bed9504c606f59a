"""The fourth set of faults to measure by, written last and without a look at the diagnosis: simple networks here.

Those in LSTMs and GRUs are in heldout_fourth_gated.py; `FOURTH` has both.
"""

from functools import partial

from .accepts import NO_CARRY
from .heldout_fourth_gated import FOURTH_GATED
from .programs import PROGRAMS
from .row import planted

STEP_0_MISSING = (
    r"(first (time)?step|(time)?step 0|\bt = 0)\b.{0,80}(left out|missing|without|lacks|never|skipped|zero)",
    r"(without|lacks|misses|skips|leaves out|stops before).{0,60}(first (time)?step|(time)?step 0|\bt = 0)\b",
)

affine = partial(planted, PROGRAMS["affine_helpers"])
flat = partial(planted, PROGRAMS["flat_vector"])
folds = partial(planted, PROGRAMS["reduce_folds"])
fori = partial(planted, PROGRAMS["jax_fori"])

AFFINE = (
    affine(
        "first step left out",
        ("range(dh.shape[1] - 1, -1, -1)", "range(dh.shape[1] - 1, 0, -1)"),
        tag="loop bound",
        truth="the loop backward ends before step 0: it adds nothing to the weights, and h0 has what step 1 hands back",
        accepts=(
            r"range\(T\)\) => .*(range\(1, T\)|range\(T - 1, 0, -1\))",
            *STEP_0_MISSING,
            r"=> .*(da|flat\(x|x)\[1:\]",
        ),
    ),
    affine(
        "pre-activation kept for tanh",
        ("    return out, out\n", "    return out, a\n"),
        tag="pre-activation",
        truth="what is kept for tanh's slope is the pre-activation a, so that the slope is 1 - a^2 for 1 - tanh(a)^2",
        accepts=(
            r"slope\(h\[t \+ 1\]\) => .*(1 - a|arctanh|slope\((a|xs)\b)",
            r"slope.{0,120}(pre-?activation|\ba\^2|1 - a\b|before (the )?tanh)",
            r"pre-?activation.{0,80}(for|in place of|instead of|where).{0,40}(state|activation|output|tanh|h\b)",
        ),
    ),
    affine(
        "batch and time reshaped",
        ("x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)", "x, y = x.reshape(x.shape[1], x.shape[0], -1), y.swapaxes(0, 1)"),
        tag="reshape for transpose",
        truth="the inputs are brought to batch first by reshape, which mixes sequences and steps, not by a swap",
        accepts=(
            r"\bx\b.{0,80}(reshape|mixed|mixes|scrambled|shuffled)",
            r"(time|steps).{0,60}batch.{0,60}(reshape|mixed|mixes|exchanged|swapped|interleaved)",
            r"batch.{0,60}(time|steps).{0,60}(reshape|mixed|mixes|exchanged|swapped|interleaved)",
        ),
    ),
    affine(
        "carry written to its own step",
        ("dh[:, t - 1] += dprev", "dh[:, t] += dprev"),
        tag="wrong slot",
        truth="what goes back is added to the step that it comes from, after that was used: nothing flows back in time",
        accepts=(*NO_CARRY, r"(carr\w+|dh_next|dprev).{0,80}(never (used|read)|lost|dropped|same step|own step)"),
    ),
)

FLAT = (
    flat(
        "packed in Fortran's order",
        (".ravel() for name", '.ravel("F") for name'),
        tag="flattening order",
        truth="weights are flattened column by column and unpacked row by row: the network runs with scrambled weights",
        accepts=(
            r"(ravel|flatten|pack|reshape)\w*.{0,80}(order|column by column|Fortran|columns)",
            r"(weights?|W_\w+).{0,80}(scrambled|permuted|Fortran|column[ -](by[ -]column|major))",
            r"(outputs?|loss|forward).{0,80}(scrambled|other weights|wrong weights|transposed and reshaped)",
        ),
    ),
    flat(
        "mask of the step before",
        ("delta[z[t] <= 0] = 0.0", "delta[h[t] <= 0] = 0.0"),
        tag="wrong cache",
        truth="the adjoint is masked by the state that the step starts from, where its own pre-activation is meant",
        accepts=(
            r"slope\(h\[t \+ 1\]\) => .*slope\(h\[t\]\)",
            r"(slope|mask\w*|kink|rectif\w+|ReLU).{0,120}(before|previous|h_\(t-1\)|starts? from|one step|earlier)",
        ),
    ),
    flat(
        "masked before the loss is added",
        ("delta[z[t] <= 0] = 0.0", 'delta += err @ p["W_hy"].T'),
        ('sum(axis=0)\n        delta += err @ p["W_hy"].T', "sum(axis=0)\n        delta[z[t] <= 0] = 0.0"),
        tag="statement order",
        truth="the mask is applied to what is carried back alone: the step's own error is added after it, unmasked",
        accepts=(
            r"=> .*dh_next \* slope\(",
            r"(loss|errors?|dout).{0,100}(not masked|unmasked|bypass\w*|without (the )?(slope|mask))",
            r"(loss|errors?|dout).{0,100}(past|after|behind) the (slope|mask\w*|rectifier|ReLU)",
            r"(slope|mask\w*|kink).{0,100}(carr\w+|dh_next).{0,30}(alone|only)",
            r"(slope|mask\w*).{0,60}not.{0,60}(loss|errors?|dout)",
        ),
    ),
    flat(
        "colon for the rows",
        ("err[np.arange(B), y[t]] -= 1.0", "err[:, y[t]] -= 1.0"),
        tag="indexing",
        truth="1 is taken off every sequence's probability of the targets of all sequences, not of its own alone",
        accepts=(
            r"np\.exp\(log_p\) - onehot => .*(onehot\.(sum|any|max)|\[:, y|axis=)",
            r"(targets?|classes|onehot|\by\b).{0,100}((other|all|every) sequences?|(whole|across the) batch)",
            r"(every|each|all)\b.{0,40}(row|sequence|batch).{0,80}(targets?|classes|onehot|\by\b)",
        ),
    ),
)

FOLDS = (
    folds(
        "deltas left in backward order",
        ("from_the_end[1:][::-1]", "from_the_end[1:]"),
        tag="reversed list",
        truth="the deltas stand from the last step to the first, and meet inputs and states from the first to the last",
        accepts=(
            r"=> .*(da|x|h)(\[1:\]|\[:-1\])?\[::-1\]",
            r"(reversed?|backward|opposite|wrong|other) (order|direction)",
            r"(deltas?|adjoints?|da).{0,100}(reversed|backwards?|last to (the )?first|mirrored)",
        ),
    ),
    folds(
        "deltas moved by one",
        ("from_the_end[1:][::-1]", "from_the_end[:-1][::-1]"),
        tag="off by one",
        truth="the nothing that the fold starts with is kept and step 0 cut off: each delta is that of the step after",
        accepts=(
            r"=> .*(da\[t \+ 1\]|da\[1:\]|roll\(da)",
            r"(deltas?|adjoints?|\bda\b).{0,100}(step after|next step|one step|shifted|later step|moved|a_\(t\+1\))",
        ),
    ),
    folds(
        "not strict at the kink",
        ("[state > 0 for state", "[state >= 0 for state"),
        tag="missing slope",
        truth="a state is never below zero, so that the mask is true everywhere: the slope of the rectifier is lost",
        accepts=(
            r"slope\(h\[t \+ 1\]\)?.* => .*(>= 0|da\[t\] = dh\[t\];|ones)",
            r"(slope|mask\w*|derivative|nonlinearity).{0,80}(missing|forgotten|lost|left out|always|everywhere|>= 0)",
            r"not been multiplied with the slope",
        ),
    ),
    folds(
        "sum in place",
        ('"b_h": reduce(operator.add, deltas)', '"b_h": reduce(operator.iadd, deltas)'),
        tag="aliasing",
        truth="the sum for b_h is made in the first delta itself, which W_xh, W_hh and h0 take after that",
        accepts=(
            r"(in place|alias\w*|overwrit\w+|same array|shares?|iadd)",
            r"(delta|adjoint|\bda\b)\w*.{0,30}(step 0|first (time)?step|\[0\]|a_0).{0,80}(sum|total|all steps)",
            r"=> .*da\[0\] = .*sum",
        ),
    ),
)

FORI = (
    fori(
        "update thrown away",
        ("        deltas = deltas.at[t].set(delta)\n", "        deltas.at[t].set(delta)\n"),
        tag="result discarded",
        truth="at[].set returns a new array and is not assigned: the deltas stay zero, and all gradients made of them",
        accepts=(
            r"(deltas?|\bda\b|adjoints?).{0,80}(zeros?|never (set|written|stored)|discarded|thrown away|not assigned)",
            r"(result|value).{0,60}(discarded|thrown away|not (used|assigned|kept))",
            r"da\[t\] = .* => (pass|.*zeros|da\[t\] = 0)",
        ),
    ),
    fori(
        "reversed index off by one",
        ("t = T - 1 - k", "t = T - k"),
        tag="off by one",
        truth="the index backward runs from T to 1; jax clamps it: the last step is taken twice, step 0 never",
        accepts=(
            *STEP_0_MISSING,
            r"last (time)?step.{0,60}(twice|two times|again|doubled)",
            r"=> .*(range\(1, T|T - k\b|da\[1:\])",
        ),
    ),
    fori(
        "loop forward from 1",
        ("fori_loop(0, T, step, h)", "fori_loop(1, T, step, h)"),
        tag="loop bound",
        truth="the loop forward leaves step 0 out: its state stays zero, and step 1 starts from that",
        accepts=(
            r"range\(T\) => .*range\(1, T\)",
            *STEP_0_MISSING,
            r"(h_0|h_1|h\[1\])\b.{0,80}(missing|never|skipped|zero|not (run|computed))",
            r"(loop|forward).{0,80}(starts? (at|from) 1|without the first|skips)",
        ),
    ),
)

FOURTH = AFFINE + FLAT + FOLDS + FORI + FOURTH_GATED
