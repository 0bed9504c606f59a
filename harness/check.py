"""`gradparity check`: the user's gradients against the references."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, time
from types import MappingProxyType

import numpy as np

from ..backends import Backend, discover
from . import hints
from .arrays import apart
from .compare import CANNOT_TELL, MATCH, MISMATCH, WRONG_DTYPE, Comparison, coarser, compare, mismatches, unjudged
from .consensus import Consensus
from .diagnosis.asking import Answers
from .diagnosis.case import Question
from .edits import functions
from .errors import BackendFailed, BadInput, GradparityError, listed
from .explain import explain, headline
from .gradients import Maker
from .layout import Layout, native_gradients
from .names import match
from .noise import THRESHOLD
from .problem import Problem, Tensors, make_tensors
from .readings import readings
from .result import Match, Matrix, Panel, Result
from .run import Asked, Pool, Progress, choose, conclude, consensus, odd_one
from .scratch import scratch
from .visible import few, shortened
from .workers import Crashed, Limits, Raised, TimedOut, Worker

Array = np.ndarray
Given = Mapping[str, Array]
Answered = dict[str, Array]
GUESSED = {  # how names were read that did not say it themselves
    "shape": "Read by shape alone",
    "value": "Read by value, where the shapes leave a choice; longer names, such as dW_xh, leave none",
}
SHORT = 100  # characters of what a backend said, in a headline
WATCHED = 0.9  # of its time, after which a candidate that has not answered is asked where it is
QUICK = 20  # backends ranked from here on compile for seconds: asked only when named


def split_target(target: str) -> tuple[Path, str]:
    """'FILE[:FUNCTION]' as a path and a function; FUNCTION is `gradients` unless named."""
    path, colon, function = target.rpartition(":")
    return (Path(path), function) if colon and path.endswith((".py", ".ipynb")) else (Path(target), "gradients")


def references(names: Sequence[str] = ()) -> list[Backend]:
    """The backends a candidate is held against: those named, or all installed ones that answer at once, with those that
    are installed and broken."""
    if names:
        return choose(names)
    quick = [backend for backend in discover().values() if backend.rank < QUICK or backend.oracle or backend.broken]
    return [backend for backend in quick if backend.broken or not backend.missing]


def check(
    target: str,
    problem: Problem,
    layout: Layout,
    backends: Sequence[Backend],
    limits: Limits,
    threshold: float = THRESHOLD,
    progress: Progress = lambda _: None,
    why: bool = True,
) -> Result:
    """The gradients of a function in a file against the consensus of the references, and why they differ.

    Raises:
        BadInput: the file or function cannot be used: missing, raises, hangs, crashes, returns no gradients.
        BackendFailed: no reference answered.
    """
    path, function = split_target(target)
    if not os.path.isfile(path):  # unlike Path's own, it raises nothing, whatever the name
        what = "a folder" if os.path.isdir(path) else "not there"
        raise BadInput(f"{path} is {what}; give a Python file, FILE.py or FILE.py:FUNCTION")
    if path.suffix == ".ipynb":
        mend = f"write its cells to a Python file: jupyter nbconvert --to script {path.name}"
        raise BadInput(f"{path} is a notebook; expected a Python file, FILE.py or FILE.py:FUNCTION\n  mend it   {mend}")
    if problem.B != 1 and not layout.batched:
        raise BadInput(f"--unbatched takes no batch, but B = {problem.B}; leave -B out or set it to 1")
    tensors = make_tensors(problem)
    start = perf_counter()
    with scratch() as compiled, Worker(limits, compiled) as worker:
        given = call_in_worker(worker, path, function, problem, layout, tensors)
        seconds = perf_counter() - start
        progress("candidate")
        letters = letters_in_worker(worker, path, function, problem, layout)
        maker = Maker(f"{path.name}:{function}", dtype=problem.dtype, seconds=seconds)
        with Pool(Limits(limits.seconds)) as pool:  # the memory limit is for the user's code
            (asked,) = pool.ask([(problem, tensors)], backends, progress)
        one = candidate_panel(given, maker, asked, layout, threshold, letters)
        one = replace(one, notes=(*one.notes, *hints.paired(hints.parameters(path, function), problem)))
        if why:
            asks = answers(worker, path, function, layout)
            one = explain(one, given, asked, layout, asks, f"{path}:{function}", threshold)
        progress("diagnosis")
    return concluded("check", (one,), threshold)


def answers(worker: Worker, path: Path, function: str, layout: Layout) -> Answers:
    """The function of a file, put to one problem after the other in a worker; None where it has no answer."""

    def answer(questions: Sequence[Question]) -> list[Given | None]:
        try:
            target = "gradparity.harness.candidate:call_file_on"
            return worker.call(target, str(path), function, layout, list(questions), returns=list[Answered | None])
        except GradparityError:  # it hung or ended its process
            return [None] * len(questions)

    return answer


def call_in_worker(
    worker: Worker, path: Path, function: str, problem: Problem, layout: Layout, tensors: Tensors
) -> Given:
    """The candidate's answer, or BadInput with what became of it."""
    name, seconds = f"{path.name}:{function}", worker.limits.seconds
    until = time() + WATCHED * seconds
    try:
        given = (str(path), function, problem, layout, tensors, until)
        return worker.call("gradparity.harness.candidate:call_file", *given, returns=Answered)
    except TimedOut as error:
        where = hints.stopped_at(error.text, path)
        raise BadInput(f"{name} gave no answer within {seconds:g} s and was stopped{where}") from None
    except BadInput as error:
        notes = [f"\n  note      {note}" for note in hints.paired(hints.parameters(path, function), problem)]
        raise BadInput("".join([str(error), *notes, hints.shadowing(path)])) from None
    except Crashed as error:
        raise BadInput(f"{name} ended its process: {error}") from None
    except Raised as error:
        raise BadInput(f"{name}: {error}") from None


