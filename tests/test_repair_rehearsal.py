"""Rehearsal: what it leaves out does raise when it is run, and it leaves out a good part of what raises."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.demo import LAYOUT, RANDOM_H0, SOURCE
from gradparity.harness.edits import Edit, functions, propose
from gradparity.harness.edits.purity import Own
from gradparity.harness.questions import pose, tiny
from gradparity.harness.repair import worker
from gradparity.harness.repair.rehearsal import Moment, sites, surely_raises
from gradparity.harness.repair.trial import Trial

DEMO = SOURCE.read_text()


@pytest.fixture
def stage(monkeypatch):
    monkeypatch.setattr(worker.sandbox, "close", lambda _: None)  # this process is not a worker
    question = pose(tiny(RANDOM_H0, LAYOUT), LAYOUT, numpy_bptt.gradients)
    trial = Trial(SOURCE, "gradients", DEMO, LAYOUT, (question,))
    found = worker.survey(pickle.dumps(trial), DEMO)
    return worker._stage(pickle.dumps(replace(trial, matches=found.matches, names=found.names)), DEMO)


def test_every_edit_that_is_left_out_raises_when_it_is_run(stage):
    edits = propose(DEMO, functions(DEMO).keys())
    pruned = [edit for edit in edits if worker._tried(stage, edit).fate == "pruned"]
    without = replace(stage, seen={})
    fates = {edit.what: worker._tried(without, edit).fate for edit in pruned}
    assert set(fates.values()) == {"raised"}
    raised = [edit for edit in edits if worker._tried(without, edit).fate == "raised"]
    assert len(pruned) > len(raised) / 3


def rehearsed(source: str, old: str, new: str, own: frozenset[str] = frozenset(), **names: object) -> bool:
    start = source.index(old)
    (site,) = (s for s in sites(source) if s.start <= start and start + len(old) <= s.end)
    return surely_raises(Edit("", start, start + len(old), new, 1, ""), source, site, Moment(names), Own(own))


def test_what_may_change_something_is_not_rehearsed():
    items = [1]
    assert not rehearsed("a = items.pop(0)\n", "0", "5", items=items)
    assert items == [1]
    assert rehearsed("a = items[0]\n", "0", "5", items=items)
    assert not rehearsed("a = sum(items)\n", "items", "none", frozenset({"sum"}), items=items)


def test_an_array_that_would_grow_in_place_raises():

    row, table = np.zeros(3), np.zeros((2, 3))

    source = "row += (other)\n"
    assert rehearsed(source, "other", "table", row=row, table=table, other=row)
    assert not rehearsed(source, "other", "row", row=row, table=table, other=row)


def test_what_stands_in_a_try_or_shares_its_line_is_left_alone():
    assert sites("try:\n    a = b\nexcept NameError:\n    a = 1\n") == ()
    assert sites("a = 1; b = 2\n") == ()
    assert sites("match a:\n    case b: c = b\n") == ()
    assert sites("import numpy as np; a = np.e\n") == ()
    assert sites("def back(da): return da @ W\n") == ()
    assert sites("def back(da, \n    db): return da @ W\n") == ()
    assert sites("class A: b = c\n") == ()
    assert sites("with a as b: c = b\n") == ()
    assert len(sites("def back(da):\n    return da @ W\nwith a as b:\n    c = b\n")) == 2
    assert len(sites("a = (1 +\n     2)\nif a:\n    b = 3\n")) == 3
