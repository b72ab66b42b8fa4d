"""Each kind of route against a real server on this machine."""

import base64
import contextlib
import email
import email.policy
import json
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from msgspec import structs
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from tests.alerts.delivery.examples import BEGAN, PLACE, alert, broken, notice, route
from tests.servers.receivers import (
    Certificate,
    HttpReceiver,
    MailServer,
    certificate,
    free_port,
    http_receiver,
    mosquitto,
)

from plainview.alerts import lifecycle
from plainview.alerts.delivery.notice import trial
from plainview.alerts.delivery.route import Refused, Route, RouteKind, Secret, Sender
from plainview.alerts.delivery.senders import http, open_sender
from plainview.alerts.delivery.senders.webhook import signature, signing_key
from plainview.clock import ManualClock
from plainview.errors import DeliveryFailed

KEY = base64.b64encode(bytes(range(32))).decode()
USER, PASSWORD = "plainview", "correct horse"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where secrets and certificates of this module stand."""
    made = tmp_path_factory.mktemp("delivery")
    (made / "key").write_text(f"whsec_{KEY}\n")
    (made / "password").write_text(PASSWORD)
    (made / "wrong").write_text("not that one, and no key")
    return made


@pytest.fixture(scope="module")
def trusted(folder: Path) -> Certificate:
    """The certificate of the servers here."""
    return certificate(folder)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """An HTTP server."""
    with http_receiver() as server:
        yield server


def send(out: Route, *notices: Any) -> None:  # noqa: ANN401 - notices
    """Send them by one sender of `out`."""
    sender = open_sender(out, ManualClock(BEGAN + 30))
    try:
        for one in notices:
            sender.send(one)
    finally:
        sender.close()


def test_a_webhook_is_signed_as_its_receiver_expects(receiver: HttpReceiver, folder: Path) -> None:
    """Standard Webhooks: HMAC-SHA256 over id, time and body; the id stays, the time is now."""
    out = route(address=receiver.url, secret=Secret(folder / "key"))
    send(out, notice(), notice())
    first, second = receiver.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == notice().key
    stamp = first.headers["webhook-timestamp"]
    assert stamp == str(int(BEGAN) + 30)
    key = base64.b64decode(KEY)
    assert first.headers["webhook-signature"] == signature(key, notice().key, stamp, first.body)
    told = json.loads(first.body)
    assert told["type"] == "plainview.alert"
    assert told["data"]["state"] == "raised"
    assert told["data"]["purpose"] == "exercise"


def test_a_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks specification, section 'Signature scheme'."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "words", "refused"),
    [
        (503, "503 Service Unavailable", False),
        (401, "401 Unauthorized", False),
        (422, "422", True),
        (409, "409 Conflict", True),
        (500, "500 Internal Server Error", True),
        (302, "no redirection is followed", False),
    ],
)
def test_what_a_webhook_answers_is_told_in_words(
    receiver: HttpReceiver, folder: Path, status: int, words: str, *, refused: bool
) -> None:
    """Only what is about the one notice lets the others pass; nothing is asked elsewhere."""
    receiver.answers = [status]
    with pytest.raises(DeliveryFailed, match=words) as failure:
        send(route(address=receiver.url, secret=Secret(folder / "key")), notice())
    assert isinstance(failure.value, Refused) == refused
    assert [one.path for one in receiver.posted] == ["/alerts"]


def test_a_secret_that_is_none_is_told_by_its_place_alone(
    receiver: HttpReceiver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands there is never repeated."""
    monkeypatch.setitem(os.environ, "HOOK_KEY", "")
    for secret, words in (
        (Secret(folder / "wrong"), "no signing key"),
        (Secret(folder / "missing"), r"cannot be read \(No such file"),
        (Secret(env="HOOK_KEY"), r"\$HOOK_KEY: the secret is empty"),
    ):
        with pytest.raises(DeliveryFailed, match=words) as failure:
            send(route(address=receiver.url, secret=secret), notice())
        assert "not that one" not in failure.value.line()
    assert receiver.posted == []


