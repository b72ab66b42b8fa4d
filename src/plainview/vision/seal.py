"""Closes a lens's process for good: no network, no files, no exec, no new process (Linux).

Four parts, applied in this order by `seal`: resource limits, no-new-privileges and not dumpable,
Landlock with every right handled and none granted, and a seccomp filter that allows only what a
single-threaded decoding process needs. The last is an allow-list, so what a later kernel adds is
refused too. Nothing here can be undone by the process that called it.

Sources: Linux Documentation/userspace-api/{landlock,seccomp_filter,no_new_privs}.rst; landlock(7),
seccomp(2), prctl(2), setrlimit(2). By ctypes, without a library: see docs/design/0002.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
from pathlib import Path

from msgspec import Struct

from plainview.vision.spec import NetworkState
from plainview.vision.syscalls import ALLOWED, AUDIT_ARCH, IO, NUMBERS, X32_BIT

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_CREATE_RULESET_VERSION = 1
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}
"""File-system access rights that a Landlock ABI knows: the number of low bits."""
_FS_RIGHTS_NEWEST = 16
_NET_RIGHTS = 0b11
"""BIND_TCP and CONNECT_TCP, since ABI 4."""
_SCOPES = 0b11
"""Abstract UNIX sockets and signals, since ABI 6."""

_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_RET_KILL_PROCESS = 0x8000_0000
_RET_ERRNO = 0x0005_0000
_RET_ALLOW = 0x7FFF_0000

# Classic BPF (linux/filter.h): load a 32-bit word of seccomp_data, compare, return.
_LOAD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_ANY_BIT = 0x45
_RETURN = 0x06
_NUMBER_AT = 0
_ARCH_AT = 4
_ARGUMENTS_AT = 16
_PROT_EXEC = 0x4

Instruction = tuple[int, int, int, int]
"""(code, jump if true, jump if false, constant)."""


class SealReport(Struct, frozen=True, forbid_unknown_fields=True):
    """What held when a process was sealed."""

    landlock: int
    """The kernel's Landlock ABI that was applied; 0 for none."""
    seccomp: bool
    """Whether the system call filter is in place."""
    alone: bool
    """Whether the process had one thread: another one would have stayed outside the seal."""
    missing: tuple[str, ...] = ()
    """What the kernel refused, in plain words; no text from outside."""
    networks: tuple[NetworkState, ...] = ()
    """How each network of the site's own was found, in their order."""

    @property
    def sealed(self) -> bool:
        """Whether every part holds. Anything less is shown as unsealed."""
        return self.landlock > 0 and self.seccomp and self.alone and not self.missing


def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def _failed(result: int) -> str:
    return os.strerror(ctypes.get_errno()) if result < 0 else ""


def _limits(address_space: int, cpu_seconds: int, files: int) -> list[str]:
    """Set the resource limits; the CPU limit is soft, so that a parent may extend it."""
    wanted = (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_NOFILE, files, files),
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_AS, address_space, address_space),
        (resource.RLIMIT_CPU, cpu_seconds, resource.RLIM_INFINITY),
    )
    missing = []
    for which, soft, hard in wanted:
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            hard = ceiling if hard == resource.RLIM_INFINITY else min(hard, ceiling)  # noqa: PLW2901 - the tighter one wins
            soft = min(soft, hard)  # noqa: PLW2901 - the same
        try:
            resource.setrlimit(which, (soft, hard))
        except (OSError, ValueError):
            missing.append(f"resource limit {which}")
    return missing


def _privileges(libc: ctypes.CDLL) -> list[str]:
    missing = []
    # Arguments go as unsigned longs: prctl is variadic and reads full registers.
    for name, option, value in (
        ("no-new-privileges", _PR_SET_NO_NEW_PRIVS, 1),
        ("not dumpable", _PR_SET_DUMPABLE, 0),
    ):
        rest = [ctypes.c_ulong(v) for v in (value, 0, 0, 0)]
        if libc.prctl(ctypes.c_int(option), *rest) != 0:
            missing.append(name)
    return missing


def landlock_attributes(abi: int) -> bytes:
    """`struct landlock_ruleset_attr` that handles every right that `abi` (>= 1) knows."""
    rights = (1 << _FS_RIGHTS_BY_ABI.get(abi, _FS_RIGHTS_NEWEST)) - 1
    if abi < 4:
        return struct.pack("=Q", rights)
    if abi < 6:
        return struct.pack("=QQ", rights, _NET_RIGHTS)
    return struct.pack("=QQQ", rights, _NET_RIGHTS, _SCOPES)


