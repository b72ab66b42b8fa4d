"""CPU time of `plainview measure` with the watch for events, beside the same without it.

All are whole processes over one clip, run alternately; the ratio's median counts. With: every kind
of event, a forbidden zone and a lane over the whole area. Without: all kinds switched off. Bare: a
single-thread decode of the clip alone, which DESIGN.md section 7 measures all of `measure` by.
"""

import argparse
import statistics
import sys
from pathlib import Path

from clips import FOLDER, BenchClip, clip
from measure_cost import BUDGET, bare, cost, ours
from plainview.config import load_camera
from plainview.evaluate.table import number, table
from plainview.record import EventKind

LIMIT = 1.05
"""What the watch may add to a lens (issue 4)."""


def cameras(measured: BenchClip) -> tuple[Path, Path]:
    """CAMERA.toml with and without events, of the clip's own camera."""
    text = measured.camera.read_text()
    polygon = [list(point) for point in load_camera(measured.camera).view.polygon]
    zones = "".join(
        f'\n[[zones]]\nname = "{kind}"\nkind = "{kind}"\npolygon = {polygon}\n{more}'
        for kind, more in (("zone-intrusion", ""), ("one-way", "direction = [1, 0]\n"))
    )
    off = ", ".join(f'"{kind.value}"' for kind in EventKind)
    with_, without = FOLDER / "events-on.toml", FOLDER / "events-off.toml"
    with_.write_text(text + zones)
    without.write_text(f"{text}{zones}\n[events]\noff = [{off}]\n")
    return with_, without


def row(measured: BenchClip, repeats: int) -> tuple[str, ...]:
    """The table's row for one clip."""
    watching, blind = cameras(measured)
    with_, without, alone = [], [], []
    for k in range(repeats):
        sys.stderr.write(f"{measured.name}: run {k + 1} of {repeats}\n")
        alone.append(cost(bare(measured.video)).cpu)
        without.append(cost(ours(measured.video, blind)).cpu)
        with_.append(cost(ours(measured.video, watching)).cpu)
    ratios = [one / base for one, base in zip(with_, without, strict=True)]
    whole = [one / base for one, base in zip(with_, alone, strict=True)]
    return (
        measured.name,
        number(statistics.median(alone)),
        number(statistics.median(without)),
        number(statistics.median(with_)),
        number(statistics.median(ratios)),
        f"{min(ratios):.2f} to {max(ratios):.2f}",
        f"{LIMIT:.2f}",
        f"{number(statistics.median(whole))} ({min(whole):.2f} to {max(whole):.2f})",
        f"{BUDGET:.2f}" if measured.name.startswith("1080p") else "-",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--heights", type=int, nargs="+", default=[1080, 360])
    chosen = parser.parse_args()
    head = ["clip", "bare, s", "without, s", "with events, s", "ratio", "range", "limit"]
    head += ["all over bare", "limit"]
    rows = [row(clip(height), chosen.repeats) for height in chosen.heights]
    print(table(head, rows))


if __name__ == "__main__":
    main()
