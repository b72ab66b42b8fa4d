"""Releases under kill -9: is anything ever unwrapped or decrypted without its entry before?

    python bench/release.py [--trials 10000] [--seed 1]

Each trial forks a process that goes the whole way: a request, two approvals, the order, a witness's
cosignature, both custodians, and an export of two seconds of a real H.264 clip. It tells the moment
in which a custodian's identity is read, and that in which the first picture is decrypted; what is
done with pictures then (`vision.redact`) is left out. It is killed with SIGKILL at a random moment.
Whatever was told must stand in the ledger that is left: the grant before an identity, the opening
before a picture. Then the ledger must open and a release must go all the way.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR  # noqa: E402 - found just now
from tests.vault.released import World  # noqa: E402 - found just now

from plainview.app.release import order_new  # noqa: E402 - found just now
from plainview.app.release_export import Exporting, exported  # noqa: E402 - found just now
from plainview.evaluate.table import number, table  # noqa: E402 - found just now
from plainview.fleet.release import Filmed, Job  # noqa: E402 - found just now
from plainview.governance import release_office  # noqa: E402 - found just now
from plainview.vault import custody  # noqa: E402 - found just now
from plainview.vision.redact_job import Told  # noqa: E402 - found just now

EACH = 50
"""Trials on one vault and ledger."""
IDENTITY, PICTURE, DONE = b"i", b"p", b"d"


def way(world: World, tell: Callable[[bytes], object]) -> None:
    """One release, all the way; `tell` hears of what must have its entry by then."""
    request = world.asked()
    for person in (CONTROLLER, OFFICER):
        signer = world.signer(person)
        release_office.approve(world.office, person, request.id, signer=signer)
    order_new(world.office, world.layout, release_office.find(world.office, request.id))
    world.witness()
    bundle, now = world.bundle(request.id), world.clock.utc()
    mark = request.id.encode()

    def custodian(party: str) -> custody.Custodian:
        def identities() -> list[object]:
            tell(IDENTITY + mark)
            return [world.identities[party]]

        return custody.Custodian(party, world.policy(), identities)

    to = str(world.identities["operator"].to_public())
    share = custody.hand(custodian("commissioner"), bundle, [to], now)
    folder = world.folder / "films"
    shutil.rmtree(folder, ignore_errors=True)
    keys = world.folder / "keys.age"
    keys.write_bytes(custody.release(custodian("operator"), bundle, share, now))

    def films(job: Job, messages: Iterable[bytes], out: Callable[[bytes], object]) -> Filmed:
        size = 0
        for message in messages:
            tell(PICTURE + mark)
            out(message)
            size += len(message)
        return Filmed(Told(1, job.since, job.until, 0, sealed=True), size)

    wish = Exporting(request.id, keys, None, folder, folder)
    exported(world.office, world.layout, OPERATOR, wish, films=films, witness=world.witness)
    tell(DONE + mark)


def trial(world: World, chance: random.Random, most: float) -> tuple[int, int, int, int]:
    """(identities read, pictures decrypted, of both without an entry, whether it was finished)."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            world.office = world.open()
            way(world, lambda what: os.write(writing, what + b"\n"))
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(chance.uniform(0.0, most))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as pipe:
        told = [line.strip() for line in pipe]
    world.office.refresh()
    known = world.office.standing().footage
    wrong = 0
    for what, name in ((line[:1], line[1:].decode()) for line in told):
        release = known.get(name)
        if release is None or release.granted < 0 or (what == PICTURE and not release.opened):
            wrong += 1
    counts = [sum(line.startswith(what) for line in told) for what in (IDENTITY, PICTURE, DONE)]
    return counts[0], counts[1], wrong, counts[2]


def release(trials: int, seed: int) -> str:
    """The table."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    sums = [0, 0, 0, 0]
    again = 0
    seconds = 0.0
    for first in range(0, trials, EACH):
        folder = Path(tempfile.mkdtemp(prefix="release-"))
        try:
            world = World(folder)
            begun = time.perf_counter()
            way(world, lambda _: None)
            seconds = time.perf_counter() - begun
            for _ in range(min(EACH, trials - first)):
                found = trial(world, chance, 1.5 * seconds)
                sums = [a + b for a, b in zip(sums, found, strict=True)]
            way(world, lambda _: None)
            again += 1
            world.office.close()
        finally:
            shutil.rmtree(folder)
    identities, pictures, wrong, done = sums
    return table(
        [f"{trials} kills (-9) of releases, of {number(seconds)} s each", "ours", "limit"],
        [
            ["custodians' identities read", str(identities), ""],
            ["messages decrypted", str(pictures), ""],
            ["of both, without a prior entry", str(wrong), "0"],
            ["releases that were finished before the kill", str(done), ""],
            [
                "ledgers on which a release went all the way after",
                str(again),
                str(-(-trials // EACH)),
            ],
        ],
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(release(given.trials, given.seed))


if __name__ == "__main__":
    main()
