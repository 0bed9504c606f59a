"""The taps of a subject at which something can be added that makes gradients right."""

from collections.abc import Mapping

import numpy as np

from .solving import NEWTON, Response, Solution, reaches, respond, solve, solve_curved, solve_partly
from .subject import Budget, Judge, Subject, unknowns

Array = np.ndarray
CURVED = 60  # unknowns of a tap that Newton's steps are taken for


def solutions(subject: Subject, judge: Judge) -> tuple[dict[int, Solution], int]:
    """By tap what makes all right, or where nothing does a part; and how many taps there was no time for."""
    run, goal, budget, left = subject.runner.run, subject.goal, judge.budget, 0
    whole, responses, partly = dict[int, Solution](), dict[int, Response](), dict[int, Array]()
    for number, shapes in subject.by_tap().items():
        if not budget.take(1):
            left += 1
            continue
        reached = reaches(run, goal, shapes)
        if reached is None or not (reached & goal.off).any():
            continue
        if (goal.off & ~reached).any():
            partly[number] = reached
        elif not budget.take(unknowns(shapes)):
            left += 1
        elif response := respond(run, goal.base, subject.passed(number), reached):
            responses[number] = response
            if solution := solve(run, goal, response, goal.wrong):
                whole[number] = solution
    whole = {number: one for number, one in whole.items() if judge.again is None or _solved(judge.again, number)}
    return whole or _parts(subject, responses, partly, budget), left


def bent(subject: Subject, judge: Judge) -> dict[int, Solution]:
    """The taps of few unknowns that make all right though the gradients do not answer to them in proportion."""
    run, goal, found = subject.runner.run, subject.goal, dict[int, Solution]()
    for number, shapes in subject.by_tap().items():
        count = unknowns(shapes)
        if count > CURVED or not judge.budget.take(1):
            continue
        reached = reaches(run, goal, shapes)
        if reached is None or (goal.off & ~reached).any() or not judge.budget.take(NEWTON * count // 2):
            continue
        solution = solve_curved(run, goal, subject.passed(number), reached)
        if solution and solution.rank < solution.reach:
            found[number] = solution
    return found


def _solved(again: Subject, number: int) -> bool:
    """Whether the same tap cures all on another problem; True where nothing is wrong there, or it is too large."""
    run, goal, shapes = again.runner.run, again.goal, again.by_tap().get(number)
    if not goal.wrong or shapes is None:
        return True
    reached = reaches(run, goal, shapes)
    response = None if reached is None else respond(run, goal.base, again.passed(number), reached)
    return response is not None and solve(run, goal, response, goal.wrong) is not None


def _parts(
    subject: Subject, responses: dict[int, Response], partly: Mapping[int, Array], budget: Budget
) -> dict[int, Solution]:
    """Taps that make some gradients right and none wrong, those that mend most."""
    run, goal, shapes = subject.runner.run, subject.goal, subject.by_tap()
    for number, reached in partly.items():
        if budget.take(unknowns(shapes[number])):
            response = respond(run, goal.base, subject.passed(number), reached)
            responses |= {number: response} if response else {}
    found = {number: solve_partly(run, goal, response) for number, response in responses.items()}
    return {number: solution for number, solution in found.items() if solution}
