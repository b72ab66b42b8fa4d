"""Power cuts while a vault records and destroys: is anything lost, readable too long, unaccounted?

    python bench/power_cuts.py [--cuts 2000]

A vault's whole life (it is made, two cameras record over midnight, keys are destroyed hour by hour,
then a day's ring as a whole) is traced: each change to a file or a name, and each sync. For each
cut, the power fails before some step: what was synced by then is there, and of the rest any part,
down to a sector (see tests/vault/powercut.py; ALICE, Pillai et al., OSDI 2014). Then the vault is
started, and what was acknowledged is held against what is there.

That is what POSIX promises, hence less than file systems keep. A disk that says that it has written
what it has not is not tried, and cannot be told from here.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyrage

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.vault.powercut import Change, Mark, Sync  # noqa: E402 - found just now
from tests.vault.survivor import broken, lived  # noqa: E402 - found just now

from plainview.evaluate.table import table  # noqa: E402 - found just now
from plainview.vault import daykey  # noqa: E402 - found just now
from plainview.vault.layout import PARTIES  # noqa: E402 - found just now
from plainview.vault.ring import Ring  # noqa: E402 - found just now

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, not a shared name
_IDENTITIES = {party: pyrage.x25519.Identity.generate() for party in PARTIES}


def _private(ring: Ring) -> bytes:
    opened = (daykey.open_share(ring.folder, p, [i]) for p, i in _IDENTITIES.items())
    return daykey.joined(*opened)


def cut(cuts: int, folder: Path) -> str:
    """The table of so many cuts, each step of the vault's life in turn."""
    recipients = tuple((str(identity.to_public()),) for identity in _IDENTITIES.values())
    trace, private = lived(folder, recipients, _private)  # type: ignore[arg-type]  # two parties
    kinds = Counter(type(step) for step in trace.steps)
    found: Counter[str] = Counter()
    for number in range(cuts):
        chance = random.Random(number)  # noqa: S311 - to be repeated
        until = number % (len(trace.steps) + 1)
        image = folder / f"image-{number}"
        told = broken(trace, until, chance, image, private)
        shutil.rmtree(image)
        found += Counter({name: len(v) if isinstance(v, tuple) else v for name, v in
                          told._asdict().items()})  # fmt: skip
    head = (
        f"{cuts} power cuts over {kinds[Change]} changes, {kinds[Sync]} syncs, "
        f"{kinds[Mark]} acknowledgements"
    )
    rows = [
        ("messages acknowledged and lost", "lost"),
        ("messages readable after a pass had destroyed their keys", "late"),
        ("messages readable though the ledger tells of their keys' end", "told"),
        ("camera-hours destroyed that no list names", "untold"),
        ("invariants broken after the start", "check"),
    ]
    return table([head, "ours", "limit"], [[words, str(found[name]), "0"] for words, name in rows])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=2000)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="power-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        print(cut(given.cuts, folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
