"""The corpus: programs in the styles that people write, and faults planted in them, for measuring diagnosis and repair.

`PROGRAMS` are right. Of the faulty, `SINGLE` have one fault and `DOUBLE` two; `CONVENTIONS` are no bugs.
`HELDOUT`, one fault each, are kept apart: the diagnosis was not tuned on them. `SECOND` and `SECOND_DOUBLE`, of one
fault and of two, came after that, and from a hand that did not know how the diagnosis works; `THIRD` and `THIRD_DOUBLE`
did so once more, and `FOURTH` and `FOURTH_DOUBLE`.
"""

from .autodiff import AUTODIFF
from .conventions import CONVENTIONS
from .gated import GATED
from .heldout import HELDOUT
from .heldout_fourth import FOURTH
from .heldout_second import SECOND
from .heldout_third import THIRD
from .programs import PROGRAMS, unlisted
from .row import Cause, Planted, Program, both, said
from .simple import SIMPLE
from .unusual import UNUSUAL

__all__ = [
    "CONVENTIONS",
    "DOUBLE",
    "DOUBLES",
    "FOURTH",
    "FOURTH_DOUBLE",
    "HELDOUT",
    "PROGRAMS",
    "SECOND",
    "SECOND_DOUBLE",
    "SINGLE",
    "SINGLES",
    "THIRD",
    "THIRD_DOUBLE",
    "Cause",
    "Planted",
    "Program",
    "said",
    "unlisted",
]

SINGLE = SIMPLE + UNUSUAL + GATED + AUTODIFF


def _pair(program: str, one: str, other: str, table: tuple[Planted, ...] = SINGLE) -> Planted:
    of = {row.name: row for row in table if row.program.name == program}
    return both(of[one], of[other])


DOUBLE = (
    _pair("karpathy", "recurrent product not transposed", "bias assigned"),
    _pair("karpathy", "carry never added", "state of the same step"),
    _pair("column_class", "bias averaged", "gradient of W transposed"),
    _pair("row_arrays", "adjoint one step too early", "h0 term left out"),
    _pair("recursive", "slope of the state before", "input weight assigned"),
    _pair("generator", "recurrent product not transposed", "sigmoid's slope for tanh's"),
    _pair("per_example", "gradient of W_hh transposed", "carry added to itself"),
    _pair("relu_einsum", "recurrent product not transposed", "mask of the adjoint"),
    _pair("relu_layers", "biases averaged", "carry added behind the mask"),
    _pair("lstm_steps", "forget gate not applied to the carry", "gates i and f exchanged"),
    _pair("lstm_gates", "output gate's share not carried", "bias takes another gate's adjoint"),
    _pair("lstm_buffers", "cell's adjoint assigned", "bias of the step left over"),
    _pair("gru_class", "carry through z dropped", "state's bias has the input's adjoint"),
    _pair("gru_torch", "reset gate sees the state", "half the sigmoid's slope"),
    _pair("torch_cell", "slope of the state before", "bias averaged"),
    _pair("jax_cell", "recurrent product not transposed", "gradient of W transposed"),
)

SECOND_DOUBLE = (
    _pair("keras_layers", "inputs of the step before", "states flattened in another order", SECOND),
    _pair("relu_checkpoints", "bias of a chunk assigned", "adjoints of a chunk in backward order", SECOND),
    _pair("double_loop", "input of the loss's step", "bias outside the inner loop", SECOND),
    _pair("lstm_one_matrix", "output gate for the candidate", "c0 without the forget gate", SECOND),
    _pair("gru_autodiff", "tanh's slope for the sigmoid's", "product assigned", SECOND),
    _pair("torch_by_hand", "slope with another gate", "output weight with the cell's tanh", SECOND),
)

THIRD_DOUBLE = (
    _pair("teaching_script", "output weight with the states before", "carry piles up", THIRD),
    _pair("unit_loops", "last row left out", "carry not reset", THIRD),
    _pair("matlab_port", "tanh of the cell before", "h0 at every step", THIRD),
    _pair("torch_step_objects", "biases share a tensor", "cell's adjoint dropped", THIRD),
    _pair("closures", "bias summed over the units", "input's share for the state's", THIRD),
    _pair("jax_reverse_scan", "carry starts from h0 and c0", "last state in the place of h0", THIRD),
)

FOURTH_DOUBLE = (
    _pair("affine_helpers", "pre-activation kept for tanh", "carry written to its own step", FOURTH),
    _pair("flat_vector", "mask of the step before", "colon for the rows", FOURTH),
    _pair("reduce_folds", "not strict at the kink", "sum in place", FOURTH),
    _pair("jax_fori", "update thrown away", "loop forward from 1", FOURTH),
    _pair("notebook_cells", "cell handed on without this step's output", "cache unpacked in another order", FOURTH),
    _pair("lstm_nodes", "tanh of the cell without its slope", "own diff for the next node's", FOURTH),
    _pair("julia_port", "product overwrites the carry", "difference the other way", FOURTH),
    _pair("torch_filled", "both gradients are one tensor", "state after in the update gate", FOURTH),
)

# The sets by name, in the order in which they were written: of one fault a row, and of two.
SINGLES = {
    "corpus": SINGLE,
    "held out": HELDOUT,
    "held out, second set": SECOND,
    "held out, third set": THIRD,
    "held out, fourth set": FOURTH,
}
DOUBLES = {
    "corpus": DOUBLE,
    "held out, second set": SECOND_DOUBLE,
    "held out, third set": THIRD_DOUBLE,
    "held out, fourth set": FOURTH_DOUBLE,
}
