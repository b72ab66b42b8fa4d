"""Films that a player shows otherwise than they are stored are refused, whatever the box before."""

import functools
import http.server
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from plainview.errors import SourceError
from plainview.vision import clip, sources
from plainview.vision.encoder import encode_clip
from plainview.vision.sources import Source
from plainview.vision.spec import TapSpec


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


def copied(given: Path, path: Path) -> Path:
    """The film in another container: packets and what is said of them, untouched."""
    with av.open(str(given)) as film, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return path


def refused(source: Source, descriptor: int | None) -> bool:
    """Whether the tap refuses the film; anything else that it raises is raised."""
    try:
        with clip.opened(source, descriptor) as container:
            clip.video(container, source)
    except SourceError as error:
        if "turned or mirrored when they are played" not in error.what:
            raise
        return True
    return False


@pytest.mark.parametrize("audio", [False, True])
@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_what_is_turned_is_refused(tmp_path: Path, degrees: float, *, audio: bool) -> None:
    """To measure and to calibrate alike; sound before the pictures hides nothing."""
    path = film(tmp_path / "film.mp4", degrees, audio=audio)
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with sources.file(source) as descriptor:
        assert refused(source, descriptor)


@pytest.mark.parametrize("suffix", ["mov", "mkv"])
@pytest.mark.parametrize("degrees", [None, 90])
def test_each_container_that_can_say_so_is_heard(
    tmp_path: Path, suffix: str, degrees: float | None
) -> None:
    """Matroska says it by its projection, which nothing but FFmpeg reads here."""
    path = copied(film(tmp_path / "film.mp4", degrees), tmp_path / f"film.{suffix}")
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with sources.file(source) as descriptor:
        assert refused(source, descriptor) == (degrees is not None)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_a_film_from_a_web_server_is_heard_too(tmp_path: Path) -> None:
    """Where there is no file to look into."""
    film(tmp_path / "film.mp4", -90)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/film.mp4"
            assert refused(sources.resolve(TapSpec(source=address)), None)
        finally:
            server.shutdown()


@pytest.mark.parametrize("degrees", [None, 0])
def test_what_is_not_turned_is_taken(tmp_path: Path, degrees: float | None) -> None:
    """As nearly every film is."""
    path = film(tmp_path / "film.mp4", degrees)
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with sources.file(source) as descriptor, clip.opened(source, descriptor) as container:
        assert len(list(clip.packets(container, clip.video(container, source)))) == 5


def test_pictures_that_no_such_head_can_hold_are_taken(tmp_path: Path) -> None:
    """The question must not fail where it cannot be asked."""
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("huffyuv", rate=5, options={})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv422p"
        for k in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64), 90 + k, np.uint8), "gray")
            out.mux(stream.encode(frame.reformat(format="yuv422p")))
        out.mux(stream.encode(None))
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with sources.file(source) as descriptor:
        assert not refused(source, descriptor)


def test_what_a_camera_sends_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport stream has no place for such a word; to ask writes a film's head each time."""
    path = copied(film(tmp_path / "film.mp4", 90), tmp_path / "film.ts")
    source = sources.resolve(TapSpec(source=str(path), live=False))
    with sources.file(source) as descriptor, clip.opened(source, descriptor) as container:
        monkeypatch.setattr(av, "open", lambda *_, **__: pytest.fail("a film was begun"))
        clip.video(container, source)
