"""What a camera's processes take is told by the kernel."""

import os
import time

from plainview.fleet.meter import EVERY, Meter


def test_work_is_measured_and_what_has_ended_is_left_out() -> None:
    """Between two looks: cores and bytes of a process that works; nothing of one that is gone."""
    meter = Meter()
    running = {"north": (os.getpid(),), "gone": (os.getpid(), 2**22 + 1)}
    assert meter.used(running, 100.0) == {}
    began = time.process_time()
    while time.process_time() - began < 0.05:
        pass
    assert meter.used(running, 100.0 + EVERY / 2) == {}
    used = meter.used(running, 100.0 + EVERY)
    assert used.keys() == {"north"}
    assert 0.03 / EVERY < used["north"].cpu < 10.0
    assert used["north"].memory > 1e6