def letters_in_worker(worker: Worker, path: Path, function: str, problem: Problem, layout: Layout) -> Mapping[str, str]:
    """What the single letters among a function's parameters stand for; its file is loaded again only if it has any."""
    try:
        text = functions(path.read_text(encoding="utf-8", errors="replace")).get(function)
        if text and not any(len(one.arg) == 1 and one.arg not in "xy" for one in text.args.args):
            return {}
        target = "gradparity.harness.candidate:letters_of_file"
        return worker.call(target, str(path), function, problem, layout)
    except (OSError, SyntaxError, ValueError, GradparityError):  # it has answered; what its letters are is no more
        return {}


def candidate_panel(
    given: Given,
    maker: Maker,
    asked: Asked,
    layout: Layout,
    threshold: float = THRESHOLD,
    letters: Mapping[str, str] = MappingProxyType({}),
) -> Panel:
    """A candidate's gradients beside the references' consensus, in the candidate's own layout.

    Args:
        letters: what the single letters among its parameters stand for.
    Raises:
        BadInput: its names cannot be matched.
        BackendFailed: no reference answered, or nothing decides between references that disagree.
    """
    problem = asked.problem
    judged = consensus(asked, threshold)
    if not judged.reference:
        broken = [a.maker for a in asked.answers]
        raise BackendFailed("no reference answered: " + "; ".join(f"{m.name}: {m.detail}" for m in broken))
    if judged.undecided:
        raise BackendFailed(f"nothing to judge by: {judged.sentence}; add an oracle or a third one with --backends")
    reference = asked.gradients_of(judged.reference)
    places = layout.placements(problem)
    truth = native_gradients(layout, problem, reference.quantities)
    shapes = {name: array.shape for name, array in given.items()}
    matches = match(shapes, places, problem.sizes, lambda name, target: apart(given[name], truth[target]), letters)
    mine = {one.matched: given[one.given] for one in matches}
    # A doubled bias has both placements; of x, states, outputs and loss only what was returned is compared.
    truth = {name: truth[name] for name in truth if name in mine}
    loose = sorted(set(given) - {one.given for one in matches})
    known = asked.noise.at_least(reference.uncertainty).values
    zero = frozenset(n for n in truth if places[n].spec.name in asked.noise.zero)
    noise = replace(asked.noise, values={n: known[places[n].spec.name] for n in truth}, zero=zero)
    compared = compare(
        mine,
        truth,
        noise,
        names=(maker.name, judged.reference),
        readings=readings(problem, layout),
        threshold=threshold,
        dtype=problem.dtype,
        heat=True,
    )
    return Panel(
        title=problem.describe(),
        verdict=compared.outcome,
        sentence=_sentence(compared, maker.name, judged.believed),
        reference=judged.reference,
        problem=problem,
        makers=(maker, *(answer.maker for answer in asked.answers)),
        outliers=((maker.name,) if compared.outcome == MISMATCH else ()) + judged.outliers,
        comparisons=(compared, *(() if judged.agreed else judged.comparisons)),
        matrix=Matrix() if judged.agreed else judged.matrix,
        matches=matches,
        notes=_notes(judged, asked, loose, matches, letters),
    )


