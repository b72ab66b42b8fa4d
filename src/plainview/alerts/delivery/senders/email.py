"""E-mail: one message for each notice, all about one alert in one thread."""

import contextlib
import datetime as dt
import smtplib
import socket
import ssl
import threading
from email.headerregistry import Address
from email.message import EmailMessage
from typing import BinaryIO, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from plainview.alerts.delivery.notice import Notice, Purpose
from plainview.alerts.delivery.route import Refused, Route
from plainview.alerts.delivery.senders import tls, unreached
from plainview.errors import DeliveryFailed

SECONDS: Final = 15.0
"""Of one step of the conversation."""
LONGEST: Final = 30.0
"""Seconds of all of it: who sends a byte now and then is never too late for any one step."""
PORTS: Final = {"smtp": 587, "smtps": 465}
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_SAID: Final = 1_000_000
"""Bytes that a server may say in one conversation: an answer is kept until its last line."""
_MOST_REMEMBERED: Final = 1000
_READY: Final = 220
_FOR_GOOD: Final = 500
"""Answers from which on another try changes nothing (RFC 5321, section 4.2.1)."""
_SIGN_IN: Final = 530
"""It takes mail of nobody who has not signed in (RFC 4954): no fault of the one message."""
_REACH: Final = "See whether the mail server runs and can be reached from here"
_WHO: Final = "It wants to know who sends: write user, and secret_file or secret_env"
_MARK: Final = {Purpose.ACTUAL: "", Purpose.EXERCISE: "[EXERCISE] ", Purpose.TEST: "[TEST] "}


