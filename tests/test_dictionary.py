"""The fault dictionary: it names the edit that was made, claims nothing else, survives its mutants, and is kept."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.diagnosis import catalogue, dictionary, dictionary_text, mutants, rows, shelf
from gradparity.harness.edits import Edit
from gradparity.harness.gradients import Gradients
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem, Tensors, make_tensors
from gradparity.harness.workers import Limits
from mutated import Candidate, inquiry_about, mutated

RNN = Problem(model="rnn")
TRANSPOSED = ("dh_next = da[t] @ W_hh.T", "dh_next = da[t] @ W_hh")
LAST_STEP = ('"b_h": flat(da).sum(0)', '"b_h": da[-1].sum(0)')
OUTPUT_BIAS = ('"b_y": flat(dout).sum(0)', '"b_y": dout[-1].sum(0)')


@pytest.fixture(scope="module", autouse=True)
def _shelf(tmp_path_factory: pytest.TempPathFactory):
    """A shelf for this file alone, on which each dictionary is built once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(shelf.VARIABLE, str(tmp_path_factory.mktemp("shelf")))
        yield


def edit(old: str, new: str) -> Edit:
    """An edit of the reference where it first reads `old`."""
    start = mutants.source().index(old)
    line = mutants.source().count("\n", 0, start) + 1
    return Edit("planted", start, start + len(old), new, line, f"{new} for {old}")


def faulty(*changes: tuple[str, str]) -> Candidate:
    return mutated(tuple(edit(*change) for change in changes))


def scaled(candidate: Candidate, name: str, factor: float) -> Candidate:
    """The candidate with one gradient multiplied: no edit of the reference does that with such a factor."""

    def other(problem: Problem, tensors: Tensors) -> Gradients:
        found = candidate(problem, tensors)
        return replace(found, named={**found.named, name: factor * found.named[name]})

    return other


# --- the look-up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "keep"),
    [
        (RNN, None),
        (RNN, ("W_xh", "W_hh", "b_h", "W_hy", "b_y")),
        (replace(RNN, dtype="float32"), None),
    ],
    ids=["all quantities", "weights alone", "float32"],
)
def test_the_edit_that_was_made_is_named(problem: Problem, keep: tuple[str, ...] | None) -> None:
    inquiry = inquiry_about(faulty(TRANSPOSED), problem, keep)
    (finding,) = dictionary.find(inquiry).findings
    assert (finding.confidence, finding.whole, finding.means) == ("confirmed", True, "fault dictionary")
    first = finding.lines[0]
    assert (first.line, first.reads, first.would_read) == (edit(*TRANSPOSED).line, *TRANSPOSED)
    assert first.reads in finding.sentence
    assert finding.gradients == inquiry.case.wrong_gradients
    assert all(r.before > THRESHOLD >= r.after for r in finding.residuals)


def test_correct_code_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "fetch", lambda *_: pytest.fail("nothing is wrong"))
    assert dictionary.find(inquiry_about(numpy_bptt.gradients, RNN)) == dictionary.Lookup()


def test_a_fault_that_no_edit_makes_is_not_claimed() -> None:
    lookup = dictionary.find(inquiry_about(scaled(numpy_bptt.gradients, "W_hh", 1.7), RNN))
    assert lookup.findings == ()
    assert "different faults of the rnn" in lookup.notes[0]


def test_agreement_on_the_dictionarys_problems_alone_is_no_finding() -> None:
    """A candidate that is a mutant on short sequences and another on long ones."""
    short, long = faulty(TRANSPOSED), faulty(LAST_STEP)
    inquiry = inquiry_about(lambda p, t: (short if p.T < 8 else long)(p, t), RNN)
    assert any(case.problem.T >= 8 for case in inquiry.others)  # else this test could not fail
    assert not [f for f in dictionary.find(inquiry).findings if f.confidence != "lead"]


@pytest.mark.parametrize("second", [LAST_STEP, OUTPUT_BIAS], ids=["behind the first", "beside the first"])
def test_two_edits_are_found_together(second: tuple[str, str]) -> None:
    inquiry = inquiry_about(faulty(TRANSPOSED, second), RNN)
    (finding,) = dictionary.find(inquiry).findings
    assert (finding.confidence, finding.whole) == ("confirmed", True)
    assert {edit(*TRANSPOSED).line, edit(*second).line} <= {line.line for line in finding.lines}
    assert "and line" in finding.sentence


