"""The search for a repair: every edit once, then on from those after which more is right than before."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter

from ...backends import discover
from .. import questions
from ..check import split_target
from ..diagnosis.lines import locate
from ..edits import Edit, apply, functions, propose
from ..edits.source import Source
from ..errors import BadInput, GradparityError
from ..hints import shadowing
from ..layout import Layout
from ..noise import THRESHOLD
from ..patch import Change, Patch, Repair
from ..problem import Problem
from ..questions import KEEPINGS, Keeping, Question
from ..workers import Crashed, Limits, Raised, TimedOut
from .confirming import LEAST, Claim, Examination
from .crew import Crew, TimeUp
from .patching import hunks, source_of, unified
from .ranking import best_first, grouped, hopeful_first, plainest_first, those_first
from .steps import Step, Version, distinct, gains, height, moved, patience, place, ran, touched, wrong_on
from .trial import RAISED, Outcome, Survey, Trial

Progress = Callable[[int, int, int], None]
"""Called with the number of edits decided, of those there are, and of survivors, again and again."""

BRANCHES = 5  # half repairs that a second edit is looked for from
OFFERED = 3  # half repairs that are shown
SEARCHING = 0.85  # of the budget: the rest is for confirming
BATCH = 2.0  # seconds of screening, after which a repair that was found is enough


def repair(
    target: str,
    problem: Problem,
    layout: Layout,
    limits: Limits = Limits(),
    *,
    budget: float = 60.0,
    progress: Progress = lambda *_: None,
    threshold: float = THRESHOLD,
) -> Repair:
    """The edits of the user's own source that make every gradient right. The file is not changed.

    Args:
        target: "FILE[:FUNCTION]".
        problem, layout: as for `check`; the search itself is made on small problems of its kind.
        limits: on the user's code: seconds to load it and to call it once, and memory.
        budget: seconds that all of it may take. Ctrl-C ends it too: what was found by then is given.
        threshold: the largest ratio of difference to noise that matches.
    Raises:
        BadInput: the file cannot be used: missing, not Python, it cannot be imported, asks for what is unknown.
    """
    start = perf_counter()
    path, function = split_target(target)
    source = source_of(path)
    with Crew(limits, start + SEARCHING * budget) as crew:
        search = Search(crew, path, function, source, problem, layout, start + budget, progress, threshold)
        try:
            search.run()
        except KeyboardInterrupt:
            crew.stopped = True
        except (Crashed, TimedOut, Raised) as error:
            raise BadInput(f"{path.name}:{function} cannot be run: {error}{shadowing(path)}") from None
    return search.report(perf_counter() - start)


class Search:
    """One search. What it has tried and found is noted as it goes, so that an interrupted one can tell too."""

    def __init__(
        self,
        crew: Crew,
        path: Path,
        function: str,
        source: str,
        problem: Problem,
        layout: Layout,
        end: float,
        progress: Progress,
        threshold: float,
    ) -> None:
        self.crew, self.path, self.source, self.end, self.progress = crew, path, source, end, progress
        self.problem, self.layout = problem, layout
        self.trial = Trial(path, function, source, layout, ())
        reference = discover()["numpy"].gradients
        self.threshold = threshold
        self.pose = partial(questions.pose, layout=layout, reference=reference, threshold=threshold)
        self.patches: tuple[Patch, ...] = ()
        self.partial: tuple[Patch, ...] = ()
        self.counts: Counter[str] = Counter()
        self.refused = ""
        self.survivors, self.searching, self.original, self.before, self.whole = 0, 0.0, 0.0, 0, True

    def run(self) -> None:
        """Look for the whole repairs, and if there are none for the half ones."""
        try:
            if not self._ask():
                return
            base = Version(self.source, (), self.first)
            self.original, self.before = base.survey.seconds, max(base.survey.outcome.right[-1], 0)
            self._repair(base)
        except TimeUp:
            self.whole = False

    def _repair(self, base: Version) -> None:
        self._solve(base)
        if self.patches:
            self.whole = False
            return
        steps = self._repaired(base)
        self.whole = self.whole and not self._over
        if self.patches or self._over:
            return
        climbs = self._climbs(base, steps)
        try:
            for step in climbs[:BRANCHES]:
                if not self.patches:
                    self._repaired(self._after(base, step.edit), [other.edit for other in climbs])
        except TimeUp:
            self.whole = False
        if not self.patches:
            self.partial = self._halves(base, climbs)

    def _solve(self, base: Version) -> None:
        """Try what gives the lines the values that they must have: the edits of one, or of several after each other."""
        left = self.crew.until - perf_counter()
        limits = replace(self.crew.limits, seconds=max(0.0, min(left, self.crew.limits.seconds)))
        asked = (self.path, self.trial.function, self.problem, self.layout, self.trial.matches)
        try:
            found = locate(*asked, discover()["numpy"].gradients, limits, self.threshold).located
        except GradparityError:  # it is too slow for that, or has crashed
            return
        version, suspects = base, list(zip(found.suspects, found.cures, strict=True))
        while suspects and not suspects[0][0].whole and suspects[0][1] and any(one.whole for one, _ in suspects):
            version = self._after(version, suspects.pop(0)[1][0])
        whole = [(one, cures) for one, cures in suspects if one.whole]
        whole = [(one, cures) for one, cures in whole if cures and not one.handed] or whole
        cures = {place(edit): edit for _, some in whole for edit in some}
        if cures:  # and whatever else changes those lines: what leaves a statement out may be plainer
            lines = {n for one, _ in whole for n in range(one.line, one.last + 1)}
            cures |= {place(edit): edit for edit in self._edits(version) if lines & set(touched(version.source, edit))}
            steps, _ = self._screened(version, plainest_first(version.source, cures.values()), len(cures))
            self.patches = self._confirmed(version, steps)

    def _repaired(self, version: Version, likely: Sequence[Edit] = ()) -> list[Step]:
        """Look for the single edits that repair a version, the plainest first; all that was tried comes back.

        Where there are more edits than can be tried in a few seconds, none is tried after a repair has been found.
        """
        left = plainest_first(version.source, self._edits(version))
        left = those_first(left, moved(likely, version.edits[-1:]))
        steps: list[Step] = []
        total = sum(self.counts.values()) + len(left)
        while left and not self.patches and not self._over:
            tried, left = self._screened(version, left, total)
            steps += tried
            self.patches = self._confirmed(version, tried)
            left = hopeful_first(left, steps, version.survey.outcome.right[0])
        self.whole = self.whole and not left
        return steps

    def report(self, seconds: float) -> Repair:
        """The Repair, with what was counted."""
        pruned, ran = self.counts["pruned"], self.counts["ran"]
        ended = {fate: count for fate, count in sorted(self.counts.items()) if fate not in ("pruned", "ran")}
        decided = pruned + ran + sum(ended.values())
        rate = decided / self.searching if self.searching else 0.0
        return Repair(
            self.patches,
            self.partial,
            decided - pruned,
            pruned,
            self.survivors,
            ended,
            self.whole and not self.crew.stopped,
            seconds,
            rate,
            rate * self.original,
            not self.patches and not self.whole and not self.crew.stopped and not self.refused,
            self.refused,
        )

    @property
    def _over(self) -> bool:
        return self.crew.stopped or perf_counter() > self.crew.until

    def _ask(self) -> bool:
        """Choose the problem to screen on, the first that the candidate is wrong on; the others are to confirm on.

        Where it is wrong on one with fewer steps, that is asked before. Returns whether there is a problem.
        """
        self.keep, posed, survey = self._first_asked()
        if survey.refused and all(right == RAISED for right in survey.outcome.right):
            self.refused, self.whole = survey.error, False
            return False
        tiny, further = posed[0].problem, questions.further(self.problem, self.layout, self.keep)
        own = (self.problem, replace(self.problem, seed=self.problem.seed + 1))
        wrong = wrong_on(survey)
        if 0 in wrong:
            shorter, chosen = [posed[k] for k in wrong[1:2]], posed[0]
        else:  # it answered, and was right: then where is it wrong?
            posed = (posed[0], *map(self.pose, further), *self.crew.aside(self.pose, own, Question))
            survey = self._survey(posed)
            wrong = wrong_on(survey) or [k for k, right in enumerate(survey.outcome.right) if right == RAISED]
            if not wrong:
                return False
            shorter, chosen = [], posed[wrong[0]]
        self.trial = replace(self.trial, matches=survey.matches, names=survey.names)
        self.screening = replace(self.trial, questions=(*shorter, chosen), strict=True)
        self.first = self.crew.survey(self.screening, self.source)
        small, own = (tuple(one for one in some if one != chosen.problem) for some in ((tiny, *further), own))
        self.examination = Examination(self.crew, self.trial, small, own, self.pose, self.end)
        return True

    def _first_asked(self) -> tuple[Keeping, tuple[Question, ...], Survey]:
        """The tiny problem and shorter ones, with the answers to them: of sizes that the candidate can be asked for.

        What a batch of one or of as many outputs as inputs is written for may answer nothing else, or in other shapes.
        """
        asked: dict[Problem, tuple[Keeping, tuple[Question, ...], Survey]] = {}
        for keep in KEEPINGS:
            tiny = questions.tiny(self.problem, self.layout, keep)
            if tiny not in asked:
                posed = tuple(map(self.pose, (tiny, *questions.shorter(tiny))))
                asked[tiny] = keep, posed, self._survey(posed)
                survey = asked[tiny][2]
                if survey.refused or (survey.shaped and survey.outcome.right[0] != RAISED):
                    return asked[tiny]
        return next(iter(asked.values()))

    def _survey(self, posed: tuple[Question, ...]) -> Survey:
        return self.crew.survey(replace(self.trial, questions=posed, seconds=self.crew.limits.seconds), self.source)

    def _screened(self, version: Version, edits: list[Edit], total: int) -> tuple[list[Step], list[Edit]]:
        """As many of these edits as there is time for, with their outcomes on the one problem; and those left."""
        trial = replace(self.screening, seconds=patience(version))
        start, done = perf_counter(), sum(self.counts.values())

        def report(found: Sequence[Outcome | None]) -> None:
            known = [one for one in found if one is not None]
            self.progress(done + len(known), total, self.survivors + sum(map(self._is_right, known)))

        found = self.crew.outcomes(trial, version.source, edits, start + BATCH, report)
        self.searching += perf_counter() - start
        steps = [Step(edit, one) for edit, one in zip(edits, found, strict=True) if one]
        self.counts.update(step.outcome.fate for step in steps)
        self.survivors += sum(self._is_right(step.outcome) for step in steps)
        return steps, [edit for edit, one in zip(edits, found, strict=True) if one is None]

    def _edits(self, version: Version) -> list[Edit]:
        """The edits of what ran, but for those that lead back to the user's own text."""
        survey, text = version.survey, Source(version.source)
        known = survey.functions & functions(version.source).keys()
        found = [e for e in propose(version.source, known, until=self.crew.until) if ran(text, e, survey.lines)]
        return found if not version.edits else [e for e in found if apply(version.source, e) != self.source]

    def _is_right(self, outcome: Outcome) -> bool:
        return all(marks == self.screening.all_right for marks in outcome.right) and outcome.fate == "ran"

    def _confirmed(self, version: Version, steps: list[Step]) -> tuple[Patch, ...]:
        """Those that are right on the first problem and on all further ones, in new processes."""
        chosen = [(step.edit, self.screening.all_right) for step in steps if self._is_right(step.outcome)]
        return self._patches(version, chosen)

    def _patches(self, version: Version, claims: Sequence[Claim]) -> tuple[Patch, ...]:
        """The edits that make right on further problems the gradients that they are said to, as patches."""
        counts = self.examination.counts(version.source, claims) if claims else []
        mends = dict(claims)
        held = [(edit, n) for (edit, _), n in zip(claims, counts, strict=True) if n >= LEAST]
        best = best_first(version.source, held)
        return grouped([self._patch(version, edit, mends[edit], n) for edit, n in best])

    def _climbs(self, base: Version, steps: list[Step]) -> list[Step]:
        """The edits after which more is right than before, and nothing is wrong that was right; the best first.

        Looked at on the ladder of problems: where two faults lie on one path, the shorter ones tell them apart. Of
        edits that give the same gradients the plainest stands for all.
        """
        lower = questions.ladder(self.problem, self.layout, self.keep)
        trial = replace(self.trial, questions=(self.screening.questions[-1], *map(self.pose, lower)))
        before = self.crew.survey(trial, base.source).outcome
        changed = distinct(steps, base.survey.outcome)
        outcomes = self.crew.outcomes(replace(trial, seconds=patience(base)), base.source, changed)
        found: dict[str, Step] = {}
        for edit, outcome in zip(changed, outcomes, strict=True):
            if outcome and outcome.right and gains(outcome, before):
                found.setdefault(outcome.digest, Step(edit, outcome))
        return sorted(found.values(), key=lambda step: height(step.outcome), reverse=True)

    def _after(self, base: Version, edit: Edit) -> Version:
        source = apply(base.source, edit)
        return Version(source, (*base.edits, edit), self.crew.survey(self.screening, source))

    def _halves(self, base: Version, climbs: list[Step]) -> tuple[Patch, ...]:
        """Of the edits that mend whole gradients those that do so on the further problems too."""
        chosen = [(s.edit, s.outcome.right[0]) for s in climbs if s.outcome.right[0] & ~self.before]
        return self._patches(base, chosen)[:OFFERED]

    def _patch(self, version: Version, edit: Edit, right: int, tried_on: int) -> Patch:
        """The edits so far and this one as a patch of the user's file."""
        changes = hunks(self.source, apply(version.source, edit))
        shown = self.path.as_posix()
        return Patch(
            file=shown,
            edits=tuple(Change(e.line, e.what, e.kind) for e in (*version.edits, edit)),
            diff=unified(self.path, near(self.path), changes),
            hunks=changes,
            mends=self.trial.words(right & ~self.before),
            still_wrong=self.trial.words(self.trial.all_right & ~right),
            tried_on=tried_on,
        )


def near(path: Path) -> str:
    """The path as a diff is to show it: from where the user stands, or the name alone of a file that is elsewhere."""
    here = Path.cwd()
    full = path.resolve()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else path.name
