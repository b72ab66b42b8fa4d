"""Sealed recording: what it costs, how fast keys go, what kills lose, how a minute is found.

    python bench/vault.py [--only PART] [--cameras 60000] [--days 31] [--trials 10000]

`record` seals a 1080p stream as a tap and a recorder do, in one process, and remuxes the same
packets plainly. `sweep` lets simulated days pass: keys of as many cameras are put into each day's
store and destroyed hour by hour, lists, roots and all; the files that they would open are left
out. `kill` ends a recorder that also destroys with SIGKILL at random moments, and holds what it
had acknowledged against what is there. `seek` opens one minute in an hour of a day at 2 Mbit/s.
"""

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pyrage

from clips import clip
from plainview.clock import ManualClock
from plainview.evaluate.table import number, table
from plainview.fleet.recorder import _Inlet
from plainview.vault import daykey
from plainview.vault.age import unwrap
from plainview.vault.check import check
from plainview.vault.expiry import Batch, Expiry
from plainview.vault.layout import DAY, HOUR, PARTIES, Layout, day_of
from plainview.vault.recorder import Recorder
from plainview.vault.recover import recover
from plainview.vault.ring import OPEN, SLOT, Ring
from plainview.vault.segment import Key, Reader, Writer
from plainview.vault.stream import Label
from plainview.vision.branch import Branch
from plainview.vision.packets import Packet, StreamStart

BEGIN = 1_795_046_400
"""2026-11-19 00:00 UTC."""
RATE = 17.0
"""Shreds/s that 60,000 cameras need."""
_IDENTITIES = {party: pyrage.x25519.Identity.generate() for party in PARTIES}


@contextlib.contextmanager
def vault() -> Iterator[Layout]:
    """An empty vault in the temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="vault-"))
    try:
        layout = Layout(folder / "vault")
        layout.make()
        yield layout
    finally:
        shutil.rmtree(folder)


def ring_of(layout: Layout, t: float) -> Ring:
    """The ring of the day of `t`, made if need be."""
    folder = layout.keys / day_of(t)
    recipients = [(str(identity.to_public()),) for identity in _IDENTITIES.values()]
    daykey.make(daykey.Task(str(folder), *recipients))
    return Ring(folder)


def private_of(ring: Ring) -> bytes:
    """Its private half, by both custodians."""
    return daykey.joined(*(daykey.open_share(ring.folder, p, [i]) for p, i in _IDENTITIES.items()))


# --- record --------------------------------------------------------------------------------------


def _packets(video: Path) -> list[tuple[bytes, bool, float]]:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        base = float(stream.time_base or 0)
        return [
            (bytes(p), p.is_keyframe, float(p.pts or 0) * base)
            for p in container.demux(stream)
            if p.size
        ]


def _remux(video: Path, out: Path, form: str, options: dict[str, str]) -> float:
    """CPU seconds of a plain remux."""
    before = time.process_time()
    with av.open(str(video)) as source, av.open(str(out), "w", form, options) as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                sink.mux(packet)
    return time.process_time() - before


def _sealed(packets: list[tuple[bytes, bool, float]]) -> float:
    """CPU seconds from the tap's branch to sealed and synced chunks."""
    with vault() as layout:
        clock = ManualClock(float(BEGIN))
        ring_of(layout, BEGIN).close()
        recorder = Recorder(layout, clock, bound=10**12, reserve=0)
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inlet, branch = _Inlet("camera", far.detach()), Branch(near.detach())
        recorder.expect("camera", float(DAY))
        branch.begin(StreamStart("h264", b"x" * 40, 1920, 1080), 0.0)
        before, last = time.process_time(), 0.0
        for data, key, t in packets:
            clock.advance(max(0.0, t - last))
            last = max(last, t)
            now = round(clock.utc() * 1e6)
            branch.add(Packet(data, now, key), clock.monotonic(), now)
            branch.speak(clock.monotonic(), now)
            inlet.read(recorder)
            recorder.turn()
        spent = time.process_time() - before
        recorder.close()
        inlet.channel.close()
        return spent


def record() -> str:
    """The table of what one stream costs."""
    video = clip(1080).video
    packets = _packets(video)
    seconds = packets[-1][2] - packets[0][2]
    size = sum(len(data) for data, _, _ in packets)
    with tempfile.TemporaryDirectory() as folder:
        plain = min(
            _remux(video, Path(folder) / "a.mp4", "mp4", {"movflags": "frag_keyframe+empty_moov"})
            for _ in range(3)
        )
        ts = min(_remux(video, Path(folder) / "a.ts", "mpegts", {}) for _ in range(3))
    ours = min(_sealed(packets) for _ in range(3))
    rows = [
        [name, number(1000 * cpu / seconds, 2), number(100 * cpu / seconds, 2), number(cpu / plain)]
        for name, cpu in (
            ("remux to fragmented MP4", plain),
            ("remux to MPEG-TS", ts),
            ("sealed", ours),
        )
    ]
    rows.append(["peer: Moonfire, six streams on a Raspberry Pi 2", "", "< 1.7 each", ""])
    about = f"one 1080p25 stream of {8 * size / seconds / 1e6:.1f} Mbit/s, {seconds:.0f} s"
    return table([about, "CPU ms/s", "% of a core", "of remux"], rows)


