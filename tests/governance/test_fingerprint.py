"""What a permit binds of a camera: every change of what it sees, and no change of a password."""

import msgspec
import pytest
from msgspec import structs

from plainview.geometry import Calibration, Line, View, Zone
from plainview.governance.fingerprint import bare_source, fingerprint

SQUARE = ((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0))
VIEW = View(
    calibration=Calibration((64, 48), ((50, 0, -32, 320), (0, -50, -24, 240), (0, 0, -1, 10))),
    polygon=SQUARE,
)
SOURCE = "rtsp://10.0.0.7:554/stream/1?channel=2&subtype=0"


@pytest.mark.parametrize(
    "same",
    [
        "rtsp://user:secret@10.0.0.7:554/stream/1?channel=2&subtype=0",
        "rtsp://user:other@10.0.0.7:554/stream/1?channel=2&subtype=0",
        "RTSP://10.0.0.7:554/stream/1?channel=2&subtype=0",
        "rtsp://10.0.0.7:554/stream/1?user=a&channel=2&password=b&subtype=0",
        "rtsp://10.0.0.7:554/stream/1?channel=2&subtype=0&access_token=abc&sig=1",
        "rtsp://10.0.0.7:554/stream/1?channel=2&subtype=0#fragment",
        "rtsp://us@er:p@10.0.0.7:554/stream/1?channel=2&subtype=0",
    ],
)
def test_credentials_are_not_the_camera(same: str) -> None:
    """A changed user, password or token needs no new assessment, and stands in no fingerprint."""
    assert bare_source(same) == SOURCE
    assert fingerprint(same, VIEW) == fingerprint(SOURCE, VIEW)


@pytest.mark.parametrize(
    "other",
    [
        "rtsp://10.0.0.8:554/stream/1?channel=2&subtype=0",
        "rtsp://10.0.0.7:555/stream/1?channel=2&subtype=0",
        "rtsps://10.0.0.7:554/stream/1?channel=2&subtype=0",
        "rtsp://10.0.0.7:554/stream/2?channel=2&subtype=0",
        "rtsp://10.0.0.7:554/stream/1?channel=3&subtype=0",
        "rtsp://10.0.0.7:554/stream/1",
        # What FFmpeg would call is the host before the question mark, whatever follows an @.
        "rtsp://10.0.0.8?x@10.0.0.7:554/stream/1?channel=2&subtype=0",
        "rtsp://10.0.0.8#@10.0.0.7:554/stream/1?channel=2&subtype=0",
        "/stream/1",
    ],
)
def test_another_place_is_another_camera(other: str) -> None:
    """Host, port, scheme, path and what a query asks for are the camera."""
    assert fingerprint(other, VIEW) != fingerprint(SOURCE, VIEW)


def test_a_path_stays_as_it_is() -> None:
    """A file is named by its whole path."""
    for path in ("/videos/plaza.mp4", "plaza?x=1@b.mp4", "/dev/video0"):
        assert bare_source(path) == path


@pytest.mark.parametrize(
    "view",
    [
        View(calibration=Calibration((64, 48), VIEW.calibration.projection), polygon=SQUARE[:3]),
        View(calibration=VIEW.calibration, polygon=SQUARE, cell=0.5),
        View(
            calibration=VIEW.calibration, polygon=SQUARE, lines=(Line("a", SQUARE[0], SQUARE[1]),)
        ),
        View(calibration=VIEW.calibration, polygon=SQUARE, zones=(Zone("a", "exit", SQUARE),)),
        View(calibration=VIEW.calibration.scaled(128, 96), polygon=SQUARE),
    ],
)
def test_another_view_is_another_camera(view: View) -> None:
    """Calibration, area, cell, lines and zones are what was assessed."""
    assert fingerprint(SOURCE, view) != fingerprint(SOURCE, VIEW)


@pytest.mark.parametrize("pair", [("a@x.mp4", "b@x.mp4"), ("a#1", "a#2"), ("a?key=1", "a?key=2")])
def test_files_of_other_names_are_other_sources(pair: tuple[str, str]) -> None:
    """In a file's name no sign is a credential: each name is a file of its own."""
    one, other = (fingerprint(f"file://{name}", VIEW) for name in pair)
    assert one != other


def test_what_a_zone_does_not_say_is_not_in_the_fingerprint() -> None:
    """A permit that was signed before zones could have sizes and hours is valid still."""
    view = structs.replace(VIEW, zones=(Zone("a", "zone-intrusion", SQUARE),))
    text = msgspec.json.encode(view.zones[0], order="sorted")
    assert text == (
        b'{"direction":null,"kind":"zone-intrusion","name":"a",'
        b'"polygon":[[-2.0,-2.0],[2.0,-2.0],[2.0,2.0],[-2.0,2.0]]}'
    )
    known = "b9b8d80f3955351b7cee5627f69bfc27a253578214afe202b4f6657c28582580"
    assert fingerprint(SOURCE, view) == known
    said = structs.replace(view.zones[0], sizes=("vehicle",))
    assert fingerprint(SOURCE, structs.replace(view, zones=(said,))) != known
