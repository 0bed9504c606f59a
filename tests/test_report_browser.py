"""The page in a real browser: no sideways scrolling on a phone, no scripts needed, both colour schemes, print."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Browser, Screen, absent
from gradparity.reports.html import render
from report_samples import SAMPLES

pytestmark = pytest.mark.skipif(bool(absent()), reason=absent() or "Chromium is here")

SCREENS = {"phone": PHONE, "small phone": replace(PHONE, width=360), "desktop": DESKTOP}
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true })"
OVERFLOW = "[document.documentElement.scrollWidth, window.innerWidth]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, sample in SAMPLES.items():
        written[name] = folder / f"{name.replace(' ', '_')}.html"
        written[name].write_text(render(sample()), encoding="utf-8")
    return written


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_page_never_scrolls_sideways(browser, pages, sample, screen):
    browser.show(pages[sample], SCREENS[screen])
    for action in ("0", OPEN_ALL):
        browser.ask(action)
        wide, inner = browser.ask(OVERFLOW)
        assert wide <= inner == SCREENS[screen].width
    assert browser.complaints == []


@pytest.mark.parametrize("sample", ["transposed", "hostile"])
def test_the_page_fetches_nothing_and_needs_no_scripts(browser, pages, sample):
    browser.show(pages[sample], replace(PHONE, scripts=False))
    assert browser.requests == [pages[sample].resolve().as_uri()]
    assert browser.ask("document.querySelector('h1').innerText.length") > 10
    assert browser.ask("document.querySelector('.pair.bad td.r').checkVisibility()")
    assert browser.ask("document.scripts.length + document.images.length") == 0
    assert browser.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_both_colour_schemes(browser, pages, dark, tmp_path):
    browser.show(pages["transposed"], Screen(1280, 900, dark=dark))
    ground = browser.ask("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(ground) < 60) if dark else (min(ground) > 200)
    browser.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_shades_of_a_heatmap_grow_with_the_level(browser, pages):
    """Every level is painted, and each further from the ground than the one before."""
    browser.show(pages["large"], DESKTOP)
    shades = browser.ask(
        """[...Array(9).keys()].map(k => {
            const cell = document.querySelector('.bad.key .l' + (k + 1));
            const c = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            c.fillStyle = getComputedStyle(cell).backgroundColor; c.fillRect(0, 0, 1, 1);
            const [r, g, b] = c.getImageData(0, 0, 1, 1).data; return r + g + b })"""
    )
    assert len(set(shades)) == 9
    assert shades == sorted(shades, reverse=True)


def test_a_link_of_the_overview_opens_its_panel(browser, pages):
    browser.show(pages["clean"], DESKTOP)
    assert not browser.ask("document.querySelector('#p3').closest('details').open")
    browser.ask("document.querySelector('a[href=\"#p3\"]').click()")
    assert browser.ask("document.querySelector('#p3').closest('details').open")


def test_print_shows_what_is_folded(browser, pages):
    browser.show(pages["clean"], DESKTOP)
    assert not browser.ask("document.querySelector('#p1').checkVisibility()")
    browser.tell("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.ask("document.querySelector('#p1').checkVisibility()")
        assert browser.ask("document.querySelector('#p1').getBoundingClientRect().height") > 100
    finally:
        browser.tell("Emulation.setEmulatedMedia", media="")