# --- sweep ---------------------------------------------------------------------------------------


def _fill(layout: Layout, day: int, cameras: int, term: int) -> None:
    """A day's keys as a recorder would have left them; the wrapped keys themselves are drawn."""
    ring = ring_of(layout, BEGIN + day * DAY)
    (ring.folder / "cameras").write_text("".join(f"camera-{k:05d}\n" for k in range(cameras)))
    chance = np.random.default_rng(day)
    with (ring.folder / "slots").open("wb") as file:
        for hour in range(24):
            begin = BEGIN + day * DAY + hour * HOUR
            slots = np.zeros((cameras, SLOT), np.uint8)
            slots[:, 0] = OPEN
            slots[:, 4:8] = np.arange(cameras, dtype=">u4").view(np.uint8).reshape(-1, 4)
            slots[:, 8:24] = np.frombuffer(struct.pack(">QQ", begin + term, begin), np.uint8)
            slots[:, 24:120] = chance.integers(0, 256, (cameras, 96), np.uint8)
            file.write(slots.tobytes())
    ring.close()


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 - what must hold
    if not holds:
        raise RuntimeError(what)


def sweep(cameras: int, days: int) -> str:
    """The table of how fast keys are destroyed."""
    batches: list[Batch] = []
    slowest = spent = cpu = 0.0
    memory = []
    with vault() as layout:
        expiry = Expiry(layout, batches.append)
        term = days * DAY
        for day in range(days):
            _fill(layout, day, cameras, term)
        live = days * 24 * cameras
        stored = sum(path.stat().st_size for path in layout.keys.rglob("slots"))
        expiry.sweep(BEGIN)
        gone = 0
        for hour in range(days * 24):
            begun, used = time.perf_counter(), time.process_time()
            done = expiry.sweep(BEGIN + term + hour * HOUR)
            passed = time.perf_counter() - begun
            cpu += time.process_time() - used
            _must(done.keys == cameras, "an hour's keys, and no others")
            gone += done.keys
            spent, slowest = spent + passed, max(slowest, passed)
            if hour % 24 == 23:
                memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
                for path in layout.destroyed.iterdir():
                    path.unlink()
        expiry.sweep(BEGIN + 2 * term + DAY)
        _must(not layout.rings(), "the days are gone as a whole")
    head = [f"{days} days x {cameras} cameras: {live / 1e6:.2f} million keys", "ours", "needed"]
    return table(
        head,
        [
            [
                "keys destroyed a second, recorded",
                number(gone / spent, 0),
                number(RATE, 0),
            ],
            ["the same, for a second of processor time", number(gone / cpu, 0), ""],
            ["slowest pass over one hour's keys, s", number(slowest), "3600"],
            ["key store, bytes a key", number(stored / live, 0), ""],
            ["peak memory after the first day, MB", number(memory[0], 0), ""],
            ["peak memory after the last day, MB", number(memory[-1], 0), "the same"],
        ],
    )


# --- kill ----------------------------------------------------------------------------------------


_TERM = 2 * HOUR
_TOLD = struct.Struct(">cQQ")
"""m: recorded and on disk, and when its key is due; s: a pass begins; x: it ended (UTC seconds)."""


