"""Taps as processes of their own, clips to feed them, and the real RTSP server."""

import importlib.util
import io
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import av
import msgspec
import numpy as np
import pytest

from plainview.vision.encoder import Encoder
from plainview.vision.packets import HEADER, Message, Packet, StreamStart, length, parse
from plainview.vision.spec import TapSpec, TapStatus

SERVERS = Path(__file__).parents[1] / "servers"
_T = TypeVar("_T", bound=msgspec.Struct)


class TapStarter:
    """A process that forks taps, so that PyAV is imported once: owns it and the socket to it."""

    def __init__(self) -> None:
        """Start it."""
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, SERVERS / "tap.py", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
            )

    def start(self, spec: TapSpec, descriptors: list[int]) -> int:
        """Fork a tap; its number."""
        request = {"spec": msgspec.to_builtins(spec)}
        socket.send_fds(self._channel, [msgspec.json.encode(request)], descriptors)
        return int(self._channel.recv(32))

    def wait(self, pid: int) -> int:
        """The exit code of a tap that has ended, or is about to."""
        self._channel.send(msgspec.json.encode({"wait": pid}))
        return int(self._channel.recv(32))

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.wait()


class TapProcess:
    """A tap, its lens's end of the pipe and its parent's: owns all three. Hears only when asked."""

    def __init__(self, starter: TapStarter, spec: TapSpec) -> None:
        """Start the tap."""
        packets, packets_in = os.pipe()
        status, status_in = os.pipe()
        self._errors, errors_in = os.pipe()
        self._starter = starter
        self.pid = starter.start(spec, [packets_in, status_in, errors_in])
        self._running = True
        for fd in (packets_in, status_in, errors_in):
            os.close(fd)
        self._buffers = {packets: bytearray(), status: bytearray()}
        self._packets, self._status = packets, status
        self.messages: list[Message] = []
        self.statuses: list[TapStatus] = []

    def hear(self, wait: float, *, packets: bool = True) -> bool:
        """Read once what comes within `wait` seconds; False when both pipes are closed."""
        fds = [fd for fd in self._buffers if packets or fd == self._status]
        ready, _, _ = select.select(fds, [], [], wait)
        for fd in ready:
            data = os.read(fd, 1 << 16)
            buffer = self._buffers[fd]
            if not data:
                os.close(fd)
                assert not buffer, "a frame was cut off"
                del self._buffers[fd]
            buffer += data
            while len(buffer) >= HEADER.size:
                size = HEADER.size + length(bytes(buffer[: HEADER.size]))
                if len(buffer) < size:
                    break
                body = bytes(buffer[HEADER.size : size])
                del buffer[:size]
                if fd == self._packets:
                    self.messages.append(parse(body))
                else:
                    self.statuses.append(msgspec.msgpack.decode(body, type=TapStatus))
        return bool(self._buffers)

    def until(
        self, seen: Callable[["TapProcess"], bool], limit: float = 20.0, *, packets: bool = True
    ) -> float:
        """Listen until `seen(self)`; the seconds it took. Fails the test at `limit` seconds."""
        begun = time.monotonic()
        while not seen(self):
            assert time.monotonic() - begun < limit, (self.statuses[-3:], self.messages[-3:])
            if not self.hear(0.05, packets=packets):
                assert seen(self), (self.statuses[-3:], self.messages[-3:])
        return time.monotonic() - begun

    def finish(self, limit: float = 20.0) -> None:
        """Listen until the tap is done; it must have ended well and said nothing aside."""
        begun = time.monotonic()
        while self.hear(0.2):
            assert time.monotonic() - begun < limit, self.statuses[-3:]
        assert os.read(self._errors, 4096) == b""
        self._running = False
        assert self._starter.wait(self.pid) == 0

    def of(self, kind: type[_T]) -> list[_T]:
        """The messages of one kind."""
        return [message for message in self.messages if isinstance(message, kind)]

    def close(self) -> None:
        """End the tap, once."""
        if self._running:
            self._running = False
            os.kill(self.pid, signal.SIGKILL)
            self._starter.wait(self.pid)
        for fd in [*self._buffers, *([self._errors] if self._errors >= 0 else [])]:
            os.close(fd)
        self._buffers.clear()
        self._errors = -1


@pytest.fixture(scope="session")
def _tap_starter() -> Iterator[TapStarter]:
    starter = TapStarter()
    yield starter
    starter.close()


