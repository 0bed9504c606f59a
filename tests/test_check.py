"""`gradparity check`: right gradients match in every style people write them, wrong ones are named."""

import json
from operator import attrgetter
from pathlib import Path

import pytest
from candidates import PLAIN, SMALL, Style, gradparity, write_candidate

COLUMN = """
def gradients(params, x, y, h0):
    p = {n: a[:, 0] if n.startswith("b") else a.T for n, a in params.items()}
    assert x.shape == (3, 4, 2) and h0.shape == (5, 2) and params["b_h"].shape == (5, 1)
    _, g = solve(p, x.swapaxes(1, 2), y.swapaxes(1, 2), h0.T)
    return {n: a[:, None] if a.ndim == 1 else a.swapaxes(-1, -2) for n, a in g.items()}
"""
TORCH = """
def rows(q):
    return {"W_xh": q["weight_ih_l0"].T, "W_hh": q["weight_hh_l0"].T, "W_hy": q["weight_hy"].T,
            "b_h": q["bias_ih_l0"] + q["bias_hh_l0"], "b_y": q["bias_hy"]}
def gradients(params, x, y, h0):
    _, g = solve(rows(params), x, y, h0)
    biases = {"bias_ih_l0": g["b_h"], "bias_hh_l0": g["b_h"]} if BOTH else {"bias_ih_l0": g["b_h"]}
    return {"weight_ih_l0": g["W_xh"].T, "weight_hh_l0": g["W_hh"].T, **biases, "weight_hy": g["W_hy"].T,
            "bias_hy": g["b_y"]}
"""
MODULE = """
import torch
def gradients(params, x, y, h0):
    net, out = torch.nn.LSTM(4, 5, batch_first=False), torch.nn.Linear(5, 3)
    net, out = net.to(torch.float64), out.to(torch.float64)
    q = {n: torch.from_numpy(a) for n, a in params.items()}
    net.load_state_dict({n: q[n] for n in net.state_dict()})
    out.load_state_dict({"weight": q["weight_hy"], "bias": q["bias_hy"]})
    h, _ = net(torch.from_numpy(x), tuple(torch.from_numpy(s)[None] for s in h0))
    loss = 0.5 * ((out(h) - torch.from_numpy(y)) ** 2).sum()
    loss.backward()
    return loss, {**{f"{n}.grad": p.grad for n, p in net.named_parameters()},
                  "weight_hy": out.weight.grad, "bias_hy": out.bias.grad}
"""
UNBATCHED = """
def gradients(params, x, y, h0):
    assert x.shape == (3, 4) and h0.shape == (5,)
    _, g = solve(params, x[:, None], y[:, None], h0[None])
    return {**g, "x": g["x"][:, 0], "h0": g["h0"][0]}
"""
UNBATCHED_COLUMN = """
def gradients(params, x, y, h0):
    _, g = solve({n: a.T for n, a in params.items()}, x[:, None], y[:, None], h0[None])
    return {n: g[n].T for n in params}
"""
NO_BIAS = """
def gradients(params, x, y, h0):
    assert sorted(params) == ["W_hh", "W_hy", "W_xh"]
    _, g = solve(params, x, y, h0)
    return {n: g[n] for n in params}
"""
LSTM = """
def gradients(params, x, y, h0, c0):
    return solve(params, x, y, h0, c0, model="lstm")[1]
"""
LSTM_TUPLE = """
def gradients(params, x, y, h0):
    h0, c0 = h0
    return solve(params, x, y, h0, c0, model="lstm")[1]
"""
LSTM_GATES = """
def gradients(params, x, y, h0, c0):
    mine = lambda a, old, new: regated(a, old, new) if a.shape[-1] == 20 else a
    p = {n: mine(a, ORDER, "ifgo") for n, a in params.items()}
    return {n: mine(a, "ifgo", ORDER) for n, a in solve(p, x, y, h0, c0, model="lstm")[1].items()}
"""
SINGLE = """
def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    g = solve({"W_xh": Wxh, "W_hh": Whh, "b_h": bh, "W_hy": Why, "b_y": by}, x, y, h0)[1]
    return dict(dWxh=g["W_xh"], dWhh=g["W_hh"], dbh=g["b_h"], dWhy=g["W_hy"], dby=g["b_y"])
"""
NAMED_TUPLE = """
from typing import NamedTuple
class Grads(NamedTuple):
    dWxh: np.ndarray
    dWhh: np.ndarray
    dbh: np.ndarray
    dWhy: np.ndarray
    dby: np.ndarray
def gradients(params, x, y, h0):
    g = solve(params, x, y, h0)[1]
    return Grads(*(g[n] for n in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")))
"""
NOISY = """
import os, sys
print("PRINTED while importing")
def gradients(params, x, y, h0):
    print("PRINTED", 3.0)
    os.write(1, b"PRINTED past Python")
    sys.stderr.write("PRINTED as an error")
    return solve(params, x, y, h0)[1]
"""
STATIC = """
class Net:
    @staticmethod
    def backward(params, x, y, h0):
        return solve(params, x, y, h0)[1]
"""
BOUND = """
class Net:
    def backward(self, params, x, y, h0, rate=0.1, *rest, **more):
        return solve(params, x, y, h0)[1]
net = Net()
"""
ODD_KEYS = """
class Key(str): pass
def gradients(params, x, y, h0):
    return {Key(n): a.view(type("Mine", (np.ndarray,), {})) for n, a in solve(params, x, y, h0)[1].items()}
"""
LISTS = """
def gradients(params, x, y, h0):
    return {n: a.tolist() for n, a in solve(params, x, y, h0)[1].items()}
"""
XENT = """
def gradients(params, x, y, h0):
    assert y.dtype.kind == "i" and y.shape == (3, 2)
    return solve(params, x, y, h0, loss="softmax_xent")[1]
"""
LAST = """
def gradients(params, x, y, h0):
    assert y.shape == (2, 3)
    return solve(params, x, y, h0, last=True)[1]
"""
FLOAT32 = """
def gradients(params, x, y, h0):
    assert x.dtype == y.dtype == params["W_xh"].dtype == np.float32
    return solve(params, x, y, h0)[1]
"""
UNBATCHED_OPTIONS = ("--unbatched", "-B", "1")
STYLES = [
    Style("row-batched", PLAIN),
    Style("relu", PLAIN.replace("h0)[1]", 'h0, model="rnn_relu")[1]'), ("--model", "rnn_relu")),
    Style("column-vectors", COLUMN, ("--layout", "column")),
    Style("torch-both-biases", TORCH + "BOTH = True\n", ("--layout", "torch")),
    Style("torch-one-bias", TORCH + "BOTH = False\n", ("--layout", "torch")),
    Style("unbatched", UNBATCHED, UNBATCHED_OPTIONS),
    Style("unbatched-column-vectors", UNBATCHED_COLUMN, (*UNBATCHED_OPTIONS, "--layout", "column")),
    Style("no-bias", NO_BIAS, ("--no-bias",)),
    Style("lstm-c0", LSTM, ("--model", "lstm")),
    Style("lstm-tuple", LSTM_TUPLE, ("--model", "lstm")),
    Style("lstm-gates-ifgo", LSTM, ("--model", "lstm", "--gates", "ifgo")),
    Style("lstm-gates-ifog", LSTM_GATES + "ORDER = 'ifog'\n", ("--model", "lstm", "--gates", "ifog")),
    Style("lstm-gates-ofig", LSTM_GATES + "ORDER = 'ofig'\n", ("--model", "lstm", "--gates", "ofig")),
    Style("gru", PLAIN.replace("h0)[1]", 'h0, model="gru")[1]'), ("--model", "gru")),
    Style("single-weights", SINGLE),
    Style("softmax-integer-targets", XENT, ("--loss", "softmax_xent")),
    Style("loss-on-the-last-step", LAST, ("--loss-on", "last")),
    Style("float32", FLOAT32, ("--dtype", "float32")),
    Style("with-the-loss", PLAIN.replace("[1]", "")),
    Style("named-tuple", NAMED_TUPLE),
    Style("lists-of-numbers", LISTS),
    Style("keys-and-arrays-of-own-classes", ODD_KEYS),
    Style("static-method", STATIC, function="Net.backward"),
    Style("bound-method-with-defaults", BOUND, function="net.backward"),
    Style("prints", NOISY),
]
NAMES = {
    "dWxh": ("dWxh", "dWhh", "dbh", "dWhy", "dby"),
    "dcdWxh": ("dcdWxh", "dcdWhh", "dcdbh", "dcdWhy", "dcdby"),
    "gW_in": ("gW_in", "gW_rec", "gb_h", "gW_out", "gb_out"),
    "grad_W_xh": ("grad_W_xh", "grad_W_hh", "grad_b_h", "grad_W_hy", "grad_b_y"),
    "W_xh.grad": ("W_xh.grad", "W_hh.grad", "b_h.grad", "W_hy.grad", "b_y.grad"),
    "dL_dWxh": ("dL_dWxh", "dL_dWhh", "dL_dbh", "dL_dWhy", "dL_dby"),
    "dLdU": ("dLdU", "dLdW", "dLdb", "dLdV", "dLdc"),
    "Wxh_bar": ("Wxh_bar", "Whh_bar", "bh_bar", "Why_bar", "by_bar"),
    "by-shape": ("first", "second", "third", "fourth", "fifth"),
}
CANONICAL = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
# What is done to right gradients g, which of them it spoils, and what the report has to say of one.
FAULTS = [
    ("transposed", {"W_hh": "g['W_hh'].T"}, ""),
    ("sign", {"b_h": "-g['b_h']"}, ""),
    ("twice-and-zero", {"W_xh": "2 * g['W_xh']", "b_y": "0 * g['b_y']"}, ""),
    ("one-entry", {"W_hy": "g['W_hy'] + np.outer([0, 0, 1e-9, 0, 0], [1, 0, 0])"}, "hidden 2 -> output 0"),
    ("in-the-input", {"x": "np.roll(g['x'], 1, 0)"}, "time"),
    ("in-the-initial-state", {"h0": "0 * g['h0']"}, ""),
    ("wrong-shape", {"W_xh": "g['W_xh'].T"}, "(5, 4) is the transpose of (4, 5)"),
    ("not-summed", {"b_h": "np.ones((2, 5))"}, "sum it over axis 0"),
    ("not-finite", {"b_h": "g['b_h'] / 0"}, "not finite"),
    ("integers", {"W_hy": "g['W_hy'].astype(int)"}, "int64 cannot hold a gradient"),
    ("objects", {"W_hy": "solve"}, "wrong dtype"),
    ("text", {"b_y": "'abc'"}, "wrong dtype"),
]


