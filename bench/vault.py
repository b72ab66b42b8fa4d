"""Sealed recording: what it costs, how fast keys go, how a minute is found.

    python bench/vault.py [--only record|sweep|seek] [--cameras 60000] [--days 31] [--hours 24]

`record` seals a 1080p stream as a tap and a recorder do, in one process, and remuxes the same
packets plainly. `sweep` writes the keys of every hour of `--days` of `--cameras`, in the form and
to the byte as a recorder leaves them (some 6 GB; only what is wrapped in them is drawn), and then
lets `--hours` hours pass, each of which a pass destroys one hour's keys of: lists, roots, ledger
and all. Memory is that of this process: what it has imported for all three is in it from the start.
The files that the keys would open are left out. `seek` opens one minute in an hour of a day at
2 Mbit/s. What kills lose is printed by kills.py, what power cuts lose by power_cuts.py.
"""

import argparse
import contextlib
import math
import os
import random
import shutil
import socket
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pyrage

from clips import clip
from plainview.clock import ManualClock
from plainview.evaluate.table import number, table
from plainview.fleet.recorder import _Inlet
from plainview.ledger.entry import Entry, EntryKind
from plainview.ledger.log import Ledger
from plainview.vault import daykey
from plainview.vault.age import unwrap
from plainview.vault.expiry import Batch, Expiry
from plainview.vault.layout import DAY, HOUR, PARTIES, Layout, day_of
from plainview.vault.recorder import Recorder
from plainview.vault.ring import CLOSED, SLOT, Ring
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
    """A day's keys as a recorder leaves them, to the byte; only what is wrapped is drawn."""
    ring = ring_of(layout, BEGIN + day * DAY)
    (ring.folder / "cameras").write_text("".join(f"camera-{k:05d}\n" for k in range(cameras)))
    chance = np.random.default_rng(day)
    with (ring.folder / "slots").open("wb") as file:
        for hour in range(24):
            begin = BEGIN + day * DAY + hour * HOUR
            slots = np.zeros((cameras, SLOT), np.uint8)
            slots[:, 0] = CLOSED
            slots[:, 4:8] = np.arange(cameras, dtype=">u4").view(np.uint8).reshape(-1, 4)
            slots[:, 8:24] = np.frombuffer(struct.pack(">QQ", begin + term, begin), np.uint8)
            slots[:, 24:120] = np.frombuffer(chance.bytes(96 * cameras), np.uint8).reshape(-1, 96)
            told = memoryview(slots.tobytes())
            sums = [zlib.crc32(told[at + 1 : at + 120]) for at in range(0, len(told), SLOT)]
            slots[:, 120:124] = np.array(sums, ">u4").view(np.uint8).reshape(-1, 4)
            file.write(slots.tobytes())
    ring.close()


def _filled(layout: Layout, cameras: int, days: int) -> None:
    """Every day's keys, by a process of its own, so that the sweeper's memory is its own."""
    pid = os.fork()
    if pid == 0:
        try:
            for day in range(days):
                _fill(layout, day, cameras, days * DAY)
            os._exit(0)
        finally:
            os._exit(1)
    _must(os.waitpid(pid, 0)[1] == 0, "the keys are made")
    os.sync()


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 - what must hold
    if not holds:
        raise RuntimeError(what)


def _memory() -> tuple[float, float]:
    """Megabytes of this process, shared ones by their part, and of them its own data (proc(5))."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    fields = {name: size for name, size, *_ in (line.split() for line in lines[1:])}
    return float(fields["Pss:"]) / 1024, float(fields["Pss_Anon:"]) / 1024


class _Told(NamedTuple):
    """What the sweeper did in some hours."""

    label: str
    keys: int
    wall: float
    cpu: float
    pss: float
    own: float


def sweep(cameras: int, days: int, hours: int) -> str:
    """The table of how fast keys are destroyed while all of `days` lie there."""
    with vault() as layout, Ledger(layout.root / "ledger", clock=ManualClock(BEGIN)) as ledger:

        def record(batch: Batch) -> None:
            detail: dict[str, str | int | list[str]] = {"root": batch.root, "keys": batch.keys}
            ledger.append(
                [Entry(BEGIN * 1000, EntryKind.RETENTION_EXECUTED, "city", detail=detail)]
            )

        _filled(layout, cameras, days)
        term, live = days * DAY, days * 24 * cameras
        stored = sum(path.stat().st_size for path in layout.keys.rglob("slots"))
        expiry = Expiry(layout, record)
        steps = [_pass(expiry, BEGIN, 0, "the first pass, which looks at every key")]
        begin = BEGIN + term
        for first in range(0, hours, max(hours // 6, 1)):
            last = min(first + max(hours // 6, 1), hours)
            found = [_pass(expiry, begin + k * HOUR, cameras, "") for k in range(first, last)]
            keys, wall, cpu = (sum(getattr(o, n) for o in found) for n in ("keys", "wall", "cpu"))
            label = f"hours {first + 1} to {last}"
            steps.append(_Told(label, keys, wall, cpu, found[-1].pss, found[-1].own))
        idle = _pass(expiry, begin + (hours - 1) * HOUR + 60, 0, "a pass with nothing due")
    rows = [_row(one) for one in (*steps, idle)]
    about = f"{days} days x {cameras} cameras: {live / 1e6:.2f} million keys, {stored / 1e9:.1f} GB"
    head = [about, "keys destroyed", "s", "CPU s", "keys/s", "keys/CPU s", "needed/s", "PSS MB"]
    head.append("of it data")
    return table(head, rows)


def _pass(expiry: Expiry, now: float, expected: int, label: str) -> _Told:
    wall, cpu = time.perf_counter(), time.process_time()
    done = expiry.sweep(now)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    _must((done.keys, done.unrecorded) == (expected, 0), "an hour's keys, and no others")
    return _Told(label, done.keys, wall, cpu, *_memory())


def _row(told: _Told) -> list[str]:
    rates = [told.keys / told.wall, told.keys / told.cpu] if told.keys else [math.nan, math.nan]
    needed = number(RATE, 0) if told.keys else ""
    times = [number(told.wall, 1), number(told.cpu, 1)]
    return [
        told.label,
        str(told.keys),
        *times,
        *(number(r, 0) for r in rates),
        needed,
        number(told.pss, 0),
        number(told.own, 1),
    ]


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
    parser.add_argument("--only", choices=["record", "sweep", "seek"])
    parser.add_argument("--cameras", type=int, default=60_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--hours", type=int, default=24)
    given = parser.parse_args()
    parts: dict[str, Callable[[], str]] = {
        "record": record,
        "sweep": lambda: sweep(given.cameras, given.days, given.hours),
        "seek": seek,
    }
    for name, part in parts.items():
        if given.only in {None, name}:
            print(f"{part()}\n", flush=True)


if __name__ == "__main__":
    main()
