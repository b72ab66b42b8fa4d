"""Writes what `plainview simulate --cameras` draws its Readings from: our own scenes, measured.

Run: python tools/city_readings.py [--scenes FOLDER]. Each scene is rendered (unless FOLDER holds it
already), really decoded and measured, once a second, and its Readings are kept with a time of 0.
"""

import argparse
import gzip
import statistics
import sys
import tempfile
from pathlib import Path

import msgspec
from msgspec import structs

from plainview.app.specs import clip_specs
from plainview.config import load_camera
from plainview.fleet.clip import measure_clip
from plainview.record import Reading, encode
from plainview.synth.city.measured import TABLE
from plainview.synth.job import simulate

SCENES = {
    "empty-clouds": 20,
    "station-dim": 30,
    "corridor-overhead": 30,
    "night-lamps": 30,
    "street-low": 30,
    "plaza-sunny": 70,
    "standing-crowd": 15,
    "faults": 112,
}
"""Seconds of each."""


def measured(folder: Path) -> list[Reading]:
    """The Readings of the clip in `folder`, one a second, the last and partial one left out.

    What happened there is left out as well: events of a city have times and ends of their own.
    """
    camera = structs.replace(load_camera(folder / "camera.toml"), every=1.0)
    tap, lens = clip_specs(camera, str(folder / "video.mp4"))
    items = [item for item in measure_clip(tap, lens, plate=None) if isinstance(item, Reading)]
    return items[:-1]


def main() -> None:
    """Render, measure, write, and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, help="folder of rendered scenes")
    given: Path | None = parser.parse_args().scenes
    kept: dict[str, list[bytes]] = {}
    with tempfile.TemporaryDirectory() as name:
        for scene, seconds in SCENES.items():
            folder = (given or Path(name)) / scene
            if not (folder / "video.mp4").exists():
                simulate(scene, folder, seconds=seconds)
            readings = [structs.replace(one, t=0, events=()) for one in measured(folder)]
            kept[scene] = [encode(one) for one in readings]
            sizes = [len(data) for data in kept[scene]]
            people = statistics.mean(one.count / 16 for one in readings)
            sys.stdout.write(
                f"{scene}: {len(sizes)} Readings, {people:.1f} people, "
                f"median {statistics.median(sizes):.0f} B, largest {max(sizes)} B\n"
            )
    TABLE.write_bytes(gzip.compress(msgspec.msgpack.encode(kept), mtime=0))
    sys.stdout.write(f"{TABLE.name}: {TABLE.stat().st_size} B\n")


if __name__ == "__main__":
    main()
