import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from plainview.clock import SystemClock
from plainview.fleet.recording import Recording
from plainview.vault import daykey
from plainview.vault.age import unwrap
from plainview.vault.check import check
from plainview.vault.layout import PARTIES, Layout, day_of
from plainview.vault.ring import Ring
from plainview.vault.segment import Reader
from plainview.vision.branch import Branch
from plainview.vision.packets import Packet, StreamStart, parse

START = StreamStart(codec="h264", extradata=b"x" * 40, width=640, height=480)
DAY = 86_400.0


class Tap:
    """What a tap does for the recorder, without a camera."""

    def __init__(self, fd: int) -> None:
        """Write to `fd`."""
        self.branch = Branch(os.dup(fd))
        self.branch.begin(START, time.monotonic())
        self.sent: list[bytes] = []

    def send(self, count: int) -> None:
        """So many packets, every fifth a key frame."""
        for _ in range(count):
            now = time.time_ns() // 1000
            data = len(self.sent).to_bytes(4, "big") * 2000
            packet = Packet(data=data, t=now, key=len(self.sent) % 5 == 0)
            self.branch.add(packet, time.monotonic(), now)
            self.sent.append(data)
            self.branch.speak(time.monotonic(), now)


def until(seen: Callable[[], bool], limit: float = 20.0) -> None:
    """Wait for `seen`, and fail at `limit` seconds."""
    begun = time.monotonic()
    while not seen():
        assert time.monotonic() - begun < limit
        time.sleep(0.02)


@pytest.fixture
def vault(tmp_path: Path) -> tuple[Layout, dict[str, object]]:
    """A vault with today's and tomorrow's keys, and both parties' identities."""
    layout = Layout(tmp_path / "vault")
    layout.make()
    identities = {party: pyrage.x25519.Identity.generate() for party in PARTIES}
    recipients = [(str(identity.to_public()),) for identity in identities.values()]
    for day in (0, 1):
        folder = layout.keys / day_of(time.time() + day * DAY)
        daykey.make(daykey.Task(str(folder), *recipients))
    return layout, identities


def recorded(vault: tuple[Layout, dict[str, object]]) -> list[list[bytes]]:
    """The packets of each recording, opened by both custodians."""
    layout, identities = vault
    found = []
    for folder in layout.rings():
        ring = Ring(folder)
        shares = [daykey.open_share(folder, p, [identities[p]]) for p in PARTIES]
        for _, slot in ring.live():
            path = layout.recording(ring.name, ring.cameras[slot.camera], slot.hour, slot.part)
            reader = Reader(path, unwrap(slot.wrapped, daykey.joined(*shares), ring.words(slot)))
            told = [parse(message) for message in reader.messages()]
            found.append([message.data for message in told if isinstance(message, Packet)])
            reader.close()
        ring.close()
    return found


def test_a_recorder_that_is_killed_is_started_anew_unnoticed(
    vault: tuple[Layout, dict[str, object]],
) -> None:
    """Confined; its taps write on; what was sealed is read, and the vault is as it must be."""
    layout, _ = vault
    recording = Recording(layout.root, bound=10**9, clock=SystemClock())
    try:
        tap = Tap(recording.attach("north", DAY))
        until(lambda: recording.hello is not None)
        assert recording.hello is not None
        assert recording.hello.missing == (), "its confinement holds on this kernel"
        tap.send(50)
        until(lambda: recording.reports().get("north") is not None)
        until(lambda: recording.reports()["north"].bytes > 300_000)
        assert recording.why("north") == ""
        process = recording._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: recording.hello is None)
        assert recording.why("north")
        tap.send(20)
        until(lambda: recording.restarts == 1 and recording.hello is not None)
        tap.send(30)
        until(lambda: recording.why("north") == "" and bool(recording.reports()))
        assert not tap.branch.broken
    finally:
        recording.close()
    sent, found = tap.sent, [data for one in recorded(vault) for data in one]
    assert found == [data for data in sent if data in found], "in order, and none twice"
    assert len(found) >= 4 * 12 + 40
    assert found[-1] == sent[-1]
    assert check(layout, time.time()).findings == ()


UNREAD = """
import socket, sys
from plainview.fleet.recorder import Refused, _answer
channel = socket.socket(fileno=int(sys.argv[1]))
channel.recv(1, socket.MSG_PEEK)
_answer(channel, Refused("no room for keys"))
"""


def test_why_a_recorder_refused_is_heard_though_it_left_orders_unread(tmp_path: Path) -> None:
    """The kernel tells of the reset before it hands over the reason."""
    command = (sys.executable, "-P", "-c", UNREAD)
    recording = Recording(tmp_path, bound=10**9, clock=SystemClock(), command=command)
    try:
        recording.attach("north", DAY)
        until(lambda: recording.why("north") == "no room for keys")
    finally:
        recording.close()


def test_a_vault_that_is_not_there_is_told_and_tried_again(tmp_path: Path) -> None:
    """Why nothing is recorded is known, and a tap's packets are dropped without harm."""
    (tmp_path / "file").write_text("no folder")
    recording = Recording(tmp_path / "file" / "vault", bound=10**9, clock=SystemClock())
    try:
        tap = Tap(recording.attach("north", DAY))
        tap.send(5)
        until(lambda: "cannot be made" in recording.why("north"))
        assert not tap.branch.broken
    finally:
        recording.close()
