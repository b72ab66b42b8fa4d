"""Films that a player shows otherwise than they are stored are refused, whatever the box before."""

import os
from pathlib import Path

import av
import numpy as np
import pytest

from plainview.errors import SourceError
from plainview.vision import clip, sources
from plainview.vision.encoder import encode_clip
from plainview.vision.spec import TapSpec
from plainview.vision.turned import is_turned


def film(path: Path, degrees: float | None, *, audio: bool = False) -> Path:
    """Five frames, to be turned by `degrees` when they are shown; the container's word alone."""
    plain = path.with_name("plain.mp4")
    encode_clip([np.full((48, 64), 90 + k, np.uint8) for k in range(5)], plain, 5.0, audio=audio)
    if degrees is None:
        return plain.rename(path)
    with av.open(str(plain)) as given, av.open(str(path), "w") as out:
        streams = {
            stream.index: out.add_stream_from_template(stream)
            for stream in reversed(given.streams.get())
        }
        for stream in streams.values():
            if isinstance(stream, av.video.stream.VideoStream):
                stream.set_display_rotation(degrees)
        for packet in given.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return path


@pytest.mark.parametrize("audio", [False, True])
@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_what_is_turned_is_refused(tmp_path: Path, degrees: float, *, audio: bool) -> None:
    """To measure and to calibrate alike; sound before the pictures hides nothing."""
    path = film(tmp_path / "film.mp4", degrees, audio=audio)
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with (
        sources.file(source) as descriptor,
        pytest.raises(SourceError, match="turned or mirrored when they are played"),
        clip.opened(source, descriptor),
    ):
        pass


@pytest.mark.parametrize("degrees", [None, 0])
def test_what_is_not_turned_is_taken(tmp_path: Path, degrees: float | None) -> None:
    """As nearly every film is."""
    path = film(tmp_path / "film.mp4", degrees)
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with sources.file(source) as descriptor, clip.opened(source, descriptor) as container:
        assert len(list(clip.packets(container, clip.video(container, source)))) == 5


def test_damage_in_the_head_raises_nothing(tmp_path: Path) -> None:
    """Any byte of it may be wrong, and the file may end anywhere."""
    whole = film(tmp_path / "film.mp4", 90).read_bytes()
    at = whole.index(b"moov") - 4
    chosen = np.random.default_rng(1)
    broken = tmp_path / "broken.mp4"
    for _ in range(300):
        data = bytearray(whole)
        for place in chosen.integers(at, len(data), 4):
            data[place] = chosen.integers(0, 256)
        broken.write_bytes(data[: chosen.integers(at, len(data) + 1)])
        descriptor = os.open(broken, os.O_RDONLY)
        try:
            is_turned(descriptor, 1)
        finally:
            os.close(descriptor)
