"""A zygote with the real measurement, whose taps send nothing until they are killed."""

import signal
import sys

from plainview.vision import zygote
from plainview.vision.measure import Measurer
from plainview.vision.spec import TapSpec


def idle(_spec: TapSpec, _packets: int, _status: int) -> None:
    """Wait for a signal."""
    signal.pause()


if __name__ == "__main__":
    sys.exit(zygote.main(Measurer, tap=idle))
