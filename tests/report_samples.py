"""Results for the report tests: real problems and the real judge, with planted faults and hostile names."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from diagnosis_samples import DIAGNOSIS, LEADS_ONLY, hostile_diagnosis
from gradparity.backends.numpy_bptt import BACKEND as NUMPY
from gradparity.harness.compare import Comparison, Difference
from gradparity.harness.finding import Diagnosis
from gradparity.harness.gradients import Gradients, Maker
from gradparity.harness.noise import measure_noise
from gradparity.harness.patch import Repair
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.result import Match, Panel, Result
from gradparity.harness.run import Answer, Asked, conclude, panel
from repair_samples import HALF, MENDED, NONE, hostile_repair

Array = np.ndarray
Fault = Callable[[str, Array], Array]

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "a|b`c``d*e_f_[g](http://h)",
    "two\nlines",
    "\x1b[31mred\x07",
    "&lt;b&gt;\"quoted'",
    "evil\u202egnp.exe",
    "# heading",
    "@everyone",
    "lone \ud800 surrogate",
    "[bold]markup[/bold]",
    "x" * 300,
]


def result(
    faults: dict[str, Fault] | None = None, models: tuple[str, ...] = ("rnn", "lstm"), crash: bool = True, **sizes: int
) -> Result:
    """A `run` of numpy, torch and jax in two dtypes, `faults` by backend; tensorflow is missing, mlx may crash."""
    problems = [Problem(model, dtype=dtype, **sizes) for model in models for dtype in ("float64", "float32")]  # type: ignore[arg-type]
    return conclude("run", tuple(panel(asked(p, faults or {}, crash), heat=True) for p in problems), 32.0)


def asked(problem: Problem, faults: dict[str, Fault], crash: bool) -> Asked:
    tensors = make_tensors(problem)
    truth = NUMPY.gradients(problem, tensors)
    kept = {"versions": {"numpy": "2.4.6"}, "dtype": problem.dtype, "precision": "matmul highest", "seconds": 0.0123}
    answers = [Answer(Maker("numpy", **kept), truth)]
    for seed, name in enumerate(("torch", "jax")):
        answers.append(Answer(Maker(name, **kept), _rounded(truth, seed, faults.get(name, lambda _, value: value))))
    missing = Maker("tensorflow", "missing", 'tensorflow not installed: pip install "gradparity[tensorflow]"')
    crashed = Maker("mlx", "failed", "it was killed by SIGSEGV and gave no answer", versions={"mlx": "0.30"})
    noise = measure_noise(problem, tensors, NUMPY.gradients)
    return Asked(problem, tensors, (*answers, Answer(missing), *[Answer(crashed)] * crash), noise)


def _rounded(truth: Gradients, seed: int, fault: Fault) -> Gradients:
    """Another implementation's gradients: the same but for the last bit here and there, and for its fault."""
    random = np.random.default_rng(seed)

    def other(name: str, value: Array) -> Array:
        value = np.asarray(value)
        moved = np.nextafter(value, value + random.integers(-1, 2, value.shape).astype(value.dtype))
        return fault(name, moved.astype(value.dtype))

    named = {name: other(name, value) for name, value in truth.named.items()}
    return replace(truth, loss=other("loss", truth.loss), named=named)


def transposed(name: str, value: Array) -> Array:
    return value.T.copy() if name == "W_hh" and value.shape[0] == value.shape[1] else value


def many_faults(name: str, value: Array) -> Array:
    """Scaled, not finite, of the wrong shape, an integer, and off in one place only."""
    value = value.copy()
    if name == "W_xh":
        value *= 2
    elif name == "W_hh":
        value = value.T.copy() if value.shape[0] == value.shape[1] else value[:, ::-1].copy()
    elif name == "x":
        value[2, 1, 3] += 0.125
    elif name == "h0":
        value[1, 2] = np.nan
    elif name == "b_y":
        value = value[None]
    elif name == "W_hy":
        value = value.astype(int)
    return value


