"""The nouns that pass between the search and its workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..layout import Layout
from ..questions import Question
from ..sandbox import Fate, Wall

RAISED = -1


@dataclass(frozen=True)
class Trial:
    """What a mutant is put to.

    Args:
        source: the user's file as it stands; the mutants may be of another version.
        matches: given name -> native name of the gradients proper, as read from the original.
        names: native names of those that have to be right; bit k of an answer's marks is names[k].
        seconds: that one answer may take.
        strict: a question is put only to those that had all before it right.
        walls: what contains a mutant, of what there is on this system; fewer only to see what each of them holds.
    """

    path: Path
    function: str
    source: str
    layout: Layout
    questions: tuple[Question, ...]
    matches: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    seconds: float = 10.0
    strict: bool = False
    walls: tuple[Wall, ...] = ("kernel", "python")

    @property
    def all_right(self) -> int:
        return (1 << len(self.names)) - 1

    def words(self, marks: int) -> tuple[str, ...]:
        """The names of the gradients in `marks`."""
        return tuple(name for k, name in enumerate(self.names) if marks >> k & 1)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Args:
        fate: "ran", "pruned", or how it ended: "raised", "timeout", "memory", "exit", "crash".
        right: by question that was put, the marks of the gradients that are right; RAISED where it gave no answer.
        share: of the entries of all gradients, those that are right, summed over gradients and questions.
        digest: the same for mutants whose gradients are the same.
    """

    fate: Fate
    right: tuple[int, ...] = ()
    share: float = 0.0
    digest: str = ""


@dataclass(frozen=True)
class Survey:
    """What is learnt from running a version of the file once.

    Args:
        functions: qualified names of those that ran, whatever is nested in them included.
        lines: the lines that ran.
        matches, names: as in Trial.
        seconds: that the function takes, called in a loop.
        outcome: its answers to the questions; `error` is the first that it raised instead of one, and `refused` where
            the sandbox made it.
        shaped: whether what was answered are gradients of the right shapes.
    """

    functions: frozenset[str]
    lines: frozenset[int]
    matches: Mapping[str, str]
    names: tuple[str, ...]
    seconds: float
    outcome: Outcome
    error: str = ""
    refused: bool = False
    shaped: bool = True
