"""Gradient files: what was written is read, lazily; what is damaged or hostile is refused in a sentence."""

import json
import os
import pickle
import struct
from collections.abc import Callable, Mapping
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import ml_dtypes
import numpy as np
import pytest
from gradparity.harness import tensorfile
from gradparity.harness.errors import BadInput
from gradparity.harness.safetensors_file import DTYPES
from gradparity.harness.tensorfile import TensorFile, open_tensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

Array = np.ndarray
Named = Mapping[str, Array]
CODES = {dtype: code for code, dtype in DTYPES.items()}
WEIGHTS = {"W_hh": np.arange(15.0).reshape(3, 5), "b_h": np.array([1, -2, 3], np.float32), "loss": np.array(0.5)}


def safetensors_bytes(named: Named) -> bytes:
    """A safetensors file written from its specification, so that the library is not tested against itself."""
    ends = list(accumulate((a.nbytes for a in named.values()), initial=0))
    header = {
        name: {"dtype": CODES[a.dtype], "shape": a.shape, "data_offsets": span}
        for (name, a), span in zip(named.items(), pairwise(ends), strict=True)
    }
    return with_header(header, b"".join(a.tobytes() for a in named.values()))


def with_header(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def write_npz(folder: Path, named: Named) -> Path:
    np.savez(folder / "g.npz", **named)  # type: ignore[arg-type]  # its stubs take the arrays for allow_pickle
    return folder / "g.npz"


def write_deflated(folder: Path, named: Named) -> Path:
    np.savez_compressed(folder / "g.npz", **named)  # type: ignore[arg-type]  # its stubs take the arrays for allow_pickle
    return folder / "g.npz"


def write_safetensors(folder: Path, named: Named) -> Path:
    (folder / "g.safetensors").write_bytes(safetensors_bytes(named))
    return folder / "g.safetensors"


def write_shards(folder: Path, named: Named) -> Path:
    """Every other tensor in another shard; each shard has one that the index does not know."""
    shards = {f"g-{k}.safetensors": dict(list(named.items())[k::2]) for k in (0, 1)}
    for file, part in shards.items():
        (folder / file).write_bytes(safetensors_bytes({**part, "not in the index": np.ones(2)}))
    index = folder / "g.safetensors.index.json"
    weight_map = {name: file for file, part in shards.items() for name in part}
    index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return index


WRITERS: dict[str, Callable[[Path, Named], Path]] = {
    "npz": write_npz,
    "npz, deflated": write_deflated,
    "safetensors": write_safetensors,
    "shards": write_shards,
}
NUMPY_DTYPES = ["<f8", "<f4", "<f2", ">f4", "<i8", "u1", "?", "<c8", "longdouble", ml_dtypes.bfloat16]
KINDS = [(kind, NUMPY_DTYPES if kind.startswith("npz") else list(CODES)) for kind in WRITERS]


@st.composite
def mappings(draw: st.DrawFn, dtypes: list) -> dict[str, Array]:
    """Arrays of random bits (NaN among them), 0-d, empty and Fortran-ordered ones too."""

    def array() -> Array:
        dtype = np.dtype(draw(st.sampled_from(dtypes)))
        shape = draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
        count = int(np.prod(shape, dtype=int)) * dtype.itemsize
        raw = np.frombuffer(draw(st.binary(min_size=count, max_size=count)), np.uint8)
        whole = (raw & 1 if dtype.kind == "b" else raw).view(dtype).reshape(shape)
        return np.asfortranarray(whole) if whole.ndim > 1 and draw(st.booleans()) else whole

    names = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
    return {name: array() for name in draw(st.lists(names.filter(_fit_for_savez), unique=True, max_size=4))}


def _fit_for_savez(name: str) -> bool:
    return name not in ("file", "allow_pickle", "__metadata__") and not name.endswith(".npy")


@pytest.mark.parametrize(("kind", "dtypes"), KINDS, ids=list(WRITERS))
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read(kind: str, dtypes: list, data: st.DataObject) -> None:
    named = data.draw(mappings(dtypes))
    with TemporaryDirectory() as folder:
        found = open_tensors(WRITERS[kind](Path(folder), named))
        assert set(found) == set(named)
        for name, array in named.items():
            assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
            assert found[name].tobytes() == array.tobytes()
            assert type(found[name]) is np.ndarray
            assert not (found[name].flags.writeable and array.size)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_npy_is_one_gradient_named_after_its_file(tmp_path: Path, order: str) -> None:
    array = np.asarray(WEIGHTS["W_hh"], order=order)  # type: ignore[call-overload]  # a str, not a Literal
    np.save(tmp_path / "W_hh.npy", array)
    found = open_tensors(tmp_path / "W_hh.npy")
    assert list(found) == ["W_hh"]
    np.testing.assert_array_equal(found["W_hh"], array)


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA, ZIP_DEFLATED])
def test_any_compression_that_python_has_is_read(tmp_path: Path, method: int) -> None:
    np.save(tmp_path / "W.npy", WEIGHTS["W_hh"])
    with ZipFile(tmp_path / "g.npz", "w", method) as archive:
        archive.write(tmp_path / "W.npy", "W.npy")
    np.testing.assert_array_equal(open_tensors(tmp_path / "g.npz")["W"], WEIGHTS["W_hh"])


