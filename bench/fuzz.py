"""Mutated video streams through real sealed lenses: what is contained, and that nothing escapes.

    python bench/fuzz.py --streams 500

Every stream goes the whole way: a process that hands its packets on as a tap does, a lens that is
sealed before it reads them, the real measurement, and the watch that `plainview measure` has. One
stream in twenty also gets a lens that is made to crash or to hang, so that the watch is seen to
work even where no decoder fails. *Escaped* counts what must not be: a process outside the lens
that failed or was left behind, a lens that was not sealed, a clip that ended without a word.
"""

import argparse
import ctypes
import io
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import av
import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from plainview.errors import LensError, SourceError
from plainview.fleet.clip import ClipEnded, ClipStarted, measure_clip
from plainview.fleet.zygote import Zygote
from plainview.geometry import Calibration, View, Zone
from plainview.vision import zygote as forks
from plainview.vision.encoder import Encoder
from plainview.vision.measure import Measurer
from plainview.vision.packets import HEADER, Message, Packet, StreamEnd, StreamStart, frame
from plainview.vision.spec import LensSpec, TapSpec, TapStatus

HANG = 3.0
PROVOKE_EVERY = 20
SIZE = (96, 64)
DATA = Path(__file__).parents[2] / "shared" / "data" / "clips"
MOST_PACKETS = 40
Stream = list[Message]
Mutation = Callable[[random.Random, Stream, list[Stream]], Stream]


def seeds() -> list[Stream]:
    """Real streams: encoded here in three codecs, and the heads of the real clips if they exist."""
    made = []
    for codec, b_frames in (("h264", 0), ("h264", 3), ("mpeg4", 2), ("mjpeg", 0)):
        file = io.BytesIO()
        with Encoder(
            file, *SIZE, 10, codec=codec, b_frames=b_frames, gop=10, container="matroska"
        ) as encoder:
            for number in range(30):
                picture = np.full((SIZE[1], SIZE[0], 3), 70, np.uint8)
                picture[10:40, number : number + 9] = 210
                encoder.write(picture)
        file.seek(0)
        made.append(_demuxed(file))
    # Real pictures are larger; the two smallest clips keep the run short.
    real = (DATA / name for name in ("bicycle-and-car.mp4", "cyclist-on-motorway.avi"))
    return [*made, *(_demuxed(str(path)) for path in real if path.exists())]


def _demuxed(source: str | io.BytesIO) -> Stream:
    with av.open(source, "r") as container:
        video = container.streams.video[0]
        context = video.codec_context
        start = StreamStart(context.name, context.extradata or b"", context.width, context.height)
        stream: Stream = [start]
        for packet in container.demux(video):
            if len(stream) > MOST_PACKETS:
                break
            if packet.size and packet.time_base:
                t = None if packet.pts is None else round(packet.pts * packet.time_base * 1_000_000)
                stream.append(Packet(bytes(packet), t, key=packet.is_keyframe))
    return stream


def _flip(rng: random.Random, data: bytes, most: int) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, most)):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _some(
    rng: random.Random, stream: Stream, change: Callable[[Packet], Packet], share: float
) -> Stream:
    return [change(m) if isinstance(m, Packet) and rng.random() < share else m for m in stream]


def bit_flips(rng: random.Random, stream: Stream, _: list[Stream]) -> Stream:
    """A few bits of some packets."""
    most = rng.choice((1, 4, 64))
    return _some(
        rng, stream, lambda p: structs.replace(p, data=_flip(rng, p.data, most)), rng.random()
    )


def truncation(rng: random.Random, stream: Stream, _: list[Stream]) -> Stream:
    """Packets cut short."""
    return _some(
        rng, stream, lambda p: structs.replace(p, data=p.data[: rng.randint(0, len(p.data))]), 0.4
    )


def noise(rng: random.Random, stream: Stream, _: list[Stream]) -> Stream:
    """Runs of packets overwritten by noise, zeros or ones behind their first bytes."""

    def change(packet: Packet) -> Packet:
        keep = rng.randint(0, min(40, len(packet.data)))
        rest = len(packet.data) - keep
        filling = rng.choice((rng.randbytes(rest), bytes(rest), b"\xff" * rest))
        return structs.replace(packet, data=packet.data[:keep] + filling)

    return _some(rng, stream, change, 0.3)


def shuffle(rng: random.Random, stream: Stream, _: list[Stream]) -> Stream:
    """Packets in another order, some twice, some missing."""
    packets = [m for m in stream[1:] if rng.random() < 0.9]
    packets += [m for m in packets if rng.random() < 0.2]
    rng.shuffle(packets)
    return [stream[0], *packets]


