"""Workers: what happens in one stays there, and the next call finds a fresh one."""

import os
import sys
import time

import pytest
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.workers import Crashed, Limits, Raised, TimedOut, Worker

CALL = "gradparity.harness.candidate:call_file"


@pytest.fixture
def worker():
    with Worker(Limits(seconds=20)) as one:
        yield one


def test_a_worker_stays_warm_between_calls(worker):
    first = worker.call("os:getpid")
    assert first != os.getpid()
    assert worker.call("os:getpid") == first


def test_an_exception_comes_back_with_its_name_and_the_worker_goes_on(worker):
    before = worker.call("os:getpid")
    with pytest.raises(Raised, match="ValueError: invalid literal"):
        worker.call("builtins:int", "x")
    assert worker.call("os:getpid") == before


@pytest.mark.parametrize(("code", "said"), [("_exit", "exited with code 7"), ("abort", "SIGABRT")])
def test_a_crash_says_how_and_the_next_call_has_a_new_process(worker, code, said):
    first = worker.call("os:getpid")
    with pytest.raises(Crashed, match=said):
        worker.call(f"os:{code}", *((7,) if code == "_exit" else ()))
    assert worker.call("os:getpid") != first


def test_a_hang_is_stopped_in_its_time():
    with Worker(Limits(seconds=1.5)) as worker:
        start = time.monotonic()
        with pytest.raises(TimedOut, match=r"no answer within 1\.5 s"):
            worker.call("time:sleep", 60)
        assert time.monotonic() - start < 10
        assert worker.call("os:getcwd") == os.getcwd()


BEATING = """
import subprocess, sys, time
code = "import time\\nwhile True: open({0!r}, 'a').write('.'); time.sleep(0.02)"
subprocess.Popen([sys.executable, "-c", code])
while not __import__("os").path.exists({0!r}): time.sleep(0.02)
{1}
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no groups of processes to end")
@pytest.mark.parametrize(("ends", "error"), [("time.sleep(60)", TimedOut), ("__import__('os')._exit(3)", Crashed)])
def test_what_a_call_has_started_ends_with_its_process(tmp_path, ends, error):
    heart = tmp_path / "heart"
    with Worker(Limits(seconds=5)) as worker, pytest.raises(error):
        worker.call("builtins:exec", BEATING.format(str(heart), ends))
    time.sleep(0.2)
    beats = heart.stat().st_size
    time.sleep(0.5)
    assert beats > 0
    assert heart.stat().st_size == beats


@pytest.mark.skipif(sys.platform != "linux", reason="memory limits are the system's, and only Linux keeps this one")
def test_memory_is_limited():
    with Worker(Limits(seconds=20, memory=1 << 30)) as worker, pytest.raises(Raised, match=r"memory|Memory"):
        worker.call("numpy:ones", (1 << 29,))


def test_what_a_call_prints_goes_nowhere_and_harms_no_message(worker, capfd):
    worker.call("builtins:print", "noise" * 1000)
    assert worker.call("builtins:len", "abc") == 3
    assert capfd.readouterr().out == ""


def test_a_worker_runs_its_products_on_one_thread(worker):
    assert worker.call("os:getenv", "OMP_NUM_THREADS") == "1"


SCAN = """
import jax

def gradients(params, x, y, h0):
    def loss(params, h0):
        def step(h, x_t):  # another function at every call, for which jax compiles the loop again
            h = jax.numpy.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
            return h, h @ params["W_hy"] + params["b_y"]
        return 0.5 * ((jax.lax.scan(step, h0, x)[1] - y) ** 2).sum()
    weights, state = jax.grad(loss, argnums=(0, 1))(params, h0)
    return {**weights, "h0": state}
