"""Landlock: this thread, and those it starts, may write no file and run no program; the kernel sees to it.

From linux/landlock.h and https://docs.kernel.org/userspace-api/landlock.html. It needs no privileges, and there is no
way back. What a kernel does not know of yet is left out: the network comes with its version 4, signals with 6.
"""

import ctypes
import os
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, on every machine
GIVE_VERSION = 1
PATH_BENEATH = 1
NO_NEW_PRIVS = 38  # prctl
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, IOCTL_DEV = (1 << bit for bit in (0, 1, 2, 3, 15))
# By version: the rights on files that it knows, as many low bits; those on TCP ports; what it can keep inside.
FILES = {1: 13, 2: 14, 3: 15, 5: 16}
TCP = {4: 2}  # bind, connect
SCOPES = {6: 2}  # abstract sockets, signals


class Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The version of Landlock that the kernel has; 0 where it has none."""
    return max(_syscall(CREATE_RULESET, None, 0, GIVE_VERSION), 0) if sys.platform == "linux" else 0


def restrict(writable: str = os.devnull) -> bool:
    """Restrict this thread, but for one path. Returns whether it holds."""
    known = version()
    if not known:
        return False
    files = _bits(FILES, known) & ~(READ_FILE | READ_DIR)
    asked = Ruleset(files, _bits(TCP, known), _bits(SCOPES, known))
    rules = _syscall(CREATE_RULESET, ctypes.byref(asked), ctypes.sizeof(asked), 0)
    if rules < 0:
        return False
    parent = os.open(writable, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = Beneath(files & (WRITE_FILE | IOCTL_DEV), parent)
        if _syscall(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(rule), 0) < 0 or not no_new_privileges():
            return False
        return _syscall(RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(parent)
        os.close(rules)


def no_new_privileges() -> bool:
    """Give up what a program with other rights could bring back; the kernel asks for it first."""
    return _libc().prctl(NO_NEW_PRIVS, *(ctypes.c_ulong(n) for n in (1, 0, 0, 0))) == 0


def _bits(by: dict[int, int], known: int) -> int:
    return (1 << max((count for since, count in by.items() if since <= known), default=0)) - 1


def _syscall(number: int, *args: object) -> int:
    given = (ctypes.c_long(one) if isinstance(one, int) else one for one in args)
    return _libc().syscall(ctypes.c_long(number), *given)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