def headers(rng: random.Random, stream: Stream, others: list[Stream]) -> Stream:
    """The codec's own header flipped, cut, emptied, or another stream's."""
    start, other = stream[0], rng.choice(others)[0]
    assert isinstance(start, StreamStart)  # noqa: S101 - seeds begin so
    assert isinstance(other, StreamStart)  # noqa: S101 - the same
    data = start.extradata
    options = (_flip(rng, data, 8), data[: rng.randint(0, len(data))], b"", other.extradata)
    return [structs.replace(start, extradata=rng.choice(options)), *stream[1:]]


def splice(rng: random.Random, stream: Stream, others: list[Stream]) -> Stream:
    """Another stream's packets in the middle, with or without its header, or its codec's name."""
    other = rng.choice(others)
    at = rng.randint(1, len(stream))
    start = stream[0]
    assert isinstance(start, StreamStart)  # noqa: S101 - seeds begin so
    codec = rng.choice((start.codec, "h264", "hevc", "mpeg4", "mjpeg", "mpeg2video", "vp9", "av1"))
    first = structs.replace(start, codec=codec)
    return [first, *stream[1:at], *other[rng.randint(0, 1) :], *stream[at:]]


def times(rng: random.Random, stream: Stream, _: list[Stream]) -> Stream:
    """Presentation times missing, negative, repeated or absurd."""
    options = (None, -1, 0, 2**62, -(2**62), rng.randrange(10**9))
    return _some(rng, stream, lambda p: structs.replace(p, t=rng.choice(options)), 0.3)


class _Bits:
    """Writes the bits of an H.264 header: ITU-T H.264, 7.2 and 9.1."""

    def __init__(self) -> None:
        self._bits = ""

    def fixed(self, value: int, count: int) -> None:
        self._bits += f"{value:0{count}b}"

    def golomb(self, value: int) -> None:
        code = f"{value + 1:b}"
        self._bits += "0" * (len(code) - 1) + code

    def whole(self) -> bytes:
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def sizes(rng: random.Random, stream: Stream, others: list[Stream]) -> Stream:
    """An H.264 sequence header of absurd size, reference count or depth, before real packets."""
    bits = _Bits()
    bits.fixed(rng.choice((66, 77, 100, 244)), 8)
    high = bits._bits in ("01100100", "11110100")  # noqa: SLF001 - our own
    bits.fixed(0, 8)
    bits.fixed(rng.choice((10, 40, 52, 255)), 8)
    bits.golomb(0)
    if high:
        bits.golomb(rng.choice((0, 1, 3)))
        bits.golomb(rng.choice((0, 2, 6)))
        bits.golomb(rng.choice((0, 6)))
        bits.fixed(0, 2)
    bits.golomb(0)
    bits.golomb(2)
    bits.golomb(rng.choice((0, 4, 16, 1000)))
    bits.fixed(0, 1)
    for _ in range(2):
        bits.golomb(rng.choice((0, 5, 119, 1023, 2**15 - 1, 2**16 - 2, 2**31)))
    bits.fixed(0b1100, 4)
    start = b"\0\0\0\1"
    sps = start + b"\x67" + bits.whole()
    chosen = others[0] if rng.random() < 0.7 else stream
    first = StreamStart("h264", b"", rng.choice((0, 16384)), rng.choice((0, 16384)))
    pps = start + b"\x68\xce\x3c\x80"
    slices = [start + b"\x65\x88" + rng.randbytes(rng.randint(1, 4000)) for _ in range(10)]
    made = [Packet(sps + pps + s, 100_000 * k, key=True) for k, s in enumerate(slices)]
    return [first, *made, *chosen[1:]]


MUTATIONS: tuple[Mutation, ...] = (
    bit_flips,
    truncation,
    noise,
    shuffle,
    headers,
    splice,
    times,
    sizes,
)


def replay(spec: TapSpec, packets_fd: int, status_fd: int) -> None:
    """Be a tap whose camera sends the framed messages in the file `spec.source`."""
    data = Path(spec.source).read_bytes()
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(packets_fd, left) :]
    except BrokenPipeError:
        return
    status = TapStatus(connected=False, packets=1, late=0, broken=0, reconnects=0, ended=True)
    body = msgspec.msgpack.encode(status)
    os.write(status_fd, HEADER.pack(len(body)) + body)


class Provoked(Measurer):
    """The real measurement, in a lens that may be made to crash or hang at its first frame."""

    def __init__(
        self,
        spec: LensSpec,
        *,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,
    ) -> None:
        """Read from the view's first zone what to do; once, as its marker file tells."""
        super().__init__(spec, plate=plate, admitted=admitted, looks=looks)
        self._seen = 0
        self._deed = ""
        if spec.view.zones:
            deed, _, marker = spec.view.zones[0].kind.partition(":")
            if not Path(marker).exists():
                Path(marker).touch()
                self._deed = deed

    def frame(
        self,
        luma: NDArray[np.uint8],
        t: float,
        *,
        key: bool = False,
        chroma: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None,
    ) -> None:
        """Measure, or do it."""
        self._seen += 1
        if self._seen == 1 and self._deed == "crash":
            ctypes.string_at(0)
        while self._seen == 1 and self._deed == "hang":
            pass
        super().frame(luma, t, key=key, chroma=chroma)


