import random
import re
import signal
import struct
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from plainview.vision.packets import Gap, Packet, StreamStart, Tick

if TYPE_CHECKING:
    from tests.vision.conftest import RtspServer, TapProcess

Start = Callable[..., "TapProcess"]
RETRY = re.compile("Check|Correct|Give")


def connected(tap: "TapProcess") -> bool:
    """Whether the tap says so."""
    return bool(tap.statuses) and tap.statuses[-1].connected


def lost(tap: "TapProcess") -> bool:
    """Whether the tap said that what was there is gone."""
    return bool(tap.statuses) and not tap.statuses[-1].connected


def came(tap: "TapProcess", count: int) -> Callable[["TapProcess"], bool]:
    """Whether `count` more packets than now have come."""
    wanted = len(tap.of(Packet)) + count
    return lambda tap: len(tap.of(Packet)) >= wanted


def ascending(tap: "TapProcess") -> bool:
    """Whether packets' times never run back (the server sends in order of presentation)."""
    times = [packet.t or 0 for packet in tap.of(Packet)]
    return times == sorted(times)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_is_timed_in_utc(
    start_tap: Start, rtsp_server: "RtspServer", transport: str
) -> None:
    """Over either transport pictures come at once, with the time at which they were taken."""
    rtsp_server.start()
    tap = start_tap(source=rtsp_server.address, transport=transport)
    tap.until(came(tap, 45))
    assert tap.of(StreamStart)[0].codec == "h264"
    assert tap.of(Packet)[0].key
    assert ascending(tap)
    behind = time.time() - (tap.of(Packet)[-1].t or 0) / 1e6
    assert 0 <= behind < 1.0
    assert tap.statuses[-1].connected
    assert tap.statuses[-1].late == 0


def test_a_killed_camera_comes_back_and_another_never_notices(
    start_tap: Start, rtsp_server: "RtspServer", make_clip: Callable[..., Path]
) -> None:
    """Killed, the camera is told as lost within a second and its time goes on.

    Restarted, it is back. A second camera loses nothing meanwhile.
    """
    clip = make_clip("other.mp4", 10, rate=10, options={"bf": "0"})
    other = start_tap(source=str(clip), live=True, loop=True)
    rtsp_server.start()
    tap = start_tap(source=rtsp_server.address)
    tap.until(came(tap, 10))
    rtsp_server.kill()
    assert tap.until(lost) < 1.0
    assert "127.0.0.1" in tap.statuses[-1].note
    silent = len(tap.of(Tick))
    tap.until(lambda tap: len(tap.of(Tick)) >= silent + 4)
    assert not tap.of(Tick)[-1].connected
    rtsp_server.start()
    back = tap.until(came(tap, 1))
    assert back < 10.0, "the budget; bench/reconnect.py measures it"
    assert [gap.reason for gap in tap.of(Gap)] == ["lost"]
    assert len(tap.of(StreamStart)) == 2
    tap.until(lambda tap: tap.statuses[-1].reconnects == 1 and tap.statuses[-1].note == "")
    tap.until(came(tap, 5))
    assert ascending(tap)
    while other.hear(0.0):
        if len(other.of(Packet)) > 5 and time.time() - (other.of(Packet)[-1].t or 0) / 1e6 < 0.5:
            break
    times = [packet.t or 0 for packet in other.of(Packet)]
    assert max(b - a for a, b in pairwise(times)) < 200_000
    assert other.of(Gap) == []
    assert other.statuses[-1].reconnects == 0


def test_a_stalled_camera_is_lost_and_comes_back(
    start_tap: Start, rtsp_server: "RtspServer"
) -> None:
    """A server that stops in mid-stream without a word is lost after `stall` seconds.

    When it goes on, so does the camera.
    """
    rtsp_server.start()
    tap = start_tap(source=rtsp_server.address, stall=1.0)
    tap.until(came(tap, 10))
    rtsp_server.signal(signal.SIGSTOP)
    assert 0.5 < tap.until(lost) < 3.0
    tap.until(lambda tap: bool(tap.of(Tick)) and not tap.of(Tick)[-1].connected)
    rtsp_server.signal(signal.SIGCONT)
    assert tap.until(came(tap, 15)) < 10.0
    assert ascending(tap)


def test_a_change_of_size_goes_through(start_tap: Start, rtsp_server: "RtspServer") -> None:
    """A camera set to another size in mid-stream keeps its connection; the lens gets both sizes."""
    import av  # noqa: PLC0415 - here the test is the lens

    rtsp_server.start("--change", "1.5")
    tap = start_tap(source=rtsp_server.address)
    tap.until(came(tap, 60))
    assert tap.statuses[-1].reconnects == 0
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, av.VideoCodecContext)
    context.extradata = tap.of(StreamStart)[0].extradata
    sizes = {
        (frame.width, frame.height)
        for packet in tap.of(Packet)
        for frame in context.decode(av.Packet(packet.data))
    }
    assert sizes == {(320, 240), (640, 480)}


