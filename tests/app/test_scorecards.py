"""Which events are validated: the cards that cameras' files name, taken up as they change."""

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from plainview import __version__
from plainview.app.scorecards import Scorecards, public_cards
from plainview.app.specs import clip_specs
from plainview.config import CameraConfig, load_camera, load_city
from plainview.errors import ConfigError
from plainview.governance.scorecard import FORMAT, Interval, KindCard, Scorecard, seen_as
from plainview.record import EventKind, EventStanding

CAMERA = """
[[sites.cameras]]
id = "one"
source = "rtsp://camera/1"
[sites.cameras.calibration]
image_size = [640, 360]
projection = [[600.0, 320.0, 0.0, 3200.0], [0.0, 180.0, -600.0, 1800.0], [0.0, 1.0, 0.0, 10.0]]
[sites.cameras.area]
polygon = [[-3.0, 0.0], [3.0, 0.0], [0.0, 6.0]]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A city with one camera that switches fire off and names a card."""
    text = '[[sites]]\nid = "s"\nname = "S"\nlocation = [8.0, 50.0]\n' + CAMERA
    text += '[sites.cameras.events]\noff = ["fire"]\nscorecard = "card.json"\n'
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    return tmp_path


def _card(camera: CameraConfig) -> Scorecard:
    good = Interval(1.0, 0.9, 1.0)
    kind = KindCard(
        EventKind.LEFT_OBJECT, 20, 20, 0, 0, 0, good, good, Interval(0.0, 0.0, 2.5), 3, 3, good
    )
    return Scorecard(
        FORMAT, camera.id, seen_as(camera.view), __version__, "2026-01-01", 30.0,
        {"sun": 20.0, "night": 10.0}, {"dry": 30.0}, (kind,), 2.5,
    )  # fmt: skip


def test_a_card_is_taken_up_when_it_is_there(folder: Path) -> None:
    """Off stays off; without a readable card all else is experimental, with one validated."""
    city = load_city(folder / "city.toml")
    (camera,) = city.cameras()
    cards = Scorecards(lambda: city)
    assert cards.standing_of("one", EventKind.FIRE) is EventStanding.OFF
    assert cards.standing_of("one", EventKind.LEFT_OBJECT) is EventStanding.EXPERIMENTAL
    path = folder / "card.json"
    path.write_bytes(b"[]")
    assert "not a scorecard" in cards.judgement("one", EventKind.LEFT_OBJECT).why
    path.write_bytes(msgspec.json.encode(_card(camera)))
    assert cards.standing_of("one", EventKind.LEFT_OBJECT) is EventStanding.VALIDATED
    assert cards.standing_of("one", EventKind.PERSON_DOWN) is EventStanding.EXPERIMENTAL
    assert cards.standing_of("another", EventKind.FIRE) is EventStanding.EXPERIMENTAL
    moved = structs.replace(_card(camera), fingerprint="0" * 64)
    path.write_bytes(msgspec.json.encode(moved) + b"\n")
    assert "have changed" in cards.judgement("one", EventKind.LEFT_OBJECT).why


def test_what_is_off_is_not_looked_for(folder: Path) -> None:
    """The lens is not even told of a kind that is off."""
    (camera,) = load_city(folder / "city.toml").cameras()
    _, lens = clip_specs(camera, "clip.mp4")
    assert EventKind.FIRE not in lens.events
    assert EventKind.LEFT_OBJECT in lens.events


def test_a_kind_that_there_is_not(tmp_path: Path) -> None:
    """One line that names the file's key and the kinds there are."""
    text = CAMERA.replace("[[sites.cameras]]", "").replace("sites.cameras.", "")
    path = tmp_path / "camera.toml"
    path.write_text(text + '[events]\noff = ["riots"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="riots") as found:
        load_camera(path)
    assert "events.off" in found.value.line()
    path.write_text(text + '[events]\noff = ["density"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="thresholds") as found:
        load_camera(path)
    assert "events:density" in found.value.line()


def test_the_public_is_told_of_each_kind_on_the_card(folder: Path) -> None:
    """Its state and numbers in one line; kinds that are off are said to be; no card, nothing."""
    city = load_city(folder / "city.toml")
    (camera,) = city.cameras()
    cards = Scorecards(lambda: city)
    told = {one.capability: one.text["en"] for one in public_cards(cards, camera)}
    assert list(told) == ["events:fire"]
    assert told["events:fire"].startswith("Switched off")
    (folder / "card.json").write_bytes(msgspec.json.encode(_card(camera)))
    told = {one.capability: one.text["en"] for one in public_cards(cards, camera)}
    assert set(told) == {"events:fire", "events:left-object"}
    assert told["events:left-object"].startswith("Validated at this camera")
    assert "20 of 20 real events found, in 30 hours that were watched" in told["events:left-object"]
    assert "Left out: 2.5 hours in which the camera could not" in told["events:left-object"]
    assert "could not be believed: 3, of which found: 3." in told["events:left-object"]
    assert "false alarms per camera-day (90 % interval: 0 to" in told["events:left-object"]
    (fire,) = [one for one in public_cards(cards, camera) if one.capability == "events:fire"]
    assert set(fire.text) == {"en", "de", "fr", "zh-Hant"}
    assert len(set(fire.text.values())) == 4