def view(deed: str, marker: Path) -> View:
    """A camera that looks straight down; `deed` for `Provoked`."""
    polygon = ((-4.0, -2.5), (4.0, -2.5), (4.0, 2.5), (-4.0, 2.5))
    return View(
        calibration=Calibration(
            SIZE, ((80.0, 0.0, -47.5, 475.0), (0.0, -80.0, -31.5, 315.0), (0.0, 0.0, -1.0, 10.0))
        ),
        polygon=polygon,
        zones=(Zone("deed", f"{deed}:{marker}", polygon),) if deed else (),
    )


def run(streams: int, seed: int) -> Counter[str]:
    """Put `streams` mutated streams through lenses; the counts of the table."""
    rng = random.Random(seed)  # noqa: S311 - the same streams each time
    originals = seeds()
    counts: Counter[str] = Counter()
    command = (sys.executable, "-P", str(Path(__file__).resolve()), "--zygote")
    with tempfile.TemporaryDirectory() as folder:
        zygote = Zygote(command)
        path = Path(folder) / "stream"
        for number in range(streams):
            stream = list(rng.choice(originals))
            for mutation in rng.sample(MUTATIONS, rng.choice((1, 1, 2, 3))):
                stream = mutation(rng, stream, originals)
            stream.append(StreamEnd())
            path.write_bytes(b"".join(map(frame, stream)))
            deed = ""
            if number % PROVOKE_EVERY == PROVOKE_EVERY - 1:
                deed = "hang" if number % (5 * PROVOKE_EVERY) == PROVOKE_EVERY - 1 else "crash"
            marker = Path(folder) / f"marker{number}"
            _one(zygote, path, view(deed, marker), counts)
            counts["provoked"] += marker.exists()
            counts["streams"] += 1
        counts["escaped"] += _left_behind(zygote)
        zygote.close()
    return counts


def _one(zygote: Zygote, path: Path, seen: View, counts: Counter[str]) -> None:
    """Measure one stream and add to `counts` what came of it."""

    def restarted(why: str) -> None:
        counts["restarts"] += 1
        if "took no packet" in why or "SIGXCPU" in why:
            counts["hangs"] += 1
        elif "sent" in why:
            counts["refusals"] += 1
        else:
            counts["crashes"] += 1
            counts[why] += 1

    tap = TapSpec(source=str(path), live=False)
    lens = LensSpec(view=seen, live=False)
    ended = False
    try:
        for item in measure_clip(tap, lens, zygote=zygote, hang=HANG, on_restart=restarted):
            if isinstance(item, ClipStarted):
                counts["unsealed"] += not item.sealed
            elif isinstance(item, ClipEnded):
                ended = True
                counts["refused"] += item.refused
            else:
                counts["readings"] += 1
    except LensError:
        counts["given up"] += 1
        ended = True
    except SourceError:
        counts["source"] += 1
    counts["escaped"] += not ended


def _left_behind(zygote: Zygote) -> int:
    """Processes that still run though every clip has ended; 1 too if the zygote itself does not."""
    try:
        return len(Path(f"/proc/{zygote.pid}/task/{zygote.pid}/children").read_text().split())
    except OSError:
        return 1


def main() -> int:
    """Print the table; 0 if nothing escaped."""
    if sys.argv[1:2] == ["--zygote"]:
        return forks.main(Provoked, [sys.argv[0], *sys.argv[2:]], tap=replay)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    arguments = parser.parse_args()
    started = time.monotonic()
    counts = run(arguments.streams, arguments.seed)
    if arguments.json:
        print(json.dumps(counts))
        return 1 if counts["escaped"] else 0
    rows = [
        ("mutated streams", counts["streams"], "at least 500"),
        ("of them with a provoked crash or hang", counts["provoked"], ""),
        ("crashes contained", counts["crashes"], ""),
        ("hangs contained", counts["hangs"], ""),
        ("restarts", counts["restarts"], ""),
        ("streams given up after too many restarts", counts["given up"], ""),
        ("messages refused", counts["refused"], ""),
        ("Readings", counts["readings"], ""),
        ("lenses that were not sealed", counts["unsealed"], "0 on this kernel or a later one"),
        ("escaped", counts["escaped"], "0"),
    ]
    for name, count, limit in rows:
        print(f"{name:<44}{count:>8}  {limit}")
    for why, count in sorted((w, c) for w, c in counts.items() if w.startswith("the lens")):
        print(f"    {why}: {count}")
    print(f"{time.monotonic() - started:.0f} s, seed {arguments.seed}")
    return 1 if counts["escaped"] else 0


if __name__ == "__main__":
    sys.exit(main())