def test_two_edits_that_both_spoil_all_that_flows_back() -> None:
    faults = (TRANSPOSED, ("lambda h: 1 - h * h", "lambda h: 1 - h"))
    (finding,) = dictionary.find(inquiry_about(faulty(*faults), RNN)).findings
    assert finding.confidence == "confirmed"
    assert {edit(*fault).line for fault in faults} <= {line.line for line in finding.lines}


def test_three_edits_that_have_nothing_to_do_with_each_other() -> None:
    faults = (LAST_STEP, OUTPUT_BIAS, ('"W_hy": flat(h[1:]).T', '"W_hy": flat(h[:-1]).T'))
    (finding,) = dictionary.find(inquiry_about(faulty(*faults), RNN)).findings
    assert {edit(*fault).line for fault in faults} <= {line.line for line in finding.lines}


def test_an_edit_with_a_relation_on_top_of_it() -> None:
    """The reference has no division by the batch to make an edit of."""
    slope = ("dh[t] * slope(h[t + 1])", "dh[t] * slope(h[t])")

    def averaged(problem: Problem, tensors: Tensors) -> Gradients:
        found = faulty(slope)(problem, tensors)
        return replace(found, named={**found.named, "W_xh": found.named["W_xh"] / problem.B})

    inquiry = inquiry_about(averaged, RNN)
    (finding,) = dictionary.find(inquiry).findings
    assert (finding.confidence, finding.whole, finding.means) == ("confirmed", True, "fault dictionary")
    assert "W_xh is scaled by 1/B" in finding.what
    assert edit(*slope).line in {line.line for line in finding.lines}
    assert set(finding.gradients) == set(inquiry.case.wrong_gradients)


@pytest.mark.parametrize(
    ("model", "changes", "says"),
    [
        (
            "rnn",
            (
                (
                    "reversed(range(T)):\n            dh[t] += dh_next\n            da[t] = dh[t] *",
                    "range(T):\n            dh[-1 - t] += dh_next\n            da[t] = dh[-1 - t] *",
                ),
            ),
            "takes the kept states in forward order",
        ),
        (
            "lstm",
            (
                ("(1 - tanh_c[t] * tanh_c[t])", "(1 - np.tanh(c[t]) * np.tanh(c[t]))"),
                ("dh[t] * tanh_c[t] * o", "dh[t] * np.tanh(c[t]) * o"),
            ),
            "takes `np.tanh(c[t])` for `tanh_c[t]`, throughout",
        ),
        (
            "gru",
            (("* z * (1 - z)", ""), ("* hs_n[t] * r * (1 - r)", "* hs_n[t]")),
            "leaves out the slope s (1 - s) of every sigmoid",
        ),
        (
            "lstm",
            (("dc * g * i * (1 - i)", "dc * g * sigmoid(i) * (1 - sigmoid(i))"),),
            "da_i[:] = dc * g * sigmoid(i) * (1 - sigmoid(i))",
        ),
        ("lstm", (("dc * g * i * (1 - i)", "g * (1 - i)"),), "da_i[:] = g * (1 - i)"),
        ("lstm", (("dc_next + dh[t] * o", "dc_next + 2 * dh[t] * o"),), "dc_next + 2 * dh[t] * o"),
        ("lstm", (("dc_next = dc * f", "dc_next = dc * blocks(gates[t - 1], 4)[1]"),), "blocks(gates[t - 1], 4)[1]"),
        ("rnn_relu", (("(h > 0).astype", "np.where(h > 0, 1, 0.01).astype"),), "np.where(h > 0, 1, 0.01)"),
    ],
    ids=[
        "order of the tape",
        "throughout",
        "slopes together",
        "another value",
        "factors left out",
        "a term scaled",
        "a gate of the step before",
        "leak",
    ],
)
def test_faults_that_no_one_small_edit_makes(model: str, changes: tuple[tuple[str, str], ...], says: str) -> None:
    (finding,) = dictionary.find(inquiry_about(faulty(*changes), Problem(model=model))).findings
    assert (finding.confidence, finding.whole) == ("confirmed", True)
    assert says in finding.what


