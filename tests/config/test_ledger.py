from pathlib import Path

import pytest

from plainview.app.cities import configuration_digest
from plainview.config import CityConfig
from plainview.config.ledger import (
    LedgerConfig,
    LedgerTable,
    OrdersTable,
    ledger_from,
    orders_from,
)
from plainview.document.strict import convert
from plainview.document.toml import Document
from plainview.errors import ConfigError
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner
from plainview.ledger.note import Signer, Verifier

ONE = Cosigner("w.example/one", ED25519, bytes(32))
QUANTUM = Cosigner("w.example/one", ML_DSA_44, bytes(32))
TWO = Cosigner("w.example/two", ED25519, bytes([1] * 32))


def read(text: str) -> LedgerConfig:
    """The configuration in a CITY.toml that has only this table."""
    document = Document(Path("city.toml"), text)
    table = convert(document, document.data["ledger"], LedgerTable, ("ledger",), guide="the guide")
    return ledger_from(document, table)


def witness(cosigner: Cosigner, url: str = "https://w.example/") -> str:
    """One table of a witness."""
    return f'[[ledger.witnesses]]\nurl = "{url}"\nvkey = "{cosigner.vkey}"\n'


def test_a_ledger_needs_nothing() -> None:
    """An empty table asks nobody and needs nobody."""
    config = read("[ledger]\n")
    assert config == LedgerConfig()
    assert config.policy.words() == "no witness"


def test_witnesses_and_quorum_are_read() -> None:
    """Keys of one name are one witness; the quorum counts witnesses."""
    config = read(
        '[ledger]\norigin = "log.city.example"\nquorum = 2\n'
        + witness(ONE)
        + witness(TWO, "http://two.example/x")
        + witness(QUANTUM)
    )
    assert config.origin == "log.city.example"
    assert [(w.name, w.url, len(w.keys)) for w in config.witnesses] == [
        ("w.example/one", "https://w.example/", 2),
        ("w.example/two", "http://two.example/x", 1),
    ]
    assert config.policy.words() == "2 of 2: w.example/one, w.example/two"
    assert config.policy.witnesses == config.witnesses, "whoever asks them knows where"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[ledger]\norigin = "two words"\n', "line 2, ledger.origin"),
        ("[ledger]\nquorum = 1\n", "ledger"),
        ("[ledger]\nquorum = -1\n", "line 2, ledger.quorum"),
        ("[ledger]\nquorums = 1\n", "line 2"),
        ("[ledger]\nquorum = 2\n" + witness(ONE) + witness(QUANTUM), "ledger"),
        ("[ledger]\n" + witness(ONE, "ftp://w.example"), "line 3, ledger.witnesses[0].url"),
        ("[ledger]\n" + witness(ONE) + witness(QUANTUM, "https://x.example/"), "line 6"),
        ("[ledger]\n" + witness(ONE) + witness(ONE), "ledger"),
        (
            '[ledger]\n[[ledger.witnesses]]\nurl = "https://w.example"\nvkey = "x"\n',
            "line 4, ledger.witnesses[0].vkey",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, where: str) -> None:
    """Each fault is a ConfigError that says where it stands."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert where in caught.value.where


def obeyed(text: str, role: str = "site") -> Verifier | None:
    """Whom a site with this table obeys."""
    document = Document(Path("city.toml"), text)
    table = convert(document, document.data["orders"], OrdersTable, ("orders",), guide="the guide")
    return orders_from(document, table, role)


def test_a_site_obeys_the_centre_whose_key_it_was_given_and_nobody_without() -> None:
    """No key is taken up by itself."""
    centre = Signer("centre.example", bytes(32))
    assert obeyed("[orders]\n") is None
    assert obeyed(f'[orders]\ncentre = "{centre.vkey}"\n') == centre.verifier


def test_whom_a_site_obeys_is_part_of_the_configuration_that_its_ledger_tells() -> None:
    """Another key is another digest, and so an entry."""
    one, two = (Signer("centre.example", bytes([k] * 32)).verifier for k in (1, 2))
    digests = {configuration_digest(CityConfig("c", (), obeys=key)) for key in (None, one, two)}
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("text", "role", "what"),
    [
        (f'centre = "{ONE.vkey}"', "site", "signature type"),
        ('centre = "centre.example"', "site", "not a verifier key"),
        (f'centre = "{Signer("c", bytes(32)).vkey}"', "all", "only a site obeys"),
        (f'centre = "{Signer("c", bytes(32)).vkey}"', "centre", "only a site obeys"),
        ('center = "x"', "site", "Did you mean"),
    ],
)
def test_what_is_wrong_with_orders_is_told_with_its_line(text: str, role: str, what: str) -> None:
    """A key of another kind, none, or one where no order could press anything."""
    with pytest.raises(ConfigError, match=what) as error:
        obeyed(f"[orders]\n{text}\n", role)
    assert "line 2" in error.value.line()
