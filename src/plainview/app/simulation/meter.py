"""What the processes of a simulation cost: CPU seconds and memory, from /proc (proc(5))."""

import contextlib
import os
import threading
from collections import defaultdict
from pathlib import Path

from msgspec import Struct

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.5
_PSS_EVERY = 10
"""Looks at CPU for one look at a family's memory, which costs more."""


class Memory(Struct, frozen=True):
    """Megabytes (10^6 bytes) of a process, or of a family without what it shares counted twice."""

    peak: float
    first: float
    """Mean of the first fifth of the run, its first tenth left out."""
    last: float
    """Mean of the last fifth."""


class Meter:
    """Owns a thread that looks at processes twice a second until `close`."""

    def __init__(self) -> None:
        """Nobody is looked at yet."""
        self._pids: dict[str, list[int]] = defaultdict(list)
        self._cpu: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
        """By name, and by process (its id and start): CPU seconds when it was last seen."""
        self._memory: dict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()
        self._looks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
        self._thread.start()

    def watch(self, name: str, pid: int) -> None:
        """Count the process `pid`, and all that it starts, as `name` from now on."""
        with self._lock:
            self._pids[name].append(pid)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self.look()

    def look(self) -> None:
        """Look now."""
        with self._lock:
            self._looks += 1
            for name, roots in self._pids.items():
                all_of_it = [pid for root in roots for pid in family(root)]
                for pid in all_of_it:
                    stat = _stat(pid)
                    if stat is not None:
                        start, cpu = stat
                        self._cpu[name][pid, start] = cpu
                used = 0.0
                if len(all_of_it) == 1:
                    used = _resident(all_of_it[0])
                elif all_of_it and self._looks % _PSS_EVERY == 1:
                    used = sum(map(_proportional, all_of_it))
                # One that has ended uses nothing, and says nothing of how it grew.
                if used:
                    self._memory[name].append(used)

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by name; of processes that have ended, as when last seen."""
        self.look()
        with self._lock:
            return {name: sum(seen.values()) for name, seen in self._cpu.items()}

    def memory(self) -> dict[str, Memory]:
        """Memory by name."""
        with self._lock:
            return {name: _summary(seen) for name, seen in self._memory.items() if seen}

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()


def _summary(seen: list[float]) -> Memory:
    many = len(seen)
    first = seen[many // 10 : many // 10 + max(many // 5, 1)]
    last = seen[-max(many // 5, 1) :]
    mega = 1e6
    return Memory(
        round(max(seen) / mega, 1),
        round(sum(first) / len(first) / mega, 1),
        round(sum(last) / len(last) / mega, 1),
    )


def _stat(pid: int) -> tuple[int, float] | None:
    """(start in ticks, CPU seconds) of a process; None where there is none any more."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[19]), (int(fields[11]) + int(fields[12])) / _TICK


def family(root: int) -> list[int]:
    """`root` and all that are below it; what ends meanwhile is not in it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with contextlib.suppress(OSError):
            for task in os.scandir(_PROC / str(pid) / "task"):
                with contextlib.suppress(OSError):
                    waiting += map(int, (Path(task.path) / "children").read_text().split())
    return found


def _resident(pid: int) -> float:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0.0


def _proportional(pid: int) -> float:
    """Memory of a process, of what it shares its share (PSS)."""
    try:
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0.0


def folder_bytes(folder: Path) -> int:
    """Bytes on disk of all files below `folder`; one that is being deleted counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            stat = path.lstat()
            total += stat.st_blocks * 512
    return total
