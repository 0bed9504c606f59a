"""The third set of faults to measure by, written without a look at the diagnosis: simple networks here.

Those in LSTMs and GRUs are in heldout_third_gated.py; `THIRD` has both.
"""

from functools import partial

from .accepts import SLOPE_BYPASSED
from .heldout_third_gated import THIRD_GATED
from .programs import PROGRAMS
from .row import planted

lesson = partial(planted, PROGRAMS["teaching_script"])
units = partial(planted, PROGRAMS["unit_loops"])
doubling = partial(planted, PROGRAMS["doubling_scan"])

LESSON = (
    lesson(
        "error of the step before",
        ("np.dot(error_history[step], ", "np.dot(error_history[step - 1], "),
        tag="off by one",
        truth="a state is blamed for the error of the step before, and the first for that of the last step",
        accepts=(
            r"dout @ p\[\"W_hy\"\]\.T => .*(roll|dout\[t - 1\]|dout\[:-1\]|dout\[-1)",
            r"(errors?|dout|loss)\b.{0,80}(step before|previous step|step earlier|one step|dout_\(t-1\))",
        ),
    ),
    lesson(
        "output weight with the states before",
        ("add_up_over_time(state_history[1:], error_history)", "add_up_over_time(state_history, error_history)"),
        tag="off by one",
        truth="W_hy pairs each error with the state that its step starts from, where the one it makes is meant",
        accepts=(
            r"flat\(h\[1:\]\)\.T @ flat\(dout\).* => .*flat\(h\[:-1\]\)\.T @ flat\(dout\)",
            r"W_hy.{0,120}(h_\(t-1\)|step before|state before|previous state|starts? from)",
        ),
    ),
    lesson(
        "slope on the present alone",
        (
            "blame_on_the_sum = blame_on_the_state * slope_of_tanh",
            "blame_on_the_sum = blame_from_the_present * slope_of_tanh + blame_from_the_future",
        ),
        tag="slope bypassed",
        truth="what is carried back is added behind tanh's slope, which only the step's own loss is multiplied with",
        accepts=(
            r"=> .*slope\(h\[t \+ 1\]\) \+ dh_next",
            r"(carr\w+|dh_next).{0,100}(slope|nonlinearity)",
            r"slope.{0,100}(carr\w+|flows? back|dh_next)",
        ),
    ),
    lesson(
        "carry piles up",
        ("blame_from_the_future = np.dot(", "blame_from_the_future += np.dot("),
        tag="+= for =",
        truth="what is carried back is added to all that was carried before, where it should take its place",
        accepts=(
            r"dh_next = da\[t\] @ W_hh\.T => dh_next (\+=|= dh_next \+|= .*\+ dh_next)",
            r"(carr\w+|dh_next).{0,80}(not reset|never reset|piles? up|accumulat|adds? up|\+=|on top)",
        ),
    ),
)

UNITS = (
    units(
        "carry not reset",
        ("            carry[j] = 0.0\n", ""),
        tag="not reset",
        truth="carry still holds the adjoint of the step when the recurrent share is added: it also goes back as it is",
        accepts=(
            r"dh_next = .* => .*(dh\[t\] \+|\+ dh\[t\])",
            r"(carr\w+|dh_next|adjoint).{0,80}(not reset|never reset|piles? up|accumulat|adds? up|on top|unchanged)",
            r"(carr\w+|dh_next).{0,80}\+=",
        ),
    ),
    units(
        "last row left out",
        ("for j in range(nh):\n                dW_hh", "for j in range(ni):\n                dW_hh"),
        tag="loop bound",
        truth="the loop over the rows of dW_hh ends at the number of inputs, 4 of the 5: the last stays zero",
        accepts=(
            r"W_hh.{0,100}(rows?|units?|hidden).{0,30}(4\b|last|from)",
            r"(row|unit|hidden) 4\b.{0,60}(W_hh|zero|missing|without)",
            r"W_hh.{0,80}rows?.{0,40}(zeros?|never|missing|untouched)",
            r"flat\(h\[:-1\]\)\.T @ flat\(da\).* => .*(\[:-1\] = |: ?4\]|: ?I\]|:-1\]\.T.*:-1|\[-1\] = 0|\[4)",
        ),
    ),
    units(
        "adjoint left over",
        ("            delta[k] = 0.0\n", ""),
        tag="stale variable",
        truth="where a unit is off, delta keeps its value of a later step, where it should be zero",
        accepts=(
            r"da\[t\] = dh\[t\] \* slope.* => .*da\[t \+ 1\]",
            r"(adjoint|delta|\bda\b|unit).{0,100}(stale|left over|step after|later step|not (reset|zeroed|cleared))",
            r"(off|inactive|masked|closed) units?.{0,100}(keep|step after|later|stale|left over)",
        ),
    ),
    units(
        "sigmoid's slope on the softmax",
        ("            db_y[m] += e\n", "            e *= pr[t, m] * (1.0 - pr[t, m])\n            db_y[m] += e\n"),
        tag="derivative of the wrong thing",
        truth="p - onehot(y) is multiplied with p (1 - p) once more, as if a sigmoid and a squared error were meant",
        accepts=(
            r"np\.exp\(log_p\) - onehot => .*(1 - np\.exp\(log_p\)|1 - p\b|p \* \(1 - p\))",
            r"(softmax|loss|dout|errors?|outputs?)\b.{0,100}(p \* \(1 - p\)|p \(1 - p\)|sigmoid|slope)",
        ),
    ),
)

DOUBLING = (
    doubling(
        "Jacobians in the other order",
        ("reach[k:] @ reach[:-k]", "reach[:-k] @ reach[k:]"),
        tag="product order",
        truth="stacked Jacobians are multiplied in the other order: what goes back two steps or more is wrong",
        accepts=(
            r"(product|Jacobian|matri(x|ces)|factor)s?.{0,80}(other|wrong|opposite|reversed?) order",
            r"(2|two|3|three) (or more )?steps? (back|away|or more|on|later|earlier)",
            r"(more than one|beyond one|over two|from two|from 2) steps?",
        ),
    ),
    doubling(
        "slope on the other side",
        ("slope[:, :, :, None] * Whh.T", "slope[:, :, None, :] * Whh.T"),
        tag="broadcast axis",
        truth="in the Jacobian tanh's slope scales the columns of Whh.T, not its rows: it follows the product",
        accepts=(
            *SLOPE_BYPASSED,
            r"dh_next = da\[t\] @ W_hh\.T => .*W_hh\.T\)? \* slope",
            r"slope.{0,100}(other side|wrong side|wrong axis|columns|(after|behind) the (product|recurrent))",
        ),
    ),
    doubling(
        "rounds end early",
        ("while k < T:", "while 2 * k < T:"),
        tag="loop bound",
        truth="the last round is left out: at T = 7 an error reaches the step it is made at and three steps before it",
        accepts=(
            r"truncat",
            r"(more than|beyond|further|farther|at most|only|reach\w*).{0,60}\b(3|three|4|four)\b.{0,20}steps?",
            r"\b(3|three|4|four)\b steps?.{0,40}(back|only|at most|and no)",
        ),
    ),
    doubling(
        "clip left in",
        ("da = dh * slope", "da = np.clip(dh * slope, -0.2, 0.2)"),
        tag="clip",
        truth="the adjoints of the pre-activations are clipped to 0.2 before the weights' gradients are made of them",
        accepts=(r"\bclip", r"(adjoint|\bda\b).{0,60}(limited|bounded|cut off|saturat|at most)"),
    ),
)

THIRD = LESSON + UNITS + DOUBLING + THIRD_GATED
