import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from plainview.geometry import Calibration, View, camera_centre, project
from plainview.governance.capability import CAPABILITIES
from plainview.governance.changes import ENDED, NOT_TOLD, PRESSED
from plainview.governance.permit import NotCovered, Permit, covers
from plainview.governance.places import Place, on_map, stand
from plainview.governance.register import About, Register
from plainview.governance.registering import build_register
from plainview.governance.standing import Standing, fold
from plainview.governance.words import LANGUAGES, words
from plainview.ledger.entry import Detail, Entry, EntryKind
from plainview.schedule import DAYS, Hours

NOW = 1_780_000_000_000
HOUR = 3_600_000
HEX = "b" * 64


class City(Protocol):
    """The fixture of conftest.py."""

    permit: Permit
    documents: dict[str, object]
    entries: list[Entry]
    tell: Callable[..., None]
    start: Callable[..., None]
    change_permit: Callable[..., None]
    standing: Callable[[], Standing]
    register: Callable[..., Register]


def state(register: Register, camera: str) -> tuple[str, str]:
    """(state, reason) of a camera, which must be in the register."""
    found = register.camera(camera)
    assert found is not None
    return found.state, found.reason


def test_a_running_camera_is_told_with_all_that_the_public_may_ask(published: Register) -> None:
    """What it does, why, on what basis, since and until when, who answers, how it is."""
    camera = published.camera("plaza-north")
    assert camera is not None
    assert (camera.state, camera.site, camera.name) == ("running", "plaza", "Plaza north")
    assert [(c.name, c.permitted, c.running) for c in camera.capabilities] == [
        ("count", True, True),
        ("flow", True, True),
    ]
    assert camera.capabilities[0].aims == ("safety",)
    assert camera.aims[0].text["zh-Hant"] == "察覺過分擠迫。"
    assert (camera.legal_basis, camera.law) == ("public-task", "Cap. 172, s. 3")
    assert (camera.since, camera.until) == (NOW - 24 * HOUR, NOW + 48 * HOUR)
    assert camera.retention["readings"] == 86_400
    assert camera.contact.controller == "City of Sampleton"
    assert camera.contact.privacy_email == "privacy@city.example"
    assert camera.assessment == camera.permit == "plaza@2"
    assert (camera.sealed, camera.connected, camera.uptime_today) == (True, True, 0.93)
    assert (published.software, published.checkpoint) == ("0.2.1", 6)


def test_what_waits_and_what_is_not_configured_is_told_too(published: Register) -> None:
    """A camera that does not run, or that the configuration no longer names, does not vanish."""
    assert [camera.id for camera in published.cameras] == ["old", "plaza-north", "plaza-south"]
    assert state(published, "plaza-south") == ("waiting", "not-started")
    assert state(published, "old") == ("waiting", "no-permit")
    old = published.camera("old")
    assert old is not None
    assert not old.configured
    assert old.longitude is None
    assert [site.id for site in published.sites] == ["pier", "plaza"]
    assert published.sites[1].name == "The Plaza"


@pytest.mark.parametrize("scope", ["city", "site:plaza", "camera:plaza-south", "capability:flow"])
def test_a_stop_switch_of_any_scope_shows_with_its_reason(city: City, scope: str) -> None:
    """Whatever the switch covers, the camera is shown as stopped and by which switch."""
    city.tell(EntryKind.STOP_PRESSED, scope, why="a wall fell")
    register = city.register()
    assert state(register, "plaza-south") == ("stopped", f"stop.{scope.partition(':')[0]}")
    camera = register.camera("plaza-south")
    assert camera is not None
    assert camera.why == "a wall fell"


@pytest.mark.parametrize(
    ("reason", "key"), [("moved", "moved"), ("changed", "changed"), ("upgraded", "software")]
)
def test_a_suspension_shows(city: City, reason: str, key: str) -> None:
    """The public sees why, by the key of its language: the program's own words are English."""
    city.tell(EntryKind.PERMIT_SUSPENDED, "camera:plaza-south", reason=reason, why="health says so")
    register = city.register()
    assert state(register, "plaza-south") == ("suspended", key)
    camera = register.camera("plaza-south")
    assert camera is not None
    assert camera.why == ""


