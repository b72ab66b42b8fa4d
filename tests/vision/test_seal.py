"""The seal, tried from inside: really sealed processes that attempt each forbidden thing."""

import ctypes
import errno
import faulthandler
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from plainview.vision import seal, syscalls

# The child of a fork has one thread, whatever pytest has.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

# The test process forks itself, and may be large by then; test_address_space has its own bound.
ADDRESS_SPACE = 64_000_000_000
_SYSCALL = ctypes.CDLL(None, use_errno=True).syscall
_SYSCALL.restype = ctypes.c_long
X86 = platform.machine() == "x86_64"


class Outcome(NamedTuple):
    """What a forked process told before it ended."""

    said: str
    code: int


def forked(work: Callable[[], object]) -> Outcome:
    """Run `work` in a forked process; what it returned or raised, as text, and how it ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        faulthandler.disable()
        try:
            said = repr(work())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    parts = []
    while part := os.read(reading, 65536):
        parts.append(part)
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    return Outcome(b"".join(parts).decode(), os.waitstatus_to_exitcode(status))


def sealed(attempt: Callable[[], object]) -> Outcome:
    """Run `attempt` in a forked process after it was sealed as a lens is."""

    def work() -> object:
        report = seal.seal(address_space=ADDRESS_SPACE, files=512)
        if not report.seccomp:
            return report
        return attempt()

    return forked(work)


def call(number: int, *arguments: int) -> str:
    """The name of the error that system call `number` ends with; 'done' when it succeeds."""
    result = _SYSCALL(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    return "done" if result >= 0 else errno.errorcode[ctypes.get_errno()]


def refused(number: int, *arguments: int) -> bool:
    """Whether a sealed process is refused the system call `number` for lack of permission."""
    return sealed(lambda: call(number, *arguments)) == Outcome("'EPERM'", 0)


NAMES = {
    # name: number on (x86_64, aarch64), from the kernel's tables
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "mount": (165, 40),
    "umount2": (166, 39),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "chdir": (80, 49),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "capset": (126, 91),
    "prctl": (157, 167),
    "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
    "dup": (32, 23),
    "dup3": (292, 24),
    "pipe2": (293, 59),
    "eventfd2": (290, 19),
    "epoll_create1": (291, 20),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "prlimit64": (302, 261),
    "pkey_mprotect": (329, 288),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "personality": (135, 92),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "timer_create": (222, 107),
    "vmsplice": (316, 75),
    "splice": (275, 76),
    "sendfile": (40, 71),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "statx": (332, 291),
    "execveat": (322, 281),
    "clone": (56, 220),
    "clone3": (435, 435),
    "a call that no kernel has yet": (900, 900),
}


def test_report_is_sealed_on_a_kernel_that_has_all() -> None:
    """On a kernel that has Landlock and seccomp every part of the seal holds, and is told."""
    if _SYSCALL(ctypes.c_long(444), None, ctypes.c_size_t(0), ctypes.c_uint32(1)) < 1:
        pytest.skip("this kernel has no Landlock")
    outcome = forked(lambda: seal.seal(address_space=ADDRESS_SPACE, files=512).sealed)
    assert outcome == Outcome("True", 0)


@pytest.mark.parametrize("name", NAMES)
def test_system_call_is_refused(name: str) -> None:
    """No system call outside the allow-list passes, whatever it is for."""
    assert refused(NAMES[name][0 if X86 else 1], 0, 0, 0, 0, 0)


def test_network_is_refused() -> None:
    """No socket of any family can be made, nor a pair of them."""

    def attempt() -> list[str]:
        said = []
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                try:
                    socket.socket(family, kind)
                except PermissionError as error:
                    said.append(errno.errorcode[error.errno or 0])
        try:
            socket.socketpair()
        except PermissionError:
            said.append("pair")
        return said

    assert sealed(attempt).said == repr(["EPERM"] * 12 + ["pair"])


def test_inherited_socket_cannot_connect() -> None:
    """A socket that was open before the seal can neither connect, send nor listen after it."""
    existing = socket.socket()

    def attempt() -> list[str]:
        said = []
        tries: list[Callable[[], object]] = [
            lambda: existing.connect(("127.0.0.1", 9)),
            lambda: existing.bind(("127.0.0.1", 0)),
            lambda: existing.listen(1),
            lambda: existing.sendto(b"x", ("127.0.0.1", 9)),
            lambda: existing.recv(1),
        ]
        for act in tries:
            try:
                act()
            except PermissionError:
                said.append("refused")
        return said

    with existing:
        assert sealed(attempt).said == repr(["refused"] * 5)


@pytest.mark.parametrize(
    "flags",
    [os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT, os.O_TMPFILE | os.O_RDWR, os.O_PATH],
)
def test_open_is_refused(flags: int, tmp_path: Path) -> None:
    """No file opens: to read, to write, made anew, nameless, or as a mere handle."""
    place = tmp_path if flags & os.O_TMPFILE == os.O_TMPFILE else tmp_path / "file"
    if not flags & os.O_CREAT and place != tmp_path:
        place.write_text("x")
    assert sealed(lambda: os.open(place, flags)).said.startswith("PermissionError")


def test_open_beside_an_open_folder_is_refused(tmp_path: Path) -> None:
    """A folder that was open before the seal is no way to its files (openat, openat2)."""
    (tmp_path / "file").write_text("x")
    folder = os.open(tmp_path, os.O_DIRECTORY)
    try:
        outcome = sealed(lambda: os.open("file", os.O_RDONLY, dir_fd=folder))
        assert outcome.said.startswith("PermissionError")
        assert refused(437, folder, 0, 0, 24)
    finally:
        os.close(folder)


def test_file_system_changes_are_refused(tmp_path: Path) -> None:
    """Nothing can be linked, renamed, removed, made, re-owned or even looked at by name."""
    file = tmp_path / "file"
    file.write_text("kept")
    other = tmp_path / "other"
    tries: list[Callable[[], object]] = [
        lambda: os.link(file, other),
        lambda: other.symlink_to(file),
        lambda: file.rename(other),
        file.unlink,
        other.mkdir,
        tmp_path.rmdir,
        lambda: file.chmod(0),
        lambda: os.chown(file, 1, 1),
        lambda: os.truncate(file, 0),
        lambda: os.utime(file),
        lambda: os.mkfifo(other),
        file.stat,
        lambda: list(tmp_path.iterdir()),
        file.readlink,
        Path.cwd,
        lambda: os.chdir(tmp_path),
    ]

    def attempt() -> int:
        count = 0
        for act in tries:
            try:
                act()
            except PermissionError:
                count += 1
        return count

    assert sealed(attempt).said == repr(len(tries))
    assert file.read_text() == "kept"


def test_exec_is_refused() -> None:
    """No program can be started."""
    outcome = sealed(lambda: os.execv("/bin/true", ["true"]))  # noqa: S606 - tried in order to fail
    assert outcome.said.startswith("PermissionError")


def test_new_processes_and_threads_are_refused() -> None:
    """There is no fork and no thread."""
    assert sealed(os.fork).said.startswith("PermissionError")
    if X86:
        assert refused(57)  # fork
        assert refused(58)  # vfork
    outcome = sealed(lambda: threading.Thread(target=int).start())
    assert outcome.said.startswith("RuntimeError")


def test_others_cannot_be_signalled() -> None:
    """Neither the parent nor anyone else can be sent a signal, nor be probed for being there."""
    parent = os.getpid()
    for number in (0, signal.SIGTERM, signal.SIGKILL):
        outcome = sealed(lambda number=number: os.kill(parent, number))  # type: ignore[misc]
        assert outcome.said.startswith("PermissionError")
    assert refused(syscalls.NUMBERS[platform.machine()]["tgkill"], parent, parent, 15)


def test_abort_still_ends_the_process_as_an_abort() -> None:
    """A decoder that aborts dies of SIGABRT, so that the cause is seen; nothing lives on."""
    assert sealed(os.abort).code in (-signal.SIGABRT, -signal.SIGSEGV)


def test_memory_cannot_be_made_executable() -> None:
    """No memory can be mapped executable, or turned executable later."""

    def attempt() -> list[str]:
        said = []
        try:
            mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)
        except PermissionError:
            said.append("map")
        plain = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(plain))
        number = syscalls.NUMBERS[platform.machine()]["mprotect"]
        said += [call(number, address, 4096, protection) for protection in (4, 5, 7, 1)]
        return said

    assert sealed(attempt).said == repr(["map", "EPERM", "EPERM", "EPERM", "done"])


@pytest.mark.skipif(not X86, reason="x32 exists on x86-64 only")
def test_x32_call_kills() -> None:
    """A call through the x32 table, which could slip past numbers, ends the process."""
    outcome = sealed(lambda: call(0x4000_0000 | 39))
    assert outcome == Outcome("", -signal.SIGSYS)


@pytest.mark.skipif(not X86, reason="32-bit calls are made here by x86 machine code")
def test_call_of_another_architecture_kills() -> None:
    """A 32-bit call (int 0x80), whose numbers mean other things, ends the process."""
    # mov eax, 20 (getpid of i386); int 0x80; ret. Mapped before the seal: none can be after.
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    outcome = sealed(function)
    assert outcome == Outcome("", -signal.SIGSYS)


def test_seal_cannot_be_undone() -> None:
    """Limits cannot be raised, and privileges or a wider filter cannot be had again."""

    def attempt() -> list[str]:
        said = []
        for which in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
            try:
                resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            except (PermissionError, ValueError):
                said.append("held")
        allow_all = [(0x06, 0, 0, 0x7FFF_0000)]
        said.append(seal.install(allow_all))
        return said

    assert sealed(attempt).said == repr(["held"] * 3 + ["Operation not permitted"])


def test_landlock_holds_without_the_filter(tmp_path: Path) -> None:
    """Were the filter to have a hole, Landlock alone would still refuse files and TCP."""
    if _SYSCALL(ctypes.c_long(444), None, ctypes.c_size_t(0), ctypes.c_uint32(1)) < 4:
        pytest.skip("this kernel has no Landlock with network rights")
    (tmp_path / "file").write_text("x")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        address = listener.getsockname()

        def attempt() -> list[str]:
            libc = seal._libc()
            assert seal._privileges(libc) == []
            seal._landlock(libc)
            said = []
            tries: list[Callable[[], object]] = [
                lambda: os.open(tmp_path / "file", os.O_RDONLY),
                lambda: os.open(tmp_path / "new", os.O_RDWR | os.O_CREAT),
                lambda: list(tmp_path.iterdir()),
                (tmp_path / "file").unlink,
                lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - tried in order to fail
                lambda: socket.create_connection(address),
            ]
            for act in tries:
                try:
                    act()
                except PermissionError:
                    said.append("refused")
            return said

        assert forked(attempt).said == repr(["refused"] * 6)


def test_memory_limit_holds() -> None:
    """More address space than agreed on is refused as a MemoryError, not by the machine's end."""

    def attempt() -> int:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        seal.seal(address_space=pages * mmap.PAGESIZE + 100_000_000, files=512)
        return len(bytearray(200_000_000))

    assert forked(attempt).said.startswith("MemoryError")
    assert forked(lambda: len(bytearray(200_000_000))).said == "200000000"


