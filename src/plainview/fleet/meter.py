"""What each camera's processes take of their machine, by the kernel's own clocks."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from plainview.fleet.orders import Used

EVERY = 5.0
"""Seconds between two looks."""
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Meter:
    """Owns what each process had used when it was last looked at."""

    def __init__(self) -> None:
        """Nothing was measured yet."""
        self._at = 0.0
        self._before: dict[int, float] = {}

    def used(self, running: Mapping[str, tuple[int, ...]], now: float) -> dict[str, Used]:
        """Cores and bytes of each camera, of which all processes were there at the last look.

        Empty unless `EVERY` seconds have passed. `now`: monotonic seconds. Memory is what a process
        has to itself, with the pages that it still shares with the zygote: rather too much.
        """
        if now - self._at < EVERY:
            return {}
        seconds, self._at = now - self._at, now
        before, self._before = self._before, {}
        told = {}
        for camera, pids in running.items():
            cpu = memory = 0.0
            known = True
            for pid in pids:
                try:
                    ticks, own = _look(pid)
                except OSError:
                    known = False
                    break
                self._before[pid] = ticks
                known = known and pid in before
                cpu += max(ticks - before.get(pid, ticks), 0.0)
                memory += own
            if known:
                told[camera] = Used(cpu / seconds, memory)
        return told


class Stat(NamedTuple):
    """What the kernel tells of a process."""

    cpu: float
    """Processor seconds that it has used."""
    ready: bool
    """Whether it runs, or would if a processor were free."""


def stat(pid: int) -> Stat:
    """How it stands with `pid` (proc(5): stat). Raises OSError where it is gone."""
    # The second field is the command, in brackets, and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Stat((int(fields[11]) + int(fields[12])) / _TICK, fields[0] == "R")


def _look(pid: int) -> tuple[float, float]:
    """Processor seconds that `pid` has used, and bytes of its own (proc(5): statm)."""
    resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
    return stat(pid).cpu, (int(resident) - int(shared)) * _PAGE
