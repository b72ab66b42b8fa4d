"""A feed is read, not sent: what is kept as delivered is what its readers get."""

from plainview.alerts.delivery.notice import Notice


class FeedSender:
    """Owns nothing."""

    def send(self, notice: Notice) -> None:
        """Publish `notice`: it is in the store, and shown once it is marked as delivered."""

    def tend(self, _told: object) -> None:
        """Nobody is asked."""

    def close(self) -> None:
        """Nothing is held."""
