"""From a store's address to the adapter that keeps it."""

from pathlib import Path

from plainview.clock import Clock, SystemClock
from plainview.errors import ConfigError, not_installed
from plainview.store import Retention, Store

_LEAST_BYTES = 1_000_000


def open_store(url: str, retention: Retention | None, clock: Clock | None = None) -> Store:
    """The store at `url`: `sqlite:PATH` or `postgresql://USER@HOST:PORT/DATABASE`.

    Raises ConfigError for another address or a retention that cannot be kept, StoreError when the
    file cannot be opened.
    """
    claim, retention = retention is not None, retention or Retention()
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
            where="retention, disk",
            mend=f"Give it at least {_LEAST_BYTES}",
        )
    scheme, _, path = url.partition(":")
    if scheme in {"postgresql", "postgres"} and path.startswith("//"):
        return _postgres(url, retention, clock or SystemClock(), claim=claim)
    if scheme != "sqlite" or not path or path == ":memory:":
        # It may hold a password, so it is not repeated.
        raise ConfigError(
            f"no store speaks an address that begins with {scheme!r}",
            where="store",
            mend="Use sqlite:PATH or postgresql://USER@HOST:PORT/DATABASE",
        )
    from plainview.store.sqlite import SqliteStore  # noqa: PLC0415 - adapters load only when chosen

    return SqliteStore(Path(path), retention, clock)


def _postgres(url: str, retention: Retention, clock: Clock, *, claim: bool) -> Store:
    try:
        from plainview.store.postgres import PostgresStore  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("psycopg"):
            raise
        raise not_installed(error, use="PostgreSQL", where="store", extra="city") from error
    return PostgresStore(url, retention, clock, claim=claim)
