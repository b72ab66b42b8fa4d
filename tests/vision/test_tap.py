import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.logging
import numpy as np
import pytest

from plainview.vision import clip, sources
from plainview.vision import tap as tap_module
from plainview.vision.packets import Gap, Packet, StreamEnd, StreamStart, Tick
from plainview.vision.spec import TapSpec

if TYPE_CHECKING:
    from tests.vision.conftest import TapProcess

Start = Callable[..., "TapProcess"]
Make = Callable[..., Path]
DATA = Path(__file__).parents[3] / "shared" / "data"


def decoded(tap: "TapProcess") -> list[tuple[int, np.ndarray]]:
    """What a lens would see: (time, picture) of each frame."""
    start, *_ = tap.of(StreamStart)
    context = av.CodecContext.create(start.codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    if start.extradata:
        context.extradata = start.extradata
    frames: list[tuple[int, np.ndarray]] = []
    for message in [*tap.of(Packet), None]:
        packet = None
        if message is not None:
            packet = av.Packet(message.data)
            packet.pts = message.t
        frames += [
            (f.pts or 0, np.asarray(f.to_ndarray(format="gray"))) for f in context.decode(packet)
        ]
    return frames


def shown(path: Path) -> list[np.ndarray]:
    """The clip as it is."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.ts", "libx264"),
        ("a.avi", "mpeg4"),
        ("a.mov", "mjpeg"),
        ("a.mp4", "libx265"),
    ],
)
def test_a_clip_arrives_whole_in_any_container(
    start_tap: Start, make_clip: Make, name: str, codec: str
) -> None:
    """What the lens can decode is the clip, picture for picture, at the clip's own times."""
    path = make_clip(name, 25, codec=codec)
    tap = start_tap(source=str(path), live=False)
    tap.finish()
    frames = decoded(tap)
    pictures = shown(path)
    assert len(frames) == len(pictures) == 25
    assert all(
        np.array_equal(ours, theirs) for (_, ours), theirs in zip(frames, pictures, strict=True)
    )
    assert [t for t, _ in frames] == pytest.approx([k * 100_000 for k in range(25)], abs=1)
    assert isinstance(tap.messages[-1], StreamEnd)
    last = tap.statuses[-1]
    assert (last.ended, last.failed, last.packets, last.broken) == (True, False, 25, 0)
    assert last.t == pytest.approx(2.4)


def test_frame_rate_counts_frames_in_order_of_presentation(
    start_tap: Start, make_clip: Make
) -> None:
    """With frame_rate the k-th picture shown is at k / rate.

    Whatever the container's times and the order in which pictures are sent.
    """
    uneven = list(np.cumsum([1 + (k * k) % 7 for k in range(40)]).tolist())
    path = make_clip("b.mp4", 40, options={"bf": "4", "b-adapt": "0"}, steps=uneven)
    tap = start_tap(source=str(path), live=False, frame_rate=7)
    tap.finish()
    packets = [message.t or 0 for message in tap.of(Packet)]
    assert packets != sorted(packets), "the clip must have pictures that are sent early"
    assert [t for t, _ in decoded(tap)] == [round(k * 1e6 / 7) for k in range(40)]


def test_a_variable_frame_rate_is_kept(start_tap: Start, make_clip: Make) -> None:
    """Without frame_rate each picture keeps its own time, counted from the first."""
    steps = [5, 6, 10, 30, 31, 33]
    tap = start_tap(source=str(make_clip("v.mkv", 6, steps=steps)), live=False)
    tap.finish()
    assert [t for t, _ in decoded(tap)] == [(k - 5) * 100_000 for k in steps]


def test_pets_is_seven_frames_a_second(start_tap: Start) -> None:
    """PETS2009 S2.L1 holds 795 frames at 7 per second though its container says 10."""
    path = DATA / "pets2009-s2l1" / "video.mp4"
    if not path.exists():
        pytest.skip(f"no {path.name} of PETS2009 S2.L1 in ../shared/data")
    tap = start_tap(source=str(path), live=False, frame_rate=7)
    tap.finish()
    times = [message.t for message in tap.of(Packet)]
    assert len(times) == 795
    assert max(t for t in times if t is not None) == round(794 * 1e6 / 7)
    assert tap.statuses[-1].duration == pytest.approx(795 / 7)


def audio_only(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 2048), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def no_frames(path: Path) -> Path:
    """A container that announces video and holds none."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        container.start_encoding()
    return path


def written(path: Path, data: bytes) -> Path:
    """A file of these bytes."""
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: p / "gone.mp4", "gone.mp4: there is no such file"),
        (lambda p: p, "is a folder"),
        (lambda p: written(p / "empty.mp4", b""), "empty.mp4: is empty"),
        (
            lambda p: written(p / "text.mp4", b"no video at all\n" * 99),
            "text.mp4: cannot be read as video",
        ),
        (lambda p: written(p / "noise.mp4", bytes(range(256)) * 64), "noise.mp4: "),
        (lambda p: audio_only(p / "sound.mp4"), "sound.mp4: holds sound, no pictures"),
        (lambda p: no_frames(p / "none.mkv"), "none.mkv: holds no pictures"),
        (lambda _: Path("/dev/zero"), "zero: is not a file"),
        (lambda _: "gopher://host/a.mp4", "gopher:// is not a kind of source"),
        (lambda _: "rtsp:///nohost", "names no host"),
        (lambda _: "bad\0name", "cannot be opened"),
    ],
)
@pytest.mark.parametrize("live", [False, True])
def test_what_is_no_video_fails_with_one_line(
    start_tap: Start,
    tmp_path: Path,
    make: Callable[[Path], object],
    says: str,
    live: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A source that can never work ends the tap with one line on what, where and how to mend it."""
    tap = start_tap(source=str(make(tmp_path)), live=live)
    tap.finish()
    last = tap.statuses[-1]
    assert (last.failed, last.ended, last.connected) == (True, True, False)
    assert says in last.note
    assert "\n" not in last.note
    assert str(tmp_path) not in last.note, "the file's name is enough"


def test_a_corrupt_middle_is_counted_and_passed_over(start_tap: Start, make_clip: Make) -> None:
    """Noise in the middle costs the packets that it hit: counted, told, and the rest arrives."""
    path = make_clip("c.ts", 60, options={"g": "5"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 376 * 188
    data[middle : middle + 188 * 6] = b"\x55" * (188 * 6)
    path.write_bytes(data)
    tap = start_tap(source=str(path), live=False)
    tap.finish()
    last = tap.statuses[-1]
    assert (last.ended, last.failed) == (True, False)
    assert last.broken == sum(gap.dropped for gap in tap.of(Gap)) > 0
    assert {gap.reason for gap in tap.of(Gap)} == {"broken"}
    assert 40 <= len(tap.of(Packet)) < 60


def test_a_cut_off_clip_counts_as_far_as_it_goes(start_tap: Start, make_clip: Make) -> None:
    """A file whose end is missing is measured up to there."""
    path = make_clip("cut.mkv", 50)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    tap = start_tap(source=str(path), live=False)
    tap.finish()
    assert not tap.statuses[-1].failed
    assert 5 < len(tap.of(Packet)) < 50


def test_a_playlist_leads_nowhere(start_tap: Start, tmp_path: Path) -> None:
    """A local playlist that names another file opens nothing: the tap has one file, not a path."""
    for name, text in {
        "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "a.ffconcat": "ffconcat version 1.0\nfile /etc/passwd\n",
        "a.sdp": "v=0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    }.items():
        tap = start_tap(source=str(written(tmp_path / name, text.encode())), live=False)
        tap.finish()
        assert tap.statuses[-1].failed, name
        assert tap.of(Packet) == []


def test_a_slow_lens_of_a_clip_loses_nothing(start_tap: Start, make_clip: Make) -> None:
    """While the lens takes nothing the tap waits and still tells its parent; then all arrives."""
    path = make_clip("big.avi", 400, codec="mjpeg", noise=True)
    tap = start_tap(source=str(path), live=False)
    tap.until(lambda tap: len(tap.statuses) > 4, packets=False)
    assert tap.messages == []
    assert not tap.statuses[-1].ended
    tap.finish()
    assert len(tap.of(Packet)) == 400
    assert tap.statuses[-1].late == 0


def test_a_live_file_plays_at_its_own_pace_over_and_over(start_tap: Start, make_clip: Make) -> None:
    """Looped, a file is a camera: UTC that goes on over the seam, one decoder, no hurry."""
    path = make_clip("loop.mp4", 10, rate=20, options={"bf": "0"})
    tap = start_tap(source=str(path), live=True, loop=True)
    took = tap.until(lambda tap: len(tap.of(Packet)) >= 25)
    times = [message.t or 0 for message in tap.of(Packet)][:25]
    assert len(tap.of(StreamStart)) == 1
    assert took >= 1.0
    steps = np.diff(times)
    assert np.all(steps >= 0)
    assert times[-1] - times[0] == pytest.approx(24 * 50_000, abs=40_000)
    assert tap.statuses[-1].connected


def test_a_live_file_without_loop_ends(start_tap: Start, make_clip: Make) -> None:
    """It plays once at its own pace; then the source has ended, which is no failure."""
    tap = start_tap(source=str(make_clip("once.mp4", 8, rate=20)), live=True)
    tap.finish()
    assert len(tap.of(Packet)) == 8
    assert isinstance(tap.messages[-1], StreamEnd)
    assert (tap.statuses[-1].ended, tap.statuses[-1].failed) == (True, False)


def test_a_slow_lens_of_a_camera_misses_packets_visibly(start_tap: Start, make_clip: Make) -> None:
    """Live, the tap waits for nobody.

    What is too old is dropped up to a key frame, counted in the status and told to the lens as a
    gap, and what follows the gap begins with a key frame.
    """
    path = make_clip("fat.mkv", 80, codec="mpeg4", rate=40, options={"g": "4"}, noise=True)
    tap = start_tap(source=str(path), live=True, loop=True, late=0.5)
    tap.until(lambda tap: bool(tap.statuses) and tap.statuses[-1].late > 20, packets=False)
    tap.until(lambda tap: sum(gap.dropped for gap in tap.of(Gap)) > 20)
    tap.until(lambda tap: isinstance(tap.messages[-1], Packet))
    after = [
        (tap.messages[k], tap.messages[k + 1])
        for k in range(len(tap.messages) - 1)
        if isinstance(tap.messages[k], Gap)
    ]
    assert after
    for gap, packet in after:
        if isinstance(packet, Packet):
            assert packet.key
            assert (packet.t or 0) >= 0
        assert isinstance(gap, Gap)
        assert gap.reason == "late"


def test_the_time_goes_on_in_silence(start_tap: Start, make_clip: Make) -> None:
    """While nothing comes a live lens is told the time, several times a second."""
    path = make_clip("still.mkv", 2, steps=[0, 20])
    tap = start_tap(source=str(path), live=True)
    tap.finish()
    ticks = tap.of(Tick)
    assert 5 <= len(ticks) <= 12
    assert [tick.t for tick in ticks] == sorted(tick.t for tick in ticks)


def test_a_tap_ends_with_its_lens(start_tap: Start, make_clip: Make) -> None:
    """A lens that went away ends its tap, quietly, in a clip and live."""
    path = make_clip("gone.mp4", 10)
    for live in (True, False):
        tap = start_tap(source=str(path), live=live, loop=live)
        os.close(tap._packets)
        del tap._buffers[tap._packets]
        tap.finish()


def test_titles_in_any_alphabet_do_no_harm(start_tap: Start, make_clip: Make) -> None:
    """A file whose title is not UTF-8 is as good as any."""
    path = make_clip("t.avi", 5, codec="mpeg4")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Lavf", b"\xff\xfe\xe9\xf6"))
    tap = start_tap(source=str(path), live=False)
    tap.finish()
    assert len(tap.of(Packet)) == 5


def test_an_absurd_frame_rate_is_doubted_aloud(start_tap: Start, make_clip: Make) -> None:
    """A clip that claims thousands of frames a second is passed on, with a hint to mend it."""
    tap = start_tap(source=str(make_clip("r.mkv", 30, rate=5000)), live=False)
    tap.finish()
    assert len(tap.of(Packet)) == 30
    assert "frame_rate" in tap.statuses[-1].note
    assert not tap.statuses[-1].failed


def test_no_part_of_the_tap_decodes() -> None:
    """The only FFmpeg objects that a tap touches are demuxers and packets.

    No call of decode, no codec made or opened, in any of its modules.
    """
    folder = Path(tap_module.__file__).parent
    banned = {"decode", "open_codec", "CodecContext", "Codec", "to_ndarray", "reformat", "parse"}
    for name in (
        "tap",
        "live",
        "feed",
        "clip",
        "sources",
        "outlet",
        "backlog",
        "status",
        "confine",
    ):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert not banned & (used | imported), name


def test_ffmpeg_itself_decodes_nothing_to_look_at_a_stream(make_clip: Make) -> None:
    """FFmpeg decodes pictures to learn their form, unless it may not.

    Its own log then says that every decoder was refused, and none is open after.
    """
    for name, codec in (("a.ts", "libx264"), ("b.ts", "libx265"), ("c.avi", "mpeg4")):
        source = sources.resolve(TapSpec(source=str(make_clip(name, 12, codec=codec)), live=False))
        av.logging.set_level(av.logging.VERBOSE)
        try:
            with (
                av.logging.Capture(local=False) as log,
                sources.file(source) as descriptor,
                clip.opened(source, descriptor) as container,
            ):
                assert not any(stream.codec_context.is_open for stream in container.streams)
                said = "".join(text for _, _, text in log)
        finally:
            av.logging.set_level(None)
        assert "not on whitelist" in said


def test_raw_pictures_are_refused(start_tap: Start, make_clip: Make) -> None:
    """Pictures exist only inside the lens: a source of raw ones is told to send compressed ones."""
    tap = start_tap(source=str(make_clip("raw.avi", 3, codec="rawvideo")), live=False)
    tap.finish()
    assert tap.statuses[-1].failed
    assert "raw pictures" in tap.statuses[-1].note
    assert tap.messages == []


def test_a_device_that_is_unplugged_is_waited_for(start_tap: Start) -> None:
    """A V4L2 device that is not there is told, and tried again for ever."""
    tap = start_tap(source="/dev/video987")
    tap.until(lambda tap: sum("is not there" in s.note for s in tap.statuses) > 2)
    assert tap.statuses[-1].note.startswith("/dev/video987: ")
    assert not tap.statuses[-1].ended
    assert tap.of(Tick)
