"""Kills (-9) of record, sweep and release: is anything lost, readable too long, opened unrecorded?

    python bench/kills.py [--trials 10000] [--only record|release] [--workers 2] [--folder FOLDER]

`record`: a forked process records and destroys, and tells what it acknowledges: messages that are
on disk, passes of the sweeper that ended. `release`: a forked process goes the whole way, from the
request to the film, over a real H.264 clip, and tells the moment in which a custodian's identity is
read and that in which a picture is decrypted. Each is ended by SIGKILL, which the kernel sends when
the process has had a random amount of processor time (timer_create(2) on its own CPU clock): the
moment is as random on a busy machine as on an idle one. Then what was told is held against what is
there.

What is done with pictures after they were decrypted (`vision.redact`) is left out. A SIGKILL loses
nothing that was written, synced or not, so that FOLDER may well be in memory, which is the default;
the order of writes is what is tried here. What a power cut loses is power_cuts.py's.
"""

import argparse
import ctypes
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import pyrage

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR  # noqa: E402 - found just now
from tests.vault.released import World  # noqa: E402 - found just now

from plainview.app.release import order_new  # noqa: E402 - found just now
from plainview.app.release_export import Exporting, exported  # noqa: E402 - found just now
from plainview.clock import ManualClock  # noqa: E402 - found just now
from plainview.evaluate.table import number, table  # noqa: E402 - found just now
from plainview.fleet.release import Filmed, Job  # noqa: E402 - found just now
from plainview.governance import release_office  # noqa: E402 - found just now
from plainview.vault import custody, daykey  # noqa: E402 - found just now
from plainview.vault.age import unwrap  # noqa: E402 - found just now
from plainview.vault.check import check  # noqa: E402 - found just now
from plainview.vault.expiry import Expiry  # noqa: E402 - found just now
from plainview.vault.layout import DAY, HOUR, PARTIES, Layout, day_of  # noqa: E402 - found just now
from plainview.vault.recorder import Recorder  # noqa: E402 - found just now
from plainview.vault.recover import recover  # noqa: E402 - found just now
from plainview.vault.ring import Ring  # noqa: E402 - found just now
from plainview.vault.segment import Reader  # noqa: E402 - found just now
from plainview.vision.redact_job import Told  # noqa: E402 - found just now

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, not a shared name
EACH = 50
"""Trials that one worker does at a time; of releases, on one vault and ledger."""
BEGIN = 1_795_046_400
"""2026-11-19 00:00 UTC."""
TERM = 2 * HOUR
Sums = tuple[int, ...]


# --- a kill --------------------------------------------------------------------------------------


