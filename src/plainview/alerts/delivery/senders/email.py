"""E-mail: one message for each notice, all about one alert in one thread."""

import datetime as dt
import smtplib
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from plainview.alerts.delivery.notice import Notice, Purpose
from plainview.alerts.delivery.route import Refused, Route
from plainview.alerts.delivery.senders import reason, tls
from plainview.errors import DeliveryFailed

SECONDS: Final = 15.0
"""Of one step of the conversation."""
PORTS: Final = {"smtp": 587, "smtps": 465}
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_MOST_REMEMBERED: Final = 1000
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
            with self._connected() as server:
                refused = server.send_message(letter(notice, self._route), to_addrs=to)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused(error.recipients) from error
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            kind = Refused if error.smtp_code >= 500 else DeliveryFailed
            raise kind(
                f"the mail server does not take it ({error.smtp_code})",
                where=self._route.address,
                mend="See that server's log; it may not know the sender",
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(
                f"the mail server does not let us in ({error.smtp_code})",
                where=self._route.address,
                mend="Check user and secret of the route",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailed(
                f"cannot be reached ({reason(error)})",
                where=self._route.address,
                mend="See whether the mail server runs, and speaks TLS with a name that is its own",
            ) from error
        if refused:
            self._remember(notice.key, set(self._route.to) - set(refused))
            raise self._refused(refused)
        self._reached.pop(notice.key, None)

    def _connected(self) -> smtplib.SMTP:
        parts = urlsplit(self._route.address)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=SECONDS, context=tls(self._route)
            )
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
        try:
            if parts.scheme == "smtp" and (host not in LOOPBACK or self._route.ca_file):
                server.starttls(context=tls(self._route))
            if self._route.user and self._route.secret is not None:
                server.login(self._route.user, self._route.secret.read())
        except BaseException:
            server.close()
            raise
        return server

    def _remember(self, key: str, reached: set[str]) -> None:
        self._reached[key] = reached
        while len(self._reached) > _MOST_REMEMBERED:
            self._reached.pop(next(iter(self._reached)))

    def _refused(self, by: dict[str, tuple[int, bytes]]) -> Refused:
        return Refused(
            f"the mail server refuses {', '.join(sorted(by))}",
            where=self._route.address,
            mend="Check the addresses of the route",
        )

    def tend(self, _told: object) -> None:
        """No mail server is asked without a mail."""

    def close(self) -> None:
        """Nothing is held."""


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
