"""`gradparity run`: every backend against every other, each in its own worker, all at the same time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Self

from ..backends import Backend, discover
from . import outlier
from .compare import CANNOT_TELL
from .consensus import Consensus, Witness, judge
from .errors import BackendFailed, BadInput, GradparityError, listed
from .finding import Diagnosis
from .gradients import Gradients, Maker
from .jobs import Solved
from .layout import Layout
from .noise import THRESHOLD, Noise
from .problem import Problem, Tensors, make_tensors
from .readings import readings
from .result import Panel, Result, exit_code
from .workers import Limits, TimedOut, Worker, WorkerError

Progress = Callable[[str], None]
JOBS = "gradparity.harness.jobs"
NOISE = "numpy"  # the backend that measures noise: the hand-derived reference, in any NumPy dtype


@dataclass(frozen=True)
class Answer:
    """A backend's answer to one problem: who, and the gradients where there are any."""

    maker: Maker
    gradients: Gradients | None = None


@dataclass(frozen=True)
class Asked:
    """A problem with the answers of every backend and the noise of its gradients."""

    problem: Problem
    tensors: Tensors
    answers: tuple[Answer, ...]
    noise: Noise

    def gradients_of(self, name: str) -> Gradients:
        """The gradients of a backend that answered."""
        return next(a.gradients for a in self.answers if a.maker.name == name and a.gradients)


def choose(names: Iterable[str] = ()) -> list[Backend]:
    """The backends of these names, or all; the missing ones too, which are broken where they are asked for by name.

    Raises BadInput, naming those there are.
    """
    names, known = list(names), discover()
    wanted = names or list(known)
    for name in wanted:
        if name not in known:
            raise BadInput(f"unknown backend {name!r}; expected {listed(known)}")
    chosen = [backend for backend in known.values() if backend.name in wanted]
    return [replace(backend, broken=backend.missing) for backend in chosen] if names else chosen


class Pool:
    """One warm worker a backend, and one that measures noise. Use as a context manager."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self._workers: dict[str, Worker] = {}
        self._hung: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def ask(
        self,
        problems: Sequence[tuple[Problem, Tensors]],
        backends: Sequence[Backend],
        progress: Progress = lambda _: None,
    ) -> list[Asked]:
        """Put every problem to every backend, all backends at the same time."""
        with ThreadPoolExecutor(len(backends) + 1) as threads:
            noises = threads.submit(self._noises, problems, progress)
            rows = [threads.submit(self._answers, backend, problems, progress) for backend in backends]
        columns = zip(*(row.result() for row in rows), strict=True)
        return [
            Asked(problem, tensors, answered, noise)
            for (problem, tensors), answered, noise in zip(problems, columns, noises.result(), strict=True)
        ]

    def _worker(self, name: str) -> Worker:
        return self._workers.setdefault(name, Worker(self.limits))

    def _noises(self, problems: Sequence[tuple[Problem, Tensors]], progress: Progress) -> list[Noise]:
        found = []
        for problem, tensors in problems:
            try:
                found.append(self._worker("noise").call(f"{JOBS}:noise", NOISE, problem, tensors, returns=Noise))
            except WorkerError as error:
                raise BackendFailed(f"the noise could not be measured: {error}; raise --time-limit") from None
            progress("noise")
        return found

    def _answers(
        self, backend: Backend, problems: Sequence[tuple[Problem, Tensors]], progress: Progress
    ) -> list[Answer]:
        found = []
        for problem, tensors in problems:
            found.append(self._answer(backend, problem, tensors))
            progress(backend.name)
        return found

    def _answer(self, backend: Backend, problem: Problem, tensors: Tensors) -> Answer:
        """One backend's answer to one problem. After it has hung once it is not asked again."""
        if known := _known(backend, problem, hung=backend.name in self._hung):
            return Answer(known)
        maker = Maker(backend.name, versions=backend.versions, dtype=problem.dtype)
        try:
            worker = self._worker(backend.name)
            solved = worker.call(f"{JOBS}:solve", backend.name, problem, tensors, returns=Solved)
        except GradparityError as error:
            if isinstance(error, TimedOut):
                self._hung.add(backend.name)
            return Answer(replace(maker, status="failed", detail=str(error)))
        gradients, seconds, precision = solved
        return Answer(replace(maker, seconds=seconds, precision=precision), gradients)


