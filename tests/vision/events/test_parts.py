"""Connected parts are OpenCV's, whatever part of a picture is set."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.events.parts import parts


@pytest.mark.parametrize("shape", [(40, 60), (41, 61), (40, 61), (3, 3), (1, 1)])
@pytest.mark.parametrize("set_", [0.0, 0.02, 0.4, 1.0])
def test_parts_are_opencvs(shape: tuple[int, int], set_: float) -> None:
    """The same pixels are of one part, and each part has the same outline and area."""
    rng = np.random.default_rng(3)
    for part in (np.s_[:, :], np.s_[5:23, 11:32]):
        mask = np.zeros(shape, np.uint8)
        mask[part] = rng.random(mask[part].shape) < set_
        labels, stats = parts(mask)
        _, known, rows, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        pairs = set(zip(labels.ravel().tolist(), known.ravel().tolist(), strict=True))
        assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
        assert all(np.array_equal(stats[int(one)], rows[int(other)]) for one, other in pairs if one)


def test_little_is_looked_at_where_little_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a picture with one small part, and nothing of an empty one."""
    asked = []
    labelled = cv2.connectedComponentsWithStatsWithAlgorithm

    def noted(mask: NDArray[np.uint8], connectivity: int, kind: int, way: int) -> object:
        asked.append(mask.shape)
        return labelled(mask, connectivity, kind, way)

    monkeypatch.setattr(cv2, "connectedComponentsWithStatsWithAlgorithm", noted)
    mask = np.zeros((200, 301), np.uint8)
    parts(mask)
    mask[101:104, 31:34] = 1
    parts(mask)
    assert asked == [(4, 4)]