def _sentence(compared: Comparison, name: str, believed: tuple[str, ...]) -> str:
    against = listed(believed, "and")
    wrong = list(mismatches(compared))
    if not wrong:
        return f"{name}: all {len(compared.differences)} gradients match {against}"
    right = [d.name for d in compared.differences if d.verdict == MATCH]
    unknown = [d.name for d in wrong if d.verdict == CANNOT_TELL]
    wrong = [d for d in wrong if d.verdict != CANNOT_TELL]
    if not wrong:
        return f"{name}: {unjudged([compared])}"
    worst = wrong[0]
    detail = f" ({worst.ratio:.2g} times the noise, worst at {worst.place})" if worst.ratio and worst.place else ""
    ends = f"; {', '.join(right)} match{'es' * (len(right) == 1)}" if right else "; nothing matches"
    ends += f"; of {', '.join(unknown)} rounding leaves nothing to tell by" if unknown else ""
    coarse = [d.name for d in wrong if d.verdict == WRONG_DTYPE and d.ratio is not None]
    given = f"{', '.join(coarse)} given in {coarser(compared)}"
    if coarse and len(coarse) == len(wrong):
        return f"{name}: {given}{ends.replace('; nothing matches', '')}"
    ends += f"; {given}" if coarse else ""
    differ = f"differ{'s' * (len(wrong) == 1)} from {against}"
    return f"{name}: {', '.join(d.name for d in wrong)} {differ}{detail}{ends}"


def _notes(
    judged: Consensus, asked: Asked, loose: list[str], matches: Sequence[Match], letters: Mapping[str, str]
) -> tuple[str, ...]:
    notes = []
    if not judged.agreed:
        odd = odd_one(judged, asked)  # of the references; what is said of the candidate is said elsewhere
        said = [finding.sentence for finding in odd.findings] if odd else [f"{judged.sentence}."]
        notes.append(f"The references themselves disagree: {' '.join(said)}")
    elif judged.comparisons:
        notes.append(f"Of the references{':' * (judged.outcome == CANNOT_TELL)} {judged.sentence}.")
    if loose:
        notes.append(f"Not compared, since nothing is called or shaped like it: {few(loose)}.")
    if letters:
        read = ", ".join(f"{letter} as {native}" for letter, native in letters.items())
        notes.append(f"Parameters of one letter, read as what your code runs with: {read}.")
    for by, how in GUESSED.items():
        if guessed := [f"{one.given} as {one.matched}" for one in matches if one.by == by]:
            notes.append(f"{how}: {', '.join(guessed)}.")
    return tuple(notes)


def concluded(command: str, panels: tuple[Panel, ...], threshold: float = THRESHOLD) -> Result:
    """The Result of candidate panels: the first that is wrong is the headline."""
    wrong = [panel for panel in panels if panel.verdict == MISMATCH]
    unknown = [panel for panel in panels if panel.verdict == CANNOT_TELL]
    result, said = conclude(command, panels, threshold), headline((wrong or unknown or panels)[0])
    broken = [maker for maker in result.makers if maker.status == "failed"]
    failed = [f"{maker.name} failed ({shortened(maker.detail, SHORT)})" for maker in broken]
    return replace(result, headline="; ".join([said, *failed]))