def test_endless_loop_is_ended_by_the_kernel() -> None:
    """A process that spins past its CPU leash is killed even if nobody watches it."""

    def work() -> None:
        seal.seal(address_space=ADDRESS_SPACE, cpu_seconds=1, files=512)
        while True:
            pass

    assert forked(work).code == -signal.SIGXCPU


def test_no_core_and_no_file_growth() -> None:
    """A crash leaves no picture of the memory behind: no core file, and not dumpable."""

    def attempt() -> tuple[int, ...]:
        return (
            resource.getrlimit(resource.RLIMIT_CORE)[1],
            resource.getrlimit(resource.RLIMIT_FSIZE)[1],
        )

    def work() -> object:
        # Read before the filter forbids it: the limits are set first.
        missing = seal._limits(ADDRESS_SPACE, 20, 512)
        missing += seal._privileges(seal._libc())
        dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
        return (missing, dumpable, *attempt())

    assert forked(work).said == repr(([], 0, 0, 0))


def test_what_a_lens_needs_still_works() -> None:
    """Reading, writing, memory, time and randomness are left."""

    def attempt() -> bool:
        block = bytearray(8_000_000)
        return len(block) > 0 and len(os.urandom(8)) == 8 and os.times().user >= 0

    assert sealed(attempt) == Outcome("True", 0)


