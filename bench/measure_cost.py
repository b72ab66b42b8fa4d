"""CPU time of `plainview measure` beside a bare single-thread decode of the same clip.

Both are whole processes with all their children, run alternately; the ratio's median counts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from clips import BenchClip, clip
from plainview.evaluate.table import number, table, write_between

BUDGET, AIM = 1.20, 1.05
"""DESIGN.md section 7, for 1080p25; reference-frames aims below 1.00."""

BARE = """
import sys, av
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    stream.codec_context.thread_type, stream.codec_context.thread_count = "NONE", 1
    frames = sum(1 for _ in container.decode(stream))
"""


class Cost(NamedTuple):
    """Of one run of one process with all that it started."""

    cpu: float
    """Seconds of user and system time."""
    wall: float


def cost(command: Sequence[str]) -> Cost:
    """Run `command`. Raises SystemExit with what it said if it fails."""
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = child.stderr.read() if child.stderr else ""
    # wait4 adds the time of children that were waited for in turn, down to the lens.
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command[:6])} … failed:\n{said}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - begun)


def bare(video: Path) -> list[str]:
    """The command that only decodes."""
    return [sys.executable, "-c", BARE, str(video)]


def ours(video: Path, camera: Path) -> list[str]:
    """The command that measures, 5 analysed frames/s, one interval a second."""
    command = [sys.executable, "-m", "plainview", "measure", str(video), "--camera", str(camera)]
    return [*command, "--every", "1", "--rate", "5"]


def rows(measured: BenchClip, repeats: int) -> list[tuple[str, ...]]:
    """The table's rows for one clip."""
    modes = (("all", measured.camera), ("reference-frames", measured.reference_camera))
    alone: list[float] = []
    alone_head: list[float] = []
    runs: dict[str, list[Cost]] = {name: [] for name, _ in modes}
    heads: dict[str, list[Cost]] = {name: [] for name, _ in modes}
    for k in range(repeats):
        sys.stderr.write(f"{measured.name}: run {k + 1} of {repeats}\n")
        alone.append(cost(bare(measured.video)).cpu)
        alone_head.append(cost(bare(measured.head)).cpu)
        for name, camera in modes:
            runs[name].append(cost(ours(measured.video, camera)))
            heads[name].append(cost(ours(measured.head, camera)))
    found: list[tuple[str, ...]] = []
    for name, _ in modes:
        ratios = [run.cpu / base for run, base in zip(runs[name], alone, strict=True)]
        steady = (
            statistics.median(r.cpu for r in runs[name])
            - statistics.median(r.cpu for r in heads[name])
        ) / (statistics.median(alone) - statistics.median(alone_head))
        limit, aim = (BUDGET, AIM) if name == "all" else (BUDGET, 1.00)
        official = measured.name.startswith("1080p")
        found.append(
            (
                measured.name,
                name,
                number(statistics.median(alone)),
                number(statistics.median(run.cpu for run in runs[name])),
                number(statistics.median(ratios)),
                f"{min(ratios):.2f} to {max(ratios):.2f}",
                number(steady),
                f"{limit:.2f}" if official else "-",
                f"{aim:.2f}" if official else "-",
                f"{measured.seconds / statistics.median(r.wall for r in runs[name]):.1f}x",
            )
        )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--heights", type=int, nargs="+", default=[1080, 360])
    parser.add_argument("--write", type=Path, help="page with 'cost' markers that gets the table")
    chosen = parser.parse_args()
    clips = [clip(height) for height in chosen.heights]
    head = ["clip", "decoded", "bare, s", "ours, s", "ratio", "range", "without start-up"]
    head += ["limit", "aim", "speed"]
    body = table(head, [row for one in clips for row in rows(one, chosen.repeats)], words=2)
    notes = "\n".join(f"- {one.name}: {one.about}, {one.seconds:.0f} s" for one in clips)
    text = (
        "CPU time (user and system, all processes) of `plainview measure` at 5 analysed frames/s, "
        "beside a bare single-thread decode\nof the same clip (= 1.00). Median of "
        f"{chosen.repeats} alternate runs. *Without start-up* compares only what the clip's later "
        "part adds.\n\n"
        f"{body}\n\n{notes}"
    )
    print(text)
    if chosen.write:
        write_between(chosen.write, "cost", text)


if __name__ == "__main__":
    main()