def test_a_zip_behind_other_bytes_is_read_where_it_lies(tmp_path: Path) -> None:
    path = write_npz(tmp_path, WEIGHTS)
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    np.testing.assert_array_equal(open_tensors(path)["W_hh"], WEIGHTS["W_hh"])


def test_the_librarys_own_files_are_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save_file
    named = {"half": torch.ones(2, 3, dtype=torch.bfloat16), "eighth": torch.ones(3).to(torch.float8_e4m3fn)}
    save(named, tmp_path / "g.safetensors", metadata={"format": "pt"})
    found = open_tensors(tmp_path / "g.safetensors")
    assert {name: array.dtype.name for name, array in found.items()} == {"half": "bfloat16", "eighth": "float8_e4m3fn"}
    assert all((array.astype(float) == 1).all() for array in found.values())


def test_a_directory_stands_for_the_one_index_or_file_in_it(tmp_path: Path) -> None:
    for folder, write in ((tmp_path / "one", write_safetensors), (tmp_path / "many", write_shards)):
        folder.mkdir()
        write(folder, WEIGHTS)
        assert set(open_tensors(folder)) == set(WEIGHTS)


def test_shards_behind_symbolic_links_are_read(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    index = write_shards(tmp_path / "blobs", WEIGHTS)
    (tmp_path / "snapshot").mkdir()
    for blob in index.parent.iterdir():
        (tmp_path / "snapshot" / blob.name).symlink_to(blob)
    assert set(open_tensors(tmp_path / "snapshot")) == set(WEIGHTS)


def test_a_tensor_is_read_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(tensorfile.Stored, "read", lambda place: read.append(place.member) or np.ones(1))
    found = open_tensors(write_deflated(tmp_path, WEIGHTS))
    assert "W_hh" in found
    assert "other" not in found
    assert (len(found), found.get("other"), read) == (3, None, [])
    assert [found["W_hh"], found["W_hh"]]
    assert read == ["W_hh.npy"]  # once, however often it is asked for
    assert [found["b_h"], found["W_hh"]]
    assert read == ["W_hh.npy", "b_h.npy", "W_hh.npy"]  # and only the last one is kept


def test_a_file_larger_than_memory_is_mapped(tmp_path: Path) -> None:
    path, size = tmp_path / "g.safetensors", 1 << 38
    entry = {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size]}
    path.write_bytes(with_header({"W": entry}))
    os.truncate(path, path.stat().st_size + size)  # sparse: it takes no room on disk
    assert open_tensors(path)["W"][-1] == 0


def test_prefixes_are_taken_off(tmp_path: Path) -> None:
    found = open_tensors(write_npz(tmp_path, {"module.W": np.ones(2)})).without("module.")
    assert list(found) == ["W"]
    assert found["W"].sum() == 2


# What is refused, and in what words


