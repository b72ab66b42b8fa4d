"""What a dense crowd costs: CPU time and memory of `plainview measure` while the network runs.

    python bench/dense_cost.py [--repeats 3] [--scenes packed-surge packed-drift] [--full]

Rendered crowds that cover the floor, at 5 analysed frames/s, in which the dense estimator reads the
head plane twice a second. They are smaller than 1080p: a larger frame costs more to decode and to
shrink (bench/measure_cost.py), not more to read. `--full` measures both: each is enlarged to 1080p
at 25 frames/s with noise of its own, as the bench's other clips are. CPU time is that of all
processes, beside a bare single-thread decode of the same clip in the same run; of so short a clip
starting is a part of it. Memory is the lens's largest proportional share (PSS, proc(5)) while it
measures, one lens alone; lenses are not dumpable: this needs root.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from clips import enlarged
from lens_memory import LIMIT, memory
from measure_cost import Cost, bare, cost, ours
from plainview.app.simulate import simulate
from plainview.evaluate.table import number, table
from plainview.synth.catalogue import scene_named

CAMERAS = 2
"""Dense cameras at two estimates a second that one core is to carry (aim, for 1080p)."""


def rendered(scene: str, seconds: float, folder: Path) -> Path:
    """The folder with the clip and the camera of `scene`, drawn once."""
    if not (folder / scene).is_dir():
        for _ in simulate(scene, folder / scene, seconds=seconds):
            pass
    (clip,) = (folder / scene).rglob("video.mp4")
    return clip.parent


def descendants(pid: int) -> Iterator[int]:
    """Every process below `pid` that is there now."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield int(child)
            yield from descendants(int(child))


def largest(command: list[str]) -> float:
    """Megabytes: the largest PSS of a process that `command` starts, the lens's."""
    done = threading.Event()
    most = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                for child in descendants(process.pid):
                    most = max(most, memory(child).pss)
            except (OSError, KeyError):
                pass  # it ended while it was looked at
            done.wait(0.2)
    return most


def people(video: Path, camera: Path, out: Path) -> float:
    """The mean count that is measured, which says whether the crowd was seen as one."""
    command = [*ours(video, camera), "--out", str(out)]
    subprocess.run(command, check=True)
    lines = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    return statistics.fmean(line["count"] for line in lines)


def row(
    scene: str, seconds: float, repeats: int, scratch: Path, *, full: bool = False
) -> tuple[str, ...]:
    """The table's row for one scene; `full`: as a 1080p25 camera shows it."""
    folder = rendered(scene, seconds, scratch)
    video, camera = folder / "video.mp4", folder / "camera.toml"
    if full:
        rate = scene_named(scene).frame_rate
        video = enlarged(folder, scratch / f"{scene}-1080p25.mp4", rate, seconds)
    found = people(video, camera, scratch / "counts.jsonl")
    alone: list[Cost] = []
    runs: list[Cost] = []
    for k in range(repeats):
        sys.stderr.write(f"{scene}: run {k + 1} of {repeats}\n")
        alone.append(cost(bare(video)))
        runs.append(cost(ours(video, camera)))
    mine = statistics.median(run.cpu for run in runs) / seconds
    ratio = statistics.median(a.cpu / b.cpu for a, b in zip(runs, alone, strict=True))
    return (
        f"{scene}, 1080p25" if full else scene,
        f"{found:.0f}",
        number(statistics.median(one.cpu for one in alone) / seconds),
        number(mine),
        number(ratio),
        number(1 / mine),
        str(CAMERAS),
        f"{largest(ours(video, camera)):.0f}",
        f"{LIMIT:.0f}",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--scenes", nargs="+", default=["packed-surge", "packed-drift"])
    parser.add_argument("--full", action="store_true", help="at 1080p25 too")
    chosen = parser.parse_args()
    head = ["scene", "counted", "decode, cores", "ours, cores", "ratio", "cameras/core", "aim"]
    head += ["PSS, MB", "limit"]
    with tempfile.TemporaryDirectory() as scratch:
        rows = [
            row(one, chosen.seconds, chosen.repeats, Path(scratch), full=full)
            for one in chosen.scenes
            for full in ((False, True) if chosen.full else (False,))
        ]
    print(table(head, rows, words=1))


if __name__ == "__main__":
    main()
