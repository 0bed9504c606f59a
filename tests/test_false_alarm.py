"""Right candidates on small problems are called right. `make bench ARGS=false_alarm` asks thousands."""

import pytest
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem
from right import RIGHT
from right.small import ratios, small

ROUNDED_WELL = [  # problems on which every permuted equivalent rounds well by chance
    Problem("rnn_relu", 9, 1, 5, 3, 5, dtype="float32", weight_scale=0.1, seed=326790),
    Problem("rnn", 1, 2, 5, 3, 2, "softmax_xent", "last", "float32", weight_scale=0.1, seed=226493),
    Problem("rnn_relu", 2, 2, 2, 3, 2, "softmax_xent", "last", "float64", weight_scale=0.1, seed=759131),
]


@pytest.mark.parametrize("problem", ROUNDED_WELL, ids=Problem.describe)
def test_no_false_alarm_where_the_equivalents_round_well(problem):
    assert max(ratios(problem, list(RIGHT))) < (THRESHOLD / 3, "", "")


@pytest.mark.parametrize("model", ["rnn", "rnn_relu", "lstm", "gru"])
@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1), (1, 5, 3, 3, 1), (9, 9, 9, 9, 9)], ids=str)
def test_no_false_alarm_at_the_ends_of_the_sizes(model, loss, sizes):
    """With one output the gradient of cross-entropy is zero, and what is found is rounding alone."""
    for dtype in ("float32", "float64"):
        for scale in (0.1, 3.0):
            problem = Problem(model, *sizes, loss=loss, dtype=dtype, weight_scale=scale)
            assert max(ratios(problem, list(RIGHT))) < (THRESHOLD / 2, "", ""), problem


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_no_false_alarm_on_a_few_hundred_problems(first):
    for seed in range(first, first + 100):
        worst = max(ratios(small(seed), list(RIGHT)))
        assert worst < (THRESHOLD / 3, "", ""), (worst, small(seed))
