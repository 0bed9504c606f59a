"""From a panel whose candidate is wrong to one that says why."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..backends import discover
from .compare import MATCH
from .diagnosis import diagnose
from .diagnosis.asking import Answers, asking
from .diagnosis.case import make_case
from .finding import Diagnosis
from .layout import Layout
from .result import Panel
from .run import NOISE, Asked

Array = np.ndarray


def explain(
    panel: Panel, given: Mapping[str, Array], asked: Asked, layout: Layout, answers: Answers, call: str = ""
) -> Panel:
    """The panel with its diagnosis, and the first finding at the head of its sentence.

    Args:
        panel, given: from `candidate_panel`, and the candidate's gradients that it was made of.
        answers: puts the candidate to further problems.
        call: FILE:FUNCTION, where the candidate stands in a file.
    """
    before = panel.diagnosis or Diagnosis()
    if panel.verdict == MATCH:
        return panel
    if NOISE in panel.outliers:
        note = f"No diagnosis: it rests on the {NOISE} reference, which is itself an outlier here."
        return replace(panel, diagnosis=replace(before, notes=(note,)))
    reference = discover()[NOISE].gradients
    native = {one.matched: given[one.given] for one in panel.matches}
    truth = reference(asked.problem, asked.tensors)
    case = make_case(asked.problem, asked.tensors, layout, native, truth, asked.noise)
    found = diagnose(case, asking(answers, panel.matches, layout, reference), reference, call)
    found = replace(found, findings=found.findings + before.findings)
    return replace(panel, diagnosis=found)


def headline(panel: Panel) -> str:
    """The panel in a sentence, the cause first where one was found."""
    findings = panel.diagnosis.findings if panel.diagnosis else ()
    return f"{findings[0].what}. {panel.sentence}" if findings else panel.sentence
