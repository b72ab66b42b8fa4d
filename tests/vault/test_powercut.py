"""The vault after power cuts: what was synced is there, and of the rest any part."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.vault.conftest import Custodians
from tests.vault.powercut import Sync, Trace
from tests.vault.survivor import NOTHING, broken, lived

from plainview.errors import VaultError

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, not a shared name
IMAGES = 40


class Life(NamedTuple):
    """A vault's life, and the private halves of its rings."""

    folder: Path
    trace: Trace
    private: dict[str, bytes]

    def cut(self, seed: int, trace: Trace) -> tuple[object, ...]:
        """What is broken by the cut of that number."""
        chance = random.Random(seed)  # noqa: S311 - to be repeated
        until = chance.randrange(len(trace.steps) + 1)
        return broken(trace, until, chance, self.folder / f"{id(trace)}-{seed}", self.private)


@pytest.fixture(scope="module")
def life(custodians: Custodians) -> Iterator[Life]:
    """One for all tests here; in memory where that is at hand, as nothing is lost by it."""
    folder = Path(tempfile.mkdtemp(prefix="powercut-", dir=MEMORY if MEMORY.is_dir() else None))
    trace, private = lived(folder, custodians.recipients(), custodians.private)
    yield Life(folder, trace, private)
    shutil.rmtree(folder)


def test_a_power_cut_loses_nothing_acknowledged_and_brings_no_key_back(life: Life) -> None:
    """At any step, whatever was not synced; also as nothing but a list told of the destruction."""
    assert [life.cut(seed, life.trace) for seed in range(IMAGES)] == [NOTHING] * IMAGES


def test_that_would_be_seen_without_the_syncs(life: Life) -> None:
    """The same life, had it synced nothing: messages are lost, and destroyed keys are back."""
    careless = Trace(life.folder)
    careless.folders = life.trace.folders
    careless.steps = [step for step in life.trace.steps if not isinstance(step, Sync)]
    assert sum(seen(life, seed, careless) for seed in range(IMAGES // 2)) > IMAGES / 4


def seen(life: Life, seed: int, trace: Trace) -> bool:
    """Whether something does not hold after that cut, or the vault cannot even be read."""
    try:
        return life.cut(seed, trace) != NOTHING
    except (OSError, VaultError):
        return True
