"""Damaged results: a Hypothesis strategy of texts that were once what `--json` writes."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from gradparity.harness.result import Result, to_json
from hypothesis import strategies as st
from report_samples import SAMPLES

DIGITS = "\x01ten thousand digits\x01"  # stands for a number that json.dumps would refuse to write
TEXTS = ("", "x", "x" * 20_000, "match", "mismatch", "nan", "-inf", "1e999", "<img src=x onerror=alert(1)>", "\ud800",
         "\x1b[31m\x07", "\u202e\u2028\x85\0", "a\r\nb\n", "|`*_[]()\\", "{{ 7 * 7 }}", "%s{0}",
         "\U0010ffff", "é" * 999)  # fmt: skip
NUMBERS = (0, -1, 1, 9, 10, 2**31, 2**63, -(2**64), 10**400, DIGITS, 0.5, -0.0, 1e308, -1e308, 5e-324, float("nan"),
           float("inf"), float("-inf"))  # fmt: skip
OTHERS = (None, True, False, [], {}, [[]], [None], {"": None}, {"version": 1})
Holder = dict[str, Any] | list[Any]


@cache
def wholes() -> tuple[str, ...]:
    """Small results that hold every part there is."""
    return tuple(to_json(small(SAMPLES[name]())) for name in ("mended", "half mended", "transposed", "empty"))


def small(result: Result) -> Result:
    """The same with two gradients of a comparison: fewer parts of a kind, not fewer kinds."""

    def cut(compared: Any) -> Any:
        return replace(compared, differences=compared.differences[2:4])

    return replace(
        result,
        panels=tuple(replace(p, comparisons=tuple(map(cut, p.comparisons[:2]))) for p in result.panels[:2]),
    )


def places(data: Any) -> Iterator[tuple[Holder, Any]]:
    """Every part, as what holds it and its key there."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield data, key
        yield from places(value)


def dropped(holder: Holder, key: Any, _: Any) -> None:
    del holder[key]


def doubled(holder: Holder, key: Any, _: Any) -> None:
    if isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[f"{key}s"] = copy.deepcopy(holder[key])


def exchanged(holder: Holder, key: Any, value: Any) -> None:
    holder[key] = copy.deepcopy(value)


def wrapped(holder: Holder, key: Any, value: Any) -> None:
    holder[key] = {str(value)[:20]: holder[key]} if isinstance(value, str) else [holder[key]]


def nested(holder: Holder, key: Any, _: Any) -> None:
    for _ in range(60):
        holder[key] = [holder[key]]


def within_itself(holder: Holder, key: Any, _: Any) -> None:
    """A part inside its own last list, again and again: patches whose equivalents have equivalents."""
    whole, inner = copy.deepcopy(holder[key]), holder[key]
    lists = [(h, k) for h, k in places(inner) if isinstance(h[k], list)]
    if lists:
        at, last = lists[-1]
        at[last] = [whole]


def lengthened(holder: Holder, key: Any, _: Any) -> None:
    value = holder[key]
    if isinstance(value, list | str) and len(value) < 1000:
        holder[key] = value * 50


def renamed(holder: Holder, key: Any, value: Any) -> None:
    if isinstance(holder, dict):
        holder[str(value)] = holder.pop(key)


DAMAGES: tuple[Callable[[Holder, Any, Any], None], ...] = (
    exchanged, exchanged, exchanged, dropped, doubled, wrapped, nested, within_itself, lengthened, renamed,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A whole result with one to three parts damaged, and sometimes the text as well."""
    data = json.loads(draw(st.sampled_from(wholes())))
    for _ in range(draw(st.integers(1, 3))):
        at = list(places(data))
        holder, key = at[draw(st.integers(0, len(at) - 1))] if at else (data, "version")
        value = draw(st.sampled_from((*TEXTS, *NUMBERS, *OTHERS)) | st.floats() | st.integers() | st.text(max_size=9))
        draw(st.sampled_from(DAMAGES))(holder, key, value)
    text = json.dumps(data).replace(json.dumps(DIGITS), "9" * 10_000)
    return _scratched(draw, text) if draw(st.integers(0, 9)) == 0 else text


def _scratched(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    scratches = ("", text[at:], "[" * 100_000, '{"a":' * 50_000, "\\ud800", "\\u12", "\0", '"', "]", "NaN", "1e99999")
    return text[:at] + draw(st.sampled_from(scratches)) + text[at + draw(st.integers(0, 9)) :]