def test_what_explains_partly_is_a_lead() -> None:
    inquiry = inquiry_about(scaled(faulty(LAST_STEP), "W_hy", 1.7), RNN)
    leads = dictionary.find(inquiry).findings
    assert [lead.confidence for lead in leads] == ["lead"]
    assert (leads[0].gradients, leads[0].whole) == (("b_h",), False)
    assert leads[0].lines[0].line == edit(*LAST_STEP).line


def test_a_candidate_that_does_not_answer_other_problems() -> None:
    def only_its_own(problem: Problem, tensors: Tensors) -> Gradients:
        if problem != RNN:
            raise ValueError
        return faulty(TRANSPOSED)(problem, tensors)

    lookup = dictionary.find(inquiry_about(only_its_own, RNN))
    assert lookup.findings == ()
    assert "did not answer" in lookup.notes[-1]


def test_a_candidate_that_cannot_do_a_single_step_is_looked_up_all_the_same() -> None:
    def longer(problem: Problem, tensors: Tensors) -> Gradients:
        if problem.T == 1:
            raise ValueError
        return faulty(TRANSPOSED)(problem, tensors)

    (finding,) = dictionary.find(inquiry_about(longer, RNN)).findings
    assert finding.lines[0].line == edit(*TRANSPOSED).line


def test_no_more_pairs_are_tried_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = (TRANSPOSED, ("lambda h: 1 - h * h", "lambda h: 1 - h"))  # found where pairs are tried: see above
    monkeypatch.setattr(dictionary, "PAIRS", 1)
    assert dictionary.find(inquiry_about(faulty(*faults), RNN)).findings == ()


def test_a_search_for_pairs_that_was_cut_short_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "SECONDS", 0.0)
    lookup = dictionary.find(inquiry_about(faulty(TRANSPOSED, ("lambda h: 1 - h * h", "lambda h: 1 - h")), RNN))
    assert lookup.findings == ()
    assert "cut short" in lookup.notes[-1]


def spoilt(name: str, *changes: tuple[str, str]) -> Candidate:
    """Right but for one gradient, which is that of a faulty reference: each gradient has a recursion of its own."""
    wrong = faulty(*changes)

    def candidate(problem: Problem, tensors: Tensors) -> Gradients:
        found = numpy_bptt.gradients(problem, tensors)
        return replace(found, named={**found.named, name: wrong(problem, tensors).named[name]})

    return candidate


def test_a_fault_on_the_way_to_one_gradient_alone() -> None:
    (finding,) = dictionary.find(inquiry_about(spoilt("W_hh", TRANSPOSED), RNN)).findings
    assert (finding.confidence, finding.whole, finding.gradients) == ("confirmed", True, ("W_hh",))
    assert finding.what.startswith("for W_hh alone, it does `dh_next = da[t] @ W_hh` where")
    assert finding.lines[0].line == edit(*TRANSPOSED).line
    assert [residual.name for residual in finding.residuals] == ["W_hh"]


def test_one_gradient_alone_is_not_spoken_of_where_an_edit_explains_all() -> None:
    (finding,) = dictionary.find(inquiry_about(faulty(LAST_STEP), RNN)).findings
    assert finding.gradients == ("b_h",)
    assert "alone" not in finding.what


def test_one_gradient_alone_has_to_be_so_on_every_problem() -> None:
    """Wrong as a mutant's W_hh on short sequences, and in another way on long ones; and with another gradient wrong."""
    short, long = spoilt("W_hh", TRANSPOSED), spoilt("W_hh", ("dh[t] += dh_next", "dh[t] -= dh_next"))
    by_length = inquiry_about(lambda p, t: (short if p.T < 8 else long)(p, t), RNN)
    beside = inquiry_about(scaled(short, "b_h", 1.7), RNN)
    for inquiry in (by_length, beside):
        assert all(finding.confidence == "lead" for finding in dictionary.find(inquiry).findings)