def checked(folder: Path, style: Style, *more: str) -> tuple[int, dict, str]:
    """Exit code, result and what was printed."""
    target = write_candidate(folder, style.source).name + (f":{style.function}" if style.function else "")
    options = [*SMALL, "--no-why", *style.options, *more, "--json", "result.json"]
    ran = gradparity("check", target, *options, cwd=folder)
    assert "Traceback" not in ran.stdout + ran.stderr
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode, json.loads((folder / "result.json").read_text()), ran.stdout


def verdicts(result: dict) -> dict[str, str]:
    (panel,) = result["panels"]
    return {d["name"]: d["verdict"] for d in panel["comparisons"][0]["differences"]}


def assert_all_match(code: int, result: dict, weights: int = 5) -> None:
    found = verdicts(result)
    assert (code, result["exit_code"], set(found.values())) == (0, 0, {"match"}), found
    assert len(found) >= weights


@pytest.mark.parametrize("style", STYLES, ids=attrgetter("name"))
def test_right_gradients_match_in_every_style(tmp_path, style):
    code, result, shown = checked(tmp_path, style)
    assert_all_match(code, result, weights=3 if "--no-bias" in style.options else 5)
    assert "PRINTED" not in shown


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_gradients_are_found_under_any_common_name(tmp_path, names):
    table = dict(zip(names, CANONICAL, strict=True))
    source = PLAIN.replace("return ", "g = ") + f"    return {{n: g[m] for n, m in {table}.items()}}\n"
    code, result, shown = checked(tmp_path, Style("names", source))
    assert_all_match(code, result)
    by = "shape" if names[0] in ("first", "dLdU") else "name"  # a letter alone says no more than that it is a weight
    matches = result["panels"][0]["matches"]
    assert sorted((m["given"], m["matched"], m["by"]) for m in matches) == sorted((n, m, by) for n, m in table.items())
    assert (f"Read by shape alone: {names[0]} as W_xh" in shown) == (by == "shape")