def refusal(path: Path) -> str:
    """The sentence with which a file is refused, on opening or on reading."""
    with pytest.raises(BadInput) as caught:
        read_all(open_tensors(path))
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def read_all(found: TensorFile) -> None:
    for name in found:
        found[name].sum(dtype=object)


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def npy_bytes(descr: str, shape: str = "(3,)", data: bytes = bytes(24), version: bytes = b"\1\0") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + version + struct.pack("<H" if version < b"\2" else "<I", len(header)) + header + data


F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DAMAGED = {  # name: (suffix, content, words of the message)
    "no zip": (".npz", b"W_hh = 3", ("not a zip file", "expected what np.savez writes", "copy it again")),
    "an npy called npz": (".npz", npy_bytes("'<f8'"), ("not a zip file",)),
    "empty": (".npz", b"", ("not a zip file",)),
    "empty npy": (".npy", b"", ("expected what np.save writes",)),
    "npy cut short": (".npy", npy_bytes("'<f8'")[:-1], ("has 23 bytes", "float64 (3,) takes 24")),
    "npy with something behind": (".npy", npy_bytes("'<f8'") + b"x", ("has 25 bytes", "takes 24")),
    "npy of negative length": (".npy", npy_bytes("'<f8'", "(-1, -3)"), ("(-1, -3)",)),
    "npy header of 4 GB": (".npy", b"\x93NUMPY\2\0" + b"\xff" * 40, ("array header",)),
    "npy of code": (".npy", npy_bytes("__import__('os').abort()"), ("malformed node",)),
    "npy of a later version": (".npy", npy_bytes("'<f8'", version=b"\3\0"), ("version (3, 0)",)),
    "npy that is empty, but too wide": (".npy", npy_bytes("'<f8'", f"(0, {1 << 62})", b""), ("damaged",)),
    "npy of 65 axes": (".npy", npy_bytes("'<f8'", str((1,) * 64 + (3,))), ("damaged",)),
    "npy of float8": (".npy", npy_bytes("'<V1'", data=bytes(3)), ("cannot name float8", "save it as .safetensors")),
    "npy of objects": (".npy", npy_bytes("'|O'"), ("holds pickled Python objects", "np.asarray(value, dtype=float)")),
    "npy of records with objects": (".npy", npy_bytes("[('a', '|O'), ('b', '<f8')]"), ("holds pickled",)),
    "no safetensors": (".safetensors", b"\1" * 64, ("damaged", "header", "expected a safetensors file")),
    "empty safetensors": (".safetensors", b"", ("header", "expected a safetensors file")),
    "header of 1 TB": (".safetensors", with_header({"W": F32}, bytes(8), 1 << 40), ("header",)),
    "header longer than the file": (".safetensors", with_header({"W": F32}, bytes(8), 200), ("header",)),
    "header that is no mapping": (".safetensors", with_header([1]), ("header",)),
    "header that is nested": (".safetensors", with_header(b"[" * 100_000), ("header",)),
    "wrong offsets": (".safetensors", with_header({"W": {**F32, "data_offsets": [4, 12]}}, bytes(12)), ("damaged",)),
    "offsets backwards": (".safetensors", with_header({"W": {**F32, "data_offsets": [8, 0]}}, bytes(8)), ("damaged",)),
    "overlap": (".safetensors", with_header({"W": F32, "b": F32}, bytes(8)), ("damaged",)),
    "size against shape": (".safetensors", with_header({"W": {**F32, "shape": [3]}}, bytes(8)), ("damaged",)),
    "overflow": (".safetensors", with_header({"W": {**F32, "shape": [1 << 62, 8]}}, bytes(8)), ("damaged",)),
    "empty, but too wide": (
        ".safetensors", with_header({"W": {**F32, "shape": [0, 1 << 62], "data_offsets": [0, 0]}}), ("damaged",),
    ),
    "unknown dtype": (".safetensors", with_header({"W": {**F32, "dtype": "F33"}}, bytes(8)), ("damaged",)),
    "dtype of half a byte": (
        ".safetensors", with_header({"W": {"dtype": "F4", "shape": [2], "data_offsets": [0, 1]}}, b"\0"),
        ("'W' as F4", "expected F64, F32"),
    ),
    "something behind": (".safetensors", with_header({"W": F32}, bytes(9)), ("damaged",)),
    "index that is no JSON": (".safetensors.index.json", b"{", ("damaged", "expected an index")),
    "index that is nested": (".safetensors.index.json", b"[" * 100_000, ("damaged",)),
    "index without a map": (".safetensors.index.json", b'{"a": 1}', ("no weight_map",)),
    "index that is a list": (".safetensors.index.json", b"[]", ("no weight_map",)),
    "index of numbers": (".safetensors.index.json", b'{"weight_map": {"W": 3}}', ("no weight_map",)),
    "text": (".txt", b"0.5", ("expected .npz, .npy, .safetensors or", "np.savez")),
    "a torch checkpoint": (".PT", b"PK", ("may be a pickle", "safetensors.torch.save_file")),
    "no suffix": ("", b"", ("expected .npz",)),
}  # fmt: skip


