import socket
from collections.abc import Iterator

import pytest

from plainview.vision.backlog import LIMIT
from plainview.vision.branch import FIRST, LAST, PIECE, WAIT, Branch
from plainview.vision.packets import Gap, Message, Packet, StreamStart, parse

START = StreamStart(codec="h264", extradata=b"x" * 40, width=1920, height=1080)


class Far:
    """The recorder's end: whole messages, in order."""

    def __init__(self) -> None:
        """A fresh pair."""
        near, self.end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.branch = Branch(near.detach())
        self.end.settimeout(0)
        self._body = b""

    def heard(self) -> Iterator[Message]:
        """What is there."""
        while True:
            try:
                data = self.end.recv(PIECE + 1)
            except BlockingIOError:
                return
            self._body = data[1:] if data[0] & FIRST else self._body + data[1:]
            if data[0] & LAST:
                yield parse(self._body)


@pytest.fixture
def far() -> Iterator[Far]:
    """A branch and its other end."""
    one = Far()
    yield one
    one.end.close()


def packet(k: int, size: int = 10, *, key: bool = False) -> Packet:
    """Packet `k`, a tenth of a second each."""
    return Packet(data=bytes([k % 256]) * size, t=k * 100_000, key=key)


def test_each_key_frame_comes_with_the_streams_parameters(far: Far) -> None:
    """So that a recorder which is started anew can begin at any of them."""
    far.branch.begin(START, 0.0)
    for k in range(6):
        far.branch.add(packet(k, key=k % 3 == 0), k / 10, k)
        far.branch.speak(k / 10, k)
    told = list(far.heard())
    assert [type(m).__name__[0] for m in told] == list("SPPPSPPP")
    sent = [packet(k, key=k % 3 == 0) for k in range(6)]
    assert [message for message in told if isinstance(message, Packet)] == sent


def test_a_large_frame_is_put_together_again(far: Far) -> None:
    """Datagrams are bounded, frames are not."""
    far.branch.begin(START, 0.0)
    large = packet(1, 150_000, key=True)
    far.branch.add(large, 0.0, 0)
    far.branch.speak(0.0, 0)
    heard = list(far.heard())
    far.branch.speak(0.0, 0)
    assert [*heard, *far.heard()] == [START, large]


def test_a_recorder_that_does_not_listen_holds_up_nothing(far: Far) -> None:
    """What waits is bounded, dropped up to a key frame, counted, and told as a gap."""
    far.branch.begin(START, 0.0)
    for k in range(600):
        far.branch.add(packet(k, 100_000, key=k % 20 == 0), k / 10, k * 100_000)
        far.branch.speak(k / 10, k * 100_000)
        assert far.branch._backlog.bytes <= LIMIT
    assert far.branch.dropped > 400
    told = list(far.heard())
    for _ in range(200):
        far.branch.speak(60.0, 60_000_000)
        told += far.heard()
    (gap,) = [m for m in told if isinstance(m, Gap)][-1:]
    after = told[told.index(gap) + 1 :]
    assert isinstance(after[0], StreamStart)
    assert isinstance(after[1], Packet)
    assert after[1].key
    assert 60.0 - (after[1].t or 0) / 1e6 <= WAIT


def test_a_recorder_that_is_gone_for_good_is_no_error(far: Far) -> None:
    """The tap goes on; nothing more waits."""
    far.branch.begin(START, 0.0)
    far.end.close()
    far.branch.add(packet(0, key=True), 0.0, 0)
    far.branch.speak(0.0, 0)
    assert far.branch.broken
    far.branch.add(packet(1), 0.1, 0)
    far.branch.speak(0.1, 0)
    assert len(far.branch._backlog) == 0
