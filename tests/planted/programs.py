"""The programs of tests/corpus/, and the options each was written for."""

from gradparity.harness.layout import Layout

from .row import CORPUS, Program

COLUMN, TORCH, ONE, ONE_COLUMN = Layout("column"), Layout("torch"), Layout(batched=False), Layout("column", (), False)
XENT = {"loss": "softmax_xent"}
RELU, LSTM, GRU = {"model": "rnn_relu"}, {"model": "lstm"}, {"model": "gru"}

PROGRAMS = {
    program.name: program
    for program in (
        Program("karpathy", XENT, ONE_COLUMN),
        Program("column_class", {}, COLUMN),
        Program("row_arrays"),
        Program("recursive", {"loss_on": "last"}),
        Program("rtrl", {}, ONE),
        Program("generator", {"bias": False}),
        Program("per_example", XENT),
        Program("last_step_chunks", {**XENT, "loss_on": "last"}),
        Program("relu_einsum", RELU),
        Program("relu_layers", RELU),
        Program("lstm_steps", LSTM),
        Program("lstm_gates", LSTM, Layout("column", ("f", "i", "g", "o"), False)),
        Program("lstm_buffers", {**LSTM, "loss_on": "last"}, TORCH),
        Program("lstm_einsum", {**LSTM, **XENT}),
        Program("gru_class", GRU),
        Program("gru_torch", GRU, TORCH),
        Program("gru_dicts", {**GRU, **XENT}, COLUMN),
        Program("torch_cell", needs=("torch",)),
        Program("torch_lstm", {**LSTM, **XENT}, TORCH, ("torch",)),
        Program("torch_gru", GRU, needs=("torch",)),
        Program("jax_cell", {}, ONE_COLUMN, ("jax",)),
        Program("jax_lstm", LSTM, needs=("jax",)),
        Program("lstm_matrices", {**LSTM, **XENT}),
        Program("elman_einsum", XENT, COLUMN),
        Program("gru_tape", GRU, ONE_COLUMN),
        Program("relu_outer", {**RELU, **XENT}, ONE),
        Program("torch_lstm_sequence", LSTM, needs=("torch",)),
        Program("keras_layers"),
        Program("gru_autodiff", {**GRU, "loss_on": "last"}),
        Program("lstm_one_matrix", {**LSTM, **XENT}, Layout(gates=("i", "f", "o", "g"))),
        Program("torch_linear", {**RELU, **XENT, "loss_on": "last"}, TORCH, ("torch",)),
        Program("jax_gru_scan", {**GRU, **XENT}, needs=("jax",)),
        Program("torch_by_hand", LSTM, Layout("torch", (), False), ("torch",)),
        Program("relu_checkpoints", RELU, COLUMN),
        Program("double_loop", XENT, ONE_COLUMN),
        Program("teaching_script"),
        Program("matlab_port", LSTM, ONE_COLUMN),
        Program("unit_loops", {**RELU, **XENT}, ONE),
        Program("carry_tuples", {**GRU, **XENT}),
        Program("torch_step_objects", {**LSTM, "loss_on": "last"}, TORCH, ("torch",)),
        Program("closures", GRU, COLUMN),
        Program("doubling_scan", XENT),
        Program("jax_reverse_scan", {**LSTM, **XENT}, needs=("jax",)),
        Program("affine_helpers"),
        Program("flat_vector", {**RELU, **XENT}),
        Program("reduce_folds", RELU, ONE_COLUMN),
        Program("notebook_cells", LSTM, COLUMN),
        Program("lstm_nodes", {**LSTM, **XENT}, ONE),
        Program("julia_port", GRU, COLUMN),
        Program("torch_filled", {**GRU, **XENT, "loss_on": "last"}, TORCH, ("torch",)),
        Program("jax_fori", XENT, ONE, ("jax",)),
    )
}


def unlisted() -> set[str]:
    """Files of the corpus that no row speaks of, and rows without a file."""
    return {path.stem for path in CORPUS.glob("*.py")} ^ set(PROGRAMS)
