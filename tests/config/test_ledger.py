from pathlib import Path

import pytest

from plainview.config.ledger import LedgerConfig, LedgerTable, ledger_from
from plainview.document.strict import convert
from plainview.document.toml import Document
from plainview.errors import ConfigError
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner

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