def _known(backend: Backend, problem: Problem, hung: bool) -> Maker | None:
    """The maker of an answer that needs no asking: broken, missing, unsupported, or hung before."""
    if backend.missing:
        return Maker(backend.name, "failed" if backend.broken else "missing", backend.missing)
    maker = Maker(backend.name, versions=backend.versions, dtype=problem.dtype)
    try:
        reason = str(backend.unsupported(problem))
    except Exception as error:  # someone else's function
        return replace(maker, status="failed", detail=f"whether it can be asked cannot be told: {error!r}")
    if reason:
        return replace(maker, status="unsupported", detail=reason)
    return replace(maker, status="failed", detail="it hung on an earlier problem") if hung else None


def panel(asked: Asked, threshold: float = THRESHOLD, heat: bool = False) -> Panel:
    """What the answers to one problem come to."""
    problem, verdict = asked.problem, consensus(asked, threshold, heat)
    enough = len(verdict.matrix.names) > 1
    return Panel(
        title=problem.describe(),
        verdict=verdict.outcome if enough else "nothing compared",
        sentence=verdict.sentence,
        reference=verdict.reference,
        problem=problem,
        makers=tuple(answer.maker for answer in asked.answers),
        outliers=verdict.outliers,
        comparisons=verdict.comparisons,
        matrix=verdict.matrix,
        diagnosis=odd_one(verdict, asked),
    )


def odd_one(judged: Consensus, asked: Asked) -> Diagnosis | None:
    """Which reference is wrong where they disagree, as a finding; None where they agree, or nothing decides."""
    findings = outlier.find(judged, [answer.maker for answer in asked.answers], oracles())
    return Diagnosis(findings) if findings else None


def oracles() -> set[str]:
    """The names of the backends that need no AD."""
    return {name for name, backend in discover().items() if backend.oracle}


def consensus(asked: Asked, threshold: float = THRESHOLD, heat: bool = False) -> Consensus:
    """The judgement of all that answered."""
    known = oracles()
    witnesses = [Witness(a.maker.name, a.gradients, a.maker.name in known) for a in asked.answers if a.gradients]
    how = readings(asked.problem, Layout())
    return judge(asked.problem, witnesses, asked.noise, how, threshold, heat)


def run(
    problems: Sequence[Problem],
    backends: Sequence[Backend],
    limits: Limits = Limits(),
    threshold: float = THRESHOLD,
    progress: Progress = lambda _: None,
) -> Result:
    """Every backend against every other on every problem."""
    with Pool(limits) as pool:
        asked = pool.ask([(problem, make_tensors(problem)) for problem in problems], backends, progress)
    panels = tuple(panel(one, threshold, heat=True) for one in asked)
    return conclude("run", panels, threshold)


def conclude(command: str, panels: tuple[Panel, ...], threshold: float, notes: tuple[str, ...] = ()) -> Result:
    """The Result of these panels, with the headline and the exit code that follow."""
    wrong = [p for p in panels if p.verdict == "mismatch"]
    unknown = [p for p in panels if p.verdict == CANNOT_TELL]
    empty = [p for p in panels if p.verdict == "nothing compared"]
    makers = _together(panels)
    broken = [m for m in makers if m.status == "failed"]
    count = sum(len(c.differences) for p in panels for c in p.comparisons)
    if wrong:
        more = f" (and {len(wrong) - 1} more of {len(panels)} problems differ)" if len(wrong) > 1 else ""
        headline = f"{wrong[0].title}: {wrong[0].sentence}{more}"
    elif unknown:
        more = f" (and so for {len(unknown) - 1} more of {len(panels)} problems)" if len(unknown) > 1 else ""
        headline = f"{unknown[0].title}: {unknown[0].sentence}{more}"
    elif broken or empty:
        who = ", ".join(f"{m.name} ({m.detail})" for m in broken) or "fewer than two backends"
        headline = f"not everything could be compared: {who}"
    else:
        used = [m.name for m in makers if m.status == "ok"]
        headline = f"{len(used)} backends agree on {_count(len(panels), 'problem')}: {count} gradients within the noise"
    return Result(command, headline, exit_code(panels), panels, threshold, makers, notes, gradparity=own_version())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _together(panels: tuple[Panel, ...]) -> tuple[Maker, ...]:
    """One maker a backend: its worst status, and the seconds of all its problems."""
    severity = ("failed", "ok", "unsupported", "missing")
    kept: dict[str, Maker] = {}
    for maker in (m for p in panels for m in p.makers):
        before = kept.get(maker.name, maker)
        worst = min(before, maker, key=lambda m: severity.index(m.status))
        seconds = maker.seconds + (before.seconds if maker.name in kept else 0.0)
        precision = before.precision or maker.precision
        kept[maker.name] = replace(worst, seconds=seconds, precision=precision)
    return tuple(kept.values())


def own_version() -> str:
    try:
        return version("gradparity")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"
