"""Not a bug: programs that are right about something else than what is asked, and what that should be called."""

from functools import partial

from .programs import PROGRAMS
from .row import planted

arrays = partial(planted, PROGRAMS["row_arrays"])
steps = partial(planted, PROGRAMS["lstm_steps"])
gru = partial(planted, PROGRAMS["gru_class"])
by_gate = partial(planted, PROGRAMS["gru_torch"])

ERROR = "dout = out - y"
CONVENTIONS = (
    arrays(
        "mean over time",
        (ERROR, "dout = (out - y) / len(x)"),
        tag="mean loss",
        truth="the loss is averaged over the timesteps",
        accepts=(r"scaled by 1/T", r"mean.{0,40}timesteps"),
    ),
    arrays(
        "mean over everything, without the half",
        (ERROR, "dout = 2 * (out - y) / out.size"),
        tag="mean loss",
        truth="the loss is the mean of the squared errors, as in torch.nn.MSELoss",
        accepts=(r"scaled by 2/\(T\*B\*O\)", r"mean.{0,60}(outputs|everything|all)"),
    ),
    arrays(
        "squared error without the half",
        (ERROR, "dout = 2 * (out - y)"),
        tag="scale",
        truth="the loss is sum((out - y)^2), without the factor 1/2",
        accepts=(r"scaled by 2\b(?!/)", r"(1/2|half).{0,60}(forgotten|missing|without)"),
    ),
    planted(
        PROGRAMS["last_step_chunks"],
        "cross-entropy averaged over the batch",
        ("p[np.arange(len(y)), y] -= 1", "p[np.arange(len(y)), y] -= 1\n    p /= len(y)"),
        tag="mean loss",
        truth="the loss is averaged over the batch",
        accepts=(r"scaled by 1/B", r"mean.{0,40}batch"),
    ),
    arrays(
        "loss on the last step",
        (ERROR, ERROR + "\n    dout[:-1] = 0"),
        tag="loss on one step",
        truth="only the last step's loss counts",
        accepts=(r"only the loss of the last step counts", r"loss.{0,30}last step (only|alone)"),
    ),
    arrays(
        "initial state of zero",
        ("    h[0] = h0\n", ""),
        tag="h0",
        truth="the initial state is taken as zero, whatever h0 is",
        accepts=(r"h0.{0,40}(ignored|zero)", r"initial state.{0,40}(ignored|zero)"),
    ),
    arrays(
        "states kept in float32",
        ("h = np.zeros((T + 1, B, H))", "h = np.zeros((T + 1, B, H), dtype=np.float32)"),
        tag="precision",
        truth="states are rounded to float32",
        accepts=(r"float32", r"single precision"),
    ),
    arrays(
        "dropout left on",
        ("h = forward(params, x, h0)", "h = forward(params, 2 * x * (np.random.rand(*x.shape) < 0.5), h0)"),
        tag="random",
        truth="inputs are dropped at random, so that no two runs agree",
        accepts=(r"run to run", r"two runs", r"n[o'n]t?[ -]?determinis"),
    ),
    planted(
        PROGRAMS["torch_cell"],
        "all of it in float32",
        ("torch.tensor(weight, requires_grad=True)", "torch.tensor(weight, dtype=torch.float32, requires_grad=True)"),
        (
            "x, y = torch.tensor(x, requires_grad=True), torch.tensor(y)",
            "x, y = torch.tensor(x, dtype=torch.float32, requires_grad=True), torch.tensor(y, dtype=torch.float32)",
        ),
        ("torch.tensor(h0, requires_grad=True)", "torch.tensor(h0, dtype=torch.float32, requires_grad=True)"),
        ("name: weight.grad for", "name: weight.grad.double() for"),
        tag="precision",
        truth="everything is computed in float32",
        accepts=(r"float32", r"single precision"),
    ),
    steps(
        "gates in the order i, f, o, g",
        (
            "    g, o = np.tanh(a[:, 2 * H : 3 * H]), sigmoid(a[:, 3 * H :])",
            "    o, g = sigmoid(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :])",
        ),
        (
            "dg * (1 - g**2), do * o * (1 - o)))",
            "do * o * (1 - o), dg * (1 - g**2)))",
        ),
        tag="gate order",
        truth="gate blocks are laid in the order i, f, o, g",
        accepts=(r"i, f, o, g", r"ifog"),
    ),
    gru(
        "z for new and not for keep",
        ("(1 - z) * n + z * h", "z * n + (1 - z) * h"),
        ("dn = dh * (1 - z)", "dn = dh * z"),
        ("dz = dh * (h - n)", "dz = dh * (n - h)"),
        ("+ dh * z", "+ dh * (1 - z)"),
        tag="update gate",
        truth="z says how much of the new state is taken, where it says how much of the old one is kept",
        accepts=(r"h = z \* n \+ \(1 - z\) \* h", r"\bz\b.{0,80}\b(keep|kept|new)\b", r"update gate"),
    ),
    by_gate(
        "reset before the product",
        ("u = h @ Un.T + cn", "u = (r * h) @ Un.T + cn"),
        ("bn + r * u)", "bn + u)"),
        ("dar = dan * u * r * (1 - r)", "dar = (dan @ Un) * h * r * (1 - r)"),
        ("du = dan * r\n", "du = dan\n"),
        ("dUn + du.T @ h\n", "dUn + du.T @ (r * h)\n"),
        ("+ du @ Un\n", "+ (du @ Un) * r\n"),
        tag="reset gate",
        truth="the reset gate is applied to the state before the product, as in the first version of the paper",
        accepts=(r"reset.{0,60}before", r"before the product"),
    ),
    gru(
        "one bias",
        ('h @ p["W_hh"] + p["b_hh"]', 'h @ p["W_hh"]'),
        ('self.grads["b_hh"] += dhs', 'self.grads["b_hh"] += dxs'),
        tag="biases",
        truth="the network has one bias, b_xh: b_hh is not used",
        accepts=(r"one bias", r"b_hh.{0,40}(not used|unused|ignored|zero)", r"=> hs = h\[t\] @ W_hh;"),
    ),
)