def _victim(layout: Layout, begin: float, tell: int, seed: int) -> None:
    """Record and destroy until killed; tell what is acknowledged."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    clock = ManualClock(begin)
    recorder = Recorder(layout, clock, bound=10**12, reserve=0)
    expiry = Expiry(layout, lambda _: None)
    recorder.expect("a", float(_TERM))
    count = 0
    while True:
        taken = []
        for _ in range(chance.randrange(1, 20)):
            t = round(clock.utc() * 1e6)
            body = struct.pack(">QQ", t, count) + bytes(chance.randrange(1, 30_000))
            dropped = recorder.reports()["a"].dropped
            recorder.put("a", body, t, entry=chance.random() < 0.3)
            if recorder.reports()["a"].dropped == dropped:
                # The file decides: what follows an hour's last key frame is in that hour's.
                writer = recorder._cameras["a"].writer  # noqa: SLF001 - see above
                hour = 0 if writer is None else writer.label.hour
                taken.append(_TOLD.pack(b"m", count, hour + _TERM))
            count += 1
            clock.advance(0.2)
        clock.advance(4.0)
        recorder.turn()  # all that came is on disk now
        os.write(tell, b"".join(taken))
        if chance.random() < 0.3:
            clock.advance(chance.choice([600.0, 1800.0, 3600.0]))
            recorder.turn()
            now = int(clock.utc())
            os.write(tell, _TOLD.pack(b"s", count, now))
            expiry.sweep(clock.utc())
            os.write(tell, _TOLD.pack(b"x", count, now))


def _there(layout: Layout, private: dict[str, bytes]) -> set[tuple[int, int]]:
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


def _trial(seed: int) -> tuple[int, int, int, int, int]:
    """(acknowledged and kept, lost, expired yet readable, broken invariants, passes)."""
    with vault() as layout:
        private = {}
        for day in (0, 1):
            ring = ring_of(layout, BEGIN + day * DAY)
            private[ring.name] = private_of(ring)
            ring.close()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            try:
                _victim(layout, BEGIN + 22.0 * HOUR, writing, seed)
            finally:
                os._exit(1)
        os.close(writing)
        chance = random.Random(seed)  # noqa: S311 - to be repeated
        time.sleep(chance.uniform(0.02, 0.4))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(reading, "rb") as pipe:
            told = list(_TOLD.iter_unpack(pipe.read()))
        recover(layout)
        there = _there(layout, private)
        begun = max((t for kind, _, t in told if kind == b"s"), default=0)
        ended = max((t for kind, _, t in told if kind == b"x"), default=0)
        kept = {(due, count) for kind, count, due in told if kind == b"m" and due > begun}
        late = sum(due <= ended for due, _ in there)
        now = max(begun, ended)
        Expiry(layout, lambda _: None).sweep(now)
        broken = len(check(layout, now).findings)
        return len(kept), len(kept - there), late, broken, sum(kind == b"x" for kind, *_ in told)


def kill(trials: int) -> str:
    """The table of what kills lost."""
    sums = np.zeros(5, np.int64)
    for seed in range(trials):
        sums += _trial(seed)
    acknowledged, lost, late, broken, passes = sums.tolist()
    return table(
        [f"{trials} kills (-9) of record and sweep", "ours", "limit"],
        [
            ["messages acknowledged, and not expired", str(acknowledged), ""],
            ["of them lost", str(lost), "0"],
            ["passes of the sweeper that ended", str(passes), ""],
            ["expired, and readable", str(late), "0"],
            ["invariants broken after recovery", str(broken), "0"],
        ],
    )


# --- seek ----------------------------------------------------------------------------------------


def seek(bits: float = 2e6) -> str:
    """The table of finding a minute."""
    with vault() as layout:
        ring = ring_of(layout, BEGIN)
        private = private_of(ring)
        chance = random.Random(1)  # noqa: S311 - to be repeated
        frame = chance.randbytes(round(bits / 8 / 25))
        for hour in range(24):
            begin = BEGIN + hour * HOUR
            label = Label(ring.name, "a", begin, 0)
            key = Key(ring.public, label, os.urandom)
            ring.add("a", begin, 0, begin + DAY, key.wrapped)
            path = layout.recording(ring.name, "a", begin, 0)
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = Writer(path, label, key.payload)
            for k in range(25 * HOUR if hour == 13 else 25):
                t = begin * 1_000_000 + k * 40_000
                writer.put(t.to_bytes(8, "big") + frame, t, entry=k % 50 == 0)
            writer.close()
        size = layout.recording(ring.name, "a", BEGIN + 13 * HOUR, 0).stat().st_size
        times: list[float] = []
        firsts: list[float] = []
        for _ in range(20):
            minute = (BEGIN + 13 * HOUR + chance.randrange(59 * 60)) * 1_000_000
            begun = time.perf_counter()
            slot = next(s for _, s in ring.live() if s.hour == minute // 1_000_000 // HOUR * HOUR)
            path = layout.recording(ring.name, "a", slot.hour, slot.part)
            reader = Reader(path, unwrap(slot.wrapped, private, ring.words(slot)))
            first = 0.0
            for message in reader.since(minute):
                first = first or time.perf_counter() - begun
                if int.from_bytes(message[:8], "big") > minute + 60_000_000:
                    break
            times.append(time.perf_counter() - begun)
            firsts.append(first)
            reader.close()
        ring.close()
    rows = [
        ["to its first picture, ms (median of 20)", number(1000 * float(np.median(firsts)), 1)],
        ["all of it decrypted, ms (median of 20)", number(1000 * float(np.median(times)), 1)],
    ]
    return table([f"one minute in an hour of {size / 1e6:.0f} MB, of 24", "ours"], rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["record", "sweep", "kill", "seek"])
    parser.add_argument("--cameras", type=int, default=60_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--trials", type=int, default=10_000)
    given = parser.parse_args()
    parts: dict[str, Callable[[], str]] = {
        "record": record,
        "sweep": lambda: sweep(given.cameras, given.days),
        "kill": lambda: kill(given.trials),
        "seek": seek,
    }
    for name, part in parts.items():
        if given.only in {None, name}:
            print(f"{part()}\n", flush=True)


if __name__ == "__main__":
    main()
