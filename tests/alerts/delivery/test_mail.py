"""Mail servers as they may be: slow, strange at the end, and not in the mood yet."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.alerts.delivery.examples import notice, route
from tests.servers.receivers import certificate

from plainview.alerts.delivery.route import Refused, RouteKind, Secret
from plainview.alerts.delivery.senders import email
from plainview.alerts.delivery.senders.email import EmailSender
from plainview.errors import DeliveryFailed


@contextmanager
def answering(answers: dict[bytes, bytes], drip: bytes = b"") -> Iterator[int]:
    """The port of a server with these answers to the first word of a line; else 250.

    With a `drip` it says that, again and again, and nothing else.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def talk() -> None:
        one, _ = listening.accept()
        with one, one.makefile("rb") as lines:
            try:
                while drip and not over.wait(0.05):
                    one.sendall(drip)
                one.sendall(answers.get(b"", b"220 hello") + b"\r\n")
                body = False
                for line in lines:
                    word = (line.split() or [b""])[0].upper()
                    if body and word != b".":
                        continue
                    body = word == b"DATA"
                    default = b"354 go on" if body else b"250 ok"
                    one.sendall(answers.get(word, default) + b"\r\n")
            except OSError:
                return  # the other side has hung up

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.close()
        thread.join(5)


def _send(port: int) -> None:
    EmailSender(
        route(RouteKind.EMAIL, address=f"smtp://127.0.0.1:{port}", to=("one@city.example",))
    ).send(notice())


def test_what_a_server_says_to_good_bye_takes_no_mail_back() -> None:
    """It has the mail: to call that a failure sends it again, for as long as the server does so."""
    with answering({b"QUIT": b"421 too busy to say good-bye"}) as port:
        _send(port)


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ({b"": b"554 not you"}, r"turns us away \(554\)"),
        ({b"RCPT": b"450 come back later"}, "does not take mail for one@city.example yet"),
        ({b".": b"452 no room", b"QUIT": b"250 ok"}, r"does not take it \(452\)"),
    ],
)
def test_who_will_not_now_is_tried_again(answers: dict[bytes, bytes], what: str) -> None:
    """And the reason is the server's own, however it takes its leave."""
    with answering(answers) as port, pytest.raises(DeliveryFailed, match=what) as caught:
        _send(port)
    assert not isinstance(caught.value, Refused)


def test_a_server_that_wants_to_know_who_sends_is_no_fault_of_a_mail() -> None:
    """The route does not work, and how to mend it is told."""
    with (
        answering({b"MAIL": b"530 5.7.0 Authentication required"}) as port,
        pytest.raises(DeliveryFailed, match=r"\(530\)") as caught,
    ):
        _send(port)
    assert not isinstance(caught.value, Refused)
    assert "write user" in caught.value.line()


def test_a_server_without_sign_in_is_no_server_that_is_away(tmp_path: Path) -> None:
    """It answers; what it lacks is told, STARTTLS too."""
    (tmp_path / "word").write_text("a long password")
    user: dict[str, Any] = {"user": "plainview", "secret": Secret(tmp_path / "word")}
    encrypted = {"ca_file": certificate(tmp_path).cert}
    for more, lacks in ((user, "sign-in"), (encrypted, "STARTTLS")):
        with answering({b"EHLO": b"250 hello"}) as port:
            out = route(
                RouteKind.EMAIL,
                address=f"smtp://127.0.0.1:{port}",
                to=("one@city.example",),
                **more,
            )
            with pytest.raises(DeliveryFailed, match=f"offers no {lacks}"):
                EmailSender(out).send(notice())


@pytest.mark.parametrize("drip", [b"2", b"220-and\r\n"])
def test_a_server_that_never_comes_to_an_end_is_left(
    drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte or a line now and then is never too late for any one step."""
    monkeypatch.setattr(email, "LONGEST", 0.4)
    began = time.monotonic()
    with answering({}, drip) as port, pytest.raises(DeliveryFailed, match="no end within"):
        _send(port)
    assert time.monotonic() - began < 5


def test_an_answer_of_lines_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line comes in time, and all of them were held in memory: 290 MB in half a minute."""
    monkeypatch.setattr(email, "MOST_SAID", 1000)
    with (
        answering({}, b"220-and\r\n" * 1000) as port,
        pytest.raises(DeliveryFailed, match="its answer has no end"),
    ):
        _send(port)
