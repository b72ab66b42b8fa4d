import re
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from plainview.vision.packets import Gap, Packet, StreamStart, Tick

if TYPE_CHECKING:
    from tests.vision.conftest import TapProcess

Start = Callable[..., "TapProcess"]
Make = Callable[..., Path]


def test_a_transport_stream_over_http_stalls_and_comes_back(
    start_tap: Start, make_clip: Make, liars: ModuleType
) -> None:
    """What a server sends before it falls silent arrives; then it is lost, and asked again."""
    body = make_clip("s.ts", 20, options={"bf": "0"}).read_bytes()
    with liars.serve(liars.http("video/mp2t", body, hold=True)) as port:
        tap = start_tap(source=f"http://127.0.0.1:{port}/s.ts", stall=1.0)
        tap.until(lambda tap: len(tap.of(StreamStart)) >= 2)
        assert tap.of(StreamStart)[0].codec == "h264"
        assert 10 <= len(tap.of(Packet)) <= 40
        assert {gap.reason for gap in tap.of(Gap)} == {"lost"}
        tap.close()


def test_multipart_jpeg_is_timed_by_arrival(
    start_tap: Start, make_clip: Make, liars: ModuleType
) -> None:
    """A camera that sends JPEGs one after the other has no clock: its pictures are of now."""
    clip = make_clip("m.mjpeg", 12, codec="mjpeg", form="mjpeg").read_bytes()
    pictures = [b"\xff\xd8" + part for part in clip.split(b"\xff\xd8")[1:]]

    def answer(client: object, stop: object) -> None:
        liars.multipart(client, stop, pictures, 0.03)

    with liars.serve(answer) as port:
        tap = start_tap(source=f"http://127.0.0.1:{port}/video.mjpg")
        tap.until(lambda tap: len(tap.of(Packet)) >= 50)
        newest = tap.of(Packet)[-1]
        assert abs(time.time() - (newest.t or 0) / 1e6) < 0.5
        assert tap.of(StreamStart)[0].codec == "mjpeg"
        assert newest.key
        tap.close()


@pytest.mark.parametrize(
    "aim",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "concat:/etc/passwd",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "gopher://127.0.0.1/x",
        "data:text/plain,x",
    ],
)
def test_a_playlist_cannot_lead_to_other_places(
    start_tap: Start, liars: ModuleType, aim: str
) -> None:
    """A hostile camera's playlist opens no local file and no other protocol."""
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{aim}\n#EXT-X-ENDLIST\n"
    answer = liars.http("application/vnd.apple.mpegurl", text.encode(), hold=False)
    with liars.serve(answer) as port:
        tap = start_tap(source=f"http://127.0.0.1:{port}/live.m3u8", stall=0.5)
        tap.until(lambda tap: sum(bool(status.note) for status in tap.statuses) > 2)
        assert tap.of(StreamStart) == []
        assert not any(status.connected for status in tap.statuses)
        tap.close()


def test_a_playlist_of_its_own_pieces_is_played(
    start_tap: Start, make_clip: Make, liars: ModuleType
) -> None:
    """HTTP live streaming works: the playlist's pieces come from the same server."""
    piece = make_clip("p.ts", 20, options={"bf": "0"}).read_bytes()
    text = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\np0.ts\n#EXTINF:2,\np1.ts\n"
    files = {"/live.m3u8": text, "/p0.ts": piece, "/p1.ts": piece}
    with liars.serve(liars.folder(files)) as port:
        tap = start_tap(source=f"http://127.0.0.1:{port}/live.m3u8", stall=2.0)
        tap.until(lambda tap: len(tap.of(Packet)) >= 20)
        tap.close()


def test_a_clip_may_come_by_http(start_tap: Start, make_clip: Make, liars: ModuleType) -> None:
    """A file on a server is measured as a clip, whole; one that is missing is told."""
    files = {"/a.mkv": make_clip("a.mkv", 30).read_bytes()}
    with liars.serve(liars.folder(files)) as port:
        tap = start_tap(source=f"http://127.0.0.1:{port}/a.mkv", live=False)
        tap.finish()
        assert len(tap.of(Packet)) == 30
        assert tap.of(Tick) == []
        tap = start_tap(source=f"http://u:s3cr3t@127.0.0.1:{port}/b.mkv?s3cr3t", live=False)
        tap.finish()
        assert tap.statuses[-1].failed
        assert re.search("has no such stream", tap.statuses[-1].note)
        assert "s3cr3t" not in tap.statuses[-1].note