@pytest.mark.parametrize(
    ("numbers", "part"),
    [
        ((444, 445, 446), "landlock"),
        ((syscalls.NUMBERS.get(platform.machine(), {}).get("seccomp", 0),), "seccomp"),
    ],
)
def test_kernel_that_lacks_a_part_is_told(numbers: tuple[int, ...], part: str) -> None:
    """On a kernel without Landlock or seccomp the process is reported unsealed, never silently."""

    def work() -> bytes:
        seal._privileges(seal._libc())
        if part == "landlock":
            seal.install(seal.deny_list(platform.machine(), numbers, errno.ENOSYS))
        else:
            # Installed by the very call that it takes away.
            seal.install(seal.deny_list(platform.machine(), numbers, errno.EINVAL))
        return msgspec.json.encode(seal.seal(address_space=ADDRESS_SPACE, files=512))

    report = msgspec.json.decode(eval(forked(work).said), type=seal.SealReport)  # noqa: S307 - our own child's bytes
    assert not report.sealed
    assert report.missing
    assert report.seccomp is (part == "landlock")
    assert (report.landlock > 0) is (part == "seccomp")


def test_second_thread_is_told() -> None:
    """A process with another thread is reported unsealed: that one may have stayed outside."""

    def work() -> bool:
        gate = threading.Event()
        thread = threading.Thread(target=gate.wait, daemon=True)
        thread.start()
        return seal.seal(address_space=ADDRESS_SPACE, files=512).sealed

    assert forked(work).said == "False"