def hostile() -> Result:
    """Every text that a user can choose is an attack."""
    good = result({"jax": many_faults}, models=("rnn",))
    base = good.panels[0]
    judged = next(c for c in base.comparisons if c.a == "jax")
    texts = [HOSTILE[k % len(HOSTILE)] for k in range(len(judged.differences))]
    differences = tuple(
        replace(d, name=text, place=text, note=text, dtype=text, source=text)
        for d, text in zip(judged.differences, texts, strict=True)
    ) + tuple(Difference(text, "unexpected", note=text) for text in HOSTILE)
    heat = next(d.heat for d in judged.differences if d.heat and len(d.heat.rows) > 2 and len(d.heat.columns) > 2)
    heat = replace(heat, rows=tuple(texts[: len(heat.rows)]), columns=tuple(texts[: len(heat.columns)]))
    differences = tuple(replace(d, heat=heat if d.heat else None) for d in differences)
    panels = tuple(_attacked(base, text, differences) for text in HOSTILE)
    makers = tuple(Maker(t, "failed", t, {t: t}, t, t, t) for t in HOSTILE)
    attack = "\n".join(HOSTILE)
    return replace(
        good, panels=panels, headline=attack, command=attack, makers=makers, notes=tuple(HOSTILE), gradparity=attack
    )


def _attacked(base: Panel, text: str, differences: tuple[Difference, ...]) -> Panel:
    hostile = {"name": text, "detail": text, "device": text, "precision": text, "versions": {text: text}}
    return replace(
        base,
        title=text,
        sentence=text,
        reference=text,
        notes=(text, text),
        outliers=(text,),
        makers=tuple(replace(maker, **hostile) for maker in base.makers),
        comparisons=(Comparison(text, text, differences), *base.comparisons[:1]),
        matrix=replace(base.matrix, names=(text,) * len(base.matrix.names)),
        matches=(Match(text, text, text),),
        diagnosis=hostile_diagnosis(text),
        repair=hostile_repair(text),
    )


def check(fault: Fault = lambda _, value: value) -> Result:
    """A `check`: one panel, the candidate under the user's own names."""
    one = result({"torch": fault}, models=("rnn",), crash=False).panels[0]
    compared = replace(one.comparisons[0], a="model.py:gradients")
    verdict = "match" if compared.verdict == "match" else "mismatch"
    one = replace(
        one,
        verdict=verdict,
        sentence=f"model.py:gradients is a {verdict}",
        comparisons=(compared, *one.comparisons[1:]),
        matrix=replace(one.matrix, names=("numpy", "jax"), ratios=((None, 1.5), (1.5, None))),
        matches=(Match("dWxh", "W_xh", "name"), Match("gradient_hh", "W_hh", "shape")),
        notes=("Read by shape alone: gradient_hh as W_hh.",),
    )
    return Result("check", one.sentence, 0 if verdict == "match" else 1, (one,), 32.0, one.makers, gradparity="0.1.0")


def diagnosed(diagnosis: Diagnosis, repair: Repair | None = None) -> Result:
    """A `check` that says why, and what to change."""
    one = check(lambda name, value: value * 1.5 if name in ("W_xh", "W_hh") else value)
    what = f"{diagnosis.findings[0].what}. " if diagnosis.findings else ""
    return replace(
        one, headline=f"{what}{one.headline}", panels=(replace(one.panels[0], diagnosis=diagnosis, repair=repair),)
    )


def empty() -> Result:
    """Nothing could be compared."""
    one = Panel("rnn float64", "nothing compared", "fewer than two backends answered, so nothing could be compared")
    return Result("run", "not everything could be compared: fewer than two backends", 3, (one,), 32.0)


_MADE: dict[str, Callable[[], Result]] = {
    "clean": lambda: result(crash=False),
    "crashed": result,
    "transposed": lambda: result({"jax": transposed}),
    "many faults": lambda: result({"jax": many_faults, "torch": transposed}),
    "hostile": hostile,
    "check": check,
    "check with faults": lambda: check(many_faults),
    "diagnosed": lambda: diagnosed(DIAGNOSIS),
    "leads only": lambda: diagnosed(LEADS_ONLY),
    "mended": lambda: diagnosed(DIAGNOSIS, MENDED),
    "half mended": lambda: diagnosed(DIAGNOSIS, HALF),
    "not mended": lambda: diagnosed(LEADS_ONLY, NONE),
    "empty": empty,
    "sizes of one": lambda: result(models=("gru",), T=1, B=1, I=1, H=1, O=1),
    "large": lambda: result({"jax": many_faults}, models=("lstm",), T=30, B=4, I=30, H=50, O=30),
}

SAMPLES = {name: cache(make) for name, make in _MADE.items()}