class EmailSender:
    """Owns no connection between notices. Remembers who was reached by one that others refused."""

    def __init__(self, route: Route) -> None:
        """Connect when there is something to send."""
        self._route = route
        self._reached: dict[str, set[str]] = {}

    def send(self, notice: Notice) -> None:
        """Mail `notice` to everyone on the route. Raises DeliveryFailed or Refused."""
        reached = self._reached.get(notice.key, set())
        to = [one for one in self._route.to if one not in reached]
        try:
            refused = self._mailed(letter(notice, self._route), to)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused(error.recipients) from error
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            stranger = error.smtp_code == _SIGN_IN
            kind = Refused if error.smtp_code >= _FOR_GOOD and not stranger else DeliveryFailed
            raise kind(
                f"the mail server does not take it ({error.smtp_code})",
                where=self._route.address,
                mend=_WHO if stranger else "See that server's log; it may not know the sender",
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(
                f"the mail server does not let us in ({error.smtp_code})",
                where=self._route.address,
                mend="Check user and secret of the route",
            ) from error
        except smtplib.SMTPConnectError as error:
            raise DeliveryFailed(
                f"the mail server turns us away ({error.smtp_code})",
                where=self._route.address,
                mend="See that server's log; it may be busy, or not know this machine",
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            tls_lacks = "STARTTLS" in str(error)
            raise DeliveryFailed(
                f"the mail server offers no {'STARTTLS' if tls_lacks else 'sign-in'}",
                where=self._route.address,
                mend="Use its smtps port: beyond this machine mail goes encrypted"
                if tls_lacks
                else "Take user and secret away, or use its port for those who sign in",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            if str(error).endswith("timed out"):
                raise DeliveryFailed(
                    f"no answer within {SECONDS:g} s", where=self._route.address, mend=_REACH
                ) from error
            raise unreached(error, self._route.address, _REACH) from error
        if refused:
            self._remember(notice.key, set(self._route.to) - set(refused))
            raise self._refused(refused)
        self._reached.pop(notice.key, None)

    def _mailed(self, mail: EmailMessage, to: list[str]) -> dict[str, tuple[int, bytes]]:
        """Hand `mail` over for those of `to` whom the server takes; the others, and its answers."""
        parts = urlsplit(self._route.address)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        server = _Server(host)
        late = threading.Timer(LONGEST, server.leave)
        late.daemon = True
        late.start()
        try:
            code, said = server.open(port, tls(self._route) if parts.scheme == "smtps" else None)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, said)
            if parts.scheme == "smtp" and (host not in LOOPBACK or self._route.ca_file):
                server.starttls(context=tls(self._route))
            if self._route.user and self._route.secret is not None:
                server.login(self._route.user, self._route.secret.read())
            refused = server.send_message(mail, to_addrs=to)
        except (OSError, smtplib.SMTPException) as error:
            if server.left:
                raise TimeoutError(f"no end within {LONGEST:g} s") from error
            raise
        else:
            # It has the mail: whatever it says to our good-bye takes nothing of that back.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            return refused
        finally:
            late.cancel()
            server.close()

    def _remember(self, key: str, reached: set[str]) -> None:
        self._reached[key] = reached
        while len(self._reached) > _MOST_REMEMBERED:
            self._reached.pop(next(iter(self._reached)))

    def _refused(self, by: dict[str, tuple[int, bytes]]) -> DeliveryFailed:
        if all(code < _FOR_GOOD for code, _ in by.values()):
            return DeliveryFailed(
                f"the mail server does not take mail for {', '.join(sorted(by))} yet",
                where=self._route.address,
                mend="It is tried again: some servers take a stranger's mail at a second try only",
            )
        return Refused(
            f"the mail server refuses {', '.join(sorted(by))}",
            where=self._route.address,
            mend="Check the addresses of the route",
        )

    def tend(self, _told: object) -> None:
        """No mail server is asked without a mail."""

    def close(self) -> None:
        """Nothing is held."""


class _Server(smtplib.SMTP):
    """A server whose conversation somebody else can end, from its first byte on."""

    def __init__(self, host: str) -> None:
        super().__init__(timeout=SECONDS)
        self._host = host  # what its certificate must name
        self.left = False

    def open(self, port: int, context: ssl.SSLContext | None) -> tuple[int, bytes]:
        """Connect, by TLS at once with a `context`; what it greets with."""
        self.sock = socket.create_connection((self._host, port), SECONDS)
        if context is not None:
            self.sock = context.wrap_socket(self.sock, server_hostname=self._host)
        return self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        """The next answer. Raises SMTPServerDisconnected where it has no end."""
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()

    def leave(self) -> None:
        """End whatever it is read or written for, from another thread."""
        self.left = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _Bounded:
    """What a server says, as far as MOST_SAID."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_SAID

    def readline(self, most: int) -> bytes:
        line = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            message = "its answer has no end"
            raise OSError(message)
        return line

    def close(self) -> None:
        self._file.close()


def letter(notice: Notice, route: Route) -> EmailMessage:
    """The e-mail about `notice`."""
    domain = route.sender.rpartition("@")[2]
    found = EmailMessage()
    found["From"] = Address("Plainview", addr_spec=route.sender)
    found["To"] = ", ".join(route.to)
    found["Date"] = dt.datetime.fromtimestamp(notice.updated_at, tz=dt.UTC)
    found["Subject"] = _line(f"{_MARK[notice.purpose]}{_title(notice)}: {notice.where}")
    found["Message-ID"] = f"<{notice.key}@{domain}>"
    if notice.earlier:
        thread = [f"<{notice.id}-{one.revision}@{domain}>" for one in notice.earlier]
        found["In-Reply-To"] = thread[-1]
        found["References"] = " ".join(thread)
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(_text(notice))
    return found


def _title(notice: Notice) -> str:
    about = notice.about.replace("-", " ")
    if not notice.open:
        return f"Over: {about}"
    return f"{notice.level.value.capitalize()} ({notice.state.value}): {about}"


def _text(notice: Notice) -> str:
    since = dt.datetime.fromtimestamp(notice.raised_at, tz=ZoneInfo(notice.timezone))
    told = dt.datetime.fromtimestamp(notice.updated_at, tz=ZoneInfo(notice.timezone))
    lines = [_line(notice.headline), ""]
    if notice.purpose is Purpose.EXERCISE:
        lines += ["This is an exercise: the site is not switched to actual alerts.", ""]
    lines += [
        f"Where: {_line(notice.where)}",
        f"Since: {since:%Y-%m-%d %H:%M:%S %Z}",
        f"State: {notice.state.value}, {told:%Y-%m-%d %H:%M:%S %Z}",
    ]
    if notice.open:
        lines += ["", "What to check:", *(f"- {_line(one)}" for one in notice.check)]
    if notice.link:
        lines += ["", f"The plan at that moment: {notice.link}"]
    lines += ["", f"Alert {notice.id}, revision {notice.revision}"]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """`text` as one line: a name must not begin a header of its own."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