@pytest.mark.parametrize(("spoilt", "says"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_wrong_gradients_are_named_and_no_other(tmp_path, spoilt, says):
    edits = ", ".join(f"{name!r}: {value}" for name, value in spoilt.items())
    source = f"""
def gradients(params, x, y, h0):
    g = solve(params, x, y, h0)[1]
    with np.errstate(all="ignore"):
        return {{**g, {edits}}}
"""
    code, result, shown = checked(tmp_path, Style("wrong", source))
    found = verdicts(result)
    wrong = {name for name, verdict in found.items() if verdict != "match"}
    assert (code, result["exit_code"], wrong) == (1, 1, set(spoilt))
    assert len(found) == 7
    (panel,) = result["panels"]
    assert (panel["verdict"], panel["outliers"]) == ("mismatch", ["mine.py:gradients"])
    assert all(name in result["headline"] for name in spoilt)
    assert says in shown


def test_gates_in_another_order_spoil_exactly_the_gated(tmp_path):
    code, result, _ = checked(tmp_path, Style("lstm", LSTM, ("--model", "lstm", "--gates", "ifog")))
    assert code == 1
    assert {"W_xh", "W_hh", "b_h"} <= {name for name, verdict in verdicts(result).items() if verdict == "mismatch"}


def test_a_wrong_loss_is_named(tmp_path):
    source = "def gradients(params, x, y, h0):\n    loss, g = solve(params, x, y, h0)\n    return 2 * loss, g\n"
    code, result, _ = checked(tmp_path, Style("loss", source))
    assert (code, [n for n, v in verdicts(result).items() if v != "match"]) == (1, ["loss"])


def test_a_torch_module_is_checked_as_it_is(tmp_path):
    pytest.importorskip("torch")
    code, result, _ = checked(tmp_path, Style("module", MODULE, ("--model", "lstm", "--layout", "torch")))
    assert_all_match(code, result, weights=6)
    assert "loss" in verdicts(result)


def test_all_quick_references_are_asked_unless_named(tmp_path):
    write_candidate(tmp_path, PLAIN)
    ran = gradparity("check", "mine.py", "-T", "2", "-B", "1", "-H", "2", "--json", "result.json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    names = [maker["name"] for maker in json.loads((tmp_path / "result.json").read_text())["makers"]]
    assert names[0] == "mine.py:gradients"
    assert {"numpy", "complex_step", "finite_difference"} <= set(names)
