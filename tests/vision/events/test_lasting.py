"""What differs for some seconds is cut into parts as large as a person."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.events.stage import Stage

from plainview.geometry import project
from plainview.vision.events import lasting
from plainview.vision.events.lasting import Lasting, meet
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


def test_a_trunk_and_shoes_are_one_body_in_parts() -> None:
    """What lies between them is as grey as the ground; a streak of rain is no part of it."""
    held = Lasting(STAGE.optics)
    body = differing((1.7, 0.3))
    columns = np.nonzero(body > 0)[1]
    first, last = columns.min(), columns.max()
    grey = body.copy()
    grey[:, first + (last - first) // 2 : last - (last - first) // 4] = -1.0
    for _ in range(6):
        held.follow(grey, np.zeros_like(grey))
    ((blob, size),) = held.in_parts(3.0)
    assert size.width == pytest.approx(1.6, abs=0.2)
    assert blob.shaded is not None
    assert blob.shaded.sum() > 1.15 * blob.mask.sum()
    alone = Lasting(STAGE.optics)
    for k in range(6):
        streak = body.copy()
        streak[:, first + (last - first) // 2 :] = -1.0
        if k == 5:
            streak[:, last - 1 : last + 1] = body[:, last - 1 : last + 1]
        alone.follow(streak, np.zeros_like(streak))
    assert alone.in_parts(3.0) == []


def test_blobs_meet_where_they_share_a_pixel() -> None:
    """Wherever their windows are; what a blob shades is of it."""
    spot = np.ones((2, 2), np.uint8)
    one = Blob((4, 4), spot, 0.0)
    assert meet(one, Blob((5, 5), spot, 0.0))
    assert not meet(one, Blob((6, 4), spot, 0.0))
    assert not meet(one, Blob((5, 4), np.array([[0, 1], [0, 0]], np.uint8), 0.0))
    assert meet(one, Blob((5, 4), 0 * spot, 0.0, spot))


def test_who_helps_is_cut_off_from_who_lies_there() -> None:
    """Who came a look ago has not been there for as many looks as who lies."""
    held = Lasting(STAGE.optics)
    lies, both = differing((1.7, 0.4)), differing((1.7, 0.4))
    columns = np.nonzero(lies > 0)[1]
    rows = np.nonzero(lies > 0)[0]
    tall, middle = 5 * (rows.max() - rows.min()), int(columns.mean())
    both[rows.max() - tall : rows.max() + 1, middle : columns.max() + 8] = 1.0
    for _ in range(6):
        held.follow(lies, np.zeros_like(lies))
    ((alone, _),) = held.of_a_person(3.0)
    assert not held.joined(alone)
    held.follow(both, np.zeros_like(both))
    ((blob, size),) = held.of_a_person(3.6)
    assert (size.width, size.height) == pytest.approx((1.6, 0.35), abs=0.2)
    assert held.joined(blob)


def test_what_is_faint_for_long_is_cut_off_from_nobody() -> None:
    """A coat as grey as the wall, of one who is nearer than she seems: hair and legs are no two."""
    held = Lasting(STAGE.optics)
    stands = differing((0.9, 3.5))
    rows = np.nonzero(stands > 0)[0]
    top, tall = rows.min(), rows.max() - rows.min()
    coat = stands[top + tall // 3 : top + 3 * tall // 4]
    coat[coat > 0] = 0.2
    for _ in range(12):
        held.follow(stands, np.zeros_like(stands))
    assert held.of_a_person(3.0) == []
