"""From a panel whose candidate is wrong to one that says why."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..backends import discover
from .compare import MISMATCH, coarser
from .diagnosis import diagnose
from .diagnosis.asking import Answers, asking
from .diagnosis.case import Ask, Case, make_case
from .finding import Diagnosis
from .layout import Layout
from .noise import THRESHOLD
from .problem import make_tensors
from .result import Panel
from .run import NOISE, Asked

Array = np.ndarray
ENOUGH = {"T": 12, "B": 5, "I": 8, "H": 8, "O": 8}  # sizes that show every fault we know; larger ones only take longer


def explain(
    panel: Panel,
    given: Mapping[str, Array],
    asked: Asked,
    layout: Layout,
    answers: Answers,
    call: str = "",
    threshold: float = THRESHOLD,
) -> Panel:
    """The panel with its diagnosis, and the first finding at the head of its sentence.

    Args:
        panel, given: from `candidate_panel`, and the candidate's gradients that it was made of.
        answers: puts the candidate to further problems.
        call: FILE:FUNCTION, where the candidate stands in a file.
        threshold: that the panel was judged by.
    """
    if panel.verdict != MISMATCH:
        return panel
    if NOISE in panel.outliers:
        note = f"No diagnosis: it rests on the {NOISE} reference, which is itself an outlier here."
        return replace(panel, diagnosis=Diagnosis(notes=(note,)))
    reference = discover()[NOISE].gradients
    native = {one.matched: given[one.given] for one in panel.matches}
    truth = reference(asked.problem, asked.tensors)
    ask = asking(answers, panel.matches, layout, reference, threshold)
    failing = make_case(asked.problem, asked.tensors, layout, native, truth, asked.noise, threshold)
    case, notes = smaller(failing, ask)
    found = diagnose(case, ask, reference, call, {one.given: one.matched for one in panel.matches})
    return replace(panel, diagnosis=replace(found, notes=notes + found.notes))


def smaller(case: Case, ask: Ask) -> tuple[Case, tuple[str, ...]]:
    """The case, or one of sizes on which questions are cheap where the same gradients are wrong; with a note."""
    sizes = {size: min(n, ENOUGH[size]) for size, n in case.problem.sizes.items()}
    problem = case.problem.of_sizes(sizes)
    if problem == case.problem:
        return case, ()
    (found,) = ask([(problem, make_tensors(problem))])
    if found is None or found.wrong != case.wrong:
        return case, ()
    return found, (f"Explained on smaller sizes, where the same gradients are wrong: {problem.describe()}.",)


def headline(panel: Panel) -> str:
    """The panel in a sentence: whose gradients, and the cause and the cure, or where none was found what differs."""
    findings = panel.diagnosis.findings if panel.diagnosis else ()
    patches = panel.repair.patches if panel.repair else ()
    first = [finding for finding in findings[:1] if not (patches and finding.means == "line")]  # a patch says as much
    news = [*(finding.what for finding in first), *(patch.sentence for patch in patches[:1])]
    coarse = coarser(panel.comparisons[0]) if panel.comparisons else ""
    if news and coarse and not any(coarse.split(",")[0] in one for one in news):
        news.insert(0, f"given in {coarse}")
    name, _, _ = panel.sentence.partition(": ")
    return f"{name}: {'; '.join(news)}" if news else panel.sentence
