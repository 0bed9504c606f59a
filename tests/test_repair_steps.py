"""The steps of a search: in which order edits are tried, and which are looked at again on the way to a second one."""

from gradparity.harness.edits import Edit, apply
from gradparity.harness.repair.ranking import hopeful_first, those_first
from gradparity.harness.repair.steps import Step, distinct, moved, place
from gradparity.harness.repair.trial import RAISED, Outcome
from gradparity.harness.sandbox import Fate

TEXT = "a = b\nc = d\ne = f\n"


def edit(old: str, new: str, line: int = 1) -> Edit:
    return Edit("planted", TEXT.index(old), TEXT.index(old) + len(old), new, line, f"{new} for {old}")


def step(of: Edit, *right: int, digest: str = "", fate: Fate = "ran") -> Step:
    return Step(of, Outcome(fate, right, digest=digest))


def test_edits_stand_elsewhere_after_another_is_made():
    first, done, last = edit("b", "x"), edit("c = d", "long = longer", 2), edit("f", "y", 3)
    assert moved([first, last], []) == {place(first), place(last)}
    after = apply(TEXT, done)
    for start, end, new in moved([first, last], [done]):
        assert after[start:end] == {"x": "b", "y": "f"}[new]
    assert moved([edit("d", "z", 2), done], [done]) == set()


def test_what_is_likely_is_tried_first_and_the_order_is_kept_otherwise():
    edits = [edit("a", "1"), edit("b", "2"), edit("c", "3", 2), edit("d", "4", 2)]
    assert those_first(edits, {place(edits[3]), place(edits[1])}) == [edits[k] for k in (1, 3, 0, 2)]


def test_a_line_where_all_spoils_what_is_right_is_left_for_the_last():
    tried = [edit("a", str(k)) for k in range(3)]
    left = [edit("b", "x"), edit("d", "y", 2)]
    spoilt = [step(one, 0b10) for one in tried]
    assert hopeful_first(left, spoilt, 0b01) == left[::-1]
    assert hopeful_first(left, spoilt[:2], 0b01) == left  # too few to tell
    assert hopeful_first(left, [*spoilt[:2], step(tried[2], 0b01)], 0b01) == left  # one of them does not
    assert hopeful_first(left, spoilt, 0) == left  # nothing was right
    assert hopeful_first(left, [step(one, RAISED, fate="raised") for one in tried], 0b01) == left


def test_of_edits_with_the_same_gradients_the_first_stands_for_all_where_all_was_asked():
    before = Outcome("ran", (0b01, 0b01), digest="old; old")
    edits = [edit("a", str(k)) for k in range(7)]
    steps = [
        step(edits[0], 0b01, 0b11, digest="old; new"),
        step(edits[1], 0b01, 0b11, digest="old; new"),  # the same as the one before
        step(edits[2], 0b01, 0b01, digest="old; old"),  # the same as without it
        step(edits[3], 0b10, 0b11, digest="bad; new"),  # spoils what was right
        step(edits[4], RAISED, fate="raised"),
        step(edits[5], 0b01, digest="old"),  # asked the first question alone: on the second they may well differ
        step(edits[6], 0b01, digest="old"),
    ]
    assert distinct(steps, before) == [edits[k] for k in (0, 5, 6)]
