"""Bytes of a Reading on the real recording with counts, beside the limit that always holds.

    python bench/reading_bytes.py [--data ../shared/data] [--clip FOLDER]...

Measures PETS 2009 S2.L1, and each FOLDER of `plainview simulate`, with one Reading a second, and
prints how long those are as they leave the sealed lens.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from job import run
from plainview.app.clips import PETS
from plainview.app.specs import clip_specs
from plainview.config import load_camera
from plainview.errors import InputError
from plainview.evaluate.table import table
from plainview.fleet.clip import measure_clip
from plainview.record import MAX_BYTES_PER_SECOND, Reading, encode

MEDIAN, AIM = 512, 128
"""DESIGN.md section 7, on PETS."""
HEAD = ("clip", "Readings", "median, bytes", "p99", "most", "limit of the median", "aim", "limit")


def sizes(folder: Path) -> list[int]:
    """Bytes of each Reading of the clip in `folder`. Raises PlainviewError where there is none."""
    tap, lens = clip_specs(load_camera(folder / "camera.toml"), str(folder / "video.mp4"))
    return [len(encode(one)) for one in measure_clip(tap, lens) if isinstance(one, Reading)]


def row(folder: Path) -> list[str]:
    """The table's row for the clip in `folder`."""
    found = sizes(folder)
    if not found:
        raise InputError("no Reading came of it", where=str(folder), mend="Give a longer clip")
    limit, aim = (str(MEDIAN), str(AIM)) if folder.name == PETS else ("-", "-")
    figures = (np.median(found), np.percentile(found, 99), max(found))
    several = [f"{figure:.0f}" for figure in figures]
    return [folder.name, str(len(found)), *several, limit, aim, str(MAX_BYTES_PER_SECOND)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clip", type=Path, action="append", default=[], help="one more clip")
    asked = parser.parse_args()
    print(table(HEAD, [row(folder) for folder in (asked.data / PETS, *asked.clip)]))


if __name__ == "__main__":
    sys.exit(run(main))
