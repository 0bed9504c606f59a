"""The command line, the edge of the program: files, processes and printing happen here, all behind it is pure.

Everything heavy is imported inside the commands, so that `gradparity --help` answers at once.
"""

import sys
from dataclasses import dataclass
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
    positive,
)
from .progress import progress, searching

if TYPE_CHECKING:
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
    from .errors import GradparityError

    try:
        app()
    except GradparityError as error:
        print(f"gradparity: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except MemoryError:
        print("gradparity: out of memory; make the problem smaller (-T, -B, -I, -H, -O)", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


@dataclass(frozen=True)
class Destinations:
    """Where reports go, by path; the ending of --out, or the option itself, says in which format."""

    paths: tuple[tuple[Path, str], ...]

    @classmethod
    def of(cls, html: Path | None, markdown: Path | None, json: Path | None, out: list[Path]) -> "Destinations":
        """Check every path before any work is done. Raises BadInput: unknown ending, no such folder, one path twice."""
        from .errors import BadInput
        from .writing import format_of, writable

        named = ((html, "html"), (markdown, "markdown"), (json, "json"))
        paths = [(path, name) for path, name in named if path] + [(path, format_of(path)) for path in out]
        for path, _ in paths:
            writable(path)
        places = [path.resolve() for path, _ in paths]
        if twice := [place for place in places if places.count(place) > 1]:
            raise BadInput(f"two reports would go to {twice[0]}; name a file for each")
        return cls(tuple(paths))


def finish(result: "Result", destinations: Destinations) -> None:
    """Print the result, write its reports and leave with its exit code."""
    from ..reports import discover
    from ..reports.terminal import show
    from .writing import write

    show(result)
    for path, name in destinations.paths:
        write(path, discover()[name].render(result))
        print(f"wrote {path}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(result.exit_code)


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
    memory: Annotated[float, typer.Option(callback=positive, help="GiB of memory that your code may take.")] = 4.0,
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
    from .check import references
    from .layout import Layout
    from .workers import Limits

    destinations = Destinations.of(html, markdown, json, out)
    batch = 1 if unbatched and batch is None else batch
    problem = problem_of(model=model, dtype=dtype, loss=loss, loss_on=loss_on, T=steps, B=batch, I=inputs, H=hidden,
                         O=outputs, weight_scale=weight_scale, seed=seed, bias=not no_bias)  # fmt: skip
    chosen, native = references(split(backends)), Layout(layout, tuple(gates), not unbatched)
    limits = Limits(time_limit, int(memory * 2**30))
    with progress(len(chosen) + 3) as advance:
        result = check_one(target, problem, native, chosen, limits, threshold, advance, why)
    if fix or apply:
        result = fixed(result, target, problem, native, limits, budget, apply)
    finish(result, destinations)


def fixed(
    result: "Result", target: str, problem: "Problem", layout: "Layout", limits: "Limits", budget: float, write: bool
) -> "Result":
    """The result with its repair. Ctrl-C ends the search with what was found so far."""
    from .mend import mend

    with searching() as advance:
        mended = mend(result, target, problem, layout, limits, budget, advance, write)
    for path, kept in mended.written:
        print(f"changed {path}; the old file is {kept}", file=sys.stderr)  # noqa: T201
    return mended.result


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
    from .workers import Limits

    destinations = Destinations.of(html, markdown, json, out)
    with progress(4) as advance:
        result = replay(advance)
    if fix:
        result = fixed(result, str(SOURCE), RANDOM_H0, LAYOUT, Limits(), 60.0, write=False)
    finish(result, destinations)


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
    from .diff import diff as compare_files

    destinations = Destinations.of(html, markdown, json, out)
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
    from .result import from_json
    from .writing import read_text

    destinations = Destinations.of(html, markdown, json, out)
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
