"""`gradparity diff`: two files of gradients, with noise from repeats or the floor, streamed."""

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from gradparity.harness.compare import Comparison
from gradparity.harness.diff import diff
from gradparity.harness.errors import BadInput
from gradparity.harness.result import Match, Result, from_json, to_json
from safetensors.numpy import save_file

Array = np.ndarray
RANDOM = np.random.default_rng(0)
GRADIENTS = {
    "W_xh": RANDOM.standard_normal((3, 5), dtype=np.float32),
    "W_hh": RANDOM.standard_normal((5, 5), dtype=np.float32),
    "b_h": RANDOM.standard_normal(5, dtype=np.float32),
}


def write(path: Path, named: Mapping[str, Array]) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **named)  # type: ignore[arg-type]  # its stubs take the arrays for allow_pickle
    else:
        save_file(dict(named), path)
    return path


@pytest.fixture
def b(tmp_path: Path) -> Path:
    return write(tmp_path / "b.npz", GRADIENTS)


def times(factor: float, *names: str) -> dict[str, Array]:
    """The gradients, some of them (or all) multiplied."""
    chosen = names or tuple(GRADIENTS)
    return {n: g * np.float32(factor) if n in chosen else g for n, g in GRADIENTS.items()}


def comparison(result: Result) -> Comparison:
    return result.panels[0].comparisons[0]


def verdicts(result: Result) -> dict[str, str]:
    return {d.name: d.verdict for d in comparison(result).differences}


def test_equal_files_match(tmp_path: Path, b: Path) -> None:
    result = diff(write(tmp_path / "a.safetensors", GRADIENTS), b)
    (panel,) = result.panels
    assert (result.command, result.exit_code, result.verdict, panel.verdict) == ("diff", 0, "match", "match")
    assert result.headline == panel.sentence == "All 3 gradients match (largest ratio 0)"
    assert (panel.title, panel.reference) == ("a.safetensors against b.npz", "b.npz")
    assert [(m.name, m.status) for m in panel.makers] == [("a.safetensors", "ok"), ("b.npz", "ok")]
    assert verdicts(result) == dict.fromkeys(GRADIENTS, "match")
    assert "floor" in result.notes[0]
    assert "further runs of what made b.npz" in result.notes[0]
    assert "--repeat FILE" in result.notes[0]


def test_the_worst_is_named_with_its_ratio(tmp_path: Path, b: Path) -> None:
    wrong = times(1.5, "b_h") | {"W_hh": GRADIENTS["W_hh"] * np.float32(-1)}
    result = diff(write(tmp_path / "a.npz", wrong), b)
    ratio = comparison(result).ratio
    assert ratio == pytest.approx(2 / np.finfo(np.float32).eps * 2, rel=1e-6)
    assert result.headline == f"2 of 3 gradients differ; worst W_hh, {ratio:.2g} times the noise"
    assert (result.exit_code, result.panels[0].verdict) == (1, "mismatch")
    assert verdicts(result) == {"W_xh": "match", "W_hh": "mismatch", "b_h": "mismatch"}


def test_names_on_one_side_only_are_listed(tmp_path: Path, b: Path) -> None:
    renamed = {"W_xh": GRADIENTS["W_xh"], "Whh": GRADIENTS["W_hh"], "b_h": GRADIENTS["b_h"]}
    result = diff(write(tmp_path / "a.npz", renamed), b)
    assert verdicts(result) == {"W_xh": "match", "b_h": "match", "W_hh": "missing", "Whh": "unexpected"}
    assert result.headline == "All 2 gradients match (largest ratio 0); only in b.npz: W_hh; only in a.npz: Whh"
    assert result.exit_code == 1


def test_many_lone_names_are_counted(tmp_path: Path, b: Path) -> None:
    result = diff(write(tmp_path / "a.npz", {f"w{k}": np.ones(2) for k in range(9)}), b)
    assert result.headline == (
        "No gradient is in both files; only in b.npz: W_xh, W_hh, b_h; only in a.npz: w0, w1, w2, w3 and 5 more"
    )
    assert result.exit_code == 1


FAULTS = {
    "wrong shape": lambda g: g.T.copy(),
    "not finite": lambda g: np.where(g == g.max(), np.nan, g),
    "wrong dtype": lambda g: g.astype(int),
    "mismatch": np.zeros_like,
}


