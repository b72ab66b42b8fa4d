"""What keeps a bus from its work is said, and said once in a while only."""

import asyncio

import structlog.testing
from nats.aio.client import Client
from nats.aio.msg import Msg
from tests.servers.receivers import free_port

from plainview.bus.address import read_address
from plainview.bus.link import Link
from plainview.bus.outgoing import Outgoing
from plainview.bus.sending import Sending
from plainview.bus.trouble import AGAIN, Trouble
from plainview.clock import ManualClock


def test_trouble_is_told_once_in_a_while_and_known_at_any_time() -> None:
    """A full server takes a batch now and then: that makes no line for each."""
    clock = ManualClock()
    trouble = Trouble(clock, "the NATS server takes no batches")
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            trouble.note("maximum bytes exceeded")
            trouble.note("")
        trouble.note("maximum bytes exceeded")
        assert trouble.why == "maximum bytes exceeded"
        clock.advance(AGAIN)
        trouble.note("maximum bytes exceeded")
    assert [line["event"] for line in logs] == 2 * ["the NATS server takes no batches"]
    assert "docs/guide/nats.md" in logs[0]["mend"]
    trouble.note("")
    assert trouble.why == ""


def test_a_server_that_is_not_there_is_told_by_its_address_and_why() -> None:
    """In words, not by a number of errno."""
    url = f"nats://127.0.0.1:{free_port()}"
    link = Link(read_address(url), "inbox")
    link.start(patience=20)
    try:
        assert link.trouble == f"{url}: Connection refused"
    finally:
        link.stop()


def test_a_stream_that_is_full_is_told_by_the_servers_words() -> None:
    """Until it takes a batch again."""
    clock, taken = ManualClock(), list[int]()
    link = Link(read_address("nats://127.0.0.1:4222"), "inbox")
    sending = Sending(
        link, Outgoing(10, 0.1, 1), "inbox", clock, lambda number, _ack: taken.append(number)
    )

    def answered(data: bytes) -> None:
        asyncio.run(sending.on_message(Msg(_client=Client(), subject="inbox.ack.1", data=data)))

    with structlog.testing.capture_logs() as logs:
        answered(b'{"error": {"code": 503, "description": "maximum bytes exceeded"}}')
    assert [line["why"] for line in logs] == ["maximum bytes exceeded"]
    assert sending.trouble == "maximum bytes exceeded"
    answered(b'{"stream": "PLAINVIEW", "seq": 1}')
    assert (sending.trouble, taken) == ("", [1])
    link.loop.close()
