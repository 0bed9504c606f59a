"""`make bench`: every figure that the README and the issues speak of, measured in one run, as a table.

python tests/benchmarks/bench.py [NAME ...]     only these of NAMES, below
"""

import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

# The slowest last; each module's `rows()` gives (what, figure, target).
NAMES = ("compare", "bptt", "faults", "dictionary", "run", "diagnosis", "repair", "false_alarm", "sweep")


def main(wanted: list[str]) -> None:
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    console = Console()
    for name in wanted or NAMES:
        module = import_module(f"bench_{name}")
        table = Table(title=(module.__doc__ or name).splitlines()[0], title_justify="left")
        for column in ("what", "figure", "target"):
            table.add_column(column)
        for row in module.rows():
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
