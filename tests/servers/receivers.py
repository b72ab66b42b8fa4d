"""Real receivers of alerts on this machine: an HTTP server, a Mosquitto broker, a mail server."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

MOSQUITTO = Path("/usr/sbin/mosquitto")


class Posted(NamedTuple):
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes


class HttpReceiver(ThreadingHTTPServer):
    """Keeps what is posted to it, and answers as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[Posted] = []
        self.answers: list[int] = []
        """Statuses of the next answers; 204 after them."""

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.server_address[1]}/alerts"


class _Handler(BaseHTTPRequestHandler):
    server: HttpReceiver

    def do_POST(self) -> None:
        """Keep it."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.posted.append(Posted(self.path, headers, body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """A server that takes what is posted."""
    with HttpReceiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Certificate(NamedTuple):
    """A certificate of this machine for `localhost`, which is its own authority."""

    cert: Path
    key: Path


def certificate(folder: Path) -> Certificate:
    """One that was made on the spot."""
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(made.key), "-out", str(made.cert)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return made


@contextmanager
def mosquitto(
    folder: Path, certificate: Certificate, user: str, password: str, port: int = 0
) -> Iterator[int]:
    """A Mosquitto broker; its TLS port. Only `user` may come in, and publish below `plainview/`.

    It keeps nothing beyond its own end. `port` 0: a free one.
    """
    if not MOSQUITTO.exists():
        pytest.skip(f"no broker: {MOSQUITTO} is missing (Debian package mosquitto)")
    port = port or free_port()
    words, rules, config = folder / "passwords", folder / "acl", folder / "mosquitto.conf"
    words.write_text(f"{user}:{password}\n")
    subprocess.run(["mosquitto_passwd", "-U", str(words)], check=True, capture_output=True)
    rules.write_text(f"user {user}\ntopic readwrite plainview/#\ntopic readwrite homeassistant/#\n")
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {words}\n"
        f"acl_file {rules}\ncertfile {certificate.cert}\nkeyfile {certificate.key}\nuser root\n"
    )
    broker = subprocess.Popen(
        [str(MOSQUITTO), "-c", str(config)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert broker.stderr is not None
        # Its log says when it listens.
        for line in broker.stderr:
            if "running" in line:
                break
        yield port
    finally:
        broker.terminate()
        broker.communicate(timeout=10)


class MailServer(Controller):
    """A mail server that wants TLS and a password, and keeps what it takes."""

    def __init__(self, certificate: Certificate, user: str, password: str) -> None:
        """Listen on a free port."""
        self.mails: list[Envelope] = []
        self.unknown: set[str] = set()
        """Recipients that are refused."""
        self._user, self._password = user.encode(), password.encode()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate.cert, certificate.key)
        super().__init__(self, hostname="localhost", port=free_port())

    def factory(self) -> SMTP:
        """One conversation."""
        return SMTP(
            self,
            hostname="localhost",
            tls_context=self._tls,
            require_starttls=True,
            auth_required=True,
            authenticator=self._authenticated,
        )

    def _authenticated(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object
    ) -> AuthResult:
        right = LoginPassword(self._user, self._password)
        return AuthResult(success=given == right, handled=False)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        """Take the recipient, if it is known."""
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail."""
        self.mails.append(envelope)
        return "250 taken"
