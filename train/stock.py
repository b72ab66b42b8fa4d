"""The samples that density.py trains on, while their scenes are still being rendered."""

import functools
import multiprocessing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from crowds import MOMENTS
from plates import KINDS
from scenes import SIDE, Sample, samples

STRIDE = 4
"""Pixels across a cell."""


class Seed(NamedTuple):
    """Which scene, and whether it is painted."""

    number: int
    paint: bool


def seeds(first: int, many: int, painted: float) -> list[Seed]:
    """`many` from `first` on, about the part `painted` of them painted, evenly spread."""
    parts = [int(k * painted) for k in range(many + 1)]
    return [Seed(first + k, parts[k + 1] > parts[k]) for k in range(many)]


def scene(seed: Seed, cache: Path | None) -> list[Sample]:
    """The samples of `seed`, from the folder `cache` or drawn and left there."""
    name = f"{seed.number}{'-painted' * seed.paint}.npz"
    path = None if cache is None else cache / name
    if path is not None and path.is_file():
        kept = np.load(path)
        return [Sample(*pair) for pair in zip(kept["planes"], kept["people"], strict=True)]
    found = samples(seed.number, paint=seed.paint)
    if path is not None and found:
        made = path.with_suffix(".part")
        with made.open("wb") as file:
            np.savez_compressed(
                file, planes=[one.planes for one in found], people=[one.people for one in found]
            )
        made.replace(path)
    return found


class Stock:
    """Owns the scenes that are still being rendered, and the samples on the device so far."""

    def __init__(self, seeds: list[Seed], workers: int, cache: Path | None) -> None:
        """Start to render `seeds`; before anything is on a GPU, since processes are forked."""
        self._pool = multiprocessing.get_context("fork").Pool(workers)
        self._coming = self._pool.imap(functools.partial(scene, cache=cache), seeds)
        self._most = MOMENTS * len(seeds)
        self._waiting = len(seeds)
        self.scenes = self.samples = 0

    def take(self, device: str, *, seconds: float) -> bool:
        """Move one more scene to `device` if it comes within `seconds`: whether one did."""
        if not self._waiting:
            return False
        try:
            found = self._coming.next(timeout=max(seconds, 1e-4))
        except multiprocessing.TimeoutError:
            return False
        if self.scenes == 0:
            cells = SIDE // STRIDE
            shape = (self._most, 6 + KINDS, SIDE, SIDE)
            self.planes = torch.empty(shape, dtype=torch.int8, device=device)
            self.people = torch.empty((self._most, cells, cells), device=device)
        self._waiting -= 1
        self.scenes += 1
        rows = slice(self.samples, self.samples + len(found))
        if found:
            self.planes[rows] = torch.from_numpy(np.stack([one.planes for one in found])).to(device)
            self.people[rows] = torch.from_numpy(np.stack([one.people for one in found])).to(device)
        self.samples = rows.stop
        return True

    def end(self) -> None:
        """Render no more."""
        self._waiting = 0
        self._pool.terminate()
