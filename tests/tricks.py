"""What a mutant might try, by what it is after: a table of one statement each, and which wall of the sandbox holds it.

Names that a trick finds: NEW, a path that is not there; OLD, a file that is, and DIR, an empty folder; PORT, UDP, UNIX
and ABSTRACT, where somebody listens; VICTIM, the number of another process; `c`, the C library; `beside`, a module
that was loaded before the sandbox was closed and holds `log`, an open file, and sockets.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trick:
    """`hook`: Python's hook alone holds it. `ran`: it has succeeded where it has run to its end, and not before.
    `needs`: a module, or the machine whose numbers it uses.
    """

    code: str
    hook: bool = True
    ran: bool = False
    needs: str = ""


def _all(*codes: str, hook: bool = True, ran: bool = False, needs: str = "") -> list[Trick]:
    return [Trick(code, hook, ran, needs) for code in codes]


FILES = [
    *_all(
        "open(NEW, 'w')", "open(NEW, 'a')", "open(NEW, 'x')", "open(OLD, 'w')", "open(OLD, 'r+').write('x')",
        "io.FileIO(NEW, 'w')", "io.open('any', 'r', opener=lambda *_: os.open(NEW, os.O_WRONLY | os.O_CREAT))",
        "__import__('codecs').open(NEW, 'w')", "pathlib.Path(NEW).write_text('x')", "pathlib.Path(NEW).touch()",
        "os.open(NEW, os.O_WRONLY | os.O_CREAT)", "os.open(NEW, os.O_RDONLY | os.O_CREAT)",
        "os.open(OLD, os.O_RDONLY | os.O_TRUNC)", "os.write(os.open(OLD, os.O_WRONLY | os.O_APPEND), b'x')",
        "os.open(os.path.basename(NEW), os.O_RDWR | os.O_CREAT, dir_fd=os.open(os.path.dirname(NEW), os.O_RDONLY))",
        "__import__('posix').open(NEW, os.O_WRONLY | os.O_CREAT)", "os.mkdir(NEW)", "os.symlink('x', NEW)",
        "os.link(OLD, NEW)", "os.rename(OLD, NEW)", "os.replace(OLD, NEW)", "os.remove(OLD)", "os.rmdir(DIR)",
        "os.truncate(OLD, 0)", "os.chmod(OLD, 0)", "os.utime(OLD, (1, 1))", "os.setxattr(OLD, 'user.x', b'x')",
        "__import__('shutil').copy(OLD, NEW)", "__import__('shutil').rmtree(DIR)", "np.save(NEW, x)",
        "np.savez(NEW, x)", "x.tofile(NEW)", "np.memmap(NEW, mode='w+', shape=(4,))",
        "np.memmap(OLD, mode='r+')[0] = 0", "__import__('sqlite3').connect(NEW).execute('create table t(a)')",
        "__import__('tempfile').mkstemp(dir=os.path.dirname(NEW), prefix=os.path.basename(NEW))",
        "__import__('zipfile').ZipFile(NEW, 'w').writestr('a', 'b')", "__import__('logging').FileHandler(NEW)",
        "__import__('dbm.dumb').dumb.open(NEW, 'c').sync()", "__import__('tracemalloc').start(); "
        "__import__('tracemalloc').take_snapshot().dump(NEW)", "__import__('gzip').open(NEW, 'w')",
    ),
    *_all(  # no event tells the hook of them
        "os.mknod(NEW)", "os.mkfifo(NEW)", "c.fchmod(os.open(OLD, os.O_RDONLY), 0)", "c.futimes(os.open(OLD, 0), None)",
        "__import__('safetensors.numpy').numpy.save_file({'a': x}, NEW)",
        "__import__('safetensors.numpy').numpy.save_file({'a': x}, OLD)", "c.creat(NEW.encode(), 0o600)",
        "c.fopen(NEW.encode(), b'w')", "c.truncate(OLD.encode(), 0)", "c.unlink(OLD.encode())",
        "c.rename(OLD.encode(), NEW.encode())", "c.chmod(OLD.encode(), 0)", "c.mkdir(NEW.encode(), 0o700)",
        "c.utimes(OLD.encode(), None)", "c.system(b'touch ' + NEW.encode())",
        "ctypes.pythonapi.PyRun_SimpleString(f'import _ctypes, ctypes; ctypes.CDLL(None).creat({NEW.encode()!r}, 384)'"
        ".encode())",
        "beside.log.write('x') and beside.log.flush()", "os.write(beside.log.fileno(), b'x')",
        "os.pwrite(beside.log.fileno(), b'x', 0)", "c.ftruncate(beside.log.fileno(), 0)",
        "c.fallocate(beside.log.fileno(), 3, 0, 4)",
        hook=False,
    ),
    *_all("__import__('_gdbm').open(NEW, 'c')", hook=False, needs="_gdbm"),
    *_all("__import__('readline').write_history_file(NEW)", hook=False, needs="readline"),
    *_all(
        "os.write(os.memfd_create('x'), b'x')",
        "assert c.syscall(425, 4, ctypes.create_string_buffer(120)) >= 0",  # io_uring_setup
        "assert c.shmget(0, 4096, 0o1600) >= 0", hook=False, ran=True,
    ),
    *_all(
        "os.open(os.path.dirname(NEW), os.O_TMPFILE | os.O_RDWR)", "open('/proc/self/mem', 'r+b')",
        "__import__('multiprocessing.shared_memory').shared_memory.SharedMemory(create=True, size=10).unlink()",
        "open('/proc/self/oom_score_adj', 'w')", ran=True,
    ),
]  # fmt: skip

PROCESSES = [
    *_all(
        "subprocess.run(['touch', NEW])", "subprocess.Popen(['touch', NEW]).wait()", "os.system('touch ' + NEW)",
        "os.popen('touch ' + NEW).read()", "os.posix_spawn('/usr/bin/touch', ['touch', NEW], {})",
        "os.spawnv(os.P_WAIT, '/usr/bin/touch', ['touch', NEW])",
        "__import__('pty').spawn(['touch', NEW])", "os.execv('/usr/bin/touch', ['touch', NEW])",
    ),
    *_all(
        """
