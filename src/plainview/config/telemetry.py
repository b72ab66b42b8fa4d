"""The `[telemetry]` table of CITY.toml: where traces of Plainview's own work are sent."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from plainview.alerts.delivery.route import Secret
from plainview.document.toml import Document
from plainview.errors import ConfigError

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_MEND: Final = "Write https://NAME/v1/traces; http is for this machine alone"

_Text = Annotated[str, Meta(min_length=1, max_length=500)]


class TelemetryTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[telemetry]` as it is written."""

    traces: _Text | None = None
    secret_file: _Text | None = None


class TelemetryConfig(Struct, frozen=True):
    """Where traces go."""

    traces: str = ""
    """Address of a collector that takes OTLP over HTTP; empty: no trace is made."""
    secret: Secret | None = None
    """Sent as a bearer token."""


def telemetry_from(document: Document, table: TelemetryTable) -> TelemetryConfig:
    """What `table` says. Raises ConfigError for an address that traces may not go to."""
    if table.traces is None:
        if table.secret_file is not None:
            raise ConfigError(
                "a secret, and no address to send it to",
                where=document.where(("telemetry", "secret_file")),
                mend="Add traces, or take it out",
            )
        return TelemetryConfig()
    where = document.where(("telemetry", "traces"))
    try:
        parts = urlsplit(table.traces)
        port = parts.port
    except ValueError as error:
        raise ConfigError("this is no address", where=where, mend=_MEND) from error
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "there is more in this address than it can have",
            where=where,
            mend="Name the secret's file with secret_file",
        )
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise ConfigError("no collector has this address", where=where, mend=_MEND)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigError("traces leave this machine encrypted only", where=where, mend=_MEND)
    secret = None
    if table.secret_file is not None:
        secret = Secret(file=document.relative(table.secret_file))
    return TelemetryConfig(table.traces, secret)
