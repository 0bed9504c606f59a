"""The install: it hides nobody's packages, loads what it needs when it needs it, and works with NumPy alone."""

import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from time import perf_counter
from zipfile import ZipFile

import numpy as np
import pytest
from candidates import CORE, HEAD, PLAIN, SMALL, gradparity, python
from gradparity.backends import discover

ROOT = Path(__file__).parent.parent
NEEDED = {package for backend in discover().values() for package in backend.needs}
HEAVY = {"numpy", "scipy", "hypothesis", "rich", "jinja2", "torch", "jax", "jaxlib", "pytensor"} | NEEDED
# Python runs a sitecustomize before all else: one that makes these packages look as if they were not installed.
HIDING = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in {names!r} else find(name, path, target)
PathFinder.find_spec = staticmethod(find_spec)
"""
USERS_TEST = """
import backends
from gradparity.harness.problem import Problem
from mine import gradients

def test_mine(gradparity_check):
    assert backends.WHOSE == "the user's"
    gradparity_check(gradients, Problem(T=2, B=1, H=2), backends=["numpy"])
"""


@pytest.fixture
def users(tmp_path):
    """A user's project with packages of its own called backends and harness."""
    (tmp_path / "backends").mkdir()
    (tmp_path / "backends" / "__init__.py").write_text('WHOSE = "the user\'s"\n')
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text('raise RuntimeError("gradparity imported the user\'s harness")\n')
    (tmp_path / "core.py").write_text(CORE)
    (tmp_path / "mine.py").write_text(HEAD + "import backends\nassert backends.WHOSE\n" + PLAIN)
    (tmp_path / "test_mine.py").write_text(USERS_TEST)
    return tmp_path


@pytest.mark.parametrize(
    "args",
    [
        ("-m", "gradparity.harness", "--help"),
        ("-m", "gradparity.harness", "check", "mine.py", *SMALL),
        ("-m", "gradparity.harness", "run", "--model", "rnn", "--backends", "numpy,complex_step", "-T", "2"),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"),
    ],
    ids=["help", "check", "run", "pytest"],
)
def test_packages_of_the_same_names_are_the_users(users, args):
    ran = python(*args, cwd=users)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def loaded_after(code: str, folder: Path) -> str:
    """Which heavy packages a fresh Python has after this code."""
    ran = python("-c", f"{code}\nimport sys\nprint(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr.strip()


HELP = """
import sys
from gradparity.harness.cli import main
sys.argv = ["gradparity", *{args!r}]
try:
    main()
except SystemExit as leaving:
    assert not leaving.code
"""


@pytest.mark.parametrize(
    "code",
    [
        "import gradparity.harness",
        "import gradparity.harness.cli",
        "import gradparity.harness.errors",
        *(HELP.format(args=args) for args in (["--help"], ["check", "--help"], ["run", "-h"], ["diff", "-h"])),
    ],
    ids=["package", "cli", "errors", "help", "check-help", "run-help", "diff-help"],
)
def test_nothing_heavy_is_imported(tmp_path, code):
    assert loaded_after(code, tmp_path) == "[]"


def modules(top: str) -> list[str]:
    """Every module below one of the three folders, packages included."""
    paths = (path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / top).rglob("*.py"))
    return sorted({".".join(("gradparity", *parts)).removesuffix(".__init__") for parts in paths})


@pytest.mark.parametrize("top", ["harness", "backends", "reports"])
def test_every_package_is_in_the_install(top):
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {module.rpartition(".")[0] for module in modules(top)} - {"gradparity"}
    assert {one for one in listed if one.startswith(f"gradparity.{top}")} == there