"""


def test_what_jax_compiles_at_every_call_is_compiled_once(tmp_path, monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    file, kept = tmp_path / "scan.py", tmp_path / "kept"
    file.write_text(SCAN)
    kept.mkdir()

    def compiled(problem: Problem) -> int:
        """How much is compiled for one more call."""
        before = len(list(kept.iterdir()))
        worker.call(CALL, str(file), "gradients", problem, Layout(), make_tensors(problem))
        return len(list(kept.iterdir())) - before

    with Worker(Limits(seconds=60), str(kept)) as worker:
        assert compiled(Problem()) > 0
        assert compiled(Problem()) == 0
        assert compiled(Problem(H=6)) > 0


def test_where_the_user_keeps_what_is_compiled_it_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "elsewhere")
    monkeypatch.delenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", raising=False)
    with Worker(Limits(seconds=20), str(tmp_path)) as worker:
        assert worker.call("os:getenv", "JAX_COMPILATION_CACHE_DIR") == "elsewhere"
        assert worker.call("os:getenv", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS") is None


ANSWER = "import os, struct, pickle, sys, time, threading\nfrom gradparity.harness import wire\n"
TO_ALL = """
def put(data):
    for k in range(3, 30):
        try: os.write(k, data)
        except OSError: pass
"""
KEY = """
frame = sys._getframe()
while "key" not in frame.f_locals: frame = frame.f_back
key = frame.f_locals["key"]
import io; stream = io.BytesIO()
"""
FORGED = {
    "a pickle": "class P:\n    def __reduce__(self): return os.mkdir, ({0!r},)\n"
    "body = pickle.dumps(('value', P()))\nput(struct.pack('<Q', len(body)) + body)",
    "words": "put(b'words ' * 100)",
    "a length of 2 ** 60": "put(bytes(16) + b'\\1' + struct.pack('<QQ', 1 << 60, 1 << 60))",
    "an answer to nothing": "import io; s = io.BytesIO(); wire.write(s, bytes(16), wire.VALUE, 7); put(s.getvalue())",
    "of another type": KEY + "wire.write(stream, key, wire.VALUE, ['seven'])\nput(stream.getvalue())",
    "a part of another type": KEY + "wire.write(stream, key, wire.PART, 7)\nput(stream.getvalue())",
    "half of one, and the end": KEY
    + "wire.write(stream, key, wire.VALUE, 7)\nput(stream.getvalue()[:-1]); os._exit(0)",
}


@pytest.mark.parametrize("forging", FORGED.values(), ids=FORGED)
def test_an_answer_that_is_none_is_a_crash_and_the_next_call_has_a_new_process(worker, forging, tmp_path):
    before, target = worker.call("os:getpid"), tmp_path / "reached"
    with pytest.raises(Crashed):
        worker.call("builtins:exec", ANSWER + TO_ALL + forging.format(str(target)), {}, returns=None, part=str)
    assert worker.call("os:getpid") != before
    assert not target.exists()


def test_what_is_said_between_calls_is_nobodys_answer(worker):
    late = "put_late = lambda: (time.sleep(0.2), put(b'words ' * 100))\nthreading.Thread(target=put_late).start()"
    worker.call("builtins:exec", ANSWER + TO_ALL + late, {})
    first = worker.call("os:getpid")
    time.sleep(1)
    assert worker.call("os:getpid") != first


def test_what_is_said_on_the_standard_streams_is_no_answer(worker):
    worker.call("builtins:exec", "import os; os.write(1, b'words'); os.write(2, b'words')", {})
    assert worker.call("os:getpid") == worker.call("os:getpid", returns=int)


COUNTING = "(k if k < 3 else {} for k in range(4))"


def test_what_is_yielded_comes_as_it_is_made_and_counts_though_the_process_ends(worker):
    found = []
    with pytest.raises(Crashed, match="exited with code 3"):
        worker.call("builtins:eval", COUNTING.format("__import__('os')._exit(3)"), part=int, each=found.append)
    assert found == [0, 1, 2]
    with pytest.raises(Raised, match="ZeroDivisionError"):
        worker.call("builtins:eval", COUNTING.format("1 / 0"), part=int, each=found.append)
    assert worker.call("builtins:eval", COUNTING.format("3"), returns=None, part=int, each=found.append) is None
    assert found == [0, 1, 2, 0, 1, 2, 0, 1, 2, 3]