def killed(work: Callable[[int], object], cpu: float) -> bytes:
    """What `work` told its pipe before the kernel killed it, after `cpu` processor seconds.

    Work that ends by itself before is not killed. Raises RuntimeError for any other end.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _kill_after(cpu)
            work(writing)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    status = os.waitpid(pid, 0)[1]
    if status != 0 and not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
        message = f"a trial ended by itself, with status {status}"
        raise RuntimeError(message)
    return told


def _kill_after(cpu: float) -> None:
    """Have the kernel send SIGKILL to this process after so much of its own processor time."""
    libc = ctypes.CDLL(None, use_errno=True)
    event = ctypes.create_string_buffer(struct.pack("@Qii48x", 0, signal.SIGKILL, 0))
    timer = ctypes.c_void_p()
    if libc.timer_create(time.CLOCK_PROCESS_CPUTIME_ID, event, ctypes.byref(timer)):
        raise OSError(ctypes.get_errno(), "timer_create")
    at = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) + cpu
    when = struct.pack("@qqqq", 0, 0, int(at), int(at % 1 * 1e9))
    if libc.timer_settime(timer, 1, when, None):
        raise OSError(ctypes.get_errno(), "timer_settime")


# --- record and sweep ----------------------------------------------------------------------------


_LINE = struct.Struct(">cQQ")
"""m: recorded and on disk, and when its key is due; s: a pass begins; x: it ended (UTC seconds)."""
_IDENTITIES = {party: pyrage.x25519.Identity.generate() for party in PARTIES}


@cache
def days() -> tuple[Path, dict[str, bytes]]:
    """The key stores of two days, made once in each worker, and their private halves."""
    folder = Path(tempfile.mkdtemp(prefix="kills-days-"))
    recipients = [(str(identity.to_public()),) for identity in _IDENTITIES.values()]
    private = {}
    for name in (day_of(BEGIN), day_of(BEGIN + DAY)):
        daykey.make(daykey.Task(str(folder / name), *recipients))
        opened = (daykey.open_share(folder / name, p, [i]) for p, i in _IDENTITIES.items())
        private[name] = daykey.joined(*opened)
    return folder, private


def _recording(layout: Layout, seed: int, tell: int) -> None:
    """Record and destroy until killed; tell what is acknowledged."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    clock = ManualClock(BEGIN + 22.0 * HOUR)
    recorder = Recorder(layout, clock, bound=10**12, reserve=0)
    expiry = Expiry(layout, lambda _: None)
    recorder.expect("a", float(TERM))
    count = 0
    while True:
        taken = []
        for _ in range(chance.randrange(1, 20)):
            t = round(clock.utc() * 1e6)
            body = struct.pack(">QQ", t, count) + bytes(chance.randrange(1, 10_000))
            dropped = recorder.reports()["a"].dropped
            recorder.put("a", body, t, entry=chance.random() < 0.3)
            if recorder.reports()["a"].dropped == dropped:
                # The file decides: what follows an hour's last key frame is in that hour's.
                writer = recorder._cameras["a"].writer  # noqa: SLF001 - see above
                hour = 0 if writer is None else writer.label.hour
                taken.append(_LINE.pack(b"m", count, hour + TERM))
            count += 1
            clock.advance(0.2)
        clock.advance(4.0)
        recorder.turn()  # all that came is on disk now
        os.write(tell, b"".join(taken))
        if chance.random() < 0.3:
            clock.advance(chance.choice([600.0, 1800.0, 3600.0]))
            recorder.turn()
            now = int(clock.utc())
            os.write(tell, _LINE.pack(b"s", count, now))
            expiry.sweep(clock.utc())
            os.write(tell, _LINE.pack(b"x", count, now))


def _there(layout: Layout, private: dict[str, bytes]) -> set[tuple[int, int]]:
    """(when it is due, number) of every message that can be read with both custodians' keys."""
    found = set()
    for folder in layout.rings():
        ring = Ring(folder)
        for _, slot in ring.live():
            path = layout.recording(ring.name, ring.cameras[slot.camera], slot.hour, slot.part)
            reader = Reader(path, unwrap(slot.wrapped, private[ring.name], ring.words(slot)))
            found |= {(slot.due, int.from_bytes(m[8:16], "big")) for m in reader.messages()}
            reader.close()
        ring.close()
    return found


def recorded(seed: int) -> Sums:
    """(acknowledged and kept, lost, passes ended, kills in one, expired yet readable, broken)."""
    stored, private = days()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        layout = Layout(folder)
        layout.make()
        for name in private:
            shutil.copytree(stored / name, layout.keys / name)
        chance = random.Random(seed)  # noqa: S311 - to be repeated
        work = partial(_recording, layout, seed)
        told = list(_LINE.iter_unpack(killed(work, chance.uniform(0.001, 0.035))))
        recover(layout)
        there = _there(layout, private)
        begun = max((t for kind, _, t in told if kind == b"s"), default=0)
        ended = max((t for kind, _, t in told if kind == b"x"), default=0)
        kept = {(due, count) for kind, count, due in told if kind == b"m" and due > begun}
        late = sum(due <= ended for due, _ in there)
        Expiry(layout, lambda _: None).sweep(begun)
        broken = len(check(layout, begun).findings)
        passes = sum(kind == b"x" for kind, *_ in told)
        return len(kept), len(kept - there), passes, int(begun > ended), late, broken
    finally:
        shutil.rmtree(folder)


# --- release -------------------------------------------------------------------------------------


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


def _releasing(world: World, tell: int) -> None:
    world.office = world.open()
    way(world, lambda what: os.write(tell, what + b"\n"))