@pytest.mark.parametrize(("verdict", "fault"), FAULTS.items(), ids=list(FAULTS))
def test_every_kind_of_fault_is_named(tmp_path: Path, b: Path, verdict: str, fault) -> None:
    result = diff(write(tmp_path / "a.npz", GRADIENTS | {"W_xh": fault(GRADIENTS["W_xh"])}), b)
    assert verdicts(result) == {"W_xh": verdict, "W_hh": "match", "b_h": "match"}
    assert result.headline.startswith("1 of 3 gradients differs; worst W_xh, ")
    assert result.exit_code == 1


def test_a_coarser_dtype_is_judged_by_its_own_rounding(tmp_path: Path, b: Path) -> None:
    halved = {name: g.astype(ml_dtypes.bfloat16) for name, g in GRADIENTS.items()}
    result = diff(write(tmp_path / "a.safetensors", halved), b)
    assert result.exit_code == 0
    assert 0 < comparison(result).ratio <= 1
    assert diff(b, write(tmp_path / "a.npz", times(1 + 1e-3))).exit_code == 1  # the same distance in float32


def test_one_gradient_and_one_directory(tmp_path: Path) -> None:
    write(tmp_path / "g.safetensors", {"W": np.ones((2, 3))})
    np.save(tmp_path / "W.npy", np.ones((2, 3)))
    assert diff(tmp_path / "W.npy", tmp_path).headline == "The one gradient matches (largest ratio 0)"


def test_files_of_one_name_go_by_their_paths(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "g.npz", GRADIENTS)
    result = diff(tmp_path / "one" / "g.npz", tmp_path / "two" / "g.npz")
    assert result.panels[0].title == f"{tmp_path / 'one' / 'g.npz'} against {tmp_path / 'two' / 'g.npz'}"


def test_what_json_keeps_is_the_same_result(tmp_path: Path, b: Path) -> None:
    prefixed = {f"module.{name}": gradient for name, gradient in times(1.5, "W_hh").items()}
    result = diff(write(tmp_path / "a.npz", prefixed), b, [write(tmp_path / "r.npz", times(1 + 1e-6))])
    assert from_json(to_json(result)) == result


def test_nothing_to_compare_is_no_match(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, {}) for name in ("a.npz", "b.npz")]
    with pytest.raises(BadInput, match=r"nothing to compare: a\.npz and b\.npz"):
        diff(paths[0], paths[1])


# Prefixes

PREFIXED = {  # name: (prefixes of the names of a and b, prefixes that are taken off)
    "of a": (("module.", ""), ("module.", "")),
    "of b": (("", "model."), ("", "model.")),
    "of both": (("module.", "_orig_mod."), ("module.", "_orig_mod.")),
    "of two parts": (("module.model.", ""), ("module.model.", "")),
    "longer in a": (("module.rnn.", "rnn."), ("module.", "")),
    "with slashes": (("params/cell/", "cell/"), ("params/", "")),
    "the same": (("rnn.", "rnn."), ("", "")),
    "none": (("", ""), ("", "")),
}


@pytest.mark.parametrize(("given", "stripped"), PREFIXED.values(), ids=list(PREFIXED))
def test_a_common_prefix_is_taken_off(tmp_path: Path, given: tuple[str, str], stripped: tuple[str, str]) -> None:
    a, b = (
        write(tmp_path / f"{side}.npz", {prefix + name: g for name, g in GRADIENTS.items()})
        for side, prefix in zip("ab", given, strict=True)
    )
    result = diff(a, b)
    assert result.exit_code == 0
    notes = [note for note in result.notes if "prefix" in note]
    assert notes == [
        f"The names in {side}.npz are compared without their prefix {prefix!r}."
        for side, prefix in zip("ab", stripped, strict=True)
        if prefix
    ]
    expected = [Match(given[0] + name, given[1] + name, "name") for name in GRADIENTS] if notes else []
    assert list(result.panels[0].matches) == expected


def test_what_only_some_names_have_is_no_prefix(tmp_path: Path, b: Path) -> None:
    mixed = {"loss": np.ones(1), **{f"module.{name}": g for name, g in GRADIENTS.items()}}
    result = diff(write(tmp_path / "a.npz", mixed), b)
    assert result.headline.startswith("No gradient is in both files")