import _posixsubprocess
r, w = os.pipe()
_posixsubprocess.fork_exec([b'touch', NEW.encode()], [b'/usr/bin/touch'], True, (w,), None, None,
                           -1, -1, -1, -1, -1, -1, r, w, True, False, -1, None, None, None, -1, None, False)
os.close(w), os.read(r, 10), time.sleep(0.3)
""",
        "__import__('multiprocessing.util'); sys.modules['multiprocessing.util'].spawnv_passfds(b'/usr/bin/touch', "
        "[b'touch', NEW.encode()], ()); time.sleep(0.3)",
        hook=False,
    ),
    *_all(
        "os.fork() or os._exit(0)", "os.forkpty()[0] or os._exit(0)",
        "m = __import__('multiprocessing').get_context('fork').Process(target=int); m.start(); m.join()",
        "os.kill(VICTIM, 0)", ran=True,
    ),
    *_all(
        "p = c.fork(); p or c._exit(0); assert p > 0",
        "os.setpriority(os.PRIO_PROCESS, VICTIM, 5)", "assert c.ptrace(16, VICTIM, 0, 0) == 0",
        "os.pidfd_open(VICTIM)", hook=False, ran=True,
    ),
    *_all("os.kill(VICTIM, 9)", "os.killpg(VICTIM, 9)"),
    *_all(
        "signal.pidfd_send_signal(os.pidfd_open(VICTIM), 9)", "c.kill(VICTIM, 9)", "c.sigqueue(VICTIM, 9, None)", """
