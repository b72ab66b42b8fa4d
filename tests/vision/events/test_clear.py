"""Night, weather, glare and shake make what is told less sure, and raise or silence nothing."""

import numpy as np
import pytest
from tests.vision.events.traffic import hanging

from plainview.record import Event, EventKind, Phase
from plainview.vision.bodies import NONE
from plainview.vision.events.clear import Clear
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.eyes import Eyes
from plainview.vision.events.seen import Seen
from plainview.vision.optics import Floats
from plainview.vision.plate import Plate

SHAPE = (120, 160)
HERE = Sighting(0.0, 20.0, 0.9)


def camera() -> Floats:
    """(3, 4) 6 m up, which shows somebody 20 m away 11 pixels tall in the middle."""
    return np.array(hanging((160, 120), 130.0, 6.0, 15.0).projection)


def seen(
    t: float = 0.0, *, strength: float = 30.0, noise: float = 2.0, sway: int = 0, grain: float = 0.0
) -> Seen:
    """A picture in whose middle somebody stands out by `strength` grey levels from the plate.

    `noise` is the plate's, `grain` what rain or a gain adds to this picture alone, both standard
    deviations; the picture is `sway` pixels beside the plate, whose stripes are edges.
    """
    g = np.random.default_rng(int(t * 10))
    plate = np.full(SHAPE, 100.0)
    plate[:, ::6] += 24
    now = np.roll(plate, sway, axis=1) + g.normal(0, max(grain, 0.5), SHAPE)
    evidence = np.full(SHAPE, -1.0, dtype=np.float32)
    somebody = np.s_[44:68, 74:86]
    now[somebody] = plate[somebody] + strength
    evidence[somebody] = 0.8
    empty = plate.astype(np.uint8)
    return Seen(
        t=t, dt=0.2, luma=now.clip(0, 255).astype(np.uint8), chroma=None, background=empty,
        evidence=evidence, mask=(evidence > 0).astype(np.uint8), bodies=NONE,
        plate=Plate(empty, np.full(SHAPE, noise, dtype=np.float32)), trusted=True,
    )  # fmt: skip


def clear(one: Seen) -> float:
    """How clearly HERE stands out in `one`."""
    found = Clear(camera()).of(one, HERE)
    assert found is not None
    return found


def test_what_stands_out_by_day_is_clear() -> None:
    """Fifteen times the noise: nearly nothing is taken of how sure it is."""
    assert clear(seen()) > 0.9


@pytest.mark.parametrize(
    "worse",
    [
        seen(strength=8.0),  # fog and glare take contrast
        seen(noise=9.0),  # a sensor at night
        seen(grain=9.0),  # rain that the plate has not learned
        seen(sway=1),  # a mast in the wind
    ],
    ids=["fog", "night", "rain", "shake"],
)
def test_bad_light_weather_and_shake_make_it_less_so(worse: Seen) -> None:
    """Each by itself takes a fifth or more."""
    assert 0.1 < clear(worse) < 0.8 * clear(seen())


def test_where_nothing_differs_nothing_is_said() -> None:
    """Behind somebody, outside the picture, or a part of the plate by now."""
    still = seen()
    assert Clear(camera()).of(still, HERE._replace(x=8.0)) is None
    assert Clear(camera()).of(still, HERE._replace(x=500.0)) is None
    assert Clear(camera()).of(still, HERE._replace(y=-20.0)) is None
    assert Clear(camera()).of(seen(strength=0.0, noise=0.0), HERE) is not None


class Ready:
    """A detector that is as sure of HERE in every frame."""

    kind = EventKind.FIRE
    patience = Patience(rise=0.4, fall=1.0, reach=1.0)

    def look(self, one: Seen) -> list[Sighting]:
        """The same, always."""
        del one
        return [HERE]


def told(**how: float) -> list[Event]:
    """What is told of six looks at it."""
    eyes = Eyes([Ready()], clear=Clear(camera()))
    for k in range(6):
        eyes.frame(seen(k / 5, **how))  # type: ignore[arg-type]
    return [one for one in eyes.finish() if one.phase is Phase.START]


def test_an_event_is_told_all_the_same_but_less_surely() -> None:
    """At its time and place: what is lowered is how sure it is told to be."""
    (day,), (fog,) = told(), told(strength=6.0)
    assert (day.t, day.x, day.y) == (fog.t, fog.x, fog.y)
    assert 80 <= day.confidence <= 90
    assert fog.confidence < 55