# Noise


def test_repeats_measure_the_noise(tmp_path: Path, b: Path) -> None:
    """100 roundings are too far for the floor, and little where the runs of B are 50 apart."""
    eps = float(np.finfo(np.float32).eps)
    a = write(tmp_path / "a.npz", times(1 + 100 * eps))
    repeats = [write(tmp_path / f"r{k}.npz", times(1 + k * eps)) for k in (-25, 25)]
    assert diff(a, b).exit_code == 1
    result = diff(a, b, repeats)
    assert result.exit_code == 0
    assert result.notes == ()
    assert {d.source for d in comparison(result).differences} == {"repeats"}
    assert comparison(result).ratio == pytest.approx(2, rel=0.1)  # in units of the whole spread, 50, not of 25 from B


def test_a_repeat_does_not_hide_a_fault(tmp_path: Path, b: Path) -> None:
    result = diff(write(tmp_path / "a.npz", times(1.01, "W_hh")), b, [write(tmp_path / "r.npz", times(1 + 1e-6))])
    assert verdicts(result) == {"W_xh": "match", "W_hh": "mismatch", "b_h": "match"}


def test_repeats_that_are_copies_measure_nothing(tmp_path: Path, b: Path) -> None:
    result = diff(write(tmp_path / "a.npz", GRADIENTS), b, [b])
    assert result.notes == (
        "The repeats equal b.npz to the bit, so the noise is only the floor: give runs that round differently.",
    )


def test_what_a_repeat_lacks_is_judged_by_the_floor(tmp_path: Path, b: Path) -> None:
    part = times(1 + 1e-6)
    del part["W_hh"]
    part["b_h"] = part["b_h"] * np.float32(np.inf)
    result = diff(write(tmp_path / "a.npz", GRADIENTS), b, [write(tmp_path / "r.npz", part)])
    assert result.notes == ("Not in every repeat, or not finite there, and so judged by the floor: W_hh, b_h.",)
    assert [d.source for d in comparison(result).differences] == ["repeats", "floor", "floor"]


def test_repeats_too_far_apart_to_judge_by_are_reported(tmp_path: Path, b: Path) -> None:
    result = diff(
        write(tmp_path / "a.npz", times(-1, "W_hh")), b, [write(tmp_path / "r.npz", times(1.1, "W_hh", "b_h"))]
    )
    assert result.exit_code == 2
    assert result.headline.startswith("cannot tell: rounding alone moves this gradient by 10 %")
    (note,) = result.notes
    assert note.startswith("W_hh: 32 times the noise is no less than the gradient itself, so that zeros would match")


def test_a_dtype_too_coarse_to_judge_by_is_reported(tmp_path: Path) -> None:
    def write8(path: Path, gradient: Array) -> Path:
        return write(path, {"W": gradient.astype(ml_dtypes.float8_e4m3fn)})

    result = diff(
        write8(tmp_path / "a.safetensors", -GRADIENTS["W_hh"]), write8(tmp_path / "b.safetensors", GRADIENTS["W_hh"])
    )
    assert "W: 32 times the noise is no less than the gradient itself" in result.notes[-1]
    assert (result.exit_code, result.verdict) == (2, "cannot tell")


def test_repeats_may_have_a_prefix(tmp_path: Path) -> None:
    a, b = (write(tmp_path / f"{s}.npz", {f"model.{n}": g for n, g in GRADIENTS.items()}) for s in "ab")
    bare = write(tmp_path / "bare.npz", times(1 + 1e-6))
    assert "only the floor" in diff(a, b, [b]).notes[0]
    result = diff(write(tmp_path / "c.npz", GRADIENTS), b, [bare, a])
    assert {d.source for d in comparison(result).differences} == {"repeats"}


def test_repeats_of_something_else_are_refused(tmp_path: Path, b: Path) -> None:
    other = write(tmp_path / "other.npz", {"V": np.ones(2)})
    with pytest.raises(BadInput, match=r"has no gradient of .*b\.npz; expected the same names"):
        diff(b, b, [other])
    flat = write(tmp_path / "flat.npz", {n: g.ravel() for n, g in GRADIENTS.items()})
    with pytest.raises(BadInput, match=r"flat.npz has 'W_xh' of shape \(15,\), but .*b.npz of shape \(3, 5\)"):
        diff(b, b, [flat])


