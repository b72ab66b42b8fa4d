"""Takes from a tap's process what it never needs: it keeps its one source and the way out.

A tap reads what a camera sends with FFmpeg's demuxers, so it may fall to a hostile one. It cannot
be sealed as a lens is (it has the network), but it can run nothing, write nothing, see no other
process and, reading a file, neither open another file nor any socket. Best effort: the wall that
privacy rests on is the lens's seal, so a kernel without Landlock only loses depth here.

Sources: landlock(7), seccomp(2), prctl(2); Linux include/uapi/linux/landlock.h.
"""

import ctypes
import os
import platform
import resource
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from plainview.vision import deadline, seal, syscalls

if TYPE_CHECKING:
    from plainview.vision.sources import Kind  # loads FFmpeg, which the recorder does without

MEMORY = 1 << 30
"""Bytes of address space beyond what the process has at the start."""
FILES = 64
_NO_NEW_PRIVS, _DUMPABLE = 38, 4
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR, _IOCTL = 1 << 1, 1 << 2, 1 << 3, 1 << 15
_NEVER_BENEATH = 1 << 0 | 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | _IOCTL
"""EXECUTE, MAKE_CHAR, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK and ioctl on devices."""
_IOCTL_ABI = 5
_NET_ABI = 4
_BIND_TCP = 1

# What looking up a name and checking a certificate read. The libraries are glibc's own for that.
_LOOKUP = (
    "/etc",
    "/usr/share/ca-certificates",
    "/usr/lib",
    "/lib",
    "/lib64",
    "/run/systemd/resolve",
)

_NEVER = {
    "x86_64": {
        "execve": 59,
        "execveat": 322,
        "ptrace": 101,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "mount": 165,
        "unshare": 272,
        "setns": 308,
        "bpf": 321,
        "perf_event_open": 298,
        "userfaultfd": 323,
        "keyctl": 250,
        "io_uring_setup": 425,
        **deadline.NUMBERS["x86_64"],
    },
    "aarch64": {
        "execve": 221,
        "execveat": 281,
        "ptrace": 117,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "mount": 40,
        "unshare": 97,
        "setns": 268,
        "bpf": 280,
        "perf_event_open": 241,
        "userfaultfd": 282,
        "keyctl": 219,
        "io_uring_setup": 425,
        **deadline.NUMBERS["aarch64"],
    },
}
"""System calls that no tap makes, its deadline's among them. Numbers: as in `syscalls`."""
_NETWORK = {
    "x86_64": {"socket": 41, "socketpair": 53},
    "aarch64": {"socket": 198, "socketpair": 199},
}
"""System calls that a tap of a local source does not make."""


def confine(kind: "Kind", *, readable: tuple[str, ...] = ()) -> list[str]:
    """Confine this process for good to a source of this `kind`; what the kernel refused.

    A camera's tap may read the files `readable` too (certificates).
    Call before any data from outside is read, and after a file has been opened: no other can be.
    """
    missing = _limits()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    for option, value in ((_NO_NEW_PRIVS, 1), (_DUMPABLE, 0)):
        arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
        if libc.prctl(ctypes.c_int(option), *arguments) != 0:
            missing.append(f"prctl {option}")
    missing += _landlock(libc, kind, readable)
    machine = platform.machine()
    if machine in _NEVER:
        calls = _NEVER[machine] | ({} if kind in {"rtsp", "http"} else _NETWORK[machine])
        refused = seal.install(seal.deny_list(machine, tuple(calls.values()), 1))
        missing += [f"the system call filter ({refused})"] if refused else []
    else:
        missing.append("a system call filter for this machine")
    return missing


def confine_to(folder: str) -> list[str]:
    """Confine this process for good to the files below `folder`; what the kernel refused.

    For the recorder: no network, no exec, no new process, and no other path, to read or to write;
    of the kernel's calls those alone that recording takes. Call when all code that it needs is
    loaded.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    missing = []
    if libc.prctl(ctypes.c_int(_NO_NEW_PRIVS), *(ctypes.c_ulong(n) for n in (1, 0, 0, 0))) != 0:
        missing.append(f"prctl {_NO_NEW_PRIVS}")
    missing += _landlock(libc, "folder", (folder,))
    machine = platform.machine()
    if machine not in syscalls.NUMBERS:
        return [*missing, "a system call filter for this machine"]
    refused = seal.install(seal.allow_list(machine, os.getpid(), syscalls.RECORDER))
    return [*missing, f"the system call filter ({refused})"] if refused else missing


def _limits() -> list[str]:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    space = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    missing = []
    for which, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_AS, space),
    ):
        hard = resource.getrlimit(which)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (limit, limit))
        except (OSError, ValueError):
            missing.append(f"resource limit {which}")
    return missing


def _landlock(
    libc: ctypes.CDLL, kind: "Kind | Literal['folder']", readable: tuple[str, ...]
) -> list[str]:
    abi = libc.syscall(
        ctypes.c_long(_CREATE), ctypes.c_void_p(None), ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)
    )
    if abi < 1:
        return ["Landlock"]
    everything = seal.landlock_attributes(abi)
    rights, *rest = struct.unpack(f"={len(everything) // 8}Q", everything)
    if abi >= _NET_ABI and kind in {"rtsp", "http"}:
        rest[0] = _BIND_TCP  # it calls, and is never called
    attributes = struct.pack(f"={1 + len(rest)}Q", rights, *rest)
    ruleset = libc.syscall(
        ctypes.c_long(_CREATE), attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        return ["a Landlock ruleset"]
    paths: tuple[str, ...] = ()
    granted = _READ_FILE | _READ_DIR
    if kind in {"rtsp", "http"}:
        paths = (*_LOOKUP, *readable)
    elif kind == "device":
        paths, granted = ("/dev",), _READ_FILE | _WRITE_FILE | (_IOCTL if abi >= _IOCTL_ABI else 0)
    elif kind == "folder":
        # All but running a file and making devices, sockets and pipes.
        paths, granted = readable, rights & ~_NEVER_BENEATH
    try:
        for path in paths:
            _grant(libc, ruleset, path, granted)
        done = libc.syscall(ctypes.c_long(_RESTRICT), ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return ["Landlock"] if done else []


def _grant(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """Allow `rights` beneath `path`; a path that is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not Path(path).is_dir():
        rights &= ~_READ_DIR
    rule = struct.pack("=Qi", rights, place)
    libc.syscall(
        ctypes.c_long(_ADD),
        ctypes.c_int(ruleset),
        ctypes.c_int(_PATH_BENEATH),
        rule,
        ctypes.c_uint32(0),
    )
    os.close(place)
