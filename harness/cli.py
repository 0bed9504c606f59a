"""The command line, the edge of the program: files, processes and printing happen here, all behind it is pure.

Everything heavy is imported inside the commands, so that `gradparity --help` answers at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import (
    Backends,
    Batch,
    Hidden,
    Html,
    Inputs,
    Json,
    Loss,
    LossOn,
    Markdown,
    Out,
    Outputs,
    Scale,
    Seconds,
    Seed,
    Steps,
    Threshold,
    gibibytes,
    positive,
)
from .progress import progress, searching

if TYPE_CHECKING:
    from .destinations import Destinations
    from .layout import Layout
    from .problem import Problem
    from .result import Result
    from .workers import Limits

app = typer.Typer(
    name="gradparity",
    help="Compares the gradients of every implementation you have, and says which one is wrong.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """The console script: a person's mistake is a line on stderr and exit code 2, never a stack trace."""
    from .ending import open_streams, settle, told
    from .signals import heed

    open_streams()
    heed()
    try:
        code = app(standalone_mode=False) or 0
    except SystemExit as ended:  # the library's own end where the help has lost its reader
        code = 0 if isinstance(ended.__context__, BrokenPipeError) else ended.code
    except BaseException as error:
        code = told(error)
    settle()
    sys.exit(code)


def finish(result: "Result", destinations: "Destinations", failed: Sequence[Exception] = ()) -> None:
    """Print the result, write its reports, say what failed and leave: with the exit code of the verdict, or where that
    is that all is well, of what failed."""
    from .destinations import show
    from .ending import code_of, told

    failed = [*failed, *show(result), *destinations.write(result)]
    for error in failed:
        told(error)
    raise typer.Exit(result.exit_code or max(map(code_of, failed), default=0))


@app.command()
def run(
    model: Annotated[str, typer.Option(help="Only these models, with commas.")] = "",
    dtype: Annotated[str, typer.Option(help="Working dtypes, with commas.")] = "float64,float32",
    backends: Backends = "",
    loss: Loss = "mse",
    loss_on: LossOn = "all",
    steps: Steps = 7,
    batch: Batch = None,
    inputs: Inputs = 4,
    hidden: Hidden = 5,
    outputs: Outputs = 2,
    weight_scale: Scale = 1.0,
    seed: Seed = 0,
    threshold: Threshold = 32.0,
    time_limit: Seconds = 120.0,
    with_demo: Annotated[bool, typer.Option("--with-demo", help="Add the faulty class of `gradparity demo`.")] = False,
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    out: Out = [],  # noqa: B006  # typer copies it
) -> None:
    """Every backend against every other, on all models."""
    from .destinations import Destinations
    from .errors import BadInput
    from .models import models
    from .run import choose
    from .run import run as run_all
    from .workers import Limits

    destinations = Destinations.of(html, markdown, json, out)
    problems = [
        problem_of(model=m, dtype=d, loss=loss, loss_on=loss_on, T=steps, B=batch, I=inputs, H=hidden, O=outputs,
                   weight_scale=weight_scale, seed=seed)
        for m in split(model) or models()
        for d in split(dtype)
    ]  # fmt: skip
    if not problems:
        raise BadInput("--dtype names no dtype; expected float64, float32 or both with a comma")
    chosen = choose(split(backends))
    with progress((len(chosen) + 1) * len(problems)) as advance:
        result = run_all(problems, chosen, Limits(time_limit), threshold, advance)
    if with_demo:
        from .demo import beside
        from .demo import demo as replay

        result = beside(result, replay())
    finish(result, destinations)