def test_a_suspension_of_no_known_reason_shows_what_was_recorded(city: City) -> None:
    """What no language has words for is not lost."""
    city.tell(EntryKind.PERMIT_SUSPENDED, "camera:plaza-south", reason="storm", why="a storm")
    register = city.register()
    assert state(register, "plaza-south") == ("suspended", "other")
    camera = register.camera("plaza-south")
    assert camera is not None
    assert camera.why == "a storm"


def test_until_it_is_recorded_as_stopped_it_is_shown_as_running(city: City) -> None:
    """The register never claims that something has stopped before the ledger does."""
    city.tell(EntryKind.STOP_PRESSED, "city", why="test")
    city.tell(EntryKind.PERMIT_REVOKED, "permit:plaza@2")
    assert state(city.register(), "plaza-north") == ("running", "")
    city.tell(EntryKind.CAMERA_STOPPED, "camera:plaza-north", why="stop switch")
    assert state(city.register(), "plaza-north") == ("stopped", "stop.city")


def test_a_permit_that_does_not_fit_gives_its_reason(city: City) -> None:
    """Another view, another version, another hour, too early, too late, revoked: each by name."""
    south = "plaza-south"
    city.change_permit(cameras={"plaza-north": "a" * 64, south: "c" * 64})
    assert state(city.register(), south) == ("waiting", "changed")
    city.change_permit(cameras={"plaza-north": "a" * 64, south: "a" * 64}, software="0.1")
    assert state(city.register(), south) == ("waiting", "software")
    minute = NOW // 60_000 % 1440
    assert 60 < minute < 1380, "the test's hour must lie within one day"
    city.change_permit(software="0.2", hours=(Hours(DAYS, 0, minute - 1),))
    assert state(city.register(), south) == ("outside-hours", "hours")
    city.change_permit(hours=(Hours(DAYS, 0, minute + 1),))
    assert state(city.register(), south) == ("waiting", "not-started")
    assert state(city.register(now=NOW - 48 * HOUR), south) == ("waiting", "future")
    assert state(city.register(now=NOW + 48 * HOUR), south) == ("waiting", "expired")
    city.tell(EntryKind.PERMIT_REVOKED, "permit:plaza@2")
    assert state(city.register(), south) == ("waiting", "revoked")
    assert city.register().assessments[0].state == "revoked"


def test_lost_documents_hide_nothing(city: City) -> None:
    """A camera whose permit cannot be read is shown as running, as the ledger itself says."""
    city.documents.clear()
    camera = city.register().camera("plaza-north")
    assert camera is not None
    assert camera.state == "running"
    assert [(c.name, c.permitted, c.running) for c in camera.capabilities] == [
        ("count", False, True),
        ("flow", False, True),
    ]
    assert camera.permit == "plaza@2"


def test_changes_are_told_in_plain_words_newest_first(city: City) -> None:
    """Every entry has its sentence in every complete language, with its subject in it."""
    city.tell(EntryKind.STOP_PRESSED, "city", role="operator", why="a wall fell")
    changes = city.register().changes
    assert [change.index for change in changes] == list(range(len(city.entries)))[::-1]
    assert changes[0].text["en"] == "The stop switch was pressed: the whole network. A wall fell"
    assert "整個網絡" in changes[0].text["zh-Hant"]
    assert changes[1].text["en"] == "A camera started: plaza-north."
    city.tell(EntryKind.STOP_LIFTED, "city", role="supervisor", why="mended", complete=0)
    city.tell(EntryKind.STOP_LIFTED, "city", role="administrator", why="mended", complete=1)
    second, first = city.register().changes[:2]
    assert first.text["en"].startswith("Somebody agreed that this may start again")
    assert second.text["en"].startswith("Two people agreed")


