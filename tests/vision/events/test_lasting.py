"""What differs for some seconds is cut into parts as large as a person."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.events.stage import Stage

from plainview.geometry import project
from plainview.vision.events import lasting
from plainview.vision.events.lasting import Lasting
from plainview.vision.events.stillness import Blob, cut_out
from plainview.vision.plate import Image

STAGE = Stage()


def differing(*sizes: tuple[float, float]) -> Image:
    """(h, w) evidence of things side by side, of these sizes: metres across and up the view."""
    width, height = STAGE.optics.size
    evidence = np.full((height, width), -1.0, np.float32)
    for k, (wide, tall) in enumerate(sizes):
        x = 2.0 * k - len(sizes) + 1.0
        (foot, right, top), _ = project(
            STAGE.optics.projection, [(x, 1.0, 0.0), (x + 1.0, 1.0, 0.0), (x, 1.0, 1.0)]
        )
        w, h = wide * (right[0] - foot[0]), tall * (foot[1] - top[1])
        evidence[round(foot[1] - h) : round(foot[1]), round(foot[0]) : round(foot[0] + w)] = 1.0
    return evidence


def test_of_what_is_too_small_nothing_is_cut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who lies is found between specks, and is all that is looked at."""
    cut: list[int] = []

    def noted(labels: NDArray[np.int32], stats: NDArray[np.int32], k: int, since: float) -> Blob:
        cut.append(k)
        return cut_out(labels, stats, k, since)

    monkeypatch.setattr(lasting, "cut_out", noted)
    held = Lasting(STAGE.optics)
    evidence = differing((0.3, 0.25), (1.7, 0.4), (0.25, 0.3))
    for _ in range(6):
        held.follow(evidence, np.zeros_like(evidence))
    ((_, size),) = held.of_a_person(3.0)
    assert size.width == pytest.approx(1.6, abs=0.2)
    assert len(cut) == 1
