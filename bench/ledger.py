"""The ledger's cost: adding, time to a checkpoint, proofs, checking all of it, bytes.

Run: python bench/ledger.py [--entries 1000000] [--keep FOLDER]. Grows one real ledger in batches as
a city's start gives them, adds single entries at its full size, alone and from eight threads, then
opens it anew and checks all of it as anyone outside would. Prints one table; beside the time to a
checkpoint stands the disk's own: one appended record of the same size, made durable, nothing else.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from plainview.clock import SystemClock
from plainview.ledger.entry import Entry, EntryKind, encode_entry
from plainview.ledger.log import Ledger
from plainview.ledger.note import Verifier
from plainview.ledger.proof import check_proof
from plainview.ledger.tiles import DirectorySource
from plainview.ledger.verify import verify

BATCH = 10_000
SINGLES = 3_000
THREADS = 8
START = 1_700_000_000_000


def entry(number: int) -> Entry:
    """A camera's start: the commonest entry of a running city, and among the longest."""
    return Entry(
        START + number,
        EntryKind.CAMERA_STARTED,
        f"camera:cam-{number % 20_000:05}",
        detail={
            "permit": f"{number % 977:064x}",
            "fingerprint": f"{number % 20_000:064x}",
            "capabilities": ["count", "flow", "events:density"],
            "software": "0.2",
        },
    )


def batches(count: int) -> Iterator[list[Entry]]:
    """`count` entries in batches."""
    for first in range(0, count, BATCH):
        yield [entry(number) for number in range(first, min(first + BATCH, count))]


def milliseconds(times: list[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and worst of `times` (seconds), in ms."""
    ordered = sorted(times)
    worst = ordered[-1]
    percentile = ordered[round(0.99 * (len(ordered) - 1))]
    return statistics.median(ordered) * 1000, percentile * 1000, worst * 1000


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of `times` calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def bare(folder: Path, size: int) -> list[float]:
    """The disk alone: a record appended to a file and made durable."""
    opened = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add() -> None:
        os.write(opened, bytes(size))
        os.fdatasync(opened)

    taken = timed(add, SINGLES)
    os.close(opened)
    return taken


def from_threads(ledger: Ledger) -> tuple[list[float], float]:
    """Seconds of each single entry added from eight threads at once, and of all."""
    taken: list[float] = []

    def add() -> None:
        taken.extend(timed(lambda: ledger.append([entry(1)]), SINGLES // THREADS))

    threads = [threading.Thread(target=add) for _ in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, time.perf_counter() - began


def bytes_below(folder: Path) -> tuple[int, int]:
    """Bytes and number of the files below `folder`."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files), len(files)


def measure(state: Path, count: int) -> Table:
    """All of it, in one table."""
    table = Table(title=f"A ledger of {count:,} entries")
    for column in ("what", "result", "beside it"):
        table.add_column(column, justify="left" if column == "what" else "right")

    def per_entry(times: list[float], beside: str) -> str:
        median, percentile, worst = milliseconds(times)
        table.add_row(
            "    median, p99, worst", f"{median:.2f}, {percentile:.2f}, {worst:.1f} ms", beside
        )
        return beside

    with Ledger(state, clock=SystemClock(), origin="bench.invalid/ledger") as ledger:
        adding = 0.0
        by_batch = []
        for batch in batches(count):
            began = time.perf_counter()
            ledger.append(batch)
            by_batch.append(time.perf_counter() - began)
            adding += by_batch[-1]
        table.add_row(
            f"added in batches of {BATCH:,}, each durable and in a checkpoint",
            f"{count / adding:,.0f} entries/s",
            f"{adding:.1f} s in all",
        )
        per_entry(by_batch, "time to a batch's checkpoint")
        singles = timed(lambda: ledger.append([entry(0)]), SINGLES)
        table.add_row(f"{SINGLES:,} single entries, one after the other", "", "")
        per_entry(singles, "time to a checkpoint")
        disk = bare(state, len(encode_entry(entry(0))) + 100)
        table.add_row("the disk alone: the same bytes, made durable", "", "")
        per_entry(disk, "fdatasync and nothing else")
        parallel, seconds = from_threads(ledger)
        table.add_row(
            f"single entries from {THREADS} threads",
            f"{len(parallel) / seconds:,.0f} entries/s",
            f"alone: {len(singles) / sum(singles):,.0f} entries/s",
        )
        per_entry(parallel, "time to a checkpoint")
        proofs = timed(lambda: ledger.proof(count // 3), 200)
        key = Verifier.from_vkey(ledger.vkey)
        proof, data = ledger.proof(1), encode_entry(entry(0))
        checks = timed(lambda: check_proof(proof, data, key), 200)
        table.add_row(
            "a proof made; checked offline",
            f"{statistics.median(proofs) * 1000:.2f} ms; {statistics.median(checks) * 1000:.2f} ms",
            f"{len(proof):,} bytes",
        )
        size = ledger.size
    opened = timed(lambda: Ledger(state, clock=SystemClock()).close(), 5)
    table.add_row("opened again", f"{statistics.median(opened) * 1000:.1f} ms", "median of 5")

    began = time.perf_counter()
    report = verify(DirectorySource(state / "ledger"), key)
    seconds = time.perf_counter() - began
    if not report.held or report.checkpoint is None or report.checkpoint.size != size:
        raise SystemExit(f"the ledger does not verify: {report.lies}")
    table.add_row(
        "verified from end to end, as by an outsider",
        f"{seconds:.1f} s",
        f"{size / seconds:,.0f} entries/s",
    )
    total, files = bytes_below(state / "ledger")
    held, _ = bytes_below(state / "ledger" / "tile" / "entries")
    table.add_row(
        "bytes an entry: bundle and tree", f"{total / size:.1f}", f"{held / size:.1f} are the entry"
    )
    table.add_row("in all", f"{total / 1e6:,.1f} MB", f"{files:,} files")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the ledger costs.")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a new folder for the ledger, kept")
    options = parser.parse_args()
    console = Console(width=120)
    if options.keep:
        options.keep.mkdir(parents=True)
        console.print(measure(options.keep, options.entries))
        return
    with tempfile.TemporaryDirectory() as folder:
        console.print(measure(Path(folder), options.entries))


if __name__ == "__main__":
    main()
