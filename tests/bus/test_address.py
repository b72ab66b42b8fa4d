"""Addresses of buses between machines, read strictly."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.bus import Sender
from plainview.bus.address import read_address, sender_of, token
from plainview.bus.wire import subject
from plainview.errors import ConfigError


def test_an_address_says_servers_key_and_sender(tmp_path: Path) -> None:
    """Everything that can be said is read, with the port that NATS has by default."""
    seed = tmp_path / "site.seed"
    seed.write_text("SUAA")
    url = f"tls://a,b:4333?creds={seed}&district=Old%20Town&site=plaza&leaf=10GB&replicas=3&bound=9"
    address = read_address(url)
    assert address.servers == ("tls://a:4222", "tls://b:4333")
    assert address.sender == Sender(token("Old Town"), "plaza")
    assert (address.creds, address.leaf, address.replicas, address.bound) == (seed, 10**10, 3, 9)
    assert subject(*address.sender).endswith(".plaza")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nats://u:secret@host", "holds a password"),
        ("nats://", "is no HOST:PORT"),
        ("nats://host:99999", "is no HOST:PORT"),
        ("nats://host/path", "is no HOST:PORT"),
        ("nats://host?sight=plaza", "no option 'sight'"),
        ("nats://host?site=a&site=b", "twice"),
        ("nats://host?site=a.b", "without dots"),
        ("nats://host?creds=/nowhere/at/all", "creds is no file"),
        ("nats://host?leaf=10", "leaf is no usable size"),
        ("nats://host?replicas=9", "from 1 to 5"),
        ("nats://host?linger=nan", "from 0 to 60"),
        ("nats://host?x", "no list of OPTION=VALUE"),
    ],
)
def test_a_wrong_address_is_one_line(url: str, why: str) -> None:
    """It says what is wrong and how to write it, and repeats no password."""
    with pytest.raises(ConfigError, match=why) as refused:
        read_address(url)
    assert "secret" not in refused.value.line()


@given(st.text(max_size=100), st.text(max_size=100))
def test_every_district_has_a_token_of_its_own(one: str, other: str) -> None:
    """Whatever a district is called, it is one token of a subject, and never another's."""
    assert subject(token(one), "a")
    assert (token(one) == token(other)) == (one == other)


def test_a_district_without_a_name_is_the_site() -> None:
    """As in the rest of the program: a site without a district is one by itself."""
    assert sender_of("", "plaza") == ("plaza", "plaza")
