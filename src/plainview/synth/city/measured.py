"""Readings that our own rendered scenes gave when they were measured: what cities are drawn from.

`measured.msgpack.gz` is written by tools/city_readings.py; nobody in it ever lived.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from plainview.record import Reading, decode

TABLE: Final = Path(__file__).with_name("measured.msgpack.gz")

SHARES: Final = {
    "empty-clouds": 0.40,
    "station-dim": 0.17,
    "corridor-overhead": 0.12,
    "night-lamps": 0.08,
    "street-low": 0.08,
    "plaza-sunny": 0.10,
    "standing-crowd": 0.03,
    "faults": 0.02,
}
"""Of a city's cameras, by scene: most see few people at most times; a few see a crowd, and one in
fifty is covered, dark, frozen or moved in turn."""


@cache
def courses() -> dict[str, tuple[Reading, ...]]:
    """By scene: its Readings second by second, with a time of 0, read strictly."""
    kept = msgspec.msgpack.decode(gzip.decompress(TABLE.read_bytes()), type=dict[str, list[bytes]])
    return {scene: tuple(map(decode, encoded)) for scene, encoded in kept.items()}
