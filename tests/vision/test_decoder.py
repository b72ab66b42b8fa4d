"""Packets to luma planes: as FFmpeg decodes them, without a copy, whatever a packet holds."""

from collections.abc import Callable, Iterator

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import LensError
from plainview.vision.decoder import Decoder, luma
from plainview.vision.packets import Packet, StreamStart
from plainview.vision.timeline import Pace

SIZE = (50, 38)
Coded = Callable[..., tuple[StreamStart, list[Packet]]]


def lumas(start: StreamStart, packets: list[Packet]) -> Iterator[tuple[int | None, bytes]]:
    """(time, luma) of every frame, all decoded."""
    decoder = Decoder(start, reference_only=False)
    frames = [f for p in packets for f in decoder.decode(p)] + decoder.flush()
    for frame in frames:
        plane = luma(frame)
        assert plane.shape == (SIZE[1], SIZE[0])
        assert plane.dtype == np.uint8
        yield frame.pts, plane.tobytes()


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg4", "mpeg2", "vp8", "mjpeg", "ffv1"])
def test_all_frames_come_in_order(coded: Coded, codec: str) -> None:
    """Every frame of every common codec is decoded, with its own time, in order."""
    start, packets = coded(codec, b_frames=2 if codec == "h264" else 0)
    times = [t for t, _ in lumas(start, packets)]
    assert times == [k * 40_000 for k in range(30)]


def test_luma_is_ffmpeg_s_luma(coded: Coded) -> None:
    """The plane equals what PyAV's own conversion gives, line padding removed."""
    start, packets = coded("h264")
    decoder = Decoder(start, reference_only=False)
    for packet in packets:
        for frame in decoder.decode(packet):
            expected = frame.to_ndarray()[: SIZE[1], : SIZE[0]]
            np.testing.assert_array_equal(luma(frame), expected)


def test_luma_is_a_view() -> None:
    """The common formats are not copied: the plane lies in the decoder's own memory."""
    frame = av.VideoFrame(*SIZE, "yuv420p")
    address = luma(frame).__array_interface__["data"][0]
    assert address == frame.planes[0].buffer_ptr


@pytest.mark.parametrize(
    "name",
    [
        *("yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "gray", "yuv420p10le", "p010le"),
        *("yuv422p12le", "gray10le", "gray16le", "rgb24", "bgra", "yuyv422", "gbrp"),
    ],
)
def test_luma_of_every_format(name: str) -> None:
    """Bright stays bright and dark dark in each pixel format, deep, packed and RGB ones too."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[:, 20:] = 255
    rgb = av.VideoFrame.from_ndarray(picture, format="rgb24")
    plane = luma(rgb.reformat(format=name, threads=1))
    assert plane.shape == (SIZE[1], SIZE[0])
    assert plane[:, :15].max() < 40
    assert plane[:, 25:].min() > 215


@pytest.mark.parametrize(
    ("codec", "b_frames"), [("h264", 0), ("h264", 3), ("hevc", 2), ("mpeg4", 2)]
)
def test_skipping_unneeded_packets_changes_no_wanted_frame(
    coded: Coded, codec: str, b_frames: int
) -> None:
    """The frames that are analysed are the same, bit by bit, as when everything is decoded."""
    start, packets = coded(codec, b_frames=b_frames, frames=60)
    full = lumas(start, packets)
    pace = Pace(5)
    decoder = Decoder(start, reference_only=False)
    frames = [f for p in packets for f in decoder.decode(p, needed=pace.may_want((p.t or 0) / 1e6))]
    frames += decoder.flush()
    kept = [(f.pts, luma(f).tobytes()) for f in frames if pace.wants((f.pts or 0) / 1e6)]
    assert set(kept) <= set(full)
    assert len(kept) == 12
    if b_frames:
        assert len(frames) < 60, "nothing was saved"


def test_reference_frames_only(coded: Coded) -> None:
    """With reference_only the frames that no other refers to never come."""
    start, packets = coded("h264", b_frames=3)
    decoder = Decoder(start, reference_only=True)
    frames = [f for p in packets for f in decoder.decode(p)] + decoder.flush()
    assert 5 < len(frames) < 25


@given(st.lists(st.binary(max_size=300), max_size=8), st.sampled_from(["h264", "mpeg4", "mjpeg"]))
@settings(max_examples=40, deadline=None)
def test_garbage_is_counted_not_raised(pieces: list[bytes], codec: str) -> None:
    """No packet, whatever it holds, raises."""
    decoder = Decoder(StreamStart(codec, b"", 0, 0), reference_only=False)
    for piece in pieces:
        for frame in decoder.decode(Packet(piece, 0)):
            luma(frame)
    decoder.flush()
    assert decoder.broken <= 2 * len(pieces) + 2


def test_broken_packets_are_counted_and_the_rest_is_decoded(coded: Coded) -> None:
    """A corrupt middle costs its own frames; the next key frame mends all."""
    start, packets = coded("mjpeg")
    packets[10] = Packet(b"\xff\xd8 broken", packets[10].t)
    decoder = Decoder(start, reference_only=False)
    frames = [f for p in packets for f in decoder.decode(p)]
    assert len(frames) == 29
    assert decoder.broken == 1


@pytest.mark.parametrize("codec", ["no-such-codec", "mp3", ""])
def test_codec_that_is_none_is_refused(codec: str) -> None:
    """A codec that does not exist, or is no video, is a LensError."""
    with pytest.raises(LensError):
        Decoder(StreamStart(codec, b"", 0, 0), reference_only=False)


def twice(coded: Coded, codec: str) -> tuple[StreamStart, list[Packet]]:
    """A stream of 60 frames whose 31st is whole by itself, as its first is."""
    start, packets = coded(codec)
    later = [Packet(p.data, (p.t or 0) + 1_200_000, key=p.key) for p in packets]
    return start, [*packets, *later]


@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_what_is_built_on_a_broken_packet_never_comes(coded: Coded, codec: str) -> None:
    """Blocks that smear would be people; from the next whole picture on all is well."""
    start, packets = twice(coded, codec)
    true = dict(lumas(start, packets))
    packets[12] = Packet(packets[12].data[: len(packets[12].data) // 2], packets[12].t)
    came = dict(lumas(start, packets))
    assert set(came) >= {k * 40_000 for k in (*range(10), *range(30, 60))}
    assert not set(came) & {k * 40_000 for k in range(12, 30)}
    assert all(true[t] == frame for t, frame in came.items())


def test_a_missing_packet_spoils_what_follows_until_a_whole_picture(
    coded: Coded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or until so much came since that strips of it must have been renewed."""
    start, packets = twice(coded, "h264")

    def given() -> list[int]:
        decoder = Decoder(start, reference_only=False)
        numbers = []
        for k, packet in enumerate(packets):
            if k == 12:
                decoder.spoil()
                continue
            numbers += [round((f.pts or 0) / 40_000) for f in decoder.decode(packet)]
        return numbers + [round((f.pts or 0) / 40_000) for f in decoder.flush()]

    assert not set(given()) & set(range(13, 30))
    assert set(given()) >= set(range(30, 60))
    monkeypatch.setattr("plainview.vision.decoder._HEALS", 5)
    assert set(given()) >= set(range(20, 30))
