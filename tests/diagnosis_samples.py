"""Diagnoses for the report tests, made by hand: what the demo's class would be told, and one that is all attack."""

from gradparity.harness.finding import CreditMap, Diagnosis, Finding, Residual, SmallestCase, SourceLine
from gradparity.harness.problem import Problem

T = 5
FADING = tuple(tuple(2.0**-k * 0.4 if k >= 0 else 0.0 for k in range(s, s - T, -1)) for s in range(T))
DIAGONAL = tuple(tuple(value if s == t else 0.0 for t, value in enumerate(row)) for s, row in enumerate(FADING))
LONELY = CreditMap(
    FADING,
    DIAGONAL,
    tuple(tuple("missing" if t < s else "match" for t in range(T)) for s in range(T)),
    "The diagonal alone: every timestep hears of its own loss and of no later one. Nothing flows back in time.",
)
SHIFTED = CreditMap(
    FADING,
    tuple((*row[1:], 0.0) for row in FADING),
    tuple(
        tuple("match" if t > s else "missing" if t == s else "unexpected" if t == 0 else "mismatch" for t in range(T))
        for s in range(T)
    ),
    "Shifted by one step.",
)

TEST = '''"""The smallest case on which elman.py:gradients is wrong."""

import numpy as np
from elman import gradients


def test_gradient():
    found = gradients(params={"W_xh": np.array([[1.0]]), "W_hh": np.array([[1.0]])}, x=np.array([[1.0], [0.0]]))
    right = 0.25
    assert abs(found["dcdWxh"][0, 0] - right) < 1e-9, "`dcdWxh` at input 0 -> hidden 0"
'''

DIAGNOSIS = Diagnosis(
    findings=(
        Finding(
            "fault dictionary",
            "nothing flows back in time",
            "Your gradients are exactly what the reference gives if the recurrent adjoint is read one step too early: "
            "at step t it is still zero there. Look for an index [t] that should be [t + 1] in the backward loop.",
            ("dcdWxh", "dcdWhh"),
            (0, 1, 2, 3),
            (Residual("dcdWxh", 4.6e15, 0.8), Residual("dcdWhh", 3.14e15, 0.052)),
            "confirmed",
            True,
            (
                SourceLine(
                    "backends/numpy_bptt.py",
                    87,
                    "    da[t] = (dh[t] + da[t + 1] @ W_hh.T) * (1 - h[t] ** 2)",
                    "    da[t] = (dh[t] + da[t] @ W_hh.T) * (1 - h[t] ** 2)",
                ),
            ),
        ),
        Finding(
            "credit map",
            "dcdWxh hears of its own step's loss alone",
            "No error of a later step reaches an earlier one.",
            ("dcdWxh",),
            (0, 1, 2, 3),
            (Residual("dcdWxh", 4.6e15, 0.31),),
        ),
        Finding(
            "relation",
            "the term of h0 is missing in dcdWhh",
            "The sum over time starts at step 1: outer(h0, da[0]) is left out. With h0 = 0 that cannot be seen.",
            ("dcdWhh",),
            (0,),
            (Residual("dcdWhh", 2.2e15, 1.1),),
            "fits",
        ),
    ),
    leads=(
        Finding(
            "relation",
            "dcdWxh is truncated after 1 step",
            "The last row is right, and those before it are not.",
            ("dcdWxh",),
            (4,),
            (Residual("dcdWxh", 4.6e15, 2.4e4),),
            "lead",
        ),
    ),
    credit=LONELY,
    smallest=SmallestCase(
        Problem(T=2, B=1, I=1, H=1, O=1, bias=False),
        {"W_xh": "[[1.0]]", "W_hh": "[[1.0]]", "x": "[[1.0], [0.0]]", "y": "[[0.0], [1.0]]", "h0": "[0.0]"},
        "dcdWxh",
        "input 0 -> hidden 0",
        0.31987311,
        0.29813024,
        TEST,
    ),
    notes=("1,204 mutants of the reference were tried; 96 that change nothing were dropped.",),
    seconds={"relations": 0.0123, "credit map": 0.2, "fault dictionary": 1.53, "smallest failing case": 0.4},
)  # fmt: skip

LEADS_ONLY = Diagnosis(
    leads=DIAGNOSIS.leads,
    credit=SHIFTED,
    notes=("The candidate answered no other problem.",),
    seconds={"relations": 1.0},
)


def hostile_diagnosis(text: str) -> Diagnosis:
    """Every text of a diagnosis is this one."""
    finding = Finding(
        text, text, text, (text,) * 9, (0,), (Residual(text, float("inf"), float("nan")),) * 9, "fits", False,
        (SourceLine(text, 1, text, text),) * 9,
    )  # fmt: skip
    return Diagnosis(
        (finding,) * 9,
        (finding,) * 9,
        CreditMap(((1.0, 0.0),) * 2, ((1.0, float("nan")), (float("inf"), 0.0)), ((text, text),) * 2, text),
        SmallestCase(Problem(T=2), {text: text}, text, text, float("nan"), 1.0, f"{text}\n````\n{text}"),
        (text, text),
        {text: 1.0},
    )  # fmt: skip