def test_workers_that_run_already_are_used_and_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    with mutants.Pool() as pool:
        monkeypatch.setattr(dictionary, "Pool", lambda: pytest.fail("others were started"))
        monkeypatch.setattr(mutants.Worker, "close", lambda _: pytest.fail("they were ended"))
        assert dictionary.find(inquiry_about(faulty(TRANSPOSED), RNN), pool).findings
        monkeypatch.undo()


def test_residuals_are_those_of_the_case() -> None:
    case = inquiry_about(faulty(TRANSPOSED), replace(RNN, dtype="float32"), ("W_xh", "W_hh", "b_h")).case
    predicted = mutated((edit("lambda h: 1 - h * h", "lambda h: 900 - h * h"),))(RNN, case.tensors.cast("float64"))
    _, line = mutants.row(case.problem, predicted)
    found = rows.residuals(case, line[None])[0]
    names = [segment.name for segment in mutants.segments(case.problem)]
    for name, value in zip(names, found, strict=True):
        expected = case.residual(name, predicted.quantities[name]) if name in case.given else 0.0
        assert value == pytest.approx(expected, rel=1e-12), name


# --- what the dictionary says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "reads", "would_read"),
    [
        ("            dh[t] += dh_next\n", "", "dh[t] += dh_next", ""),
        ("dout = out - y", "dout = y - out", "dout = out - y", "dout = y - out"),
        (
            "            dh[t] += dh_next\n            da[t] = dh[t] * slope(h[t + 1])\n",
            "            da[t] = dh[t] * slope(h[t + 1])\n            dh[t] += dh_next\n",
            "dh[t] += dh_next",
            "da[t] = dh[t] * slope(h[t + 1])",
        ),
    ],
    ids=["a statement left out", "one line", "two lines exchanged"],
)
def test_lines_show_what_changes(old: str, new: str, reads: str, would_read: str) -> None:
    first = dictionary_text.lines(edit(old, new))[0]
    assert (first.reads, first.would_read) == (reads, would_read)
    assert mutants.source().splitlines()[first.line - 1].strip() == reads


CARRY = "            dh[t] += dh_next\n"
SLOPE = "            da[t] = dh[t] * slope(h[t + 1])\n"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([TRANSPOSED], "it does `dh_next = da[t] @ W_hh` where `dh_next = da[t] @ W_hh.T` is meant"),
        ([(CARRY, "")], "it leaves out `dh[t] += dh_next`"),
        ([("dh[t] += dh_next", "pass")], "it leaves out `dh[t] += dh_next`"),
        ([(CARRY, CARRY + CARRY)], "it does `dh[t] += dh_next` as well"),
        ([LAST_STEP], "it gives `da[-1].sum(0)` for b_h where `flat(da).sum(0)` is meant"),
        ([("h: 1 - h * h", "h: 1 - h")], "it does `lambda h: 1 - h` where `lambda h: 1 - h * h` is meant"),
        (
            [("xs = x @ p", "xs = 2 * x @ p")],
            'it does `xs = 2 * x @ p["W_xh"] + p["b_h"]` where `xs = x @ p["W_xh"] + p["b_h"]` is meant',
        ),
        (
            [(CARRY, ""), ("dout = out - y", "dout = y - out")],
            "it does `dout = y - out` where `dout = out - y` is meant and leaves out `dh[t] += dh_next`",
        ),
    ],
    ids=["line", "left out", "pass", "put in", "part of a dictionary", "lambda", "comment", "two"],
)
def test_the_cause_in_words(changes: list[tuple[str, str]], says: str) -> None:
    assert dictionary_text.what(tuple(edit(*change) for change in changes)) == says


def test_a_statement_moved() -> None:
    moved = replace(edit(CARRY + SLOPE, SLOPE + CARRY), what=f"{CARRY.strip()} moved below {SLOPE.strip()}")
    says = "`dh[t] += dh_next` only after `da[t] = dh[t] * slope(h[t + 1])`"
    assert dictionary_text.what((moved,)) == f"it does {says}"
    assert f"line {moved.line}, `dh[t] += dh_next`, came after" in dictionary_text.sentence((moved,), 0)


