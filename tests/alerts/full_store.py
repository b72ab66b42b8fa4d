"""A store that can be told to be full, for tests of what must not be lost then."""

from collections.abc import Sequence

from plainview.errors import StoreFull
from plainview.store import KeptAlert, KeptDelivery
from plainview.store.sqlite import SqliteStore


class FullStore(SqliteStore):
    """A store that can be told to be full."""

    full = False

    def put_alerts(
        self,
        alerts: Sequence[KeptAlert],
        *,
        heard: int = 0,
        deliveries: Sequence[KeptDelivery] = (),
    ) -> None:
        """Keep them, unless there is no room."""
        self._check()
        super().put_alerts(alerts, heard=heard, deliveries=deliveries)

    def settle_deliveries(self, deliveries: Sequence[KeptDelivery]) -> None:
        """Keep what became of them, unless there is no room."""
        self._check()
        super().settle_deliveries(deliveries)

    def _check(self) -> None:
        if self.full:
            raise StoreFull("there is no room to write")
