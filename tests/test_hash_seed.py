"""The same check says the same, whatever Python's hash seed: no set is walked where its order can be seen."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.candidate import call, call_on
from gradparity.harness.check import concluded
from gradparity.harness.diagnosis import dictionary, smallest
from gradparity.harness.explain import explain
from gradparity.harness.problem import Problem, Tensors, make_tensors
from gradparity.harness.result import to_json
from here import ROW, asked, judged

SEEDS = ("0", "1", "2")
GRU = Problem("gru", T=3, B=2, I=2, H=3, O=2)


def gradients(params, x, y, h0):
    """Several gradients that nothing explains, each wrong in a place of its own, and two that are doubled."""
    sizes = {"T": len(x), "B": x.shape[1], "I": x.shape[2], "H": h0.shape[1], "O": y.shape[2]}
    found = dict(numpy_bptt.gradients(Problem("gru", **sizes), Tensors(params, x, y, {"h0": h0})).named)
    odd = np.sin(np.arange(1000.0))
    for k, name in enumerate(("W_xh", "W_hh", "b_xh")):
        block = found[name][..., k * h0.shape[1] : (k + 1) * h0.shape[1]]
        block += odd[: block.size].reshape(block.shape)
    found["x"][0] += 1
    return {**found, "W_hy": 2 * found["W_hy"], "b_y": 2 * found["b_y"], "extra": x, "more": y}


def told(with_dictionary: bool) -> str:
    """The result of a check of it, less the seconds, as JSON."""
    if not with_dictionary:
        dictionary.find = lambda *_: None  # takes seconds
    smallest.SECONDS = 60.0  # on a busy machine the smallest case is as small as there is time for
    given = call(gradients, GRU, ROW, make_tensors(GRU))
    panel = explain(judged(gradients, GRU), given, asked(GRU), ROW, partial(call_on, gradients, ROW))
    return json.dumps(without_times(json.loads(to_json(concluded("check", (panel,))))))


def without_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: without_times(one) for name, one in data.items() if name != "seconds"}
    return [without_times(one) for one in data] if isinstance(data, list) else data


@pytest.mark.parametrize("with_dictionary", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["rest", "all"])
def test_a_check_says_the_same_whatever_the_hash_seed(with_dictionary):
    code = f"import test_hash_seed; print(test_hash_seed.told({with_dictionary}))"
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    running = [
        subprocess.Popen([sys.executable, "-c", code], env={**here, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE)
        for seed in SEEDS
    ]
    texts = {one.communicate(timeout=300)[0] for one in running}
    assert [one.returncode for one in running] == [0] * len(SEEDS)
    assert len(texts) == 1
    (panel,) = json.loads(texts.pop())["panels"]
    assert panel["diagnosis"]["findings"]
    assert len(panel["comparisons"][0]["differences"]) > 2
