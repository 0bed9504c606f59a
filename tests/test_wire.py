"""What workers answer: arrays and nouns come back as they were, and no bytes whatever do more than be refused."""

import io
import pickle
import struct
import tracemalloc
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from gradparity.harness import wire
from gradparity.harness.gradients import Gradients
from gradparity.harness.noise import Noise
from gradparity.harness.problem import Problem
from gradparity.harness.repair.trial import Outcome, Survey
from hypothesis import given, settings
from hypothesis import strategies as st

KEY = b"k" * wire.KEY
HEAD = struct.Struct(f"<{wire.KEY}sBQQ")
GRADIENTS = Gradients(np.array(2.5), np.ones((2, 1, 3)), {"W": np.arange(6.0).reshape(2, 3).T}, uncertainty={"W": 1e-9})


def written(value: Any) -> bytes:
    stream = io.BytesIO()
    wire.write(stream, KEY, wire.VALUE, value)
    return stream.getvalue()


def back(data: bytes, expected: Any) -> Any:
    return wire.decoded(wire.read(io.BytesIO(data)), expected)


@pytest.mark.parametrize("name", wire.DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_an_array_comes_back_to_the_bit_whatever_its_layout(name, shape):
    dtype = wire.DTYPES[name]
    for array in (
        np.ones(shape, dtype),
        np.ones((*shape, 3), dtype)[..., ::-2].T,
        np.asfortranarray(np.ones(shape, dtype)),
    ):
        found = back(written(array), np.ndarray)
        assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())
        found[...] = 0  # it can be written to


@pytest.mark.parametrize(
    "array", [np.array(["a", "b"]), np.array([None, 1]), np.zeros(2, "M8[s]"), np.zeros(2, "i4,f8")]
)
def test_of_what_is_no_numbers_the_shape_alone_crosses(array):
    found = back(written(array), np.ndarray)
    assert (found.dtype, found.shape) == (np.dtype(object), array.shape)


NOUNS = [
    (Problem(loss_on="last"), Problem),
    (Problem(loss_on=3), Problem),
    (Noise({"W": float("inf")}), Noise),
    (Outcome("ran", (1, -1), float("nan"), "d"), Outcome),
    (Survey(frozenset("f"), frozenset({3}), {"a": "b"}, ("b",), 0.1, Outcome("raised")), Survey),
    ([{"a": 1.5}, None], list[dict[str, float] | None]),
]


@pytest.mark.parametrize(("value", "expected"), NOUNS)
def test_a_noun_comes_back_as_it_was(value, expected):
    assert repr(back(written(value), expected)) == repr(value)


def test_gradients_come_back_with_their_arrays():
    found = back(written((GRADIENTS, np.float64(1.5), "")), tuple[Gradients, float, str])[0]
    assert found.loss == 2.5
    assert all(np.array_equal(found.quantities[name], array) for name, array in GRADIENTS.quantities.items())
    assert dict(found.uncertainty) == {"W": 1e-9}


class Evil:
    ran = False

    def __reduce__(self) -> tuple[Any, ...]:
        return setattr, (Evil, "ran", True)


FORGED = {
    "a pickle": pickle.dumps(Evil()),
    "a pickle in our frame": HEAD.pack(KEY, 1, len(pickle.dumps(Evil())), 0) + pickle.dumps(Evil()),
    "another type": written("text"),
    "a noun that refuses its values": written({"model": "none", "T": -1}),
    "an unknown dtype": HEAD.pack(KEY, 1, 5, 0) + b"\x93\xa1O\x90\x00",
    "a shape beyond its bytes": HEAD.pack(KEY, 1, 13, 8) + b"\x93\xa4int8\x91\xce\xff\xff\xff\xff\x00" + bytes(10),
    "a negative size": HEAD.pack(KEY, 1, 9, 8) + b"\x93\xa4int8\x91\xff\x00" + bytes(8),
    "nothing": b"",
    "half a head": KEY,
    "half a frame": written(GRADIENTS)[:-9],
    "a list of four thousand million": HEAD.pack(KEY, 1, 5, 0) + b"\xdd\xff\xff\xff\xff",
    "a thousand lists in one another": HEAD.pack(KEY, 1, 100000, 0) + b"\x91" * 100000,
}


@pytest.mark.parametrize("expected", [Gradients, Problem, np.ndarray, list[np.ndarray], Mapping[str, np.ndarray], bool])
@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED)
def test_what_is_no_answer_is_refused_and_runs_nothing(data, expected):
    with pytest.raises((EOFError, wire.Garbled)):
        back(data, expected)
    assert not Evil.ran


@pytest.mark.parametrize("lengths", [(1 << 60, 0), (0, 1 << 60), (1 << 33, 0), (8, 1 << 33), (1 << 63, 1 << 63)])
def test_a_length_that_is_only_claimed_takes_no_memory(lengths):
    tracemalloc.start()
    try:
        with pytest.raises((EOFError, wire.Garbled)):
            wire.read(io.BytesIO(HEAD.pack(KEY, 1, *lengths) + bytes(100)))
        assert tracemalloc.get_traced_memory()[1] < 10 * wire.PIECE
    finally:
        tracemalloc.stop()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_answer_is_refused_or_of_the_type_that_is_expected(data):
    frame = bytearray(written((GRADIENTS, 1.5, "setting")))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        found, seconds, setting = back(bytes(frame), tuple[Gradients, float, str])
    except (EOFError, wire.Garbled):
        return
    assert isinstance(found, Gradients)
    assert all(isinstance(one, np.ndarray) for one in (found.loss, found.outputs, *found.named.values()))
    assert isinstance(seconds, float)
    assert isinstance(setting, str)


def test_what_cannot_cross_says_so_and_leaves_the_stream_as_it_was():
    stream = io.BytesIO()
    with pytest.raises(TypeError, match="a Evil cannot cross"):
        wire.write(stream, KEY, wire.VALUE, {"a": [Evil()]})
    assert stream.getvalue() == b""
