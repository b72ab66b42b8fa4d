"""How something comes, stays, blinks and goes: a factor from 0 to 1 over time."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Pulse:
    """There from `start` to `end`, growing and fading evenly; blinking in between."""

    start: float = -1e9
    """Seconds."""
    end: float = 1e9
    rise: float = 0.0
    """Seconds that it takes to come; 0 at once."""
    fall: float = 0.0
    period: float = 0.0
    """Seconds of one blink; 0 does not blink."""
    duty: float = 0.5
    """Share of a blink in which it is on."""
    soft: bool = False
    """A rotating beacon's swell instead of on and off."""

    def at(self, t: float) -> float:
        """The factor at `t` seconds."""
        if not self.start <= t <= self.end:
            return 0.0
        here = 1.0
        if self.rise > 0:
            here = min(here, (t - self.start) / self.rise)
        if self.fall > 0:
            here = min(here, (self.end - t) / self.fall)
        if self.period > 0:
            phase = (t / self.period) % 1.0
            if self.soft:
                here *= max(0.0, math.cos(2 * math.pi * phase)) ** 4
            elif phase >= self.duty:
                here = 0.0
        return max(here, 0.0)


ALWAYS = Pulse()
