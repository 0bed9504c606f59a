"""Edits of Python source: small changes of one place, as text, so that comments, layout and line ends stay.

The fault dictionary makes mutants of the reference with them, repair makes cures of the user's code. Each kind of edit
is one file of the folder `kinds` that holds a `KIND`; `propose` collects what all kinds have to offer.
"""

from .edit import Edit, apply, common_ends, line_of
from .proposing import all_kinds, propose
from .source import functions

__all__ = ["Edit", "all_kinds", "apply", "common_ends", "functions", "line_of", "propose"]