def test_a_wrong_password_is_told_without_it(start_tap: Start, rtsp_server: "RtspServer") -> None:
    """The note says that user name or password is refused, and holds neither."""
    rtsp_server.start("--user", "viewer", "--password", "right")
    for user, word in (("viewer", "wr0ngw0rd"), ("nobody", "right")):
        address = rtsp_server.address.replace("//", f"//{user}:{word}@")
        tap = start_tap(source=address)
        tap.until(lambda tap: bool(tap.statuses) and "password" in tap.statuses[-1].note)
        for status in tap.statuses:
            assert user not in status.note
            assert word not in status.note
        command = Path(f"/proc/{tap.pid}/cmdline").read_bytes()
        assert word.encode() not in command
        tap.close()
    tap = start_tap(source=rtsp_server.address.replace("//", "//viewer:right@"))
    tap.until(came(tap, 3))


def test_a_wrong_path_is_told(start_tap: Start, rtsp_server: "RtspServer") -> None:
    """A stream that the camera has not is named as such, and tried again for ever."""
    rtsp_server.start()
    tap = start_tap(source=rtsp_server.address + "era")
    tap.until(
        lambda tap: [s.note for s in tap.statuses if "has no such stream" in s.note][3:] != []
    )
    assert RETRY.search(tap.statuses[-1].note)
    assert not tap.statuses[-1].ended


def test_a_camera_that_is_not_there_is_tried_soon_and_for_ever(
    start_tap: Start, rtsp_server: "RtspServer"
) -> None:
    """Before the camera is up the lens is told the time; when it comes up it is found."""
    tap = start_tap(source=rtsp_server.address)
    tap.until(lambda tap: bool(tap.statuses) and "refuses the connection" in tap.statuses[-1].note)
    tap.until(lambda tap: len(tap.of(Tick)) >= 3)
    rtsp_server.start()
    assert tap.until(came(tap, 1)) < 10.0


SDP = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    b"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
)


def noise(seed: int, size: int) -> bytes:
    """The same bytes each time."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - not a secret


def rtp(number: int, payload: bytes, cut: int = 0) -> bytes:
    """One RTP packet, interleaved in RTSP's connection; its last `cut` bytes are not sent."""
    head = struct.pack(">BBHII", 0x80, 96, number & 0xFFFF, number * 6000, 7)
    body = head + payload
    return struct.pack(">BBH", 0x24, 0, len(body)) + body[: len(body) - cut]


@pytest.mark.parametrize(
    "lie",
    [
        lambda liars: liars.raw(b"\x00\xff" * 5000),
        lambda liars: liars.raw(
            b"RTSP/1.0 200 OK\r\nCSeq: 99999999999999\r\nContent-Length: -5\r\n\r\n"
        ),
        lambda liars: liars.raw(b"RTSP/1.0 999 \r\n\r\n"),
        lambda liars: liars.rtsp(b"\x00not a description" * 100, b""),
        lambda liars: liars.rtsp(SDP.replace(b"H264", b"PCMU").replace(b"video", b"audio"), b""),
        lambda liars: liars.rtsp(SDP, noise(5, 20_000)),
        lambda liars: liars.rtsp(SDP, b"".join(rtp(k, noise(k, 300)) for k in range(60))),
        lambda liars: liars.rtsp(
            SDP, rtp(1, b"\x65" + bytes(200)) + rtp(2, b"\x41" * 900, cut=700)
        ),
        lambda liars: liars.mute,
    ],
    ids=[
        *("noise", "headers", "status", "description", "audio"),
        *("interleaved", "payload", "cut", "mute"),
    ],
)
def test_garbage_is_survived(
    start_tap: Start, liars: ModuleType, lie: Callable[[ModuleType], object]
) -> None:
    """A server that sends garbage at any step is lost or silent, told, and tried again.

    The tap lives and keeps the time.
    """
    with liars.serve(lie(liars)) as port:
        tap = start_tap(source=f"rtsp://127.0.0.1:{port}/cam", stall=0.5)
        tap.until(lambda tap: any(status.note for status in tap.statuses))
        assert "127.0.0.1" in tap.statuses[-1].note or tap.statuses[-1].connected
        ticks = len(tap.of(Tick))
        tap.until(lambda tap: len(tap.of(Tick)) >= ticks + 3)
        assert not tap.statuses[-1].ended
        tap.close()