def test_that_a_ledger_began_is_told_apart_from_what_keys_it_names(city: City) -> None:
    """Both are entries of one kind, the first two that a reader meets: each has its own words."""
    city.tell(EntryKind.LEDGER_OPENED, "city", origin="city.example/ledger", ledger="a+b+c")
    city.tell(EntryKind.LEDGER_OPENED, "city", authority="a+b+c", state="d+e+f")
    keys, opened = city.register().changes[:2]
    for language in LANGUAGES:
        assert opened.text[language] == words(language).text("change.ledger-opened")
        assert keys.text[language] == words(language).text("change.ledger-opened.keys")
        assert opened.text[language] != keys.text[language]


def test_what_was_stopped_at_every_camera_is_told_in_words(city: City) -> None:
    """No name that only the program knows; what it does not know stays as it was written."""
    city.tell(EntryKind.STOP_PRESSED, "capability:events:fire", role="operator", why="a drill")
    told = city.register().changes[0].text
    assert told["en"] == "The stop switch was pressed: “Alert: fire” at every camera. A drill"
    for language in LANGUAGES:
        assert "events:fire" not in told[language]
        assert words(language).capability("events:fire") in told[language]


@pytest.mark.parametrize("why", [ENDED, PRESSED, NOT_TOLD])
def test_what_the_program_gives_as_reason_is_told_in_every_language(city: City, why: str) -> None:
    """Entries have it in English; what people gave as theirs stays as they wrote it."""
    city.tell(EntryKind.CAMERA_STOPPED, "camera:x", why=why)
    told = city.register().changes[0].text
    assert why[1:] in told["en"]
    assert all(why[1:] not in told[language] for language in ("de", "fr", "zh-Hant"))


def _refusal(permit: Permit, **changed: object) -> str:
    """What is recorded where `permit` does not cover the camera for what `changed` says."""
    at = {
        "camera": "plaza-south",
        "fingerprint": permit.cameras["plaza-south"],
        "needs": ("count",),
    }
    with pytest.raises(NotCovered) as caught:
        covers(permit, **({"now": NOW, "software": "0.2.0"} | at | changed))  # type: ignore[arg-type]
    return f"{caught.value.what}. {caught.value.mend}"


def test_why_a_camera_stopped_is_told_in_every_language(city: City) -> None:
    """By the program's own refusals; of a person's reason not a word is changed."""
    hours = (Hours(days=DAYS, since=0, until=1),)
    refused = {
        "hours": _refusal(structs.replace(city.permit, hours=hours)),
        "changed": _refusal(city.permit, fingerprint="f" * 64),
        "software": _refusal(city.permit, software="9.9.0"),
        "future": _refusal(city.permit, now=city.permit.begins - 1),
        "expired": _refusal(city.permit, now=city.permit.ends),
    }
    for reason, why in refused.items():
        city.tell(EntryKind.CAMERA_STOPPED, "camera:x", why=why)
        told = city.register().changes[0].text
        for language in LANGUAGES:
            assert told[language].endswith(words(language).text(f"reason.{reason}")), why
    for scope in ("the whole city", "site x", "capability events:fire", "city", "site:x"):
        why = f"the stop switch of {scope} is pressed: a wall: it is pressed: here"
        city.tell(EntryKind.CAMERA_STOPPED, "camera:x", why=why)
        told = city.register().changes[0].text
        given = "a wall: it is pressed: here"
        for language in LANGUAGES:
            assert words(language).text("why.pressed") in told[language]
            assert words(language).text("reason.given", why=given) in told[language]
    city.tell(EntryKind.PERMIT_SUSPENDED, "camera:x", reason="moved", why="its picture differs")
    told = city.register().changes[0].text
    assert all(words(one).text("reason.moved") in told[one] for one in LANGUAGES)
    city.tell(EntryKind.STOP_PRESSED, "city", role="operator", why="it ended in tears")
    told = city.register().changes[0].text
    assert all(told[language].endswith("It ended in tears") for language in LANGUAGES)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_of_entry_can_be_told(city: City, kind: EntryKind) -> None:
    """No decision is recorded that the public is not told of in words."""
    city.entries.clear()
    city.tell(kind, "camera:x", role="privacy-officer")
    told = city.register().changes[0].text
    assert told["en"]
    assert told["zh-Hant"] != told["en"]


