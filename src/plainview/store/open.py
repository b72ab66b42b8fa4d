"""From a store's address to the adapter that keeps it."""

from pathlib import Path

from plainview.errors import ConfigError
from plainview.store import Retention, Store

_LEAST_BYTES = 1_000_000


def open_store(url: str, retention: Retention) -> Store:
    """The store at `url`: `sqlite:PATH`.

    Raises ConfigError for another address or a retention that cannot be kept, StoreError when the
    file cannot be opened.
    """
    from plainview.store.sqlite import SqliteStore  # noqa: PLC0415 - adapters load only when chosen

    if not 0 < retention.readings <= retention.minutes <= retention.hours:
        raise ConfigError(
            "readings must be kept for some time, minutes at least as long, hours longest",
            where="store",
            mend="Order them: readings <= minutes <= hours, in seconds",
        )
    if retention.events <= 0:
        raise ConfigError(
            "alerts must be kept for some time after they ended",
            where="store",
            mend="Give events, in seconds, above 0",
        )
    if retention.disk_bytes < _LEAST_BYTES:
        raise ConfigError(
            f"a store of {retention.disk_bytes} bytes is too small to work",
            where="store.disk_bytes",
            mend=f"Give it at least {_LEAST_BYTES}",
        )
    scheme, _, path = url.partition(":")
    if scheme != "sqlite" or not path or path == ":memory:":
        raise ConfigError(f"no store speaks {url!r}", where="store", mend="Use sqlite:PATH")
    return SqliteStore(Path(path), retention)
