"""Patches keep the file's encoding, its line ends, and every line they do not change."""

import errno
import os
import stat
from pathlib import Path

import pytest
from gradparity.harness.errors import BadInput
from gradparity.harness.patch import Patch
from gradparity.harness.repair import patching
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


OLD, NEW = "a = 1\n", "a = 2  # and longer\n"


def patched(path) -> Path:
    return apply_patch(path, patch_of(path, NEW))


def test_a_link_is_followed_and_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "a.py", tmp_path / "link.py"
    real.write_text(OLD)
    link.symlink_to(real)
    kept = patched(link)
    assert link.is_symlink()
    assert real.read_text() == NEW
    assert kept == real.with_name("a.py.orig")
    assert kept.read_text() == OLD


def test_hard_links_mode_and_inode_stay(tmp_path):
    path, other = tmp_path / "a.py", tmp_path / "other.py"
    path.write_text(OLD)
    path.chmod(0o640)
    other.hardlink_to(path)
    kept = patched(path)
    assert other.read_text() == NEW
    assert path.samefile(other)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(kept.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(OLD)
    os.chown(path, 1234, 1235)
    for one in (path, patched(path)):
        assert (one.stat().st_uid, one.stat().st_gid) == (1234, 1235)


@pytest.mark.parametrize("name", ["a.py.new", "a.py.orig", "a.py.tmp", "a.py~", ".a.py.swp"])
def test_files_of_the_user_beside_it_stay(tmp_path, name):
    (tmp_path / "a.py").write_text(OLD)
    (tmp_path / name).write_text("precious")
    kept = patched(tmp_path / "a.py")
    assert (tmp_path / name).read_text() == "precious"
    assert kept.read_text() == OLD
    assert {path.name for path in tmp_path.iterdir()} == {"a.py", name, kept.name}


def test_a_link_that_leads_nowhere_is_a_name_that_somebody_has(tmp_path):
    (tmp_path / "a.py").write_text(OLD)
    (tmp_path / "a.py.orig").symlink_to(tmp_path / "elsewhere")
    assert patched(tmp_path / "a.py").name == "a.py.orig2"
    assert not (tmp_path / "elsewhere").exists()


def test_a_protected_file_is_left_alone(tmp_path):  # by root as well, whom the system would let
    path = tmp_path / "a.py"
    path.write_text(OLD)
    path.chmod(0o444)
    with pytest.raises(BadInput, match="write-protected and was left as it is"):
        patched(path)
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("after", [0, 3, len(OLD)], ids=lambda n: f"{n} bytes written")
@pytest.mark.parametrize("which", ["copy", "file"])
def test_a_full_disk_leaves_all_as_it_was(tmp_path, monkeypatch, which, after):
    path, full = tmp_path / "a.py", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    path.write_text(OLD)
    patch = patch_of(path, NEW)
    if which == "copy":  # the copy is written first: what was kept of it goes

        def refuse(number: int) -> None:
            os.truncate(number, after)
            raise full

        monkeypatch.setattr(patching.os, "fsync", refuse)
    else:
        fill = patching._fill

        def halfway(file, data: bytes) -> None:
            if data == NEW.encode():
                file.write(data[:after])
                raise full
            fill(file, data)

        monkeypatch.setattr(patching, "_fill", halfway)
    with pytest.raises(BadInput, match="cannot be changed: No space left on device"):
        apply_patch(path, patch)
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]
