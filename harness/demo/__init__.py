"""`gradparity demo`: the question that gradparity grew from. Every claim of its explanation is worked out on the spot.

An RNN's backward pass in NumPy was compared with Theano's: 5 timesteps, input eye(5), target eye(5), h0 = 0. The signed
sums of the differences were next to nothing for W_hy, 0.12 for W_hh, -0.33 for W_xh, and next to nothing for the last
row of W_xh.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...backends import Backend
from ..check import answers, call_in_worker, candidate_panel, concluded
from ..compare import Comparison, Difference
from ..explain import explain
from ..gradients import Maker
from ..layout import Layout, native_gradients
from ..noise import THRESHOLD
from ..problem import Problem, Tensors, make_tensors
from ..result import Panel, Result
from ..run import Asked, Pool, choose
from ..workers import Limits, Worker

Array = np.ndarray
SOURCE = Path(__file__).parent / "elman.py"
LAYOUT = Layout("row", batched=False)
RANDOM_H0 = Problem(T=5, B=1, I=5, H=5, O=5, bias=False, seed=9560)  # signed sums near the question's own

# The two faults, each with its cure: what stands in elman.py, and what should.
TOO_EARLY = ("dcdHin[t] @ self.Whh.T", "dcdHin[t + 1] @ self.Whh.T")
NO_H0_TERM = (
    "dcdWhh = self.H[:-1].T @ dcdHin[1:]",
    "dcdWhh = self.H[:-1].T @ dcdHin[1:] + np.outer(self.h0, dcdHin[0])",
)


@dataclass(frozen=True)
class Version:
    """A version of the class on one question: what it returned, the same by our names, and how it compares."""

    panel: Panel
    returned: Mapping[str, Array]
    given: Mapping[str, Array]
    truth: Mapping[str, Array]

    def difference(self, name: str) -> Difference:
        return next(d for d in self._own.differences if d.name == name)

    @property
    def _own(self) -> Comparison:
        return self.panel.comparisons[0]


def demo(progress: Callable[[str], None] = lambda _: None, limits: Limits = Limits()) -> Result:
    """Replay the question, explain it, and show both faults on a normal problem, whose h0 is random."""
    with Pool(limits) as pool:
        both = [(RANDOM_H0, question()), (RANDOM_H0, make_tensors(RANDOM_H0))]
        first, second = pool.ask(both, lineage(), progress)
    source = SOURCE.read_text()
    cured = source.replace(*TOO_EARLY)
    with Worker(limits) as worker, TemporaryDirectory() as folder:

        def version(text: str, on: Asked) -> Version:
            return _version(worker, Path(folder) / "elman.py", text, on)

        theirs, theirs_random = version(source, first), version(source, second)
        mended, half_mended = version(cured, first), version(cured, second)
        whole = version(cured.replace(*NO_H0_TERM), second)
        asks = answers(worker, SOURCE, "gradients", LAYOUT)
        explained = [
            explain(one.panel, one.returned, on, LAYOUT, asks, f"{SOURCE}:gradients")
            for one, on in ((theirs, first), (theirs_random, second))
        ]
    notes = (*_question(theirs), *_first_fault(theirs, mended, source), *_second_fault(half_mended, whole, source))
    titles = ("the question: x = y = eye(5), h0 = 0", "the same class with a random x, y and h0")
    panels = tuple(replace(one, title=title) for one, title in zip(explained, titles, strict=True))
    return replace(concluded("demo", panels, THRESHOLD), notes=notes)


def beside(run: Result, replayed: Result) -> Result:
    """A run and the demo as one result: what is wrong first."""
    return replace(
        run,
        headline=f"{replayed.headline}. {run.headline}",
        exit_code=min(filter(None, (replayed.exit_code, run.exit_code)), default=0),
        panels=replayed.panels + run.panels,
        notes=replayed.notes + run.notes,
    )


def question() -> Tensors:
    """The tensors of the question: one-hot inputs and targets, h0 = 0, random weights."""
    tensors = make_tensors(RANDOM_H0)
    eye = np.eye(5)[:, None, :]  # (T, B, I)
    return replace(tensors, x=eye, y=eye, states={"h0": np.zeros((1, 5))})


def lineage() -> list[Backend]:
    """Theano's lineage where it is installed, else the other references there are; an oracle in any case."""
    (pytensor,) = choose(["pytensor"])
    others = ["pytensor"] if not pytensor.missing else ["numpy", "torch", "jax"]
    return [backend for backend in choose([*others, "complex_step"]) if not backend.missing]


def _version(worker: Worker, file: Path, text: str, asked: Asked) -> Version:
    file.write_text(text)
    given = call_in_worker(worker, file, "gradients", asked.problem, LAYOUT, asked.tensors)
    panel = candidate_panel(given, Maker(f"{file.name}:gradients", dtype="float64"), asked, LAYOUT)
    truth = native_gradients(LAYOUT, asked.problem, asked.gradients_of(panel.reference).quantities)
    return Version(panel, given, {one.matched: given[one.given] for one in panel.matches}, truth)


def _question(theirs: Version) -> tuple[str, ...]:
    last = theirs.given["W_xh"][-1] - theirs.truth["W_xh"][-1]
    sums = ", ".join(f"{theirs.difference(n).signed_sum:.1e} for {n}" for n in ("W_hy", "W_hh", "W_xh"))
    sizes = " and ".join(f"{theirs.difference(n).abs_sum:.2g} for {n}" for n in ("W_hh", "W_xh"))
    return (
        f"As in the question, the signed sums of the differences are {sums}, and {last.sum():.1e} for the last row of "
        f"W_xh. Signed sums are a trap, since differences cancel in them: the absolute sums are {sizes}.",
    )


def _first_fault(theirs: Version, mended: Version, source: str) -> tuple[str, ...]:
    difference = theirs.difference("W_xh")
    wrong = np.abs(theirs.given["W_xh"] - theirs.truth["W_xh"]).max(1) > THRESHOLD * (difference.noise or 0.0)
    rows = ", ".join(str(t) for t in np.flatnonzero(wrong))
    line, (old, new) = _line(source, TOO_EARLY[0]), TOO_EARLY
    return (
        f"With eye(5) as input, row t of W_xh is the adjoint of timestep t. Rows {rows} are wrong and the last one is "
        "right, because the last timestep alone hears of its loss: nothing flows back in time.",
        f"Line {line} of elman.py reads `{old}`: the adjoint of the very step it is about to compute, still zero. "
        f"`{new}` is meant. That one change takes W_xh from {_fall(theirs, mended, 'W_xh')}.",
    )


def _second_fault(half_mended: Version, whole: Version, source: str) -> tuple[str, ...]:
    line, verdict = _line(source, NO_H0_TERM[0]), whole.panel.verdict
    return (
        "A second fault hides behind h0 = 0. With a random h0 and the first fault mended, W_hh is still wrong: line "
        f"{line} leaves out the first step's term, np.outer(self.h0, dcdHin[0]). It takes W_hh from "
        f"{_fall(half_mended, whole, 'W_hh')}; with both mended the verdict is: {verdict}.",
    )


def _fall(before: Version, after: Version, name: str) -> str:
    return f"{before.difference(name).ratio:.1e} to {after.difference(name).ratio:.1f} times the noise"


def _line(source: str, text: str) -> int:
    return next(n for n, line in enumerate(source.splitlines(), start=1) if text in line)