import fcntl
r, w = os.pipe()
fcntl.fcntl(r, fcntl.F_SETOWN, VICTIM), fcntl.fcntl(r, 10, 9), fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
os.write(w, b'x')
""",
        hook=False,
    ),
    *_all("p = c.syscall(56, 17, 0, 0, 0, 0); p or c._exit(0); assert p > 0", hook=False, ran=True, needs="x86_64"),
    *_all("c.syscall(234, VICTIM, VICTIM, 9)", hook=False, needs="x86_64"),  # tgkill
    *_all("resource.prlimit(VICTIM, resource.RLIMIT_CORE, (0, 0))", ran=True),
]  # fmt: skip

NETWORK = [
    *_all(
        "socket.create_connection(('127.0.0.1', PORT))", "__import__('_socket').socket().connect(('127.0.0.1', PORT))",
        "__import__('urllib.request').request.urlopen(f'http://127.0.0.1:{PORT}/', timeout=0.5)",
        "asyncio = __import__('asyncio'); asyncio.run(asyncio.open_connection('127.0.0.1', PORT))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', UDP))",
        "socket.socket(socket.AF_UNIX).connect(UNIX)", "socket.socket(socket.AF_UNIX).connect(ABSTRACT)",
        "beside.tcp.connect(('127.0.0.1', PORT))", "beside.udp.sendto(b'x', ('127.0.0.1', UDP))",
    ),
    *_all("socket.create_server(('127.0.0.1', 0))", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)", ran=True),
    *_all(
        "s = c.socket(2, 1, 0); c.connect(s, b'\\2\\0' + PORT.to_bytes(2, 'big') + b'\\x7f\\0\\0\\1' + bytes(8), 16)",
        "s = c.socket(2, 2, 0); "
        "c.sendto(s, b'x', 1, 0, b'\\2\\0' + UDP.to_bytes(2, 'big') + b'\\x7f\\0\\0\\1' + bytes(8), 16)",
        "c.connect(beside.tcp2.fileno(), b'\\2\\0' + PORT.to_bytes(2, 'big') + b'\\x7f\\0\\0\\1' + bytes(8), 16)",
        hook=False,
    ),
]  # fmt: skip

DISARMING = [
    *_all(
        "s = sys.modules['gradparity.harness.sandbox']; s.REFUSED = (); s._closed = False; open(NEW, 'w')",
        "sys.modules['gradparity.harness.sandbox']._hook = None; os.mkdir(NEW)",
        "__import__('weakref').finalize(D.setdefault('late', type('Late', (), {})()), os.mkdir, NEW)",
        "signal.signal(signal.SIGPROF, lambda *_: os.path.exists(NEW) or os.mkdir(NEW)); "
        "signal.setitimer(signal.ITIMER_PROF, 0.0005, 0.0005)",
        "threading.Thread(target=lambda: [os.path.exists(NEW) or time.sleep(0.001) or os.mkdir(NEW) for _ in range(9)])"
        ".start()",
        "real = np.concatenate\n"
        "np.concatenate = lambda *a, **k: (os.path.exists(NEW) or os.mkdir(NEW), real(*a, **k))[1]",
        "m = __import__('msgspec').msgpack; real = m.encode\n"
        "m.encode = lambda *a, **k: (os.path.exists(NEW) or open(NEW, 'w'), real(*a, **k))[1]",
        """
import gradparity.harness.repair.worker as worker
worker.perf_counter = lambda: float(bool(os.path.exists(NEW) or open(NEW, 'w')))
""",
    ),
    *_all(
        """
import gc
for one in gc.get_objects():
    if type(one).__name__ == 'function' and one.__name__ == 'audit':
        for cell in one.__closure__:
            if isinstance(cell.cell_contents, tuple): cell.cell_contents = ()
os.mkdir(NEW)
""",
        hook=False,
    ),
]  # fmt: skip

MEMORY = [
    *_all(
        "__import__('mmap').mmap(-1, 3 << 29)",
        "f = os.memfd_create('x'); c.ftruncate(f, ctypes.c_long(3 << 29)); __import__('mmap').mmap(f, 3 << 29)",
        hook=False, ran=True,
    ),
]  # fmt: skip

TRICKS = {"files": FILES, "processes": PROCESSES, "network": NETWORK, "disarming": DISARMING, "memory": MEMORY}

HARMLESS = (
    "x = x", "open(os.devnull, 'w').write('x')", "open(OLD).read()", "os.listdir(DIR)", "print('x')",
    "t = threading.Thread(target=int); t.start(); t.join()", "r, w = os.pipe(); os.write(w, b'x'); os.read(r, 1)",
    "__import__('colorsys')", "__import__('mmap').mmap(-1, 4096, 0x22)", "np.linalg.inv(np.eye(50) + 1)",
    "os.getpid() and os.path.getsize(OLD)", "resource.getrlimit(resource.RLIMIT_DATA)",
)  # fmt: skip

TORCH = (
    "torch.save({'a': torch.tensor(x)}, NEW)", "torch.save({'a': torch.tensor(x)}, OLD)",
    "torch.save({'a': torch.tensor(x)}, OLD, _use_new_zipfile_serialization=False)",
    "torch.from_file(NEW, shared=True, size=4)", "torch._C.PyTorchFileWriter(NEW).write_end_of_file()",
)  # fmt: skip
JAX = (
    "jax.profiler.start_trace(NEW); jax.profiler.stop_trace()",
    "jax.pure_callback(lambda: (open(NEW, 'w'), np.float32(0))[1], jax.ShapeDtypeStruct((), np.float32))",
    "jax.pure_callback(lambda: np.float32(c.creat(NEW.encode(), 384)), jax.ShapeDtypeStruct((), np.float32))",
)