def test_the_threshold_is_the_callers(tmp_path: Path, b: Path) -> None:
    a = write(tmp_path / "a.npz", times(1 + 1e-5))
    strict, lax = diff(a, b), diff(a, b, threshold=1e3)
    assert (strict.exit_code, lax.exit_code, lax.threshold) == (1, 0, 1e3)
    assert replace(strict, threshold=1e3).panels[0].makers == lax.panels[0].makers


# Memory


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize("shape", [(5000, 5000), (25_000_000,)])
def test_memory_does_not_grow_with_the_files(tmp_path: Path, suffix: str, shape: tuple[int, ...]) -> None:
    big = RANDOM.standard_normal(shape, dtype=np.float32)  # 100 MB, and every entry of it differs
    a, b = write(tmp_path / f"a{suffix}", {"W": big}), write(tmp_path / f"b{suffix}", {"W": big * np.float32(1.01)})
    tracemalloc.start()
    result = diff(a, b, [b])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.exit_code == 1
    assert peak < 64 << 20


def test_a_deflated_gradient_is_not_held_in_memory_either(tmp_path: Path) -> None:
    zeros = np.zeros((5000, 5000), np.float32)
    np.savez_compressed(tmp_path / "a.npz", W=zeros)
    tracemalloc.start()
    assert diff(tmp_path / "a.npz", tmp_path / "a.npz").exit_code == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


@pytest.mark.parametrize("scale", [9e-4, 1e-5, 3e-6])
def test_what_float16_resolves_below_its_normal_numbers_is_resolved(tmp_path: Path, scale: float) -> None:
    gradient = np.random.default_rng(0).uniform(-scale, scale, (8, 8)).astype(np.float16)
    b, near = write(tmp_path / "b.npz", {"W": gradient}), np.nextafter(gradient, np.float16(1))
    assert diff(write(tmp_path / "minus.npz", {"W": -gradient}), b).exit_code == 1
    assert diff(write(tmp_path / "zeros.npz", {"W": 0 * gradient}), b).exit_code == 1
    assert diff(write(tmp_path / "near.npz", {"W": near}), b).exit_code == 0


def test_float16_next_to_its_smallest_number_cannot_be_told(tmp_path: Path) -> None:
    gradient = np.full((2, 2), 5e-7, np.float16)
    zeros, b = write(tmp_path / "zeros.npz", {"W": 0 * gradient}), write(tmp_path / "b.npz", {"W": gradient})
    assert diff(zeros, b).exit_code == 2


SIZES = np.random.default_rng(1).uniform(-1, 1, (3, 4, 4))


def beside(path: Path, bias: Array, dtype: str) -> Path:
    """A gradient beside two of size 1."""
    return write(path, {"W_q": SIZES[0].astype(dtype), "W_k": SIZES[1].astype(dtype), "b_k": bias.astype(dtype)})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_gradient_that_vanishes_is_judged_by_its_neighbours(tmp_path: Path, dtype: str) -> None:
    rounding = float(np.finfo(dtype).eps) * np.random.default_rng(2).uniform(-1, 1, (2, 4))
    a, b, zero = (
        beside(tmp_path / f"{n}.npz", bias, dtype) for n, bias in zip("abz", (*rounding, 0 * rounding[0]), strict=True)
    )
    for pair in ((a, b), (a, zero), (zero, b), (zero, zero)):
        result = diff(*pair)
        assert result.exit_code == 0, result.headline
    assert "b_k: zero but for rounding" in diff(a, b).notes[-1]
    # A fault is seen either way: a gradient where there should be none, and none where there should be one.
    real = beside(tmp_path / "real.npz", np.full(4, 1e4 * np.finfo(dtype).eps), dtype)
    assert [diff(*pair).exit_code for pair in ((real, b), (zero, real), (a, real), (real, zero))] == [1, 1, 1, 1]


def test_small_gradients_alone_do_not_vanish(tmp_path: Path) -> None:
    small = {name: 1e-17 * SIZES[k] for k, name in enumerate(("W_q", "W_k", "b_k"))}
    b = write(tmp_path / "b.npz", small)
    assert diff(write(tmp_path / "a.npz", {**small, "b_k": 0 * small["b_k"]}), b).exit_code == 1
