"""Look up: is what the candidate gives what a mutant of the reference gives?

The candidate is put to the dictionary's own problems. An entry that agrees there in everything the candidate
returned is run on the candidate's other problems as well, and claimed only if it agrees on all of them. Where no single
edit explains, two are tried, and then one that agrees in what is wrong alone.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, islice
from math import inf
from time import monotonic

import numpy as np

from ..finding import Confidence, Finding, Residual, SourceLine
from . import catalogue, dictionary_mixed, dictionary_text, rows
from .case import Case, Inquiry, Question
from .catalogue import Catalogue
from .mutants import OK, Mutant, Pool

Array = np.ndarray

MEANS = "fault dictionary"
MEMBERS = 64  # edits of matching entries that are confirmed one by one
LEADERS, PARTNERS, BEST = 24, 100, 40  # what pairs are made of
PAIRS = 1000  # tried in each of the ways to make them: less than a second on two cores
LEADS = 2
SECONDS = 20.0  # for pairs, where the machine is too busy even for these


@dataclass(frozen=True)
class Lookup:
    """What the dictionary says of a candidate, and what else a reader should know."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def find(inquiry: Inquiry, pool: Pool | None = None) -> Lookup:
    """The edit, or two, of the reference's source that give exactly what the candidate gives; else leads.

    Args:
        pool: workers that are started already, where the caller has some; they are left running.
    """
    case = inquiry.case
    if case.odd:
        return Lookup(notes=("Gradients of a wrong shape are not looked up in the fault dictionary.",))
    if not case.wrong:
        return Lookup()
    with nullcontext(pool) if pool else Pool() as pool:
        book, trouble = catalogue.fetch(case.problem, case.layout.batched, pool)
        notes = [_counted(book)]
        if trouble:
            notes.append(f"The fault dictionary could not be kept for the next time: {trouble}.")
        asked = inquiry.ask([in_dtype(question, case.problem.dtype) for question in book.questions])
        answered = [k for k, one in enumerate(asked) if one is not None and not one.odd]
        if len(answered) < 2:  # some code cannot do a single step
            return Lookup(notes=(*notes, "The candidate did not answer the fault dictionary's own problems."))
        search = Search(inquiry, book.only(answered), tuple(one for one in asked if one and not one.odd), pool)
        found = (
            search.singles()
            or search.several()
            or dictionary_mixed.mixed(search)
            or search.wrong_alone()
            or search.leads()
        )
    return Lookup(tuple(found), (*notes, *search.notes))


