"""A stop order is believed when the centre signed exactly it, and it can say nothing but stop."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from plainview.errors import InputError
from plainview.governance.order import (
    HEADER,
    MAX_BYTES,
    OrderRefused,
    Refusal,
    StopOrder,
    order_of,
    ordered,
    read_order,
    sign_order,
)
from plainview.governance.person import Role
from plainview.governance.standing import Stop
from plainview.ledger.note import Signer, sign_note

CENTRE = Signer("centre.example", b"\x01" * 32)
OTHER = Signer("centre.example", b"\x02" * 32)
ORDER = StopOrder(
    "centre.example", 7, "camera:north", "aimed at a window", Role.OPERATOR, "a" * 64, 5
)
NOTE = sign_order(ORDER, CENTRE)


def refusal(note: str) -> Refusal:
    """Why `note` is refused."""
    with pytest.raises(OrderRefused) as error:
        read_order(note, CENTRE.verifier)
    return error.value.reason


def signed(fields: dict[str, object], header: str = HEADER) -> str:
    """A note of whatever `fields`, signed by the centre."""
    body = msgspec.json.encode(msgspec.to_builtins(ORDER) | fields, order="sorted").decode()
    return sign_note(f"{header}\n{body}\n", CENTRE)


def test_what_the_centre_signed_is_read_and_kept_by_its_digest() -> None:
    """Every field of it."""
    assert read_order(NOTE, CENTRE.verifier) == ORDER
    assert signed({}) == NOTE
    kept = ordered(ORDER, NOTE)
    assert (kept.centre, kept.number, len(kept.digest)) == ("centre.example", 7, 64)


@pytest.mark.parametrize(
    "fields",
    [
        {"lift": True},
        {"scope": "everything"},
        {"scope": "start:camera:north"},
        {"scope": "camera:north\n"},
        {"scope": "camera:" + "n" * 90},
        {"number": -1},
        {"number": 1.5},
        {"number": 1 << 60},
        {"why": ""},
        {"why": "line\u2028break"},
        {"why": "x" * 513},
        {"role": "emperor"},
        {"who": "Ada Wong"},
        {"t": -1},
        {"centre": ""},
    ],
)
def test_what_is_no_order_is_refused_even_if_it_is_signed(fields: dict[str, object]) -> None:
    """Also what would do more than stop: there is no field for it."""
    assert refusal(signed(fields)) is Refusal.MALFORMED


def test_another_kind_of_note_is_no_order() -> None:
    """A permit or an approval, signed with the same key, stops nothing."""
    for header in ("plainview.permit/v1", "plainview.approval/v1", ""):
        assert refusal(signed({}, header)) is Refusal.MALFORMED


def test_a_forged_or_changed_order_is_refused() -> None:
    """By its key, which the site pinned: a name alone is worth nothing."""
    assert refusal(sign_order(ORDER, OTHER)) is Refusal.KEY
    assert refusal(NOTE.replace("camera:north", "camera:south")) is Refusal.KEY
    assert refusal(NOTE.replace('"number":7', '"number":8')) is Refusal.KEY
    stranger = Signer("elsewhere.example", b"\x01" * 32)
    assert refusal(sign_order(ORDER, stranger)) is Refusal.KEY


def test_another_citys_order_is_refused_though_the_key_is_the_same() -> None:
    """An order says whose it is."""
    order = structs.replace(ORDER, centre="other.example")
    assert refusal(sign_order(order, CENTRE)) is Refusal.CENTRE


def test_there_is_one_way_to_write_an_order() -> None:
    """Or it would have two digests: spaces, a second signature, another's beside it, spelling."""
    text, _, signatures = NOTE.partition("\n\n")
    stranger = Signer("elsewhere.example", b"\x01" * 32)
    assert refusal(f"{NOTE}{stranger.sign(text + chr(10))}") is Refusal.MALFORMED
    assert refusal(f"{NOTE}{signatures}") is Refusal.MALFORMED
    for spelled in (
        text.replace('"number":7', '"number": 7'),
        text.replace("window", "windo\\u0077"),
        text + "\nmore",
    ):
        assert refusal(sign_note(f"{spelled}\n", CENTRE)) is Refusal.MALFORMED


@pytest.mark.parametrize(
    "note", ["", "\n", "x" * (MAX_BYTES + 1), "\ud800", "[]", "{}", "\u00fc" * 4000]
)
def test_what_is_no_note_is_refused(note: str) -> None:
    """Whatever its size: what is too long is not looked at."""
    assert refusal(note) in {Refusal.MALFORMED, Refusal.KEY}


def test_what_is_too_long_is_not_even_looked_at() -> None:
    """Neither by its signs nor by its bytes."""
    for note in ("x" * (MAX_BYTES + 1), "\u00fc" * (MAX_BYTES // 2 + 1)):
        with pytest.raises(OrderRefused, match=f"more than {MAX_BYTES} bytes"):
            read_order(note, CENTRE.verifier)


@given(st.text(max_size=3000))
def test_no_text_is_taken_for_an_order(text: str) -> None:
    """Nor does any break what reads it."""
    refusal(text)


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_no_sign_of_an_order_may_differ(place: int, sign: str) -> None:
    """One other sign anywhere, and it is refused, or nothing was changed."""
    changed = NOTE[:place] + sign + NOTE[place + 1 :]
    if changed != NOTE:
        refusal(changed)


def test_the_longest_reason_there_may_be_fits() -> None:
    """Four bytes a sign, or each to be escaped; an order that no site would read is not signed."""
    for why in ("\U0001f600" * 400, '"\\' * 200):
        stop = Stop(
            "capability:events:left-object", why, 5, "privacy-officer", who="b" * 64, index=9
        )
        order = order_of(stop, CENTRE.name)
        assert read_order(sign_order(order, CENTRE), CENTRE.verifier) == order
    with pytest.raises(InputError, match="more than"):
        sign_order(structs.replace(ORDER, why='"' * 4000), CENTRE)


def test_the_signature_is_over_the_whole_text() -> None:
    """A signature of another order does not fit this one."""
    other = sign_order(structs.replace(ORDER, number=8), CENTRE)
    line = other.partition("\n\n")[2]
    assert base64.b64decode(line.split()[-1])
    assert refusal(NOTE.partition("\n\n")[0] + "\n\n" + line) is Refusal.KEY
