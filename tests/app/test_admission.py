from msgspec import structs
from structlog.testing import capture_logs

from plainview.app.admission import Admission
from plainview.clock import ManualClock
from plainview.config import CameraConfig, CityConfig, SiteConfig
from plainview.errors import StoreError
from plainview.geometry import Zone
from plainview.record import Event, EventKind, EventStanding, Phase
from plainview.synth import plaza

VIEW = plaza.view(plaza.CAMERAS[0])
FIRE = Event(EventKind.FIRE, Phase.START, 5000, 10, 0, 0, 90)


def city(zone: str) -> CityConfig:
    """One camera with one zone."""
    view = structs.replace(VIEW, zones=(Zone(zone, "fire", plaza.AREA),))
    return CityConfig("c", (SiteConfig("plaza", "P", (0.0, 0.0), (CameraConfig("a", view),)),))


def test_what_is_permitted_and_not_off_is_admitted() -> None:
    """With its zone's name and its standing; asked again after a second; doubt is a refusal."""
    clock = ManualClock()
    refusals: dict[str, str] = {}
    standings = {"a": EventStanding.VALIDATED}
    configured = [city("stage")]

    def permission(camera: str, _kind: EventKind) -> str:
        if camera == "doubtful":
            raise StoreError("nobody knows")
        return refusals.get(camera, "")

    admission = Admission(
        permission,
        lambda: configured[-1],
        clock,
        lambda camera, _kind: standings.get(camera, EventStanding.EXPERIMENTAL),
    )
    mark = admission.admit("a", FIRE)
    assert mark is not None
    assert (mark.zone, mark.standing) == ("stage", EventStanding.VALIDATED)
    other = admission.admit("b", structs.replace(FIRE, zone=-1))
    assert other is not None
    assert (other.zone, other.standing) == (None, EventStanding.EXPERIMENTAL)
    with capture_logs() as lines:
        assert admission.admit("doubtful", FIRE) is None
        refusals["a"] = "the permit is over"
        assert admission.admit("a", FIRE) is not None
        clock.advance(1)
        for _ in range(1000):
            assert admission.admit("a", FIRE) is None
        assert admission.admit("a", structs.replace(FIRE, phase=Phase.END)) is not None
    assert [line["why"] for line in lines] == ["nobody knows", "the permit is over"]
    refusals.clear()
    standings["a"] = EventStanding.OFF
    configured.append(city("gate"))
    clock.advance(1)
    assert admission.admit("a", FIRE) is None
    moved = admission.admit("b", FIRE)
    assert moved is not None
    assert moved.zone == "#1"
    end = admission.admit("a", structs.replace(FIRE, phase=Phase.END))
    assert end is not None
    assert end.zone == "gate"
