"""What holds for every report format, present and future: found by itself, made from JSON alone, safe and complete."""

import subprocess
import sys
import unicodedata

import pytest
from gradparity.harness.result import from_json, to_json
from gradparity.reports import _figures, discover
from report_samples import SAMPLES

FORMATS = [pytest.param(report, id=name) for name, report in discover().items()]
TEXTS = [pytest.param(report, id=name) for name, report in discover().items() if name not in ("json", "sarif")]
SAMPLE = pytest.mark.parametrize("sample", SAMPLES)


def test_every_file_of_the_folder_is_a_format_with_a_suffix_of_its_own():
    assert set(discover()) == {"html", "json", "markdown", "sarif", "terminal"}
    assert len({report.suffix for report in discover().values()}) == len(discover())
    assert all(report.title for report in discover().values())


def test_knowing_the_formats_loads_neither_jinja_nor_rich():
    script = (
        "import sys; from gradparity.reports import discover; discover();"
        "print([name for name in ('jinja2', 'rich', 'torch', 'jax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@SAMPLE
@pytest.mark.parametrize("report", FORMATS)
def test_a_report_is_made_from_the_json_alone(report, sample):
    result = SAMPLES[sample]()
    assert report.render(from_json(to_json(result))) == report.render(result)


@pytest.mark.parametrize("report", TEXTS)
def test_hostile_names_reach_no_report_as_they_are(report):
    text = report.render(SAMPLES["hostile"]())
    text.encode()  # a lone surrogate would stop the file from being written
    special = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert special == {"\n"}
    assert "\\x1b" in text or "&#92;x1b" in text


@pytest.mark.parametrize("report", TEXTS)
def test_all_formats_show_the_same_figures(report):
    """Each figure of each mismatch, written the same way everywhere."""
    result = SAMPLES["transposed"]()
    text = report.render(result)
    assert text.count(result.headline.split(":")[0]) >= 1
    for difference in (d for p in result.panels for c in p.comparisons for d in c.differences):
        if difference.verdict == "mismatch":
            figures = (
                _figures.figure(difference.max_norm),
                _figures.figure(difference.noise),
                _figures.ratio(difference.ratio),
                _figures.figure(difference.abs_sum),
                _figures.figure(difference.relative),
                _figures.cosine(difference.cosine),
                _figures.signed(difference.signed_sum),
            )
            assert [figure for figure in figures if figure not in text] == []
            assert difference.place in text.replace("&gt;", ">")


@pytest.mark.parametrize("report", TEXTS)
def test_the_signed_sum_is_called_a_trap(report):
    assert "trap" in report.render(SAMPLES["transposed"]())


@pytest.mark.parametrize("report", TEXTS)
def test_what_is_missing_says_how_to_get_it_and_what_failed_says_why(report):
    text = report.render(SAMPLES["crashed"]()).replace("\\", "").replace("&#34;", '"')
    assert 'pip install "gradparity[tensorflow]"' in " ".join(text.split())
    assert "SIGSEGV" in text


INF, NAN = float("inf"), float("nan")
FIGURES = {
    "-": None, "0": 0.0, "0.120": 0.12, "1.00": 1.0, "123": 123.4, "1.00e+03": 999.9, "-2.50e-16": -2.5e-16,
    "0.00100": 0.0009999, "9.99e-04": 0.000999, "NaN": NAN, "inf": INF, "-inf": -INF,
}  # fmt: skip
RATIOS = {
    "-": None, "0": 0.0, "<0.01": 1e-9, "0.31": 0.31, "3.0": 3.0, "10": 9.96, "32": 31.6, "240": 240.4,
    "2.4e+12": 2.4e12, "inf": INF,
}  # fmt: skip
COSINES = {"1": 1.0, "1.0000": 0.99999, "-1": -1.0, "0.5000": 0.5, "0": 0.0}
SECONDS = {"": 0.0, "12 ms": 0.0123, "1.2 ms": 0.0012, "2.5 s": 2.5, "70 s": 70.2}


@pytest.mark.parametrize(("written", "value"), FIGURES.items())
def test_a_figure_has_three_digits(value, written):
    assert _figures.figure(value) == written


@pytest.mark.parametrize(("written", "value"), RATIOS.items())
def test_a_ratio_is_short(value, written):
    assert _figures.ratio(value) == written


@pytest.mark.parametrize(("written", "value"), COSINES.items())
def test_a_bare_cosine_is_exact(value, written):
    assert _figures.cosine(value) == written


@pytest.mark.parametrize(("written", "value"), SECONDS.items())
def test_seconds(value, written):
    assert _figures.seconds(value) == written
