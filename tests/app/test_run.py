"""`plainview run`: measures, shows, stops cleanly, and lets no camera trouble another."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from plainview.app.address import address

_RUN = (sys.executable, "-m", "plainview", "run")
Start = Callable[..., AbstractContextManager[Any]]


def _direct(pid: int) -> list[int]:
    """The processes that `pid` started."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _children(pid: int) -> list[int]:
    """All processes below `pid`."""
    return [found for child in _direct(pid) for found in (child, *_children(child))]


def _ends(pid: int) -> bool:
    """Whether `pid`, whoever's child it is by now, ends within ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_it_measures_beside_a_camera_that_is_gone_and_stops_cleanly(
    start: Start, city: Path
) -> None:
    """One camera measures; the other is shown with its reason; SIGTERM ends all with exit 0."""
    with start() as running:
        sites = running.until("sites", lambda found: found[0]["believed"] > 0)
        assert sites[0]["id"] == "yard-site"
        cameras = {
            camera["id"]: camera
            for camera in running.until(
                "sites/yard-site/cameras",
                lambda found: all(c["id"] != "gone" or c["note"] for c in found),
            )
        }
        assert cameras["gone"]["connected"] is False
        assert "secret" not in json.dumps(cameras)
        assert cameras["yard"]["connected"] is True
        system = running.until("system", lambda found: found["stats"]["readings_stored"] > 2)
        assert system["stats"]["intake_failed"] == 0
        below = _children(running.process.pid)
        assert len(below) >= 3  # the zygote, a tap, a lens
        assert "first measurement" in running.process.stdout.readline()
        running.process.send_signal(signal.SIGTERM)
        _, said = running.process.communicate(timeout=30)
        assert running.process.returncode == 0, said
        assert "Traceback" not in said
        assert "secret" not in said
        assert not [pid for pid in below if _alive(pid)]
    log = (city.parent / "state" / "plainview.log").read_text()
    assert "secret" not in log
    assert all(json.loads(line)["event"] for line in log.splitlines())


def test_what_was_stored_is_there_again_and_the_folder_is_held(start: Start, city: Path) -> None:
    """Readings survive `kill -9`; a second Plainview on the same state folder is refused."""
    with start() as running:
        running.until("system", lambda found: found["stats"]["readings_stored"] > 2)
        oldest = running.get("system")["disk"]["oldest"]
        second = subprocess.run(
            [*_RUN, str(city), "--port", "0", "--no-open", "--state", str(city.parent / "state")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 1
        assert "another Plainview is running on this state folder" in second.stderr
        assert second.stderr.count("\n") == 1
        below = _children(running.process.pid)
        running.process.kill()
        running.process.wait(30)
    for pid in below:
        assert _ends(pid)
    with start("--for", "1") as again:
        assert again.get("system")["disk"]["oldest"] == pytest.approx(oldest)
        assert again.process.wait(60) == 0


def test_killed_processes_are_told_and_replaced(start: Start, city: Path) -> None:
    """When every tap and lens is killed, each camera restarts, measures again and is logged."""
    with start() as running:
        running.until("sites", lambda found: found[0]["believed"] > 0)
        (zygote,) = _direct(running.process.pid)
        for pid in _direct(zygote):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        cameras = running.until(
            "sites/yard-site/cameras",
            lambda found: (
                all(c["restarts"] > 0 and c["state"] == "running" for c in found)
                and any(c["believed"] for c in found)
            ),
        )
        assert all(camera["sealed"] is not None for camera in cameras)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
    log = (city.parent / "state" / "plainview.log").read_text().splitlines()
    told = {line["camera"] for line in map(json.loads, log) if line["event"] == "camera restarts"}
    assert told == {"yard", "gone"}


def test_where_it_will_be_is_known_before_it_is_there(city: Path, tmp_path: Path) -> None:
    """Whoever signs in while it starts gets the address that it will have; here it never does."""
    state = tmp_path / "state"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ["--port", str(port), "--no-open", "--state", str(state)]
        done = subprocess.run(
            [*_RUN, str(city), *options], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "the port is in use" in done.stderr
    assert address(state) == f"http://127.0.0.1:{port}"


def test_a_port_that_is_taken_is_told_before_any_work_is_begun(tmp_path: Path) -> None:
    """No key, no ledger, no video of the demonstration: it took fifteen seconds to be refused."""
    state = tmp_path / "state"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ["--port", str(taken.getsockname()[1]), "--no-open", "--state", str(state)]
        done = subprocess.run([*_RUN, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the port is in use. Stop what uses it, or choose another with --port" in done.stderr
    assert not [name for name in ("keys", "ledger", "demonstration") if (state / name).exists()]


def test_ctrl_c_is_a_clean_stop(start: Start) -> None:
    """The way that a person stops it is no failure, even if nobody reads what it says."""
    with start() as running:
        running.process.stdout.close()
        running.process.stdout = None
        running.until("sites", lambda found: found[0]["believed"] > 0)
        running.process.send_signal(signal.SIGINT)
        _, said = running.process.communicate(timeout=30)
        assert running.process.returncode == 0
        assert said == ""


def test_a_first_demonstration_says_why_nothing_is_measured_yet(tmp_path: Path) -> None:
    """Its videos must be made first; whoever looks at an empty page until then knows."""
    arguments = ["--for", "0.1", "--no-open", "--port", "0", "--state", str(tmp_path)]
    done = subprocess.run([*_RUN, *arguments], capture_output=True, text=True, check=True)
    assert "The demonstration's videos are being made" in done.stdout
