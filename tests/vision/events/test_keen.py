"""What ends sharply behind a veil is a thing; what ends softly is none, nor is a dark shadow."""

import cv2
import numpy as np
from tests.vision.events.traffic import moment

from plainview.vision.events.keen import GIVEN, Keen
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import SHADOW
from plainview.vision.plate import Plate

HEIGHT, WIDTH = 80, 120
WHOLE = (slice(0, HEIGHT), slice(0, WIDTH))


def veiled(depth: float, blur: int = 0) -> Seen:
    """A part of the picture that is `depth` grey levels darker and may be shadow."""
    dark = np.zeros((HEIGHT, WIDTH), np.float32)
    dark[30:60, 40:80] = depth
    soft = cv2.blur(dark, (blur, blur)) if blur else dark
    background = np.full((HEIGHT, WIDTH), 150, np.uint8)
    evidence = np.where(soft > 3, SHADOW, -1.0).astype(np.float32)
    return moment(0.0)._replace(
        luma=(background - soft).astype(np.uint8),
        background=background,
        evidence=evidence,
        mask=np.zeros((HEIGHT, WIDTH), np.uint8),
        plate=Plate(background, np.full((HEIGHT, WIDTH), 2.0, np.float32)),
    )


def given(seen: Seen) -> float:
    """The evidence of the middle of that part."""
    return float(Keen().look(seen, WHOLE, 2.0)[45, 60])


def test_what_ends_sharply_is_given_back() -> None:
    """A car in fog: a few grey levels, even, with a sharp border. The evidence is not changed."""
    seen = veiled(14.0)
    assert given(seen) == np.float32(GIVEN)
    assert seen.evidence[45, 60] == np.float32(SHADOW)


def test_what_may_be_shadow_stays_so() -> None:
    """A patch of fog, the sun's own shadow, noise, and what hangs on somebody who was found."""
    assert given(veiled(14.0, blur=21)) == np.float32(SHADOW)
    assert given(veiled(60.0)) == np.float32(SHADOW)
    assert given(veiled(5.0)) == np.float32(SHADOW)
    seen = veiled(14.0)
    seen.mask[30:60, 40:50] = 1
    assert given(seen) == np.float32(SHADOW)


def test_flecks_all_over_are_the_weather() -> None:
    """Rain under a cloud leaves many parts that may be shadow: none is a thing."""
    seen = veiled(14.0)
    for x in (4, 22, 92):
        seen.evidence[10:70, x : x + 14] = SHADOW
        seen.luma[10:70, x : x + 14] -= 14
    assert given(seen) == np.float32(SHADOW)


def test_where_light_runs_over_the_ground_nothing_is_given_back() -> None:
    """Under driving clouds a patch may end as sharply as a car: what usually comes is no thing."""
    keen, car = Keen(), veiled(14.0)
    evidence = np.full((HEIGHT, WIDTH), -1.0, np.float32)
    evidence[4:26, 4:40] = evidence[30:60, 40:80] = SHADOW
    for k in range(20):
        keen.look(car._replace(t=0.4 * k, evidence=evidence), WHOLE, 2.0)
    assert keen.look(car._replace(t=8.0), WHOLE, 2.0)[45, 60] == np.float32(SHADOW)
    quiet = car._replace(luma=car.background, evidence=np.full_like(evidence, -1.0))
    for k in range(1, 200):
        keen.look(quiet._replace(t=8.0 + 0.4 * k), WHOLE, 2.0)
    assert keen.look(car._replace(t=88.0), WHOLE, 2.0)[45, 60] == np.float32(GIVEN)
