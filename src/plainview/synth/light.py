"""What lights a scene and how it changes: sun, clouds, lamps, flicker, exposure."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lamp:
    """A street lamp or a ceiling lamp that shines down."""

    x: float
    y: float
    height: float
    power: float = 1.0
    """Irradiance on the ground right below, in units of a sunlit ground's."""


@dataclass(frozen=True)
class Light:
    """The light of a scene over time. Radiance 1 is a white ground in full sun."""

    sun: float = 0.0
    """Irradiance of the direct sun on a surface that faces it; 0 when overcast."""
    azimuth: float = 215.0
    """Degrees from the x axis, counter-clockwise: where the sun stands."""
    elevation: float = 40.0
    """Degrees above the horizon."""
    sky: float = 0.5
    """Irradiance of the sky, or of a lit ceiling, on the ground."""
    lamps: tuple[Lamp, ...] = ()
    clouds: float = 0.0
    """How much of the sun a passing cloud takes, 0 to 1."""
    cloud_size: float = 40.0
    """Metres."""
    wind: tuple[float, float] = (3.0, 1.0)
    """m/s of the clouds' shadows."""
    drift: float = 0.0
    """Relative amplitude of a slow change of the whole light."""
    drift_period: float = 90.0
    """Seconds."""
    flicker: float = 0.0
    """Relative amplitude of mains flicker of lamps and ceiling."""
    flicker_hz: float = 100.0
    """Before the camera's frame rate folds it down."""
    brightness: float = 0.42
    """What the auto-exposure makes of the empty scene: mean display value, 0 to 1."""
    steps: tuple[tuple[float, float], ...] = ()
    """Auto-exposure steps: (seconds, gain from then on), reached within 0.4 s."""
    noise: float = 0.012
    """Sensor noise at middle grey, in units of the display's range before gamma."""

    def to_sun(self) -> Floats:
        """(3,) unit vector from the ground to the sun."""
        a, e = math.radians(self.azimuth), math.radians(self.elevation)
        return np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])

    def level(self, t: float) -> float:
        """Factor on all light at `t` seconds: drift and flicker."""
        slow = 1.0 + self.drift * math.sin(2 * math.pi * t / self.drift_period)
        fast = 1.0 + self.flicker * math.sin(2 * math.pi * self.flicker_hz * t)
        return slow * fast

    def exposure(self, t: float) -> float:
        """Factor of the auto-exposure at `t` seconds, 1 before the first step."""
        gain = 1.0
        for start, target in self.steps:
            if t >= start:
                gain += (target - gain) * min(1.0, (t - start) / 0.4)
        return gain


SUNNY = Light(sun=0.95, sky=0.28, elevation=42, azimuth=215)
OVERCAST = Light(sky=0.55, drift=0.04)


def kind(light: Light) -> str:
    """`light` in one word, for tables: sun, clouds, lamps, dim or even."""
    if light.sun > 0:
        return "clouds" if light.clouds > 0 else "sun"
    if light.lamps:
        return "lamps"
    return "dim" if light.sky < 0.25 else "even"