@pytest.mark.parametrize(("suffix", "content", "words"), DAMAGED.values(), ids=list(DAMAGED))
def test_what_is_damaged_is_refused_in_a_sentence(
    tmp_path: Path, suffix: str, content: bytes, words: tuple[str, ...]
) -> None:
    path = tmp_path / f"g{suffix}"
    path.write_bytes(content)
    message = refusal(path)
    assert all(word in message for word in words), message


def test_no_file_at_all(tmp_path: Path) -> None:
    for name in ("g.npz", "g.safetensors", "g.npz/g.npy", "a" * 300 + ".npz"):
        assert "check" in refusal(tmp_path / name)
    assert "does not exist" in refusal(tmp_path / "g.npz")
    refusal(Path("a\0b.npz"))


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "g.npz")
    assert "not a regular file" in refusal(tmp_path / "g.npz")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights(tmp_path: Path) -> None:
    path = write_npz(tmp_path, WEIGHTS)
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_a_directory_that_leaves_a_choice(tmp_path: Path) -> None:
    assert "with no safetensors files" in refusal(tmp_path)
    for name in ("a", "b"):
        write_safetensors(tmp_path, WEIGHTS).rename(tmp_path / f"{name}.safetensors")
    assert "with 2 safetensors files" in refusal(tmp_path)
    assert "name the file itself" in refusal(tmp_path)


SHARDS = {  # name: (shard that the index names, words of the message)
    "missing": ("lost.safetensors", "lost.safetensors does not exist"),
    "above": ("../g.safetensors", "names the shard '../g.safetensors'; expected a file beside it"),
    "the directory above": ("..", "without directories"),
    "absolute": ("/etc/passwd", "without directories"),
    "of Windows": ("C:\\g.safetensors", "without directories"),
    "nameless": ("", "without directories"),
    "null": ("a\0b", "without directories"),
    "of two lines": ("a\nb", "without directories"),
    "damaged": ("damaged.safetensors", "expected a safetensors file"),
    "without the tensor": ("other.safetensors", "puts 'W' into other.safetensors, which has no such tensor"),
}


@pytest.mark.parametrize(("shard", "words"), SHARDS.values(), ids=list(SHARDS))
def test_shards_that_are_not_as_the_index_says(tmp_path: Path, shard: str, words: str) -> None:
    (tmp_path / "damaged.safetensors").write_bytes(b"")
    (tmp_path / "other.safetensors").write_bytes(safetensors_bytes({"b": np.ones(2)}))
    write_safetensors(tmp_path, {"W": np.ones(2)})
    (tmp_path / "inner").mkdir()
    index = tmp_path / "g.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"W": shard}}))
    with pytest.raises(BadInput, match=r"^[^\n]*\Z") as caught:
        open_tensors(index)
    assert words in str(caught.value)


# Hostile files


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_nothing_is_unpickled(tmp_path: Path, save: Callable) -> None:
    trace = tmp_path / "trace"
    save(tmp_path / "g.npz", W=np.array([Bomb(trace)]), allow_pickle=True)
    message = refusal(tmp_path / "g.npz")
    assert "member 'W' holds pickled Python objects" in message
    assert not trace.exists()
    np.load(tmp_path / "g.npz", allow_pickle=True)["W"]
    assert trace.exists()  # the bomb is live


