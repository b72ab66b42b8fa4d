"""One module for each kind of route; `open_sender` loads the one that is asked for."""

import re
import ssl
from typing import Final

from plainview.alerts.delivery.route import Route, RouteKind, Sender
from plainview.clock import Clock
from plainview.errors import DeliveryFailed

_NUMBER: Final = re.compile(r"\[Errno -?\d+\] ")
_CERTIFICATE: Final = (
    "See that the certificate has the name in the address; where the city signs its own, "
    "name the signer's as ca_file"
)
_NO_TLS: Final = "See which port speaks TLS there; what stands on this machine may go without"

# ruff: noqa: PLC0415 - a broker's client is loaded only where there is a broker


def open_sender(route: Route, clock: Clock) -> Sender:
    """The sender of `route`. Connects to nothing yet."""
    match route.kind:
        case RouteKind.CAP:
            from plainview.alerts.delivery.senders.cap import CapSender

            return CapSender(route)
        case RouteKind.FEED:
            from plainview.alerts.delivery.senders.feed import FeedSender

            return FeedSender()
        case RouteKind.WEBHOOK:
            from plainview.alerts.delivery.senders.webhook import WebhookSender

            return WebhookSender(route, clock)
        case RouteKind.MQTT:
            from plainview.alerts.delivery.senders.mqtt import MqttSender

            return MqttSender(route)
        case RouteKind.EMAIL:
            from plainview.alerts.delivery.senders.email import EmailSender

            return EmailSender(route)


def reason(error: BaseException) -> str:
    """What the system says, without its number."""
    return _NUMBER.sub("", str(error)).rstrip(".") or type(error).__name__


def unreached(error: BaseException, where: str, mend: str) -> DeliveryFailed:
    """Why there is no connection to `where`; a fault of TLS is told as one, however it is wrapped.

    `mend` is for all other reasons.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message.rstrip(".")
            return DeliveryFailed(
                f"its certificate is not trusted ({why})", where=where, mend=_CERTIFICATE
            )
        if isinstance(cause, ssl.SSLError):
            why = (cause.reason or reason(cause)).replace("_", " ").lower()
            return DeliveryFailed(f"does not speak TLS ({why})", where=where, mend=_NO_TLS)
        cause = cause.__cause__ or cause.__context__
    return DeliveryFailed(f"cannot be reached ({reason(error)})", where=where, mend=mend)


def tls(route: Route) -> ssl.SSLContext:
    """How `route` checks who is at the other end: always, by name, TLS 1.2 at least.

    Raises DeliveryFailed where its own certificates cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=route.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise DeliveryFailed(
            f"the certificates cannot be read ({error.strerror or error})",
            where=str(route.ca_file),
            mend="Give a PEM file that Plainview's user may read",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
