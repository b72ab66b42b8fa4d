"""What a sealed lens may ask of the kernel, by name, and the calls' numbers on two machines.

Numbers: Linux arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

AUDIT_ARCH = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
"""AUDIT_ARCH_* of linux/audit.h: the architecture that seccomp reports for a native call."""

X32_BIT = 0x4000_0000
"""Set in the number of an x32 call, which has x86-64's architecture but its own table."""

IO = ("read", "write", "close")
"""On the lens's own pipes: all that is open when it is sealed. First, being the most frequent."""

ALLOWED = (
    # memory (mmap and mprotect are allowed apart, without PROT_EXEC)
    "brk",
    "madvise",
    "mremap",
    "munmap",
    # waiting on oneself and the time; usually answered without entering the kernel
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "futex",
    "restart_syscall",
    "sched_yield",
    # what a language runtime asks about itself
    "getpid",
    "gettid",
    "getrandom",
    "getrusage",
    "sched_getaffinity",
    "sysinfo",
    "times",
    # leaving and dying. rt_sigaction is absent: the CPU limit's signal cannot be caught
    "exit",
    "exit_group",
    "rt_sigreturn",
    "sigaltstack",
)

NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0,
        "write": 1,
        "close": 3,
        "mmap": 9,
        "mprotect": 10,
        "munmap": 11,
        "brk": 12,
        "rt_sigreturn": 15,
        "sched_yield": 24,
        "mremap": 25,
        "madvise": 28,
        "getpid": 39,
        "exit": 60,
        "gettimeofday": 96,
        "getrusage": 98,
        "sysinfo": 99,
        "times": 100,
        "sigaltstack": 131,
        "gettid": 186,
        "time": 201,
        "futex": 202,
        "sched_getaffinity": 204,
        "restart_syscall": 219,
        "clock_gettime": 228,
        "clock_getres": 229,
        "exit_group": 231,
        "tgkill": 234,
        "seccomp": 317,
        "getrandom": 318,
    },
    "aarch64": {
        "close": 57,
        "read": 63,
        "write": 64,
        "exit": 93,
        "exit_group": 94,
        "futex": 98,
        "clock_gettime": 113,
        "clock_getres": 114,
        "sched_getaffinity": 123,
        "sched_yield": 124,
        "restart_syscall": 128,
        "tgkill": 131,
        "sigaltstack": 132,
        "rt_sigreturn": 139,
        "times": 153,
        "getrusage": 165,
        "gettimeofday": 169,
        "getpid": 172,
        "gettid": 178,
        "sysinfo": 179,
        "brk": 214,
        "munmap": 215,
        "mremap": 216,
        "mmap": 222,
        "mprotect": 226,
        "madvise": 233,
        "seccomp": 277,
        "getrandom": 278,
    },
}
