"""The terminal: readable in 80 columns, coloured only where that helps, and safe whatever the names are."""

import re
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from gradparity.backends import Backend
from gradparity.harness.result import Result
from gradparity.reports.terminal import render, show, show_backends
from report_samples import SAMPLES
from rich.console import Console


def printed(result: Result, width: int = 80, colour: bool = False) -> str:
    file = StringIO()
    system = "truecolor" if colour else None
    show(result, Console(file=file, width=width, color_system=system, force_terminal=colour))
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_is_wider_than_the_terminal(sample, width):
    assert max(len(line.rstrip()) for line in printed(SAMPLES[sample](), width).splitlines()) <= width


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("sample", ["transposed", "many faults", "check", "check with faults", "large"])
def test_no_figure_and_no_name_is_cut_short(sample, width):
    text = printed(SAMPLES[sample](), width)
    assert "…" not in text
    assert re.search(r"✗ W_hh|✓ W_hh", text)


def test_the_headline_comes_first_and_what_matches_takes_a_line_each():
    lines = printed(SAMPLES["clean"](), 120).splitlines()
    assert lines[0].startswith("✓ 3 backends agree on 4 problems")
    assert [line[:6] for line in lines[2:6]] == ["✓ rnn ", "✓ rnn ", "✓ lstm", "✓ lstm"]
    assert len(lines) <= 9


def test_mismatches_have_a_table_and_matches_a_line():
    text = printed(SAMPLES["transposed"](), 80)
    assert "jax against numpy" in text
    assert "W_hh: at hidden 4 -> hidden 2" in text
    assert re.search(r"✓ torch: 12 gradients match, largest ratio \d", text)


def test_a_check_that_matches_shows_all_its_figures_and_how_names_were_read():
    text = printed(SAMPLES["check"](), 80)
    assert text.count("✓ ") >= 10
    assert re.search(r"gradient_hh +W_hh +shape", text)


def test_colour_on_a_terminal_only():
    assert "\x1b[" in printed(SAMPLES["transposed"](), colour=True)
    assert "\x1b" not in printed(SAMPLES["transposed"]())
    assert "\x1b" not in render(SAMPLES["hostile"]())


def test_a_name_cannot_speak_to_the_terminal():
    assert "\x1b[31mred" not in printed(SAMPLES["hostile"](), colour=True)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_an_old_encoding_is_no_obstacle(encoding):
    file = TextIOWrapper(BytesIO(), encoding=encoding, newline="\n")
    show(SAMPLES["hostile"](), Console(file=file, width=80))
    show(SAMPLES["transposed"](), Console(file=file, width=80))
    file.flush()
    assert b"x W_hh" in file.buffer.getvalue()  # type: ignore[attr-defined]  # the BytesIO above


def test_the_backends_say_what_they_are_or_how_to_get_them():
    file = StringIO()
    backends = [
        Backend("numpy", title="BPTT by hand"),
        Backend("absent", needs=("no_such_package",), extra="absent"),
        Backend("odd\x1b[31m", broken="it cannot be loaded: ImportError('[bold]')"),
    ]
    show_backends(backends, Console(file=file, width=80))
    text = file.getvalue()
    assert re.search(r"✓ numpy +numpy \d", text)
    assert 'pip install "gradparity[absent]"' in " ".join(text.split())
    assert "[bold]" in text
    assert "\x1b" not in text