@pytest.mark.parametrize("name", ["g.npz", "g.npy", "g.safetensors", "g.pt"])
def test_a_bare_pickle_is_not_unpickled_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    trace = tmp_path / "trace"
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(trace)))
    refusal(tmp_path / name)
    assert not trace.exists()


@pytest.mark.parametrize("method", [0, ZIP_DEFLATED])
def test_a_member_is_never_written_where_its_name_says(tmp_path: Path, method: int) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with ZipFile(inner / "g.npz", "w", method) as archive:
        archive.writestr("../evil.npy", npy_bytes("'<f8'"))
    before = sorted(tmp_path.rglob("*"))
    found = open_tensors(inner / "g.npz")
    assert found["../evil"].sum() == 0
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("method", [0, ZIP_DEFLATED])
def test_members_that_are_no_arrays(tmp_path: Path, method: int) -> None:
    for content, words in ((b"", "EOF"), (b"hello, world", "magic"), (npy_bytes("'<f8'")[:-1], "has 23 bytes")):
        with ZipFile(tmp_path / "g.npz", "w", method) as archive:
            archive.writestr("W.npy", content)
        assert words in refusal(tmp_path / "g.npz")


def test_two_members_of_one_name(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "g.npz", "w") as archive:
        archive.writestr("W", npy_bytes("'<f8'"))
        archive.writestr("W.npy", npy_bytes("'<f8'"))
    assert "two members are named 'W'" in refusal(tmp_path / "g.npz")


def test_a_member_that_claims_more_than_the_zip_holds(tmp_path: Path) -> None:
    """The zip's directory says 8 GB, and so does the array's header: mapped, its end would lie outside the file."""
    claim = 1 << 30
    head = npy_bytes("'<f8'", f"({claim},)", b"")
    with ZipFile(tmp_path / "g.npz", "w") as archive:
        archive.writestr("W.npy", head + bytes(64))
        (info,) = archive.infolist()
        info.file_size = len(head) + 8 * claim
    refusal(tmp_path / "g.npz")


def test_a_file_that_shrinks_after_it_was_opened(tmp_path: Path) -> None:
    for write in (write_npz, write_deflated, write_safetensors):
        path = write(tmp_path, WEIGHTS)
        found = open_tensors(path)
        os.truncate(path, 60)
        with pytest.raises(BadInput, match="expected what it was when it was opened"):
            read_all(found)


def test_a_file_that_goes_after_it_was_opened(tmp_path: Path) -> None:
    found = open_tensors(write_npz(tmp_path, WEIGHTS))
    (tmp_path / "g.npz").unlink()
    with pytest.raises(BadInput, match="No such file"):
        read_all(found)


SMALL = {"W": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2)}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_truncation_is_refused(tmp_path: Path, kind: str) -> None:
    path = WRITERS[kind](tmp_path, SMALL)
    victims = [path] if kind != "shards" else [path, path.parent / "g-0.safetensors", path.parent / "g-1.safetensors"]
    for victim in victims:
        whole = victim.read_bytes()
        for length in range(len(whole)):
            victim.write_bytes(whole[:length])
            with pytest.raises(BadInput, match=victim.name):
                read_all(open_tensors(path))
        victim.write_bytes(whole)
    read_all(open_tensors(path))


@pytest.mark.parametrize("kind", WRITERS)
@given(data=st.data())
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_damage_anywhere_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = WRITERS[kind](Path(folder), SMALL)
        files = sorted(Path(folder).iterdir())
        victim = files[data.draw(st.integers(0, len(files) - 1))]
        damaged = bytearray(victim.read_bytes())
        places = st.integers(0, len(damaged) - 1)
        for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)):
            damaged[place] = byte
        victim.write_bytes(damaged)
        try:
            read_all(open_tensors(path))
        except BadInput as error:
            assert "\n" not in str(error)  # noqa: PT017  # either outcome will do, but no other error


@given(content=st.binary(max_size=200), suffix=st.sampled_from(sorted(tensorfile.READERS)))
@settings(deadline=None)
def test_noise_is_refused(content: bytes, suffix: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"g{suffix}"
        path.write_bytes(content)
        refusal(path)