# --- nothing runs that the register leaves out ---------------------------------------------------

_CAMERAS = ("a", "b", "c", "d")
_KINDS = (
    EntryKind.CAMERA_REGISTERED,
    EntryKind.CAMERA_MOVED,
    EntryKind.CAMERA_REMOVED,
    EntryKind.CAMERA_STARTED,
    EntryKind.CAMERA_STOPPED,
    EntryKind.PERMIT_GRANTED,
    EntryKind.PERMIT_SUSPENDED,
    EntryKind.PERMIT_RESUMED,
    EntryKind.PERMIT_REVOKED,
    EntryKind.STOP_PRESSED,
    EntryKind.STOP_LIFTED,
    EntryKind.SOFTWARE_CHANGED,
)


@st.composite
def _entry(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(_KINDS))
    camera = draw(st.sampled_from(_CAMERAS))
    t = draw(st.integers(NOW - HOUR, NOW))
    if kind is EntryKind.CAMERA_STARTED:
        capabilities = draw(st.lists(st.sampled_from(CAPABILITIES), max_size=4, unique=True))
        permit = draw(st.sampled_from([HEX, "0" * 64]))
        detail: dict[str, Detail] = {"permit": permit, "capabilities": capabilities}
        return Entry(t, kind, f"camera:{camera}", detail={**detail, "fingerprint": "a" * 64})
    if kind in {EntryKind.PERMIT_GRANTED, EntryKind.PERMIT_REVOKED}:
        ends = draw(st.sampled_from([NOW - 1, NOW + 1]))
        return Entry(t, kind, "permit:p@1", detail={"permit": HEX, "begins": 0, "ends": ends})
    if kind in {EntryKind.STOP_PRESSED, EntryKind.STOP_LIFTED}:
        scope = draw(st.sampled_from(["city", "site:s", f"camera:{camera}", "capability:count"]))
        return Entry(t, kind, scope, detail={"complete": 1, "why": "x"})
    return Entry(t, kind, f"camera:{camera}", detail={"site": "s", "fingerprint": "a" * 64})


@settings(deadline=None)
@given(
    entries=st.lists(_entry(), max_size=40),
    readable=st.booleans(),
    named=st.lists(st.sampled_from(_CAMERAS), unique=True),
    allowed=st.dictionaries(
        st.sampled_from(CAPABILITIES), st.lists(st.sampled_from(_CAMERAS)).map(tuple), max_size=3
    ),
)
def test_nothing_can_run_that_the_register_leaves_out(
    *, entries: list[Entry], readable: bool, named: list[str], allowed: dict[str, tuple[str, ...]]
) -> None:
    """Whatever the ledger holds, in any order, and whatever documents can be read.

    Every camera that started and did not stop is in the register, as running, with every capability
    that its start recorded; every camera that was registered and not removed is in it; and nothing
    is shown as running that the ledger does not know to run.
    """
    running: dict[str, set[str]] = {}
    registered: set[str] = set()
    for entry in entries:
        camera = entry.subject.partition(":")[2]
        if entry.kind is EntryKind.CAMERA_STARTED:
            running[camera] = set(entry.detail["capabilities"])  # type: ignore[arg-type]
        elif entry.kind is EntryKind.CAMERA_STOPPED:
            running.pop(camera, None)
        elif entry.kind in {EntryKind.CAMERA_REGISTERED, EntryKind.CAMERA_MOVED}:
            registered.add(camera)
        elif entry.kind is EntryKind.CAMERA_REMOVED:
            registered.discard(camera)
    permit = Permit("p@1", "e" * 64, (), allowed, dict.fromkeys(named, "a" * 64), 0, NOW + 1, "")
    register = build_register(
        fold(enumerate(entries)), {HEX: permit} if readable else {}, (), {}, NOW, about=About()
    )
    shown = {camera.id: camera for camera in register.cameras}
    assert registered | set(running) <= set(shown)
    for camera, capabilities in running.items():
        assert shown[camera].state == "running"
        assert {c.name for c in shown[camera].capabilities if c.running} == capabilities
    for camera in set(shown) - set(running):
        assert shown[camera].state != "running"
        assert not any(c.running for c in shown[camera].capabilities)


