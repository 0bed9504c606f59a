"""Patches keep the file's encoding, its line ends, and every line they do not change."""

import pytest
from gradparity.harness.errors import BadInput
from gradparity.harness.patch import Patch
from gradparity.harness.repair.patching import apply_patch, hunks, source_of, unified


def patch_of(path, new: str) -> Patch:
    changes = hunks(source_of(path), new)
    return Patch(path.name, (), unified(path, path.name, changes), changes, ())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False], ids=["last line ended", "last line open"])
def test_line_ends_stay(tmp_path, end, last):
    path = tmp_path / "a.py"
    before = ["a = 1", "b = 2  # keep", "c = 3"]
    path.write_bytes((end.join(before) + end * last).encode())
    new = source_of(path).replace("a = 1", "a = 9").replace("c = 3", "c = 8")
    patch = patch_of(path, new)
    apply_patch(path, patch)
    assert path.read_bytes() == (end.join(["a = 9", "b = 2  # keep", "c = 8"]) + end * last).encode()
    assert (f"-c = 3{end}" if last else "-c = 3\n\\ No newline") in patch.diff


@pytest.mark.parametrize(
    "data",
    [
        "# -*- coding: latin-1 -*-\ns = 'ä'\na = 1\n".encode("latin-1"),
        "\ufeffs = 'ä'\na = 1\n".encode(),
        "s = 'ä\x0c'\na = 1\n".encode(),
    ],
    ids=["latin-1", "byte order mark", "form feed"],
)
def test_the_encoding_stays(tmp_path, data):
    path = tmp_path / "a.py"
    path.write_bytes(data)
    apply_patch(path, patch_of(path, source_of(path).replace("a = 1", "a = 2")))
    assert path.read_bytes() == data.replace(b"a = 1", b"a = 2")


@pytest.mark.parametrize("new", ["a\nx\nb\nc\n", "b\nc\n", "a\nb\n", "a\nb\nc\nd\n", "x\ny\nb\nz\n"])
def test_lines_come_and_go(tmp_path, new):
    path = tmp_path / "a.py"
    path.write_bytes(b"a\r\nb\r\nc\r\n")
    apply_patch(path, patch_of(path, new))
    assert path.read_bytes() == new.replace("\n", "\r\n").encode()


def test_a_file_that_has_changed_since_is_left_alone(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("a = 1\nb = 2\n")
    patch = patch_of(path, "a = 1\nb = 3\n")
    path.write_text("a = 1\nb = 4\n")
    with pytest.raises(BadInput, match=r"has changed since the patch was found \(line 2\)"):
        apply_patch(path, patch)
    assert path.read_text() == "a = 1\nb = 4\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_very_first_file_is_never_lost(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("a = 1\n")
    for new in ("a = 2\n", "a = 3\n"):
        apply_patch(path, patch_of(path, new))
    assert (tmp_path / "a.py.orig").read_text() == "a = 1\n"
    assert (tmp_path / "a.py.orig2").read_text() == "a = 2\n"
    assert path.read_text() == "a = 3\n"
