"""seccomp: a filter of system calls for all threads of this process, for what Landlock does not see.

From linux/seccomp.h, linux/filter.h and https://docs.kernel.org/userspace-api/seccomp_filter.html; the numbers from
asm/unistd_64.h and asm-generic/unistd.h. It needs no privileges, and there is no way back. A filter sees numbers and
flags, never what a pointer leads to: of an open file it can tell that it is to be written, and not which one it is.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from errno import EACCES, ENOMEM, ENOSYS, EPERM

from .landlock import no_new_privileges

# Calls with their numbers on x86_64 and aarch64; "-" where a machine has none.
CHANGING = """
mkdir 83 -; mkdirat 258 34; mknod 133 -; mknodat 259 33; rename 82 -; renameat 264 38; renameat2 316 276; link 86 -;
linkat 265 37; symlink 88 -; symlinkat 266 36; unlink 87 -; unlinkat 263 35; rmdir 84 -; truncate 76 45;
ftruncate 77 46; fallocate 285 47; creat 85 -; chmod 90 -; fchmod 91 52; fchmodat 268 53; fchmodat2 452 452;
chown 92 -; fchown 93 55; lchown 94 -; fchownat 260 54; utime 132 -; utimes 235 -; futimesat 261 -; utimensat 280 88;
setxattr 188 5; lsetxattr 189 6; fsetxattr 190 7; setxattrat 463 463; removexattr 197 14; lremovexattr 198 15;
fremovexattr 199 16; removexattrat 466 466; file_setattr 469 469; open_by_handle_at 304 265; mq_open 240 180;
mq_unlink 241 181"""
STARTING = "execve 59 221; execveat 322 281; fork 57 -; vfork 58 -"
MEDDLING = """
tkill 200 130; pidfd_open 434 434; pidfd_getfd 438 438; pidfd_send_signal 424 424; rt_tgsigqueueinfo 297 240;
rt_sigqueueinfo 129 138; ptrace 101 117; process_vm_writev 311 271; process_vm_readv 310 270; process_madvise 440 440;
process_mrelease 448 448; kcmp 312 272; setpriority 141 140; ioprio_set 251 30; migrate_pages 256 238;
move_pages 279 239; setsid 112 157; setpgid 109 154; shmget 29 194; shmat 30 196; shmctl 31 195; semget 64 190;
semop 65 193; semctl 66 191; semtimedop 220 192; msgget 68 186; msgsnd 69 189; msgrcv 70 188; msgctl 71 187;
socket 41 198; bind 49 200; listen 50 201; connect 42 203; sendmsg 46 211; sendmmsg 307 269;
io_uring_setup 425 425; io_uring_enter 426 426; io_uring_register 427 427; memfd_create 319 279;
memfd_secret 447 447; setrlimit 160 164"""
SYSTEM = """
mount 165 40; umount2 166 39; pivot_root 155 41; chroot 161 51; move_mount 429 429; open_tree 428 428;
open_tree_attr 467 467; fsopen 430 430; fsmount 432 432; fspick 433 433; fsconfig 431 431; mount_setattr 442 442;
unshare 272 97; setns 308 268; bpf 321 280; perf_event_open 298 241; userfaultfd 323 282; keyctl 250 219;
add_key 248 217; request_key 249 218; swapon 167 224; swapoff 168 225; reboot 169 142; kexec_load 246 104;
kexec_file_load 320 294; init_module 175 105; finit_module 313 273; delete_module 176 106; settimeofday 164 170;
clock_settime 227 112; clock_adjtime 305 266; adjtimex 159 171; sethostname 170 161; setdomainname 171 162;
acct 163 89; quotactl 179 60; quotactl_fd 443 443; iopl 172 -; ioperm 173 -; syslog 103 116; vhangup 153 58;
fanotify_init 300 262; fanotify_mark 301 263"""
LOOKED_AT = """
open 2 -; openat 257 56; openat2 437 437; clone 56 220; clone3 435 435; kill 62 129; socketpair 53 199;
sendto 44 206; tgkill 234 131; mmap 9 222;
prlimit64 302 261; fcntl 72 25; ioctl 16 29"""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
THREAD = 0x10000  # CLONE_THREAD
SHARED, ANONYMOUS = 0x1, 0x20  # of mmap: such memory counts against no limit
PACKETS = 0xE  # any type of socket but SOCK_STREAM
OWNERS = (8, 10, 15)  # fcntl: F_SETOWN, F_SETSIG, F_SETOWN_EX, by which another process is sent a signal
# ioctl: TIOCSTI and TIOCLINUX type at a terminal, FIOSETOWN and SIOCSPGRP are F_SETOWN, FS_IOC_SETFLAGS and
# FS_IOC_FSSETXATTR change a file that is open to be read.
CONTROLS = (0x5412, 0x541C, 0x8901, 0x8902, 0x40086602, 0x401C5820)
MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}  # column, AUDIT_ARCH_*, SYS_seccomp
X32 = 0x40000000  # numbers from here on are x86_64's calls in another dress

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ, JGE, JSET, BPF_RET
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_*
SET_FILTER, ALL_THREADS = 1, 1  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # where they stand in struct seccomp_data


@dataclass(frozen=True)
class Test:
    """Of an argument, counted from 0, 32 bits of it: the `upper` half where asked. `kind` EQUAL or ANY_BIT, or `no`."""

    argument: int
    kind: int
    value: int
    no: bool = False
    upper: bool = False


@dataclass(frozen=True)
class Rule:
    """A call that is refused with an error where all tests hold."""

    call: str
    error: int
    tests: tuple[Test, ...] = ()


def rules(open_to_write: bool) -> Iterator[Rule]:
    """What is refused. `open_to_write`: files may be opened for writing, since something else sees to which."""
    for calls, error in ((CHANGING, EACCES), (STARTING, EPERM), (MEDDLING, EPERM), (SYSTEM, EPERM)):
        yield from (Rule(name, error) for name in _names(calls))
    yield Rule("clone", EPERM, (Test(0, ANY_BIT, THREAD, no=True),))
    yield Rule("clone3", ENOSYS)  # its flags stand in memory; the C library falls back to clone
    for call in ("kill", "tgkill"):  # abort() is a signal to itself
        yield Rule(call, EPERM, (Test(0, EQUAL, os.getpid(), no=True),))
    yield Rule("mmap", ENOMEM, (Test(3, ANY_BIT, SHARED), Test(3, ANY_BIT, ANONYMOUS)))
    yield Rule("socketpair", EPERM, (Test(1, ANY_BIT, PACKETS),))  # such a one can be connected to others
    for upper in (False, True):  # a pointer, to new limits or to an address
        yield Rule("prlimit64", EPERM, (Test(2, EQUAL, 0, no=True, upper=upper),))
        yield Rule("sendto", EPERM, (Test(4, EQUAL, 0, no=True, upper=upper),))
    yield from (Rule("fcntl", EPERM, (Test(1, EQUAL, command),)) for command in OWNERS)
    yield from (Rule("ioctl", EPERM, (Test(1, EQUAL, command),)) for command in CONTROLS)
    if not open_to_write:
        yield Rule("openat2", ENOSYS)
        yield Rule("open", EACCES, (Test(1, ANY_BIT, WRITING),))
        yield Rule("openat", EACCES, (Test(2, ANY_BIT, WRITING),))


def restrict(open_to_write: bool) -> bool:
    """Put the filter on all threads. Returns whether it holds; it does not where the machine or kernel is unknown."""
    known = MACHINES.get(platform.machine())
    if sys.platform != "linux" or known is None or sys.maxsize < 1 << 32 or not no_new_privileges():
        return False
    column, machine, seccomp = known
    code = ctypes.create_string_buffer(program(tuple(rules(open_to_write)), column, machine))
    count = (len(code) - 1) // 8
    filters = struct.pack("HxxxxxxP", count, ctypes.addressof(code))
    numbers = (ctypes.c_long(number) for number in (seccomp, SET_FILTER, ALL_THREADS))
    return ctypes.CDLL(None).syscall(*numbers, filters) == 0


def program(refused: Sequence[Rule], column: int, machine: int) -> bytes:
    """The filter in BPF: what is not refused is allowed."""
    numbers = _numbers("; ".join((CHANGING, STARTING, MEDDLING, SYSTEM, LOOKED_AT)), column)
    code = _step(LOAD, MACHINE) + _step(EQUAL, machine, 1, 0) + _step(RETURN, REFUSE | EPERM)
    code += _step(LOAD, NUMBER) + _step(AT_LEAST, X32, 0, 1) + _step(RETURN, REFUSE | EPERM)
    for rule in refused:
        if rule.call not in numbers:
            continue
        body = _step(RETURN, REFUSE | rule.error)
        for test in reversed(rule.tests):
            past = len(body) // 8
            jumps = (past, 0) if test.no else (0, past)
            offset = ARGUMENTS + 8 * test.argument + 4 * test.upper
            body = _step(LOAD, offset) + _step(test.kind, test.value, *jumps) + body
        code += _step(LOAD, NUMBER) + _step(EQUAL, numbers[rule.call], 0, len(body) // 8) + body
    return code + _step(RETURN, ALLOW)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _names(calls: str) -> list[str]:
    return [row.split()[0] for row in calls.split(";")]


def _numbers(calls: str, column: int) -> dict[str, int]:
    rows = (row.split() for row in calls.split(";"))
    return {name: int(numbers[column]) for name, *numbers in rows if numbers[column] != "-"}
