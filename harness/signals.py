"""Being ended from outside: SIGTERM and SIGHUP take the way that an error takes, so that nothing is left behind."""

import signal
import sys
from types import FrameType


def heed() -> None:
    """Have them end this process with 128 + their number. One that is ignored, as nohup has it, stays ignored."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows knows the first alone
        if number and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # whoever asks twice is not kept waiting
    workers = sys.modules.get(f"{__package__}.workers")
    if workers:  # threads wait for their answers, and are waited for
        workers.end_all()
    raise SystemExit(128 + number)
