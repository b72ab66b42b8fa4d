from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import pytest
from av.container import InputContainer
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision import clip
from plainview.vision.clip import Timing
from plainview.vision.packets import Gap, Packet, frame

TICK = Fraction(1, 1000)


def timed(
    stamps: list[int | None], rate: float | None, broken: frozenset[int] = frozenset()
) -> list[Packet | Gap]:
    """What comes out for packets with these presentation times, in decoding order."""
    timing = Timing(TICK, rate)
    out: list[Packet | Gap] = []
    for number, pts in enumerate(stamps):
        if number in broken:
            out += timing.add(None)
            continue
        packet = av.Packet(number.to_bytes(4, "big"))
        packet.pts = pts
        out += timing.add(packet)
    return [*out, *timing.end()]


@st.composite
def reordered(draw: st.DrawFn) -> list[int]:
    """Rising presentation times, each packet sent up to 16 places away from its own."""
    steps = draw(st.lists(st.integers(1, 500), min_size=1, max_size=120))
    times = [sum(steps[: k + 1]) for k in range(len(steps))]
    places = [(k + draw(st.integers(0, 16)), t) for k, t in enumerate(times)]
    return [t for _, t in sorted(places)]


@settings(deadline=None)
@given(stamps=reordered(), rate=st.floats(0.5, 1000))
def test_with_a_rate_each_picture_is_at_its_rank(stamps: list[int], rate: float) -> None:
    """The k-th in order of presentation is at k / rate, whatever its own time and place."""
    ranks = {pts: rank for rank, pts in enumerate(sorted(stamps))}
    out = timed(list(stamps), rate)
    assert [m.t for m in out] == [round(ranks[pts] * 1e6 / rate) for pts in stamps]


@settings(deadline=None)
@given(stamps=reordered(), broken=st.frozensets(st.integers(0, 119)))
def test_without_a_rate_each_picture_keeps_its_time(
    stamps: list[int], broken: frozenset[int]
) -> None:
    """Times are the container's, from the first shown; broken packets are told in their place."""
    out = timed(list(stamps), None, broken)
    whole = [pts for number, pts in enumerate(stamps) if number not in broken]
    assert [isinstance(m, Gap) for m in out] == [k in broken for k in range(len(stamps))]
    assert [m.t for m in out if isinstance(m, Packet)] == [
        (pts - min(whole)) * 1000 for pts in whole
    ]


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), max_size=80),
    st.one_of(st.none(), st.floats(1e-300, 1000, exclude_min=True)),
)
def test_absurd_times_are_bounded(stamps: list[int | None], rate: float | None) -> None:
    """Nothing that a container claims makes a message that cannot be sent, and none is lost."""
    out = timed(stamps, rate)
    assert len(out) == len(stamps)
    for message in out:
        assert frame(message)
        assert message.t is None or 0 <= message.t <= clip.LONGEST


class Changing:
    """What PyAV makes of a transport stream that ends with more streams than it began with."""

    def demux(self, *_: object) -> "Iterator[clip.Compressed]":
        """Three packets, and the flush of a stream that it does not know."""
        yield from (av.Packet(b"abc") for _ in range(3))
        raise IndexError("list index out of range")


def test_a_stream_that_appears_later_loses_nothing() -> None:
    """All was read before PyAV falls over it."""
    film = cast("InputContainer", Changing())
    assert len(list(clip.packets(film, cast("clip.VideoStream", None)))) == 3


@pytest.mark.parametrize(("kind", "begins"), [("mkv", 0), ("mkv", 5), ("mp4", 5), ("ts", 5)])
def test_a_clip_is_as_long_as_its_pictures_whenever_they_begin(
    tmp_path: Path, kind: str, begins: int
) -> None:
    """Three seconds, cut from the middle of a longer film with its clock, last three seconds."""
    path = tmp_path / f"cut.{kind}"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg2video" if kind == "ts" else "mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = av.VideoFrame(64, 48, "yuv420p")
        for k in range(75):
            picture.pts, picture.time_base = 25 * begins + k, Fraction(1, 25)
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))
    with av.open(str(path)) as film:
        seconds = clip.length(film, film.streams.video[0], None)
    assert seconds == pytest.approx(3.0, abs=0.15)