# --- places --------------------------------------------------------------------------------------


def looking(at: tuple[float, float, float], heading: float, tilt: float) -> View:
    """A camera at `at` that looks `heading` degrees clockwise from the y axis, `tilt` down."""
    h, t = math.radians(heading), math.radians(tilt)
    ahead = np.array([math.sin(h) * math.cos(t), math.cos(h) * math.cos(t), -math.sin(t)])
    right = np.array([math.cos(h), -math.sin(h), 0.0])
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    inner = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    matrix = inner @ np.column_stack([rotation, -rotation @ np.array(at)])
    x, y = at[0] + 8 * math.sin(h), at[1] + 8 * math.cos(h)
    rows = tuple(tuple(float(v) for v in row) for row in matrix)
    return View(
        calibration=Calibration(image_size=(640, 480), projection=rows),  # type: ignore[arg-type]
        polygon=((x - 2, y - 2), (x + 2, y - 2), (x + 2, y + 2), (x - 2, y + 2)),
    )


@settings(deadline=None)
@given(
    st.floats(-50, 50),
    st.floats(-50, 50),
    st.floats(2, 30),
    st.floats(0, 359),
    st.floats(5, 60),
    st.floats(-180, 180),
    st.sampled_from([1.0, -2.5]),
)
def test_a_camera_stands_where_its_projection_says(
    x: float, y: float, z: float, heading: float, tilt: float, bearing: float, scale: float
) -> None:
    """Place, height and direction come out of the projection, whatever its sign and scale."""
    view = looking((x, y, z), heading, tilt)
    rows = np.array(view.calibration.projection) * scale
    calibration = Calibration(
        image_size=(640, 480),
        projection=tuple(tuple(float(v) for v in row) for row in rows),  # type: ignore[arg-type]
    )
    place = Place("c", "s", "c", View(calibration, view.polygon), "s", 114.17, 22.28, bearing)
    found = stand(place)
    east = (found.longitude - 114.17) * 111_319.49 * math.cos(math.radians(22.28))
    north = (found.latitude - 22.28) * 111_319.49
    turn = math.radians(bearing)
    assert abs(math.hypot(east, north) - math.hypot(x, y)) < 0.05
    assert abs(east - (x * math.cos(turn) + y * math.sin(turn))) < 0.05
    assert abs(found.height - z) < 0.05
    off = (found.direction - heading - bearing + 180) % 360 - 180
    assert abs(off) < 0.2
    assert 0 <= found.direction < 360
    assert found.area == tuple(on_map(place, *corner) for corner in view.polygon)


def test_a_camera_that_looks_straight_down_has_a_direction() -> None:
    """Towards the middle of its area; where that is below it too, still some number."""
    view = looking((0.0, 0.0, 10.0), 0.0, 90.0)
    shifted = View(view.calibration, ((0.0, -1.0), (4.0, -1.0), (4.0, 1.0), (0.0, 1.0)))
    assert stand(Place("c", "s", "c", shifted, "s", 0.0, 0.0)).direction == pytest.approx(90, abs=1)


def test_the_fixture_looks_where_it_says(city: City) -> None:
    """The register's own direction is that of the view plus the site's bearing (30 degrees)."""
    camera = city.register().camera("plaza-north")
    assert camera is not None
    assert camera.direction == pytest.approx(30, abs=0.5)
    assert camera.height == pytest.approx(6, abs=0.1)
    assert len(camera.area) == 4
    view = looking((0.0, -10.0, 6.0), 0.0, 30.0)
    pixels, depth = project(view.matrix(), [[0.0, 0.0, 0.0]])
    assert depth[0] > 0
    assert 0 < pixels[0, 1] < 480
    assert camera_centre(view.matrix())[2] == pytest.approx(6)
