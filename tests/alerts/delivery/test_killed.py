"""The outbox under kill -9."""

import signal
import subprocess
import sys
from pathlib import Path

from plainview.alerts.delivery.notice import unpacked
from plainview.alerts.lifecycle import unpacked as alert_of
from plainview.store import open_store

RAISER = Path(__file__).with_name("raiser.py")


def test_what_is_shown_is_also_to_be_told_after_a_kill(tmp_path: Path) -> None:
    """Each alert that is in the store waits for every route, and no notice has no alert."""
    path = tmp_path / "readings.db"
    with subprocess.Popen(
        [sys.executable, str(RAISER), str(path)], stdout=subprocess.PIPE, text=True
    ) as raiser:
        assert raiser.stdout is not None
        shown = [next(raiser.stdout).strip() for _ in range(20)]
        raiser.send_signal(signal.SIGKILL)
        shown += [line.strip() for line in raiser.stdout if line.endswith("\n")]
    store = open_store(f"sqlite:{path}")
    kept = {one.id: alert_of(one) for one in store.alerts(most=10_000)}
    assert set(shown) <= set(kept)
    for route in ("one", "two"):
        told = store.due_deliveries(route, 0, 10_000)
        assert {one.alert for one in told} == set(kept)
        for one in told:
            assert unpacked(one.data, route).site == kept[one.alert].site
    store.close()