def _landlock(libc: ctypes.CDLL) -> tuple[int, list[str]]:
    number = ctypes.c_long(_LANDLOCK_CREATE_RULESET)
    none = ctypes.c_void_p(None)
    version = ctypes.c_uint32(_CREATE_RULESET_VERSION)
    abi = libc.syscall(number, none, ctypes.c_size_t(0), version)
    if abi < 1:
        return 0, ["Landlock (kernel 5.13 or later, in its list of security modules)"]
    attributes = landlock_attributes(abi)
    ruleset = libc.syscall(number, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return 0, [f"a Landlock ruleset ({_failed(ruleset)})"]
    result = libc.syscall(
        ctypes.c_long(_LANDLOCK_RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint32(0)
    )
    why = _failed(result)
    os.close(ruleset)
    return (0, [f"Landlock ({why})"]) if why else (abi, [])


def allow_list(machine: str, pid: int, more: tuple[str, ...] = ()) -> list[Instruction]:
    """The seccomp program for `machine` ('x86_64' or 'aarch64') and the process `pid`.

    Calls in `more` are allowed too.

    Wrong architecture, or an x32 call: the process is killed. Not in `ALLOWED`: EPERM. `mmap` and
    `mprotect` are allowed without PROT_EXEC, `tgkill` to the process itself (so that an abort in a
    decoder ends as one). Raises KeyError for another machine.
    """
    numbers = NUMBERS[machine]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _RET_KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        program += [(_JUMP_ANY_BIT, 0, 1, X32_BIT), (_RETURN, 0, 0, _RET_KILL_PROCESS)]
    refuse = (_RETURN, 0, 0, _RET_ERRNO | errno.EPERM)
    allow = (_RETURN, 0, 0, _RET_ALLOW)
    for name in (*IO, *ALLOWED, *more):
        if name in numbers:
            program += [(_JUMP_EQUAL, 0, 1, numbers[name]), allow]
    # The third argument of both is `prot`. The kernel reads its low word.
    prot = _ARGUMENTS_AT + 2 * 8
    for name in ("mmap", "mprotect"):
        program += [
            (_JUMP_EQUAL, 0, 4, numbers[name]),
            (_LOAD, 0, 0, prot),
            (_JUMP_ANY_BIT, 0, 1, _PROT_EXEC),
            refuse,
            allow,
        ]
    program += [
        (_JUMP_EQUAL, 0, 4, numbers["tgkill"]),
        (_LOAD, 0, 0, _ARGUMENTS_AT),
        (_JUMP_EQUAL, 0, 1, pid),
        allow,
        refuse,
        refuse,
    ]
    return program


def deny_list(machine: str, numbers: tuple[int, ...], error: int) -> list[Instruction]:
    """A seccomp program that makes the system calls `numbers` fail with `error`, and no others.

    Shows what a process does on a kernel that lacks them (used by tests; loosens nothing).
    """
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _RET_KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for number in numbers:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _RET_ERRNO | error)]
    return [*program, (_RETURN, 0, 0, _RET_ALLOW)]


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(program: list[Instruction]) -> str:
    """Put a seccomp `program` in force for every thread; why not, or '' when it is.

    Needs no-new-privileges. It can only ever be narrowed after.
    """
    libc = _libc()
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *i) for i in program))
    argument = _Program(len(program), ctypes.cast(packed, ctypes.c_void_p).value)
    result = libc.syscall(
        ctypes.c_long(NUMBERS[platform.machine()]["seccomp"]),
        ctypes.c_uint(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_uint(_SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.byref(argument),
    )
    # With TSYNC a positive result is the thread that could not be brought along.
    return _failed(result) if result < 0 else ("another thread" if result > 0 else "")


def close_all_but(keep: set[int]) -> None:
    """Close every open file descriptor that is not in `keep`."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - runs in every forked child: keep it cheap
        number = int(name)
        if number not in keep:
            # One of them was the listing itself, closed by now.
            try:
                os.close(number)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise


def threads() -> int:
    """Threads of this process."""
    return len(list(Path("/proc/self/task").iterdir()))


def seal(*, address_space: int, cpu_seconds: int = 20, files: int = 16) -> SealReport:
    """Seal this process, for good, and say what held. Call before any data from outside is read.

    `address_space` is RLIMIT_AS in bytes; `cpu_seconds` the first soft RLIMIT_CPU, counted from the
    process's start, which an unsealed parent may extend; `files` bounds descriptor numbers. File
    descriptors that are open stay open: close the others first (`close_all_but`).
    """
    machine = platform.machine()
    alone = threads() == 1
    missing = [] if alone else ["a single thread"]
    libc = _libc()
    missing += _limits(address_space, cpu_seconds, files)
    missing += _privileges(libc)
    landlock, why = _landlock(libc)
    missing += why
    seccomp = False
    if machine in NUMBERS:
        refused = install(allow_list(machine, os.getpid()))
        seccomp = not refused
        missing += [f"the system call filter ({refused})"] if refused else []
    else:
        missing.append(f"a system call filter for {machine}"[:60])
    return SealReport(landlock=landlock, seccomp=seccomp, alone=alone, missing=tuple(missing))
