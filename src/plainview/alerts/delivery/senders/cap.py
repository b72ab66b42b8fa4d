"""CAP 1.2 by HTTP POST."""

from plainview.alerts.delivery import cap
from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.route import Route
from plainview.alerts.delivery.senders.http import Poster


class CapSender:
    """Owns the connection to one receiver of CAP messages."""

    def __init__(self, route: Route) -> None:
        """Connect at the first notice. Raises DeliveryFailed for certificates of no use."""
        self._route = route
        self._poster = Poster(route)

    def send(self, notice: Notice) -> None:
        """Post the message; a receiver tells a repeated one by its identifier, or by the header.

        Raises DeliveryFailed or Refused.
        """
        headers = {
            "content-type": f"{cap.MEDIA_TYPE}; charset=utf-8",
            "idempotency-key": notice.key,
        }
        if self._route.secret is not None:
            headers["authorization"] = f"Bearer {self._route.secret.read()}"
        self._poster.post(cap.document(notice, self._route), headers)

    def tend(self, _told: object) -> None:
        """One that is asked for nothing says nothing."""

    def close(self) -> None:
        """Close the connection."""
        self._poster.close()
