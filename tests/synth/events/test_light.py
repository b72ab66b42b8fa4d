"""What is light or air and no body: it is seen where it is, while it is, and not elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.synth.camera import hung
from plainview.synth.events.actor import Effect
from plainview.synth.events.glow import Glare, Glow, Sunset
from plainview.synth.events.ground import Mirror, Spot, Wet
from plainview.synth.events.pulse import Pulse
from plainview.synth.events.weather import Fog, Rain, Steam
from plainview.synth.light import OVERCAST
from plainview.synth.render import Renderer
from plainview.synth.scenery import World
from plainview.synth.simulate import empty

CAMERA = hung("c", at=(0, -9), height=4, towards=(0, 0), hfov=60, size=(160, 90))
PLAIN = World(ground="concrete")
CLEAN = replace(OVERCAST, noise=0.0, drift=0.0)
WHILE = Pulse(1.0, 3.0)
AT = (1.0, 0.5)


def _picture(effect: Effect | None, t: float) -> NDArray[np.float64]:
    effects = () if effect is None else (effect,)
    renderer = Renderer(PLAIN, CAMERA, empty(), CLEAN, effects=effects, seed=1)
    return np.asarray(renderer.frame(t).astype(np.float64).mean(axis=2))


BARE = _picture(None, 2.0)


@pytest.mark.parametrize(
    ("effect", "sign"),
    [
        (Spot("shadow", *AT, 1.5, 1.0, pulse=WHILE), -1),
        (Spot("puddle", *AT, 1.5, 1.0, pulse=WHILE), -1),
        (Spot("light", *AT, 1.5, 1.0, pulse=WHILE), 1),
        (Spot("glare", *AT, 1.5, 1.0, pulse=WHILE), 1),
        (Glow((*AT, 0.2), (*AT, 0.2), 0.3, pulse=WHILE), 1),
        (Steam(*AT, pulse=Pulse(0.0, 3.0), size=0.6), 1),
        (Mirror(*AT, 0.2, 0.6, pulse=WHILE), 1),
    ],
)
def test_it_is_seen_where_it_is(effect: Effect, sign: int) -> None:
    """The picture changes about its place, in its direction, and nowhere far from it."""
    change = _picture(effect, 2.0) - BARE
    ((u, v),) = project(CAMERA.matrix(), [(*AT, 0.15)])[0].round().astype(int)
    assert sign * change[v - 1 : v + 2, u - 1 : u + 2].mean() > 8
    assert np.abs(change[:, :20]).max() < 6


def test_it_is_gone_when_it_is_over() -> None:
    """Outside of its pulse an effect changes nothing."""
    spot = Spot("shadow", *AT, 1.5, 1.0, pulse=WHILE)
    assert np.abs(_picture(spot, 4.0) - BARE).max() < 1.5
    assert np.abs(_picture(spot, 0.5) - BARE).max() < 1.5


@pytest.mark.parametrize(
    "effect", [Wet(), Fog(40.0), Glare(0.5, 0.2), Sunset(90.0), Rain(80.0, seed=3)]
)
def test_weather_changes_the_whole_picture(effect: Effect) -> None:
    """Rain, wet ground, fog, glare and a low sun are seen in every quarter of the picture."""
    change = np.abs(_picture(effect, 2.0) - BARE)
    quarters = change.reshape(2, 45, 2, 80).mean(axis=(1, 3))
    assert quarters.min() > 0.2


def test_pulses() -> None:
    """They grow, stay and fade evenly; they blink with their duty; a beacon swells."""
    grown = Pulse(10.0, 20.0, rise=2.0, fall=4.0)
    assert [grown.at(t) for t in (9.0, 11.0, 15.0, 18.0, 21.0)] == [0.0, 0.5, 1.0, 0.5, 0.0]
    blinking = Pulse(period=2.0, duty=0.25)
    assert np.mean([blinking.at(t) for t in np.arange(0, 20, 0.01)]) == pytest.approx(
        0.25, abs=0.01
    )
    beacon = Pulse(period=1.0, soft=True)
    assert beacon.at(3.0) == pytest.approx(1.0)
    assert beacon.at(3.5) == 0.0
