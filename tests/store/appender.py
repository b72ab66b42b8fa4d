"""Child processes for the store's crash tests: append and say what was acknowledged."""

import os
import resource
import sys
from pathlib import Path

from plainview.errors import StoreFull
from plainview.record import Reading, Stamped
from plainview.store import Retention, open_store
from plainview.store import sqlite as _loaded  # noqa: F401 - before forking, as it takes a second

CAMERAS = 7


def batch(k: int) -> list[Stamped]:
    """The `k`-th batch: one Reading of each camera."""
    return [
        Stamped(f"camera-{c}", Reading(k * 1000, 1000, 5, 0, c, c, c, 8, 1, 40,
                (k % 99, 1, 2, 3, 4) * 30, (), (), ()))
        for c in range(CAMERAS)
    ]  # fmt: skip


def append_until_killed(path: str, first: int) -> None:
    """Append batches from `first` on; say each one's number once it is acknowledged."""
    store = open_store(f"sqlite:{path}", Retention(readings=1e9, minutes=1e9, hours=1e9))
    for k in range(first, first + 100_000):
        store.append(batch(k))
        os.write(1, b"%d\n" % k)
        if k % 5 == 0:
            store.roll_up(k * 1000)
        if k % 11 == 0:
            store.prune(k * 1000)


def serve(path: str) -> None:
    """For each number on standard input fork a child that appends from there; say its pid.

    One process that imports once: thirty children start in the time of one.
    """
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            append_until_killed(path, int(line))
        os.write(1, b"pid %d\n" % child)
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


def fill_and_recover(path: str) -> None:
    """Write until the system refuses, then with room again; say the number of the last batch."""
    limit = 900_000
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    store = open_store(f"sqlite:{path}", Retention(readings=1e9, minutes=1e9, hours=1e9))
    k = 0
    refused = ""
    while not refused:
        try:
            store.append(batch(k))
            k += 1
        except StoreFull as error:
            refused = error.line()
    before = len(store.readings("camera-0", -1, 10**12, most=10**6))
    try:
        store.append(batch(k))
    except StoreFull:
        again = "refused"
    else:
        again = "taken"
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    for more in range(k, k + 10):
        store.append(batch(more))
    after = len(store.readings("camera-0", -1, 10**12, most=10**6))
    store.close()
    sys.stdout.write(f"{k} {before} {again} {after}\n{refused}\n")


if __name__ == "__main__":
    {"serve": serve, "fill": fill_and_recover}[sys.argv[1]](str(Path(sys.argv[2])))