@dataclass(frozen=True)
class Search:
    """A candidate held against a dictionary. `known`: the candidate on the dictionary's questions."""

    inquiry: Inquiry
    book: Catalogue
    known: tuple[Case, ...]
    pool: Pool
    notes: list[str] = field(default_factory=list)

    @property
    def threshold(self) -> float:
        return self.inquiry.case.threshold

    @cached_property
    def apart(self) -> Array:
        """How far each entry is from the candidate: (entries, names)."""
        return np.maximum.reduce([rows.residuals(c, t) for c, t in zip(self.known, self.book.tables, strict=True)])

    @cached_property
    def fits(self) -> Array:
        return self.apart <= self.threshold

    @cached_property
    def before(self) -> Array:
        """How far the candidate is from the reference: (names,)."""
        return np.maximum.reduce([rows.residuals(case, rows.expected(case))[0] for case in self.known])

    @cached_property
    def wrong(self) -> Array:
        return ~(self.before <= self.threshold)

    @cached_property
    def harmless(self) -> Array:
        """Entries that leave right what the candidate has right."""
        return np.all(self.fits | self.wrong, axis=1)

    @cached_property
    def matched(self) -> Array:
        """How many of the wrong quantities an entry explains."""
        return (self.fits & self.wrong).sum(1)

    # --- one edit -----------------------------------------------------------------------------------------------------

    def singles(self) -> list[Finding]:
        """The finding of the entries that agree in everything; edits that do the same are further lines of it."""
        mutants = [(edit,) for k in np.flatnonzero(self.fits.all(1)) for edit in self.book.groups[k]]
        return self._claimed(mutants[:MEMBERS])

    # --- several edits ------------------------------------------------------------------------------------------------

    def several(self) -> list[Finding]:
        """The finding of two edits, or of several that have nothing to do with each other."""
        deadline = monotonic() + SECONDS
        for tried in (self._independent, self._led, self._best):
            mutants = list(islice(dict.fromkeys(tried()), PAIRS))
            screened = self._agreeing(mutants, self.known[:1], deadline)
            if found := self._claimed(self._agreeing(screened, self.known[1:])[:MEMBERS]):
                return found
            if monotonic() > deadline:
                self.notes.append(f"The search for two faults at once was cut short after {SECONDS:.0f} seconds.")
                break
        return []

    def _independent(self) -> Iterable[Mutant]:
        """Entries that explain all they touch, taken together until all that is wrong is touched."""
        touched = self.book.touched & self._given
        own = np.flatnonzero((self.fits | ~touched).all(1) & touched.any(1))
        left, chosen = self.wrong & self._given, []
        while left.any():
            gain = (touched[own] & left).sum(1)
            if not gain.any():
                return
            best = own[int(np.argmax(gain))]
            chosen.append(best)
            left = left & ~touched[best]
        if len(chosen) > 1:
            yield self._joined(*chosen)

    def _led(self) -> Iterable[Mutant]:
        """An entry that explains some numbers and breaks none, and one that touches nothing but the rest.

        On the shortest problem, number by number: on a single step faults of two gates keep apart.
        """
        case, table = min(zip(self.known, self.book.tables, strict=True), key=lambda pair: pair[0].problem.T)
        unit, truth = rows.units(case), rows.expected(case)
        given = np.array([name in case.given for name in rows.columns(case)])
        fits = np.abs(table - rows.given(case)) <= self.threshold * unit
        touched = (np.abs(table - truth) > self.threshold * unit) & given
        wrong = (np.abs(truth - rows.given(case)) > self.threshold * unit)[0] & given
        explained = (fits & wrong).sum(1)
        leaders = np.flatnonzero((fits | wrong | ~given).all(1)).tolist()
        for leader in sorted(leaders, key=lambda k: -explained[k])[:LEADERS]:
            rest = wrong & ~fits[leader]
            partners = np.flatnonzero((~touched | rest).all(1)).tolist()
            nearest = sorted(partners, key=lambda k: -(fits[k] & rest).sum())
            yield from (self._joined(leader, k) for k in nearest[:PARTNERS] if self._apart(leader, k))

    def _best(self) -> Iterable[Mutant]:
        """Every two of the entries that come closest."""
        nearer = np.log(np.maximum(self.before, 1.0)) - np.log(np.clip(self.apart, 1.0, 1e300))
        closeness = np.where(self.wrong, np.maximum(nearer, 0.0), 0.0).sum(1)
        best = sorted(range(len(closeness)), key=lambda k: (-self.matched[k], -closeness[k]))[:BEST]
        return [self._joined(a, b) for a, b in combinations(best, 2) if self._apart(a, b)]

    @cached_property
    def _given(self) -> Array:
        return np.array([name in self.known[0].given for name in self.book.names])

    def _joined(self, *entries: int) -> Mutant:
        return tuple(sorted((self.book.groups[k][0] for k in entries), key=lambda edit: edit.start))

    def _apart(self, a: int, b: int) -> bool:
        one, other = self._joined(a, b)
        return one.end <= other.start

    # --- the wrong gradients alone ------------------------------------------------------------------------------------

    def wrong_alone(self) -> list[Finding]:
        """The finding of an edit that gives exactly what is wrong, and does not give what is right.

        Where every gradient is worked out on its own, a fault in the way to one spoils that one, while the reference's
        edit of the same step spoils others too. Edits that spoil the fewest others speak first.
        """
        wrong = self.wrong & self._given
        gradients = np.array([name in self.inquiry.case.wrong_gradients for name in self.book.names])
        if not wrong.any() or (wrong != gradients & self._given).any():  # the loss or the outputs, or not on this case
            return []
        spoilt = (self.book.touched & self._given).sum(1)
        order = sorted(np.flatnonzero(self.fits[:, wrong].all(1)).tolist(), key=lambda k: (spoilt[k], k))
        mutants = [(edit,) for k in order for edit in self.book.groups[k]]
        return self._claimed(mutants[:MEMBERS], wrong)

    # --- what explains partly -----------------------------------------------------------------------------------------

    def leads(self) -> list[Finding]:
        """Entries that explain some of the wrong gradients to the noise, on every problem, and break nothing."""
        order = sorted(np.flatnonzero(self.harmless & (self.matched > 0)).tolist(), key=lambda k: -self.matched[k])
        distinct = {tuple(self.fits[k]): k for k in reversed(order)}  # one for each set of gradients explained
        chosen = sorted(distinct.values(), key=order.index)[: 4 * LEADS]
        found = []
        names = [set(np.array(self.book.names)[self.fits[k]]) for k in chosen]
        mutants = [(self.book.groups[k][0],) for k in chosen]
        ran = self._run(mutants, self.elsewhere)
        for k, mutant in enumerate(mutants):
            explained = [n for n in self.inquiry.case.wrong_gradients if n in names[k]]
            if explained and all(set(_agreed(far[k], self.book.names, self.threshold)) >= names[k] for far in ran):
                shown = [self.inquiry.case.shown[name] for name in explained]
                found.append(self._finding([mutant], explained, ran[0][k], "lead", shown))
        return found[:LEADS]

    # --- confirming ---------------------------------------------------------------------------------------------------

    @property
    def elsewhere(self) -> tuple[Case, ...]:
        """Where what was found on the dictionary's problems has to hold too: the failing case first."""
        return self.inquiry.cases

    def _run(self, mutants: Sequence[Mutant], cases: Sequence[Case], deadline: float = inf) -> list[Array]:
        """How far these mutants are from the candidate on each case, (n, names); infinite where one went wrong, or its
        turn did not come before the deadline."""
        questions = [in_dtype((case.problem, case.tensors), "float64") for case in cases]
        went, tables = self.pool.run(mutants, questions, deadline) if mutants else (np.zeros(0), [])
        well = (went == OK)[:, None]
        return [np.where(well, rows.residuals(case, table), np.inf) for case, table in zip(cases, tables, strict=False)]

    def _agreeing(self, mutants: Sequence[Mutant], cases: Sequence[Case], deadline: float = inf) -> list[Mutant]:
        fits = [(far <= self.threshold).all(1) for far in self._run(mutants, cases, deadline)]
        return [mutant for mutant, *all_fit in zip(mutants, *fits, strict=True) if all(all_fit)] if fits else []

    def _claimed(self, mutants: Sequence[Mutant], alone: Array | None = None) -> list[Finding]:
        """One finding of the mutants that agree everywhere, in the order given; none where none does.

        Args:
            alone: the quantities in which they have to agree, where not in all; the others have to be right.
        """
        ran = self._run(mutants, self.elsewhere)
        if not ran or any(case.odd for case in self.elsewhere):
            return []
        agreed = [far <= self.threshold for far in ran]
        if alone is not None:
            right = [rows.residuals(case, rows.expected(case)) <= self.threshold for case in self.elsewhere]
            agreed = [np.where(alone, far, truth) for far, truth in zip(agreed, right, strict=True)]
        kept = np.flatnonzero(np.logical_and.reduce([each.all(1) for each in agreed])).tolist()
        if not kept:
            return []
        case, chosen = self.inquiry.case, [mutants[k] for k in kept]
        wrong = case.wrong_gradients or case.wrong
        shown = () if alone is None else [case.shown[name] for name in wrong]
        return [self._finding(chosen, wrong, ran[0][kept[0]], "confirmed", shown)]

    def _finding(
        self,
        mutants: Sequence[Mutant],
        names: Sequence[str],
        far: Array,
        confidence: Confidence,
        alone: Sequence[str] = (),
    ) -> Finding:
        """A finding of the first mutant; the others do the same and are named beside it.

        Args:
            alone: the gradients that it is about, as shown, where it is not about all.
        """
        case, after = self.inquiry.case, dict(zip(self.book.names, far.tolist(), strict=True))
        lines: dict[SourceLine, None] = {}
        for mutant in mutants:
            lines |= dict.fromkeys(dictionary_text.lines(*mutant))
        return Finding(
            means=MEANS,
            what=dictionary_text.what(mutants[0], alone),
            sentence=dictionary_text.sentence(mutants[0], len(mutants) - 1, alone),
            gradients=tuple(case.shown[name] for name in names),
            residuals=tuple(Residual(case.shown[n], case.before(n), after[n]) for n in names if n in after),
            confidence=confidence,
            whole=confidence == "confirmed",
            lines=tuple(lines),
        )


def _agreed(far: Array, names: Sequence[str], threshold: float) -> list[str]:
    return [name for name, value in zip(names, far, strict=True) if value <= threshold]


def in_dtype(question: Question, dtype: str) -> Question:
    problem, tensors = question
    return replace(problem, dtype=dtype), tensors.cast(dtype)


def _counted(book: Catalogue) -> str:
    counts = book.counts
    kept_out = counts.raised + counts.stopped + counts.not_finite + counts.other_shape
    return (
        f"The fault dictionary holds {len(book.groups)} different faults of the {book.questions[0][0].model}, from "
        f"{counts.tried} edits of the reference: {kept_out} did not run or gave no usable numbers, {counts.equal} "
        "changed nothing, and of edits that do the same the plainest speaks."
    )
