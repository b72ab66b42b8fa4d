"""`[ledger]` of CITY.toml: its name, and who cosigns it; and `[orders]`: whom a site obeys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from msgspec import Meta, Struct

from plainview.document.toml import Document, KeyPath
from plainview.errors import ConfigError, InputError
from plainview.ledger.cosignature import CosignatureVerifier
from plainview.ledger.note import Verifier, check_name
from plainview.ledger.policy import PolicyGroup, PolicyWitness, QuorumPolicy, check_address

MOST_WITNESSES = 32

_Text = Annotated[str, Meta(min_length=1, max_length=2048)]
_VerifierKey = Annotated[str, Meta(min_length=1, max_length=4096)]


class WitnessTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[ledger.witnesses]]` as it is written."""

    url: _Text
    """Its submission prefix: `/add-checkpoint` is put behind it."""
    vkey: _VerifierKey
    """Its verifier key; of a witness with two keys, one table each with the same url."""


class LedgerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[ledger]` as it is written."""

    origin: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    witnesses: Annotated[tuple[WitnessTable, ...], Meta(max_length=2 * MOST_WITNESSES)] = ()
    quorum: Annotated[int, Meta(ge=0, le=MOST_WITNESSES)] = 0


class LedgerConfig(Struct, frozen=True):
    """What a running ledger is told."""

    origin: str | None = None
    """Its name, where it does not choose one itself."""
    witnesses: tuple[PolicyWitness, ...] = ()
    """Whom to ask to cosign each checkpoint."""
    quorum: int = 0
    """How many of them must have cosigned for a checkpoint to count as witnessed."""

    @property
    def policy(self) -> QuorumPolicy:
        """The quorum, to check a checkpoint with; its witnesses know where they are asked."""
        keys = [key for witness in self.witnesses for key in witness.keys]
        checked = QuorumPolicy.of(self.quorum, keys)
        group = PolicyGroup("quorum", self.quorum, self.witnesses) if self.quorum else None
        return QuorumPolicy(self.witnesses, group, checked.logs)


def ledger_from(document: Document, table: LedgerTable, at: KeyPath = ("ledger",)) -> LedgerConfig:
    """The table that stands at `at` in `document`. Raises ConfigError with the line."""
    if table.origin is not None:
        with _told(document, (*at, "origin")):
            check_name(table.origin)
    keys: dict[str, list[CosignatureVerifier]] = {}
    urls: dict[str, str] = {}
    for k, witness in enumerate(table.witnesses):
        place = (*at, "witnesses", k)
        with _told(document, (*place, "url")):
            check_address(witness.url)
        with _told(document, (*place, "vkey")):
            key = CosignatureVerifier.from_vkey(witness.vkey)
        if urls.setdefault(key.name, witness.url) != witness.url:
            raise ConfigError(
                f"the witness {key.name} is at another url above",
                where=document.where((*place, "url")),
                mend="A witness's keys all stand with the same url",
            )
        keys.setdefault(key.name, []).append(key)
    witnesses = tuple(PolicyWitness(name, tuple(own), urls[name]) for name, own in keys.items())
    config = LedgerConfig(table.origin, witnesses, table.quorum)
    with _told(document, at):
        _ = config.policy
    return config


class OrdersTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[orders]` as it is written."""

    centre: _VerifierKey | None = None
    """Verifier key of the centre whose stop orders this site obeys."""


def orders_from(
    document: Document, table: OrdersTable, role: str, at: KeyPath = ("orders",)
) -> Verifier | None:
    """The centre whose stop orders are obeyed; None: nobody's. Raises ConfigError with the line."""
    if table.centre is None:
        return None
    if role != "site":
        raise ConfigError(
            "only a site obeys the stop orders of a centre",
            where=document.where((*at, "centre")),
            mend='Write role = "site", or take [orders] out',
        )
    with _told(document, (*at, "centre")):
        return Verifier.from_vkey(table.centre)


@contextmanager
def _told(document: Document, at: KeyPath) -> Iterator[None]:
    """What is refused inside is told with the line of its key."""
    try:
        yield
    except InputError as error:
        raise ConfigError(error.what, where=document.where(at), mend=error.mend) from error