def _taps(starter: Callable[[], TapStarter]) -> Iterator[Callable[..., TapProcess]]:
    taps: list[TapProcess] = []

    def start(**fields: object) -> TapProcess:
        taps.append(TapProcess(starter(), msgspec.convert(fields, TapSpec)))
        return taps[-1]

    yield start
    for tap in taps:
        tap.close()


@pytest.fixture
def start_tap(_tap_starter: TapStarter) -> Iterator[Callable[..., TapProcess]]:
    """Start taps, given TapSpec's fields; all are ended after the test."""
    yield from _taps(lambda: _tap_starter)


@pytest.fixture
def new_tap() -> Iterator[Callable[..., TapProcess]]:
    """The same, with the environment as the test has set it by then."""
    starters: list[TapStarter] = []

    def starter() -> TapStarter:
        starters.append(TapStarter())
        return starters[-1]

    yield from _taps(starter)
    for one in starters:
        one.close()


def encode(
    path: Path,
    frames: int,
    *,
    codec: str = "libx264",
    rate: int = 10,
    form: str | None = None,
    options: dict[str, str] | None = None,
    steps: list[int] | None = None,
    noise: bool = False,
) -> Path:
    """Write a clip of a moving bar, or of `noise`, which takes many bytes.

    `steps` are presentation times in 1/rate s where they are uneven.
    """
    generator = np.random.default_rng(7)
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        assert isinstance(stream, av.video.stream.VideoStream)
        stream.width, stream.height = 160, 120
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(frames):
            picture = np.full((120, 160, 3), 90, np.uint8)
            if noise:
                picture = generator.integers(0, 255, (120, 160, 3), np.uint8)
            picture[:, (number * 4) % 150 : (number * 4) % 150 + 10] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = steps[number] if steps else number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """Write a clip into the test's folder: `make_clip(name, frames, **encode's options)`."""

    def make(name: str, frames: int, **options: object) -> Path:
        return encode(tmp_path / name, frames, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def liars() -> ModuleType:
    """The servers that misbehave: tests/servers/liars.py."""
    spec = importlib.util.spec_from_file_location("liars", SERVERS / "liars.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class RtspServer:
    """GStreamer's RTSP server in a process of its own, on one port however often it starts."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Its stream."""
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def start(self, *options: str) -> None:
        """Start, and wait until it serves."""
        self.process = subprocess.Popen(
            ["/usr/bin/python3", SERVERS / "rtsp.py", str(self.port), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"ready {self.port}\n".encode()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


PACKAGES = "gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-{base,good,ugly}"


@pytest.fixture(scope="session")
def _gstreamer() -> None:
    probe = (
        subprocess.run(
            ["/usr/bin/python3", SERVERS / "rtsp.py", "--check"], capture_output=True, check=False
        )
        if Path("/usr/bin/python3").exists()
        else None
    )
    if probe is None or probe.returncode != 0:
        said = probe.stderr.decode().strip().splitlines()[-1:] if probe is not None else []
        pytest.skip(f"no GStreamer RTSP server ({PACKAGES}): {said}")


@pytest.fixture
def rtsp_server(_gstreamer: None) -> Iterator[RtspServer]:
    """A real RTSP server, not started; ended after the test."""
    server = RtspServer()
    yield server
    server.kill()


STREAM_SIZE = (50, 38)


def coded_stream(
    codec: str, *, b_frames: int = 0, frames: int = 30
) -> tuple[StreamStart, list[Packet]]:
    """A stream of a moving square in `codec`, 50 x 38 at 25 frames/s, as a tap would send it."""
    file = io.BytesIO()
    size, container_name = STREAM_SIZE, "matroska"
    with Encoder(
        file, *size, 25, codec=codec, b_frames=b_frames, container=container_name
    ) as encoder:
        for number in range(frames):
            frame = np.full((size[1], size[0], 3), 60, np.uint8)
            frame[10:20, number % 40 : number % 40 + 10] = 200
            encoder.write(frame)
    file.seek(0)
    with av.open(file, "r") as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        start = StreamStart(context.name, context.extradata or b"", *size)
        packets = [
            Packet(bytes(p), None if p.pts is None else p.pts * 1000, key=p.is_keyframe)
            for p in container.demux(stream)
            if p.size
        ]
    return start, packets


@pytest.fixture
def coded() -> Callable[..., tuple[StreamStart, list[Packet]]]:
    """Make a stream: `coded(codec, b_frames=, frames=)`."""
    return coded_stream
