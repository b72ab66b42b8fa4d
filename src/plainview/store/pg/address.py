"""A PostgreSQL server's address: parsed once, connected to, and shown without its secrets."""

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from plainview.errors import ConfigError, StoreError

_OLDEST: Final = 150_000
"""PostgreSQL 15, as its number of version."""
_DEFAULTS: Final = {
    "application_name": "plainview",
    "connect_timeout": "5",
    # A machine that is lost is noticed in 15 s, on both ends: its locks are free then.
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_SERVER: Final = (
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=15000 -c client_min_messages=error"
)
_READ: Final = "-c default_transaction_read_only=on -c statement_timeout=30s"


class Address:
    """Where a database is. `where` may be shown: no user's secret is in it."""

    def __init__(self, url: str) -> None:
        """Parse `url`. Raises ConfigError, which does not repeat it."""
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            raise ConfigError(
                "the store's address cannot be read",
                where="store",
                mend="Write postgresql://USER@HOST:PORT/DATABASE; percent-encode special signs",
            ) from None
        self._options = str(given.pop("options", ""))
        self._given = {**_DEFAULTS, **given}
        host = given.get("host") or given.get("hostaddr") or "localhost"
        port = given.get("port") or "5432"
        name = given.get("dbname") or given.get("user") or ""
        self.where = f"postgresql://{host}:{port}/{name}"

    def connect(self, *, read_only: bool = False) -> psycopg.Connection[Any]:
        """A new connection. Raises psycopg.Error, and StoreError for a server that is too old."""
        options = f"{self._options} {_SERVER} {_READ if read_only else ''}"
        connection = psycopg.connect(**self._given, options=options)  # type: ignore[arg-type]  # by name, as libpq takes them
        version = connection.info.server_version
        if version < _OLDEST:
            connection.close()
            raise StoreError(
                f"this server is PostgreSQL {version // 10_000}",
                where=self.where,
                mend="Plainview needs PostgreSQL 15 or newer",
            )
        return connection
