"""A process's end at a moment of UTC, kept by the kernel: it comes whoever hangs or is taken over.

A POSIX timer on CLOCK_REALTIME with an absolute time sends SIGKILL, which can be neither caught nor
blocked. Unlike alarm(2) it follows the wall clock when that is set, and a machine that slept wakes
to it. After a lens's seal and a tap's confinement its system calls are refused, so that it stays.

Sources: timer_create(2), timer_settime(2), sigevent(3type).
"""

import ctypes
import os
import platform
import signal
import struct

from plainview.errors import SealError

NUMBERS = {
    "x86_64": {"timer_create": 222, "timer_settime": 223, "timer_delete": 226},
    "aarch64": {"timer_create": 107, "timer_settime": 110, "timer_delete": 111},
}
"""Linux arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h."""
_CLOCK_REALTIME, _SIGEV_SIGNAL, _TIMER_ABSTIME = 0, 0, 1
_SIGEVENT = struct.Struct("=QiI48x")
_ITIMERSPEC = struct.Struct("=qqqq")


def end_at(milliseconds: int) -> None:
    """Have the kernel kill this process at `milliseconds` UTC; at once if that is past.

    It is not inherited by a fork. Raises SealError if the kernel will not.
    """
    numbers = NUMBERS.get(platform.machine())
    if numbers is None:
        raise SealError(f"no timer is known for {platform.machine()}"[:60], where="deadline")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    event = ctypes.create_string_buffer(_SIGEVENT.pack(0, signal.SIGKILL, _SIGEV_SIGNAL))
    timer = ctypes.c_int()
    # A time of zero would disarm it: a moment long past ends the process all the same.
    seconds, rest = divmod(max(milliseconds, 1), 1000)
    when = ctypes.create_string_buffer(_ITIMERSPEC.pack(0, 0, seconds, rest * 1_000_000))
    done = libc.syscall(
        ctypes.c_long(numbers["timer_create"]),
        ctypes.c_int(_CLOCK_REALTIME),
        ctypes.byref(event),
        ctypes.byref(timer),
    ) or libc.syscall(
        ctypes.c_long(numbers["timer_settime"]),
        timer,
        ctypes.c_int(_TIMER_ABSTIME),
        ctypes.byref(when),
        ctypes.c_void_p(None),
    )
    if done != 0:
        raise SealError(
            f"the kernel keeps no time for a process's end ({os.strerror(ctypes.get_errno())})",
            where="deadline",
        )
