"""Reports go where they are sent, and destroy nothing: inputs, links, pipes and devices stay what they are."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from candidates import gradparity
from gradparity.harness.errors import BadInput
from gradparity.harness.writing import writable, write

PROC = pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")


@pytest.fixture
def pair(tmp_path) -> Path:
    """A folder with two files of gradients that match, and a shard behind an index."""
    for name in ("a.npz", "b.npz"):
        np.savez(tmp_path / name, W_xh=np.ones((3, 5)))
    return tmp_path


def sent(folder: Path, *options: str):
    return gradparity("diff", "a.npz", "b.npz", *options, cwd=folder)


@pytest.mark.parametrize(
    ("link", "which"),
    [("", "a.npz"), ("", "again.npz"), ("symlink", "b.npz"), ("hard link", "a.npz"), ("another spelling", "a.npz")],
)
def test_an_input_is_never_written_to(pair, link, which):
    np.savez(pair / "again.npz", W_xh=np.ones((3, 5)))
    name = "report" if link else which
    if link == "symlink":
        (pair / name).symlink_to(which)
    elif link == "hard link":
        (pair / name).hardlink_to(pair / which)
    elif link:
        name = f"../{pair.name}/{which}"
    before = (pair / which).read_bytes()
    done = sent(pair, "--repeat", "again.npz", "--json", name)
    assert done.returncode == 2
    assert "read; name another file to write to" in done.stderr
    assert done.stdout == ""
    assert (pair / which).read_bytes() == before


def test_inputs_of_every_command_are_known(tmp_path):
    source = "def gradients(x):\n    return {}\n"
    (tmp_path / "mine.py").write_text(source)
    (tmp_path / "old.json").write_text("{}")
    for args in (("check", "mine.py", "--markdown", "mine.py"), ("check", "mine.py:gradients", "--json", "mine.py"),
                 ("report", "old.json", "--html", "old.json")):  # fmt: skip
        done = gradparity(*args, cwd=tmp_path)
        assert done.returncode == 2, args
        assert "is itself read" in done.stderr
    assert (tmp_path / "mine.py").read_text() == source
    assert (tmp_path / "old.json").read_text() == "{}"


def test_shards_behind_an_index_are_inputs(pair):
    from safetensors.numpy import save_file

    save_file({"W_xh": np.ones((3, 5))}, pair / "one.safetensors")
    index = pair / "all.safetensors.index.json"
    index.write_text('{"weight_map": {"W_xh": "one.safetensors"}}')
    for name in ("one.safetensors", index.name):
        done = gradparity("diff", index.name, "b.npz", "--json", name, cwd=pair)
        assert done.returncode == 2
        assert "read; name another file" in done.stderr
    assert gradparity("diff", index.name, "b.npz", "--json", "fine.json", cwd=pair).returncode == 0


def test_two_reports_in_one_file_are_refused_under_whatever_names(pair):
    (pair / "x").write_text("")
    (pair / "y").hardlink_to(pair / "x")
    assert "two reports would go to x" in sent(pair, "--json", "x", "--html", "y").stderr


def test_the_file_at_the_end_of_a_link_is_replaced_and_keeps_its_mode(tmp_path):
    real, link, dangling = tmp_path / "real", tmp_path / "link", tmp_path / "dangling"
    real.write_text("old")
    real.chmod(0o604)
    link.symlink_to(real)
    dangling.symlink_to(tmp_path / "new")
    write(link, "text")
    write(dangling, "text")
    assert link.is_symlink()
    assert dangling.is_symlink()
    assert real.read_text() == (tmp_path / "new").read_text() == "text"
    assert stat.S_IMODE(real.stat().st_mode) == 0o604
    assert len(list(tmp_path.iterdir())) == 4


def test_a_pipe_gets_the_report_and_stays_one(tmp_path):
    pipe, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    writable(pipe)
    write(pipe, "text")
    reader.join(10)
    assert got == [b"text"]
    assert pipe.is_fifo()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make a device")
def test_a_device_stays_one(tmp_path):
    null, full = tmp_path / "null", tmp_path / "full"
    try:
        os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        null.write_text("")
    except PermissionError:
        pytest.skip("no devices here")
    write(null, "text")
    with pytest.raises(BadInput, match="full cannot be written: No space left on device"):
        write(full, "text")
    assert null.is_char_device()
    assert full.is_char_device()


@PROC
def test_standard_output_gets_the_report_after_the_result(pair):
    done = sent(pair, "--json", "/dev/stdout")
    with (pair / "out").open("w") as out:  # a regular file: opened anew, or renamed onto, what is in it would be gone
        command = [sys.executable, "-m", "gradparity.harness", "diff", "a.npz", "b.npz", "--json", "/dev/stdout"]
        subprocess.run(command, cwd=pair, stdout=out, check=True, env={**os.environ, "COLUMNS": "400"})
    for text in (done.stdout, (pair / "out").read_text()):
        assert text.startswith("✓ The one gradient matches")
        assert '"command": "diff"' in text
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.parametrize("how", ["protected", "folder", "long", "no folder", "loop"])
def test_what_cannot_be_written_is_refused_before_any_work(tmp_path, how):
    path = tmp_path / "report.md"
    if how == "protected":
        path.write_text("old")
        path.chmod(0o444)
    elif how == "folder":
        path.mkdir()
    elif how == "loop":
        path.symlink_to(path)
    elif how == "long":
        path = tmp_path / ("x" * 10_000)
    else:
        path.symlink_to(tmp_path / "no" / "folder")
    says = {"protected": "write-protected", "folder": "is a folder", "long": "name too long", "no folder": "no folder"}
    with pytest.raises(BadInput, match=says.get(how, "symbolic links")):
        writable(path)
