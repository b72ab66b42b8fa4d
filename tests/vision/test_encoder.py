"""The encoder: what goes in comes out of a real decoder."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import InputError, PlainviewError
from plainview.vision.encoder import Encoder, encode_clip


def _ramp(k: int, size: tuple[int, int] = (48, 64)) -> NDArray[np.uint8]:
    """A grey picture whose brightness tells its number."""
    return np.full(size, 40 + 10 * k, dtype=np.uint8)


def _levels(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("mp4", "h264"), ("mkv", "h264"), ("ts", "h264"), ("avi", "mpeg4"), ("mkv", "hevc"),
        ("avi", "mjpeg"), ("ts", "mpeg2"), ("mkv", "vp8"), ("mkv", "ffv1"), ("h264", "h264"),
    ],
)  # fmt: skip
def test_every_frame_comes_back_in_order(tmp_path: Path, suffix: str, codec: str) -> None:
    """Each container and codec keeps the number, the order and the brightness of the frames."""
    path = tmp_path / f"clip.{suffix}"
    assert encode_clip((_ramp(k) for k in range(10)), path, 25, codec=codec) == 10
    levels = _levels(path)
    assert len(levels) == 10
    assert levels == sorted(levels)
    # MJPEG is full range: its decoder's grey differs by the studio range's scale.
    assert np.allclose(levels, [40 + 10 * k for k in range(10)], atol=22)


def test_rgb_keeps_its_luma(tmp_path: Path) -> None:
    """A grey RGB frame encodes as the same luma frame does."""
    grey = _ramp(6)
    encode_clip([grey] * 3, tmp_path / "a.mp4", 10)
    encode_clip([np.repeat(grey[..., None], 3, axis=2)] * 3, tmp_path / "b.mp4", 10)
    assert np.allclose(_levels(tmp_path / "a.mp4"), _levels(tmp_path / "b.mp4"), atol=2)


def test_b_frames_key_frames_and_audio(tmp_path: Path) -> None:
    """B-frames reorder packets, the gop spaces key frames, and the silent audio is there."""
    path = tmp_path / "clip.mkv"
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 255, (48, 64), dtype=np.uint8) // 8 + _ramp(k) for k in range(16)]
    encode_clip(frames, path, 10, gop=8, b_frames=2, audio=True)
    with av.open(str(path)) as container:
        assert len(container.streams.audio) == 1
        packets = [p for p in container.demux(video=0) if p.size]
    times = [p.pts for p in packets if p.pts is not None]
    assert times != sorted(times)
    assert sum(p.is_keyframe for p in packets) == 2


def test_frames_are_at_the_times_told(tmp_path: Path) -> None:
    """A variable frame rate is kept to a millisecond."""
    path = tmp_path / "clip.mkv"
    told = [0.0, 0.1, 0.5, 0.55, 2.0]
    with Encoder(path, 64, 48, 10) as encoder:
        for k, t in enumerate(told):
            encoder.write(_ramp(k), t=t)
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base or Fraction(1)
        shown = [float((f.pts or 0) * base) for f in container.decode(video=0)]
    assert np.allclose(shown, told, atol=0.002)


def test_a_flushed_stream_is_readable_while_it_grows(tmp_path: Path) -> None:
    """With flush, what was written can be decoded from the file before it is closed."""
    path = tmp_path / "clip.ts"
    with Encoder(path, 64, 48, 10, gop=2, flush=True) as encoder:
        for k in range(6):
            encoder.write(_ramp(k))
        copy = tmp_path / "copy.ts"
        copy.write_bytes(path.read_bytes())
    assert len(_levels(copy)) >= 5


def test_raw_streams_of_two_sizes_join(tmp_path: Path) -> None:
    """Two raw H.264 files one after the other are a stream that changes its size."""
    encode_clip([_ramp(k) for k in range(3)], tmp_path / "a.h264", 10)
    encode_clip([_ramp(k, (96, 128)) for k in range(3)], tmp_path / "b.h264", 10)
    both = tmp_path / "both.h264"
    both.write_bytes((tmp_path / "a.h264").read_bytes() + (tmp_path / "b.h264").read_bytes())
    with av.open(str(both)) as container:
        sizes = [(f.width, f.height) for f in container.decode(video=0)]
    assert sizes == [(64, 48)] * 3 + [(128, 96)] * 3


def test_an_open_file_takes_a_stream() -> None:
    """A binary file object works where the container is named."""
    target = io.BytesIO()
    encoder = Encoder(target, 64, 48, 10, container="mpegts")
    encoder.write(_ramp(1))
    encoder.close()
    assert target.getvalue()[:1] == b"\x47"


@pytest.mark.parametrize(
    ("width", "height", "rate", "codec"),
    [(63, 48, 10, "h264"), (8, 8, 10, "h264"), (64, 48, 0, "h264"), (64, 48, 10, "none"),
     (64, 48, float("nan"), "h264"), (100_000, 48, 10, "h264")],
)  # fmt: skip
def test_what_cannot_be_encoded_is_refused(
    tmp_path: Path, width: int, height: int, rate: float, codec: str
) -> None:
    """Odd and absurd sizes, rates and codecs are one clear line, and no file appears."""
    with pytest.raises(InputError):
        Encoder(tmp_path / "clip.mp4", width, height, rate, codec=codec)
    assert not list(tmp_path.iterdir())


def test_wrong_frames_and_places_are_refused(tmp_path: Path) -> None:
    """Another frame size, no frame at all, an unknown suffix, a missing folder: named errors."""
    with Encoder(tmp_path / "clip.mp4", 64, 48, 10) as encoder:
        encoder.write(_ramp(0))
        with pytest.raises(InputError):
            encoder.write(_ramp(0, (96, 128)))
    with pytest.raises(InputError):
        encode_clip([], tmp_path / "none.mp4", 10)
    with pytest.raises(InputError):
        encode_clip([_ramp(0)], tmp_path / "clip.nonsense", 10)
    with pytest.raises(PlainviewError, match="absent"):
        encode_clip([_ramp(0)], tmp_path / "absent" / "clip.ts", 10)