def test_two_edits_of_one_line_are_one_line() -> None:
    both = (edit("c[t] * o", "c[t]"), edit(" * (1 - i)", ""), edit("(1 - o)", "o"))
    (first, second) = dictionary_text.lines(both[1], both[0], both[2])
    assert first.would_read == "da_i[:] = dc * g * i"
    assert (second.reads, second.would_read) == (
        "da_o[:] = dh[t] * tanh_c[t] * o * (1 - o)",
        "da_o[:] = dh[t] * tanh_c[t] * o",
    )


def test_the_sentence_says_where_in_the_reference() -> None:
    number = edit(*TRANSPOSED).line
    text = dictionary_text.sentence((edit(CARRY, ""), edit(*TRANSPOSED)), 1)
    assert f"line {edit(CARRY, '').line}, `dh[t] += dh_next`, were left out and line {number}" in text
    assert "backends/numpy_bptt.py gives exactly your gradients if" in text
    assert "One other edit" in text


# --- building --------------------------------------------------------------------------------------------------------


def test_only_what_runs_is_mutated() -> None:
    running = mutants.running((RNN, make_tensors(RNN)))
    assert {"gradients", "elman", "mse"} <= set(running)
    assert not {"lstm", "gru", "softmax_xent"} & set(running)


def test_mutants_that_misbehave_are_survived_and_counted() -> None:
    start = "T, W_hh = len(x), p"
    sick = {
        "raise ValueError": mutants.RAISED,
        "raise SystemExit": mutants.RAISED,
        "import os; os._exit(3)": mutants.STOPPED,
        "import time; time.sleep(60)": mutants.STOPPED,
        "np.ones(1 << 34)": mutants.RAISED,  # 128 GiB
        "np.seterr(all='raise')": mutants.OK,
    }
    well = edit(*TRANSPOSED)
    tried = [(well,), *((edit(start, f"{text}; {start}"),) for text in sick), (well,)]
    question = catalogue.questions(RNN, batched=True)[0]
    with mutants.Pool(limits=Limits(seconds=20, memory=1 << 30)) as pool:
        went, (table,) = pool.run(tried, [question])
    assert went.tolist() == [mutants.OK, *sick.values(), mutants.OK]
    assert np.isfinite(table[[0, -1]]).all()
    assert np.array_equal(table[0], table[-1])


def test_a_hang_that_no_alarm_ends_stops_at_the_workers_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import signal, time; signal.setitimer(signal.ITIMER_REAL, 0); time.sleep(60)"
    hung = edit("T, W_hh = len(x), p", f"{text}; T, W_hh = len(x), p")
    question = catalogue.questions(RNN, batched=True)[0]
    with mutants.Pool(limits=Limits(seconds=3)) as pool:
        went, _ = pool.run([(edit(*TRANSPOSED),), (hung,)], [question])
    assert went.tolist() == [mutants.OK, mutants.STOPPED]


def test_mutants_leave_the_reference_and_the_tensors_as_they_were() -> None:
    tensors = make_tensors(RNN)
    before = numpy_bptt.gradients(RNN, tensors).quantities
    went, _ = mutants.run_some([(edit("T, W_hh = len(x), p", "x *= 2; T, W_hh = len(x), p"),)], [(RNN, tensors)])
    after = numpy_bptt.gradients(RNN, tensors).quantities
    assert went.tolist() == [mutants.OK]
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_room_left_unfilled_is_zero() -> None:
    early = faulty(("for t in reversed(range(T)):", "for t in reversed(range(1, T)):"))(RNN, make_tensors(RNN))
    assert not early.named["x"][0].any()
    assert early.named["x"][1:].all()


def test_the_plainest_edit_comes_first() -> None:
    drop, short, long = edit("dc = dc_next + dh[t]", "dc = dh[t]"), edit("out - y", "out + y"), edit(*LAST_STEP)
    assert mutants.plainest_first([long, short, drop]) == (drop, short, long)


def test_rows_equal_to_the_noise_are_one_group() -> None:
    random = np.random.default_rng(0)
    base, units = random.normal(size=(50, 30)), np.full(30, 1e-16)
    rows = np.vstack([base, base + 1e-16 * random.uniform(-5, 5, base.shape), base + 1e-13 * np.eye(50, 30)])
    assert catalogue.grouped(rows, units) == sorted(
        [[k, k + 50, *([k + 100] if k >= 30 else [])] for k in range(50)] + [[k + 100] for k in range(30)]
    )