@app.command()
def check(
    target: Annotated[str, typer.Argument(metavar="FILE[:FUNCTION]", help="FUNCTION is `gradients` unless named.")],
    model: Annotated[str, typer.Option(help="rnn, rnn_relu, lstm or gru.")] = "rnn",
    layout: Annotated[str, typer.Option(help="row, column or torch: how your code writes its arrays.")] = "row",
    gates: Annotated[str, typer.Option(help="Order of your gate blocks, such as ifog.")] = "",
    unbatched: Annotated[bool, typer.Option("--unbatched", help="x is (T, I), h0 (H,).")] = False,
    no_bias: Annotated[bool, typer.Option("--no-bias", help="Your network has no biases.")] = False,
    dtype: Annotated[str, typer.Option(help="float64 or float32.")] = "float64",
    backends: Backends = "",
    loss: Loss = "mse",
    loss_on: LossOn = "all",
    steps: Steps = 7,
    batch: Batch = None,
    inputs: Inputs = 4,
    hidden: Hidden = 5,
    outputs: Outputs = 2,
    weight_scale: Scale = 1.0,
    seed: Seed = 0,
    threshold: Threshold = 32.0,
    time_limit: Seconds = 60.0,
    memory: Annotated[float, typer.Option(callback=gibibytes, help="GiB of memory that your code may take.")] = 4.0,
    why: Annotated[
        bool, typer.Option("--why/--no-why", help="Say why the gradients differ, or only that they do.")
    ] = True,
    fix: Annotated[
        bool, typer.Option("--fix", help="Search your source for the edit that mends it; show the diff.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Make that edit; the old file is kept beside.")] = False,
    budget: Annotated[float, typer.Option(callback=positive, help="Seconds that --fix may search.")] = 60.0,
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    out: Out = [],  # noqa: B006  # typer copies it
) -> None:
    """Your gradients against the references. Runs your code, in a process of its own."""
    from .check import check as check_one
    from .check import references, split_target
    from .destinations import Destinations
    from .layout import Layout
    from .workers import Limits

    destinations = Destinations.of(html, markdown, json, out, split_target(target)[:1])
    batch = 1 if unbatched and batch is None else batch
    problem = problem_of(model=model, dtype=dtype, loss=loss, loss_on=loss_on, T=steps, B=batch, I=inputs, H=hidden,
                         O=outputs, weight_scale=weight_scale, seed=seed, bias=not no_bias)  # fmt: skip
    chosen, native = references(split(backends)), Layout(layout, tuple(gates), not unbatched)
    limits = Limits(time_limit, int(memory * 2**30))
    with progress(len(chosen) + 3) as advance:
        result = check_one(target, problem, native, chosen, limits, threshold, advance, why)
    failed: list[Exception] = []
    if fix or apply:
        result, failed = fixed(result, target, problem, native, limits, budget, apply)
    finish(result, destinations, failed)


def fixed(
    result: "Result", target: str, problem: "Problem", layout: "Layout", limits: "Limits", budget: float, write: bool
) -> "tuple[Result, list[Exception]]":
    """The result with its repair, and what failed of it. Ctrl-C ends the search with what was found so far."""
    from .ending import say
    from .mend import mend

    with searching() as advance:
        mended = mend(result, target, problem, layout, limits, budget, advance, write)
    for path, kept in mended.written:
        say(f"changed {path}; the old file is {kept}")
    return mended.result, list(mended.failed)


@app.command()
def demo(
    fix: Annotated[
        bool, typer.Option("--fix", help="Search its source for the edits that mend it; show the diff.")
    ] = False,
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    out: Out = [],  # noqa: B006  # typer copies it
) -> None:
    """The question gradparity grew from: a NumPy RNN whose gradients agree with nothing but their last row."""
    from .demo import LAYOUT, RANDOM_H0, SOURCE
    from .demo import demo as replay
    from .destinations import Destinations
    from .workers import Limits

    destinations = Destinations.of(html, markdown, json, out, [SOURCE])
    with progress(4) as advance:
        result = replay(advance)
    failed: list[Exception] = []
    if fix:
        result, failed = fixed(result, str(SOURCE), RANDOM_H0, LAYOUT, Limits(), 60.0, write=False)
    finish(result, destinations, failed)


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="Gradients to judge: .npz, .safetensors, or an index of shards.")],
    b: Annotated[Path, typer.Argument(help="Gradients to hold them against.")],
    repeat: Annotated[
        list[Path], typer.Option(help="B computed once more, on another device or in another order: measures noise.")
    ] = [],  # noqa: B006  # typer copies it
    threshold: Threshold = 32.0,
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    out: Out = [],  # noqa: B006  # typer copies it
) -> None:
    """Two files of gradients, streamed."""
    from .destinations import Destinations
    from .diff import diff as compare_files
    from .tensorfile import files

    destinations = Destinations.of(
        html, markdown, json, out, [file for path in (a, b, *repeat) for file in files(path)]
    )
    finish(compare_files(a, b, repeat, threshold), destinations)


@app.command()
def report(
    result: Annotated[Path, typer.Argument(help="A file that --json wrote.")],
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    out: Out = [],  # noqa: B006  # typer copies it
) -> None:
    """Render a result again."""
    from .destinations import Destinations
    from .result import from_json
    from .writing import read_text

    destinations = Destinations.of(html, markdown, json, out, [result])
    finish(from_json(read_text(result), str(result)), destinations)


@app.command()
def backends() -> None:
    """What is installed, in which version, and how to get the rest."""
    from ..reports.terminal import show_backends
    from .run import choose

    show_backends(choose())


def split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def problem_of(*, B: int | None, **sizes: Any) -> "Problem":
    from ..backends import FLOATS
    from .errors import BadInput, listed
    from .problem import Problem

    if sizes["dtype"] not in FLOATS:  # the noise model alone has a wider one
        raise BadInput(f"unknown dtype {sizes['dtype']!r}; expected {listed(FLOATS)}")
    step = sizes["loss_on"]
    sizes["loss_on"] = int(step) if step.isdecimal() else step
    return Problem(B=3 if B is None else B, **sizes)