def test_no_framework_is_imported_by_the_whole_harness(tmp_path):
    kept = [one for one in modules("harness") if not one.endswith("__main__")]
    assert "gradparity.harness.diagnosis.relations.flow" in kept
    kept.remove("gradparity.harness.strategies")  # Hypothesis's own
    code = "\n".join(f"import {module}" for module in kept)
    code += "\nimport gradparity.backends, gradparity.reports\ngradparity.backends.discover()"
    loaded = loaded_after(code + "\ngradparity.reports.discover()", tmp_path)
    assert not [package for package in NEEDED | {"hypothesis"} if f"'{package}'" in loaded]


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
@pytest.mark.parametrize("submodules_first", [False, True], ids=["names alone", "submodules before"])
def test_every_public_name_of_the_harness_is_what_it_says(tmp_path, submodules_first, backwards):
    """And no submodule of that name, whichever has been imported by then."""
    code = f"""
from importlib import import_module
import gradparity.harness as h
homes = {{name: h._HOMES[name] for name in {"reversed(h.__all__)" if backwards else "h.__all__"}}}
for name, home in homes.items():
    if {submodules_first}:
        import_module(f"gradparity.harness.{{home}}")
    scope = {{}}
    exec(f"from gradparity.harness import {{name}}", scope)
    own = getattr(import_module(f"gradparity.harness.{{home}}"), name)
    assert scope[name] is own is getattr(h, name), name
    assert type(own).__name__ != "module", name
from gradparity.harness import compare
import gradparity.harness.check
from gradparity.harness import compare as again
assert callable(compare) and again is compare and h.compare is compare
assert h.errors.BadInput is h.BadInput
try:
    h.nothing
except AttributeError as error:
    assert "'gradparity.harness' has no attribute 'nothing'" in str(error)
"""
    ran = python("-c", code, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


def test_the_plugin_imports_nothing_heavy(tmp_path):
    (tmp_path / "test_it.py").write_text(f"import sys\ndef test_it():\n    assert not {HEAVY!r} & set(sys.modules)\n")
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = python("-m", "pytest", "-q", "-p", "gradparity", "-p", "no:cacheprovider", cwd=tmp_path, env=alone)
    assert ran.returncode == 0, ran.stdout
    ran = python("-m", "pytest", "-p", "gradparity", "--help", cwd=tmp_path, env=alone)
    assert "--gradparity-html" in ran.stdout


def test_help_answers_at_once():
    """Best of 15, and no more than are needed: a busy machine slows some of them."""
    script = Path(sys.executable).parent / "gradparity"
    times = []
    while not times or (min(times) >= 0.3 and len(times) < 15):
        start = perf_counter()
        subprocess.run([script, "--help"], check=True, capture_output=True)
        times.append(perf_counter() - start)
    assert min(times) < 0.3


@pytest.fixture
def numpy_alone(tmp_path):
    """The environment of a machine without any framework."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDING.format(names=NEEDED | {"hypothesis"}))
    return {"PYTHONPATH": str(hidden)}


def test_run_without_frameworks_says_how_to_get_them(tmp_path, numpy_alone):
    ran = gradparity("run", "--model", "rnn", "-T", "3", "-B", "2", cwd=tmp_path, env=numpy_alone)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "all 3 agree" in ran.stdout
    for extra in ("torch", "jax", "pytensor"):
        assert f'pip install "gradparity[{extra}]"' in ran.stdout
    assert "torch missing: torch not installed" in ran.stdout


def test_backends_lists_what_is_missing(tmp_path, numpy_alone):
    ran = gradparity("backends", cwd=tmp_path, env=numpy_alone)
    assert ran.returncode == 0, ran.stderr
    for name, backend in discover().items():
        (line,) = [line for line in ran.stdout.splitlines() if name in line.split()[:2]]
        assert ("pip install" in line) == bool(backend.needs)
    assert f"numpy {np.__version__}" in ran.stdout


@pytest.mark.parametrize(("command", "code"), [("demo", 1), ("check", 0)])
def test_other_commands_work_with_numpy_alone(tmp_path, numpy_alone, command, code):
    (tmp_path / "core.py").write_text(CORE)
    (tmp_path / "mine.py").write_text(HEAD + PLAIN)
    args = ("check", "mine.py", "-T", "2", "-B", "1", "-H", "2") if command == "check" else (command,)
    ran = gradparity(*args, cwd=tmp_path, env=numpy_alone)
    assert ran.returncode == code, ran.stderr


def test_a_missing_backend_asked_by_name_is_exit_code_3(tmp_path, numpy_alone):
    (tmp_path / "mine.py").write_text(PLAIN.replace("return solve(params, x, y, h0)[1]", "return params"))
    ran = gradparity("check", "mine.py", "--backends", "torch", cwd=tmp_path, env=numpy_alone)
    assert ran.returncode == 3
    assert 'pip install "gradparity[torch]"' in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
def test_the_wheel_is_whole(tmp_path):
    source, fresh = tmp_path / "source", tmp_path / "fresh"
    for folder in ("harness", "backends", "reports"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"gradparity", wheel.name.rsplit("-", 3)[0] + ".dist-info"}
    assert "gradparity/__init__.py" not in names
    venv.create(fresh, with_pip=False)
    (site,) = fresh.glob("lib/python*/site-packages")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    (site / "borrowed.pth").write_text(f"{Path(np.__file__).parent.parent}\n")  # the dependencies, not our own install
    args = ["-m", "gradparity.harness", "run", "--model", "rnn", "--backends", "numpy,complex_step", "--html", "r.html"]
    ran = subprocess.run([fresh / "bin" / "python", *args], cwd=tmp_path, env=dict(os.environ), check=False)
    assert ran.returncode == 0
    assert (tmp_path / "r.html").stat().st_size > 1000
    where = [fresh / "bin" / "python", "-c", "import gradparity.harness as g; print(g.__file__)"]
    assert str(fresh) in subprocess.run(where, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
