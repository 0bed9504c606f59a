"""The fault dictionary: its mutants, its times, and the share of its own faults that it names"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import numpy as np
from gradparity.harness.diagnosis import catalogue, dictionary, dictionary_text, shelf
from gradparity.harness.diagnosis.catalogue import Catalogue
from gradparity.harness.diagnosis.dictionary import Search
from gradparity.harness.diagnosis.mutants import Pool
from gradparity.harness.edits import Edit
from gradparity.harness.problem import Problem
from mutated import inquiry_about, mutated

MODELS = ("rnn", "lstm", "gru")
LOOKUPS = 9


def rows() -> list[tuple[str, str, str]]:
    found = []
    for model in MODELS:
        problem = Problem(model=model)
        with empty_shelf():
            start = perf_counter()
            with Pool() as pool:
                book, _ = catalogue.fetch(problem, True, pool)
            cold = perf_counter() - start
            warm = median(lookup_seconds(problem, group[0]) for group in spread(book))
        counts = book.counts
        seen, named, tried, missed = shares(problem, book)
        found += [
            (
                f"{model}: mutants",
                f"{counts.tried} tried; {counts.raised} raised, {counts.other_shape} gave other shapes, "
                f"{counts.not_finite} no finite numbers, {counts.stopped} were stopped, "
                f"{counts.equal} equal the original; {len(book.groups)} different faults",
                "",
            ),
            (f"{model}: built from nothing", f"{cold:.1f} s", "at most 30 s" if model == "lstm" else ""),
            (f"{model}: look-up, warm, median of {LOOKUPS}", f"{warm:.2f} s", "under 1 s"),
            (f"{model}: faults of a weight's or bias's gradient that the comparison sees", f"{seen} of {tried}", "all"),
            (f"{model}: of those, the true edit in the answer", f"{named} of {seen}", "all"),
            *((f"{model}: not named, since {reason}", str(count), "") for reason, count in missed.items()),
        ]
    return found


@contextmanager
def empty_shelf() -> Iterator[None]:
    before = os.environ.get(shelf.VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[shelf.VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[shelf.VARIABLE]
            if before is not None:
                os.environ[shelf.VARIABLE] = before


def spread(book: Catalogue) -> list[tuple[Edit, ...]]:
    """Some entries from all over the dictionary."""
    return [book.groups[k] for k in np.linspace(0, len(book.groups) - 1, LOOKUPS, dtype=int)]


def lookup_seconds(problem: Problem, edit: Edit) -> float:
    inquiry = inquiry_about(mutated((edit,)), problem)
    start = perf_counter()
    dictionary.find(inquiry)
    return perf_counter() - start


def shares(problem: Problem, book: Catalogue) -> tuple[int, int, int, Counter[str]]:
    """Every entry that changes a parameter's gradient as a candidate, its least plain edit being the true one.

    Returns: seen by the comparison, named in the answer, tried; and why those seen were not named.
    """
    parameters = {spec.name for spec in problem.spec.parameters}
    columns = [k for k, name in enumerate(book.names) if name in parameters]
    tried = np.flatnonzero(book.touched[:, columns].any(1)).tolist()
    seen, named, missed = 0, 0, Counter[str]()
    with Pool() as pool:
        for k in tried:
            true = book.groups[k][-1]
            reason = answer(problem, book, true, pool)
            seen += reason != UNSEEN
            named += reason == ""
            if reason:
                missed[reason] += 1
    return seen, named, len(tried), missed


UNSEEN = "it changes nothing on the default sizes"


def answer(problem: Problem, book: Catalogue, true: Edit, pool: Pool) -> str:
    """Why the true edit is not in the dictionary's answer; "" where it is."""
    try:
        inquiry = inquiry_about(mutated((true,)), problem)
    except AssertionError:
        return "it raises on the default sizes"
    if inquiry.case.odd or any(case.odd for case in inquiry.others):
        return "it has another shape on other sizes"
    if not inquiry.case.wrong:
        return UNSEEN
    if not all(np.isfinite(array).all() for case in inquiry.cases for array in case.given.values()):
        return "it is not finite on other sizes"
    known = [case for case in inquiry.ask(book.questions) if case is not None]
    found = Search(inquiry, book, tuple(known), pool).singles()
    if not found:
        return f"nothing was claimed ({true.what})"
    return "" if set(dictionary_text.lines(true)) <= set(found[0].lines) else f"another was ({true.what})"


if __name__ == "__main__":
    print(*rows(), sep="\n")  # noqa: T201