def test_cap_is_posted_with_its_key(receiver: HttpReceiver, folder: Path) -> None:
    """The message's identifier is the idempotency key of the header."""
    out = route(RouteKind.CAP, address=receiver.url, secret=Secret(folder / "password"))
    send(out, notice())
    (posted,) = receiver.posted
    assert posted.headers["content-type"].startswith("application/cap+xml")
    assert posted.headers["authorization"] == f"Bearer {PASSWORD}"
    name = etree.fromstring(posted.body).findtext("{*}identifier")
    assert name == posted.headers["idempotency-key"] == notice().key


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", False),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9 + b"HTTP/1.1 103 Early Hints\r\nX-More: ", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", True),
    ],
)
def test_who_answers_byte_by_byte_holds_up_nothing_for_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, *, taken: bool
) -> None:
    """A head that never ends is a failure; an answer whose rest is late is an answer."""
    monkeypatch.setattr(http, "LONGEST", 0.3)
    with dripping(answer) as address:
        sender = open_sender(
            route(address=address, secret=Secret(folder / "key")), ManualClock(BEGAN)
        )
        for _ in range(2):
            late = pytest.raises(DeliveryFailed, match=r"no answer within 0\.3 s")
            with contextlib.nullcontext() if taken else late:
                sender.send(notice())
        sender.close()


@contextlib.contextmanager
def dripping(answer: bytes) -> Iterator[str]:
    """The address of a server that answers so, and then a byte every 50 ms."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            link, _ = server.accept()
            with link, contextlib.suppress(OSError):
                link.recv(65_536)
                link.sendall(answer)
                while not over.wait(0.05):
                    link.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(server.getsockname()).close()
        thread.join()


def test_what_speaks_no_tls_is_told_so(receiver: HttpReceiver) -> None:
    """Not that it cannot be reached: it can."""
    there = receiver.url.replace("http:", "https:")
    mails = receiver.url.replace("http:", "smtps:").removesuffix("/alerts")
    for kind, address in ((RouteKind.CAP, there), (RouteKind.EMAIL, mails)):
        with pytest.raises(DeliveryFailed, match="does not speak TLS"):
            send(route(kind, address=address, to=("a@city.example",)), notice())


def test_nobody_there_is_a_failure_with_the_address() -> None:
    """For each kind that connects."""
    port = free_port()
    for kind, scheme in (
        (RouteKind.CAP, "http"),
        (RouteKind.MQTT, "mqtt"),
        (RouteKind.EMAIL, "smtp"),
    ):
        address = f"{scheme}://127.0.0.1:{port}"
        with pytest.raises(DeliveryFailed, match="cannot be reached") as failure:
            send(route(kind, address=address, to=("a@city.example",)), notice())
        assert failure.value.where == address


# The client library leaves a socket whose handshake failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_keeps_what_holds_now_and_home_assistant_finds_it(
    folder: Path, trusted: Certificate
) -> None:
    """A real Mosquitto over TLS: one retained message for each subject, one sensor for each."""
    with mosquitto(folder, trusted, USER, PASSWORD) as port:
        out = broker_route(folder, trusted, port)
        over = lifecycle.cleared(alert(), BEGAN + 60, "Ada", "over")
        trouble = broken("mail", PLACE, "nobody answers", BEGAN)
        # The last is older than what was told of its topic: it must not turn time back.
        send(out, notice(), trouble, trial("out", PLACE, "", BEGAN), notice(over), notice())
        kept = retained(port, trusted)
        state = json.loads(kept["plainview/sites/plaza/site/density"])
        assert state["open"] is False
        assert state["state"] == "cleared"
        assert json.loads(kept["plainview/routes/mail"])["open"] is True
        assert kept["plainview/status"] == b"offline"
        assert "plainview/test" not in kept
        sensors = [json.loads(data) for at, data in kept.items() if at.startswith("homeassistant/")]
        assert {one["state_topic"] for one in sensors} == {
            "plainview/sites/plaza/site/density",
            "plainview/routes/mail",
        }
        assert {one["availability_topic"] for one in sensors} == {"plainview/status"}
        with pytest.raises(DeliveryFailed, match="the broker refuses: Not authorized"):
            send(structs.replace(out, secret=Secret(folder / "wrong")), notice())
        with pytest.raises(Refused, match="does not take 'elsewhere"):
            send(structs.replace(out, topic="elsewhere"), notice())
        with pytest.raises(DeliveryFailed, match="its certificate is not trusted"):
            send(structs.replace(out, ca_file=None), notice())


def test_a_broker_that_comes_back_is_told_what_holds(folder: Path, trusted: Certificate) -> None:
    """It has lost all; it learns who is online and the newest of each topic, with its old key."""
    with mosquitto(folder, trusted, USER, PASSWORD) as port:
        out = broker_route(folder, trusted, port)
        sender = open_sender(out, ManualClock())
        trouble = broken("mail", PLACE, "nobody answers", BEGAN)
        sender.send(notice())
        sender.tend(list)
    with pytest.raises(DeliveryFailed, match="ended the connection"):
        wait_until_lost(sender)
    sender.close()
    over = notice(lifecycle.cleared(alert(), BEGAN + 60, "Ada", "over"))
    with mosquitto(folder, trusted, USER, PASSWORD, port):
        again = open_sender(out, ManualClock())
        again.tend(lambda: [trouble, over, notice()])
        again.tend(lambda: pytest.fail("it was told already"))
        kept = retained(port, trusted)
        again.close()
    assert json.loads(kept["plainview/sites/plaza/site/density"])["state"] == "cleared"
    assert json.loads(kept["plainview/routes/mail"])["open"] is True
    assert kept["plainview/status"] == b"online"


def test_two_cities_at_one_broker_do_not_end_each_other(folder: Path, trusted: Certificate) -> None:
    """Each has its own topics, and so its own connection, by a route of the same name."""
    with mosquitto(folder, trusted, USER, PASSWORD) as port:
        out = broker_route(folder, trusted, port)
        senders = [
            open_sender(structs.replace(out, topic=f"plainview/{city}"), ManualClock())
            for city in ("north", "south")
        ]
        for _ in range(2):
            for sender in senders:
                sender.send(trial("out", PLACE, "", BEGAN))
                sender.tend(list)
        for sender in senders:
            sender.close()


def broker_route(folder: Path, trusted: Certificate, port: int) -> Route:
    """A route to the broker at `port`."""
    return route(
        RouteKind.MQTT,
        address=f"mqtts://localhost:{port}",
        user=USER,
        secret=Secret(folder / "password"),
        ca_file=trusted.cert,
    )


def wait_until_lost(sender: Sender) -> None:
    """Tend `sender` until it raises, for ten seconds at most."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        sender.tend(list)
        time.sleep(0.01)