def test_descriptors_are_closed_but_for_the_kept() -> None:
    """After close_all_but only the descriptors that were named are open."""
    reading, writing = os.pipe()

    def work() -> list[str]:
        # All that is open but one: the pipe that `forked` tells through is among them.
        seal.close_all_but({int(path.name) for path in Path("/proc/self/fd").iterdir()} - {reading})
        said = []
        for fd in (reading, writing):
            try:
                os.fstat(fd)
                said.append("open")
            except OSError as error:
                said.append(errno.errorcode[error.errno or 0])
        return said

    try:
        assert forked(work).said == repr(["EBADF", "open"])
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize(
    ("abi", "size", "rights"), [(1, 8, 13), (3, 8, 15), (4, 16, 15), (7, 24, 16)]
)
def test_landlock_attributes_grow_with_the_kernel(abi: int, size: int, rights: int) -> None:
    """Each Landlock version gets all the rights that it knows, and no bit that it does not."""
    data = seal.landlock_attributes(abi)
    assert len(data) == size
    assert struct.unpack("=Q", data[:8])[0] == (1 << rights) - 1


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_both_machines_know_every_allowed_call(machine: str) -> None:
    """No allowed call is left out of a machine's table, where that machine has it at all."""
    lacking = {n for n in (*syscalls.IO, *syscalls.ALLOWED) if n not in syscalls.NUMBERS[machine]}
    assert lacking == (set() if machine == "x86_64" else {"time"})
    program = seal.allow_list(machine, 1)
    assert len(program) < 4096
    for place, (code, true, false, _) in enumerate(program):
        if code in (0x15, 0x45):
            assert place + 1 + max(true, false) < len(program), "a jump leads out of the program"
    assert program[-1] == (0x06, 0, 0, 0x0005_0000 | errno.EPERM)
