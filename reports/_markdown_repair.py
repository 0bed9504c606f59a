"""A repair in markdown: the patch as a diff, what else would do folded away, and what the search has tried."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ._markup import fitted, folded, prose
from ._repair import APPLY, NOTHING, as_well, diff, others, said, searched, spent, tested

if TYPE_CHECKING:
    from ..harness.patch import Patch, Repair

MOST = 20  # other patches


def mended(repair: "Repair") -> Iterator[str]:
    """All of it, in parts."""
    if repair.patches:
        yield from _first("Repair", repair.patches, APPLY)
        small = [searched(repair), spent(repair)]
    else:
        yield f"**{NOTHING}.** {prose(searched(repair))}"
        if repair.partial:
            yield from _first("Partial repair", repair.partial)
        small = [spent(repair)]
    if figures := " ".join(filter(None, small)):
        yield f"<sub>Search: {prose(figures)}</sub>"


def _first(title: str, patches: "Sequence[Patch]", more: str = "") -> Iterator[str]:
    """The first patch with its diff, the others in a sentence each."""
    yield f"**{title}: {prose(said(patches[0]), line=' ')}**"
    yield fitted(diff(patches[0]), "diff")
    yield f"{tested(patches[0])} {more}".rstrip()
    if rest := others(patches):
        points = [f"- {prose(said(patch))}" for patch in rest[:MOST]]
        points += [f"- … and {len(rest) - MOST} more"] if len(rest) > MOST else []
        yield folded(as_well(rest), "\n".join(points))