# --- the shelf -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf of its own and a generator of three edits, one of which changes nothing."""
    edits = (edit(*TRANSPOSED), edit(*LAST_STEP), edit("dh[t] += dh_next", "dh[t] += dh_next * 1"))
    monkeypatch.setattr(catalogue, "propose", lambda *_, **__: edits)
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def fetched() -> tuple[catalogue.Catalogue, str]:
    with mutants.Pool(workers=1) as pool:
        return catalogue.fetch(RNN, True, pool)


def test_a_dictionary_is_built_once(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, trouble = fetched()
    assert (made.counts.tried, made.counts.equal, len(made.groups), trouble) == (3, 1, 2, "")
    monkeypatch.setattr(catalogue, "build", lambda *_: pytest.fail("it was built again"))
    kept, _ = fetched()
    assert (kept.groups, kept.counts) == (made.groups, made.counts)
    assert all(np.array_equal(a, b) for a, b in zip(kept.tables, made.tables, strict=True))
    assert [path.suffix for path in small.iterdir()] == [".npz"]  # nothing half-written is left


@pytest.mark.parametrize("damage", ["cut short", "text", "another's", "objects"])
def test_a_damaged_dictionary_is_built_again(small: Path, damage: str) -> None:
    made, _ = fetched()
    (path,) = small.iterdir()
    whole = path.read_bytes()
    if damage == "cut short":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "text":
        path.write_text("no zip at all")
    elif damage == "another's":
        np.savez(path, groups=np.frombuffer(b"[[]]", np.uint8), counts=np.frombuffer(b"{}", np.uint8))
    else:
        np.savez(path, groups=np.array([{}], dtype=object))
    again, trouble = fetched()
    assert (again.groups, trouble) == (made.groups, "")
    assert shelf.load(path.stem) is not None  # and it is whole again


def test_a_full_shelf_drops_what_was_not_used_for_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path))
    (tmp_path / "mine.npz").write_bytes(bytes(5000))  # somebody else's
    for age, name in enumerate(("dictionary-c", "dictionary-b", "dictionary-a")):
        assert shelf.store(name, {"a": np.zeros(100)}) == ""
        os.utime(tmp_path / f"{name}.npz", (1e9 - age, 1e9 - age))
    assert shelf.load("dictionary-a") is not None  # used now
    monkeypatch.setattr(shelf, "MOST", int(3.5 * (tmp_path / "dictionary-a.npz").stat().st_size))
    assert shelf.store("dictionary-d", {"a": np.zeros(100)}) == ""
    assert {path.stem for path in tmp_path.iterdir()} == {"mine", "dictionary-a", "dictionary-c", "dictionary-d"}


def test_a_shelf_that_cannot_be_written_is_a_note(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "file" / "below"))
    lookup = dictionary.find(inquiry_about(faulty(TRANSPOSED), RNN))
    assert lookup.findings
    assert any("could not be kept" in note for note in lookup.notes)


def test_another_reference_is_another_dictionary(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched()
    text = mutants.source()
    monkeypatch.setattr(mutants, "source", lambda: text + "\n# a newer version\n")
    fetched()
    assert len(list(small.iterdir())) == 2


@pytest.mark.parametrize(
    ("platform", "variable", "below"),
    [
        ("linux", "XDG_CACHE_HOME", "gradparity"),
        ("win32", "LOCALAPPDATA", "gradparity"),
        ("darwin", "HOME", "Library/Caches/gradparity"),
    ],
)
def test_the_shelf_stands_where_the_system_keeps_caches(
    platform: str, variable: str, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(shelf.VARIABLE)
    monkeypatch.setattr(shelf.sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert shelf.folder() == tmp_path / below


def test_both_dtypes_meet_the_same_numbers() -> None:
    for problem, tensors in catalogue.questions(RNN, batched=True):
        assert problem.dtype == "float64"
        assert np.array_equal(tensors.x, tensors.cast("float32").x)


def test_nothing_warns_in_the_parent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        candidate = scaled(numpy_bptt.gradients, "W_hh", float("inf"))
        assert dictionary.find(inquiry_about(candidate, RNN)).findings == ()