def _released(world: World, cpu: float) -> Sums:
    """(identities read, pictures decrypted, of both without an entry, finished, 0)."""
    told = killed(partial(_releasing, world), cpu).splitlines()
    world.office.refresh()
    known = world.office.standing().footage
    wrong = 0
    for what, name in ((line[:1], line[1:].decode()) for line in told):
        release = known.get(name)
        if release is None or release.granted < 0 or (what == PICTURE and not release.opened):
            wrong += 1
    counts = [sum(line.startswith(what) for line in told) for what in (IDENTITY, PICTURE, DONE)]
    return counts[0], counts[1], wrong, counts[2], 0


def released(seeds: Iterable[int]) -> Iterator[Sums]:
    """The trials of one vault and ledger, on which a release must go all the way in the end."""
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        world = World(folder)
        begun = time.process_time()
        world.open().close()
        way(world, lambda _: None)
        most = 1.1 * (time.process_time() - begun)
        for seed in seeds:
            chance = random.Random(seed)  # noqa: S311 - to be repeated
            yield _released(world, chance.uniform(0.001, most))
        way(world, lambda _: None)
        yield 0, 0, 0, 0, 1
        world.office.close()
    finally:
        shutil.rmtree(folder)


# --- the tables ----------------------------------------------------------------------------------


def _share(part: str, first: int, last: int) -> Sums:
    """The sums of some trials of one part, in a worker."""
    seeds = range(first, last)
    found = list(map(recorded, seeds) if part == "record" else released(seeds))
    return tuple(map(sum, zip(*found, strict=True)))


def trials(part: str, count: int, workers: int) -> list[int]:
    """The sums of all trials of `part`."""
    shares = [(first, min(first + EACH, count)) for first in range(0, count, EACH)]
    sums: list[int] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        for k, found in enumerate(pool.map(partial(_share, part), *zip(*shares, strict=True))):
            sums = [a + b for a, b in zip(sums or [0] * len(found), found, strict=True)]
            if (k + 1) % 20 == 0:
                sys.stderr.write(f"{part}: {shares[k][1]} of {count}: {sums}\n")
    return sums


def record_table(count: int, sums: list[int]) -> str:
    """What kills of record and sweep lost."""
    acknowledged, lost, passes, within, late, broken = sums
    return table(
        [f"{count} kills (-9) of record and sweep", "ours", "limit"],
        [
            ["messages acknowledged, and not expired", str(acknowledged), ""],
            ["of them lost", str(lost), "0"],
            ["passes of the sweeper that ended", str(passes), ""],
            ["kills within a pass", str(within), ""],
            ["expired, and readable", str(late), "0"],
            ["invariants broken after recovery", str(broken), "0"],
        ],
    )


def release_table(count: int, sums: list[int]) -> str:
    """What kills of releases opened."""
    identities, pictures, wrong, done, again = sums
    return table(
        [f"{count} kills (-9) of releases", "ours", "limit"],
        [
            ["custodians' identities read", str(identities), ""],
            ["messages decrypted", str(pictures), ""],
            ["of both, without a prior entry", str(wrong), "0"],
            ["releases that were finished before the kill", str(done), ""],
            [
                f"ledgers, of {-(-count // EACH)}, that a release went all the way on after",
                str(again),
                str(-(-count // EACH)),
            ],
        ],
    )


def main() -> int:
    """Print the tables; 0 if every limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000, help="half of each part")
    parser.add_argument("--only", choices=["record", "release"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=MEMORY if MEMORY.is_dir() else None)
    given = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="plainview-kills-", dir=given.folder))
    tempfile.tempdir = str(scratch)
    each = given.trials if given.only else given.trials // 2
    kept = True
    try:
        if given.only in {None, "record"}:
            sums = trials("record", each, given.workers)
            kept &= not (sums[1] or sums[4] or sums[5])
            print(f"{record_table(each, sums)}\n", flush=True)
        if given.only in {None, "release"}:
            sums = trials("release", each, given.workers)
            kept &= not sums[2] and sums[4] == -(-each // EACH)
            print(f"{release_table(each, sums)}\n", flush=True)
    finally:
        shutil.rmtree(scratch)
    spent = sum(os.times()[:4])
    print(f"{number(spent / 60, 1)} minutes of processor time")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
