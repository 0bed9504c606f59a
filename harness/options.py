"""The options that several commands share, each said once."""

from pathlib import Path
from typing import Annotated

import typer

SMALLEST, HUGEST = 0.125, 1e6  # GiB: what Python and NumPy take before any problem does, and more than there is


def positive(value: float) -> float:
    if not 0 < value < float("inf"):  # not NaN either
        raise typer.BadParameter(f"{value} is no positive number")
    return value


def gibibytes(value: float) -> float:
    if not SMALLEST <= positive(value) <= HUGEST:
        raise typer.BadParameter(f"{value:g} GiB; expected {SMALLEST:g} to {HUGEST:g}")
    return value


Html = Annotated[Path | None, typer.Option("--html", help="Write an HTML report, one self-contained file.")]
Markdown = Annotated[Path | None, typer.Option("--markdown", help="Write a markdown report, fit for a pull request.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the result as JSON; `gradparity report` reads it.")]
Out = Annotated[list[Path], typer.Option("--out", "-o", help="Write a report; its ending chooses the format.")]
Backends = Annotated[str, typer.Option("--backends", help="Only these, with commas: numpy,torch,jax.")]
Threshold = Annotated[
    float, typer.Option(callback=positive, help="Largest difference that matches, in units of the measured noise.")
]
Seconds = Annotated[
    float,
    typer.Option("--time-limit", callback=positive, help="Seconds a backend or candidate has for one problem."),
]
Steps = Annotated[int, typer.Option("-T", help="Time steps.")]
Batch = Annotated[int | None, typer.Option("-B", help="Batch size; 3, or 1 with --unbatched.", show_default=False)]
Inputs = Annotated[int, typer.Option("-I", help="Inputs.")]
Hidden = Annotated[int, typer.Option("-H", help="Hidden units.")]
Outputs = Annotated[int, typer.Option("-O", help="Outputs.")]
Loss = Annotated[str, typer.Option(help="mse or softmax_xent.")]
LossOn = Annotated[str, typer.Option(help="all steps, the last only, or one step by its number, from 0.")]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of the weights and the batch.")]
Scale = Annotated[float, typer.Option("--weight-scale", callback=positive, help="Weights are uniform in ±scale/√H.")]