def retained(port: int, trusted: Certificate) -> dict[str, bytes]:
    """What the broker keeps, by topic."""
    found: dict[str, bytes] = {}
    messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
    reader = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    reader.username_pw_set(USER, PASSWORD)
    reader.tls_set(ca_certs=str(trusted.cert))
    reader.on_connect = lambda client, *_: client.subscribe([("#", 0)])
    reader.on_message = lambda _client, _data, one: messages.put((one.topic, bytes(one.payload)))
    reader.connect("localhost", port)
    reader.loop_start()
    try:
        # Retained messages come in no order that is promised: wait for all that must be there.
        while len(found) < 5:
            topic, data = messages.get(timeout=10)
            found[topic] = data
    finally:
        reader.disconnect()
        reader.loop_stop()
    return found


def test_mails_are_one_thread_and_reach_who_can_be_reached(
    folder: Path, trusted: Certificate
) -> None:
    """Over STARTTLS with a password; who was refused is tried again, the others are not."""
    server = MailServer(trusted, USER, PASSWORD)
    server.start()
    try:
        out = route(
            RouteKind.EMAIL,
            address=f"smtp://localhost:{server.port}",
            user=USER,
            secret=Secret(folder / "password"),
            ca_file=trusted.cert,
            to=("one@city.example", "two@city.example"),
        )
        server.unknown = {"two@city.example"}
        sender = open_sender(out, ManualClock())
        with pytest.raises(Refused, match=r"refuses two@city\.example"):
            sender.send(notice())
        server.unknown = set()
        sender.send(notice())
        over = lifecycle.cleared(alert(), BEGAN + 60, "Ada", "over")
        sender.send(notice(over))
        assert [one.rcpt_tos for one in server.mails] == [
            ["one@city.example"],
            ["two@city.example"],
            ["one@city.example", "two@city.example"],
        ]
        first, again, last = (
            email.message_from_bytes(one.original_content or b"", policy=email.policy.default)
            for one in server.mails
        )
        assert first["Message-ID"] == again["Message-ID"] == last["In-Reply-To"]
        assert first["Subject"] == "[EXERCISE] Alarm (raised): density: Station plaza"
        assert last["Subject"] == "[EXERCISE] Over: density: Station plaza"
        text = first.get_content()
        assert "This is an exercise" in text
        assert "Since: 2023-11-14 23:13:20 CET" in text
        assert "https://crowd.example/sites/plaza?at=" in text
        wrong = structs.replace(out, secret=Secret(folder / "wrong"))
        with pytest.raises(DeliveryFailed, match=r"does not let us in \(535\)"):
            send(wrong, notice())
        with pytest.raises(DeliveryFailed, match="certificates cannot be read"):
            send(structs.replace(out, ca_file=folder / "other.pem"), notice())
    finally:
        server.stop()
