"""People per cell of the head plane by a small network of our own: no scene, no person is in it.

The weights are made by `train/density.py` from rendered crowds alone (docs/reference/
density-model.md). OpenCV runs them: it is in the process already, needs no file once the weights
are read, and starts no thread.
"""

from importlib import resources

import cv2
import numpy as np

from plainview.vision.plate import Image

CHANNELS = 7
_BYTES = resources.files("plainview.vision").joinpath("weights/density.onnx").read_bytes()
"""Read on import, that is before the seal."""
# The classic engine: the new one of OpenCV 5 takes longer for a network this small.
_ENGINE = int(getattr(cv2.dnn, "ENGINE_CLASSIC", 1))


class Density:
    """Owns one network and its buffers."""

    def __init__(self) -> None:
        """Build the network from the package's weights; no file is opened."""
        weights = np.frombuffer(_BYTES, dtype=np.uint8)
        self._net = cv2.dnn.readNetFromONNX(weights, _ENGINE)
        self._net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)

    def people(self, channels: Image) -> Image:
        """(h / 4, w / 4) people in each cell from `channels` (7, h, w), sides multiples of 8."""
        self._net.setInput(channels[None])
        people = np.asarray(self._net.forward(), dtype=np.float32)
        return people.reshape(people.shape[2:])
