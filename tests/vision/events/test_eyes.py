"""What may not be believed is not looked at; what moves is believed through haze."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest
from tests.vision.events.traffic import moment

from plainview.record import EventKind
from plainview.vision.bodies import Bodies
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.eyes import Eyes
from plainview.vision.events.keen import Keen
from plainview.vision.events.movers import Mover, Movers
from plainview.vision.events.seen import Seen
from plainview.vision.plate import Image


class Ready:
    """A detector that sees something in every frame, and owns how often it has looked."""

    patience = Patience(rise=0.2, fall=1.0, reach=1.0)

    def __init__(self, kind: EventKind) -> None:
        """Of `kind`."""
        self.kind = kind
        self.looks = 0

    def look(self, seen: Seen) -> list[Sighting]:
        """The same, always."""
        del seen
        self.looks += 1
        return [Sighting(0.0, 0.0, 0.9)]


def test_haze_stops_only_what_hangs_on_fine_contrast() -> None:
    """An untrusted frame is looked at by nobody, a hazy one by those who watch what moves."""
    found = [Ready(EventKind.ZONE_INTRUSION), Ready(EventKind.WRONG_WAY), Ready(EventKind.FIRE)]
    eyes = Eyes(found)
    eyes.frame(moment(0.0))
    eyes.frame(moment(0.2)._replace(trusted=False))
    eyes.frame(moment(0.4)._replace(trusted=False, hazy=True))
    assert [one.looks for one in found] == [2, 2, 1]
    assert {event.kind for event in eyes.take()} == {EventKind.ZONE_INTRUSION, EventKind.WRONG_WAY}


class Following:
    """Movers that find nothing, and note how much light was said to run over the ground."""

    window = (slice(0, 24), slice(0, 32))

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.light: list[float] = []

    def due(self, t: float, bodies: Bodies) -> bool:
        """Always."""
        del t, bodies
        return True

    def footed(self, evidence: Image, bodies: Bodies) -> Bodies:
        """All of them."""
        del evidence
        return bodies

    def step(self, *seen: object, light: float) -> Sequence[Mover]:
        """None."""
        del seen
        self.light.append(light)
        return ()


def test_in_haze_no_sun_is_patchy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fog that drifts looks as light under driving clouds does, which no haze lets through."""
    monkeypatch.setattr(Keen, "light", 0.03)
    follow = Following()
    eyes = Eyes([Ready(EventKind.WRONG_WAY)], follow=cast("Movers", follow))
    mask = np.zeros((24, 32), np.uint8)
    eyes.frame(moment(0.0)._replace(mask=mask))
    eyes.frame(moment(0.2)._replace(mask=mask, trusted=False, hazy=True))
    assert follow.light == [0.03, 0.0]
