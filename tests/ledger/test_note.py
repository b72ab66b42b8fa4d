import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import InputError, LedgerLie
from plainview.ledger.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Signature,
    Signer,
    Verifier,
    add_signatures,
    encode64,
    open_note,
    sign_note,
    split_note,
)

# The example of C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n"
    "\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The example in the package documentation of Go's sumdb/note, with its private key.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
)
LOG = Signer("log.example/one", bytes(range(32)))
OTHER = Signer("log.example/two", bytes(range(1, 33)))


def test_the_example_of_the_specification_verifies() -> None:
    """The verifier key and the note that C2SP signed-note prints fit each other."""
    verifier = Verifier.from_vkey(EXAMPLE_KEY)
    note = open_note(EXAMPLE, [verifier])
    assert note.text == "This is an example message.\n"
    assert note.verified == ("example.com/foo",)
    assert note.by == (verifier,)
    assert verifier.vkey == EXAMPLE_KEY


def test_the_example_of_the_go_library_is_signed_byte_for_byte() -> None:
    """From the same private key come the same public key and the same note."""
    signer = Signer.from_text(GO_PRIVATE)
    assert signer.vkey == GO_KEY
    assert signer.text() == GO_PRIVATE
    assert sign_note(GO_NOTE.partition("\n\n")[0] + "\n", signer) == GO_NOTE


def test_every_changed_sign_of_a_note_is_found() -> None:
    """Whichever one character of a note is another, it does not open to a different text."""
    verifier = Verifier.from_vkey(EXAMPLE_KEY)
    for place in range(len(EXAMPLE)):
        for sign in ("A", "\n", " ", "+", "\u2014", "\x00"):
            if EXAMPLE[place] == sign:
                continue
            with pytest.raises(LedgerLie):
                open_note(EXAMPLE[:place] + sign + EXAMPLE[place + 1 :], [verifier])


@given(
    text=st.text(st.characters(blacklist_characters=[chr(n) for n in range(32)], codec="utf-8")),
    lines=st.integers(0, 3),
)
@settings(deadline=None, max_examples=50)
def test_what_is_signed_opens_again(text: str, lines: int) -> None:
    """Any text, with empty lines and any signs, comes back as it was signed, from each key."""
    body = text + "\n" * (lines + 1)
    note = sign_note(body, LOG, OTHER)
    opened = open_note(note, [LOG.verifier, OTHER.verifier])
    assert opened.text == body
    assert opened.verified == (LOG.name, OTHER.name)
    assert open_note(note, [OTHER.verifier]).verified == (OTHER.name,)


def test_unknown_signatures_are_ignored() -> None:
    """A stranger's line, a known name with another id, a known id under another name: ignored."""
    note = sign_note("x\n", LOG)
    strange = [
        Signature("stranger", b"abcd", b"s" * 64).line,
        Signature(LOG.name, b"abcd", b"s" * 64).line,
        Signature("stranger", LOG.verifier.key_id, b"s" * 64).line,
    ]
    assert open_note(add_signatures(note, strange), [LOG.verifier]).verified == (LOG.name,)
    with pytest.raises(LedgerLie, match="none of the keys"):
        open_note(sign_note("x\n", OTHER), [LOG.verifier])


def test_a_bad_signature_of_a_known_key_is_a_lie() -> None:
    """One false line under a known key spoils the note, whatever other lines are good."""
    for false in (b"s" * 64, b"s", b"s" * 65):
        bad = Signature(LOG.name, LOG.verifier.key_id, false).line
        for note in (
            add_signatures(sign_note("x\n", OTHER), [bad]),
            add_signatures(sign_note("x\n", LOG), [bad]),
        ):
            with pytest.raises(LedgerLie, match="does not verify"):
                open_note(note, [LOG.verifier, OTHER.verifier])


def test_keys_that_collide_in_name_and_id_are_told_apart() -> None:
    """Where two trusted keys share name and id, the signature counts for the one it verifies."""

    class Collides:
        """A key whose four-byte id was made to fall on LOG's."""

        name = LOG.name
        key_id = LOG.verifier.key_id

        def verify(self, text: str, signature: bytes) -> bool:
            return signature == b"mine" and bool(text)

    mine = Collides()
    note = add_signatures(
        sign_note("x\n", LOG), [Signature(LOG.name, LOG.verifier.key_id, b"mine").line]
    )
    opened = open_note(note, [mine, LOG.verifier])
    assert opened.by == (LOG.verifier, mine)
    assert opened.verified == (LOG.name,)
    with pytest.raises(LedgerLie):
        open_note(note, [LOG.verifier])


def test_a_signature_that_is_repeated_counts_once() -> None:
    """The same line twice makes one verified name, and is not added twice."""
    note = sign_note("x\n", LOG)
    line = LOG.sign("x\n")
    assert add_signatures(note, [line, line]) == note
    assert open_note(note + line, [LOG.verifier]).by == (LOG.verifier,)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "x\n",
        "x\n\n",
        "x\n\n\n",
        sign_note("x\n", LOG)[:-1],
        sign_note("x\n", LOG).replace("\n", "\r\n"),
        sign_note("x\n", LOG) + "\n",
        sign_note("x\n", LOG) + "x\n",
        sign_note("x\n", LOG).replace("\u2014 ", "- "),
        sign_note("x\n", LOG).replace("\u2014 ", "\u2014  "),
        sign_note("x\n", LOG).replace("=\n", "\n"),
        sign_note("x\n", LOG).replace("=\n", "==\n"),
        "x\n\n\u2014 name \n",
        "x\n\n\u2014 name AAAA\n",
        "x\n\n\u2014 na+me AAAAAAAA\n",
        "x\n\n\u2014 na\u00a0me AAAAAAAA\n",
        "x\ty\n\n" + LOG.sign("x\ty\n"),
        "\ud800\n\n" + LOG.sign("x\n"),
        "x\n\n" + LOG.sign("x\n") * (MAX_SIGNATURES + 1),
        "x" * MAX_NOTE_BYTES + "\n\n" + LOG.sign("x\n"),
        "\u00e9" * (MAX_NOTE_BYTES // 2) + "\n\n" + LOG.sign("x\n"),
    ],
)
def test_what_is_not_written_as_a_note_is_refused(note: str) -> None:
    """Wrong ends, spellings, names, signs and sizes never open."""
    with pytest.raises(LedgerLie):
        open_note(note, [LOG.verifier])


def test_base64_has_one_spelling() -> None:
    """The unused bits of the last digit must be zero: no second spelling of one signature."""
    line = LOG.sign("x\n")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = line[-3]
    other = digits[digits.index(last) ^ 1]
    with pytest.raises(LedgerLie, match="not written as one"):
        open_note("x\n\n" + line[:-3] + other + line[-2:], [LOG.verifier])


def test_as_many_signatures_as_allowed_are_read() -> None:
    """A hundred signatures, far more than the sixteen of the specification, are accepted."""
    note = "x\n\n" + "".join(
        Signature(f"w{n}", b"abcd", b"s" * 3000).line for n in range(MAX_SIGNATURES - 1)
    )
    assert len(split_note(note + LOG.sign("x\n"))[1]) == MAX_SIGNATURES
    assert open_note(note + LOG.sign("x\n"), [LOG.verifier]).text == "x\n"


def test_a_permit_of_four_megabytes_is_a_note() -> None:
    """The largest thing that is signed here fits."""
    text = "p" * 4_000_000 + "\n"
    assert open_note(sign_note(text, LOG), [LOG.verifier]).text == text


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("example.com/foo", "example.com/fo"),
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY + "=",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "two words+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_a_wrong_verifier_key_is_the_fault_of_who_gave_it(vkey: str) -> None:
    """It is refused as wrong input, with how to mend it."""
    with pytest.raises(InputError):
        Verifier.from_vkey(vkey)


def test_a_key_of_another_type_is_not_taken_for_ed25519() -> None:
    """Type 0x04 in the verifier key is a cosigner's, refused here by name."""
    from plainview.ledger.note import join_vkey  # noqa: PLC0415 - only this test makes such a key

    with pytest.raises(InputError, match="0x04"):
        Verifier.from_vkey(join_vkey("w", 4, bytes(32)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_KEY,
        GO_PRIVATE.replace("c74f20a3", "c74f20a4"),
        GO_PRIVATE.replace("Neumann", "Newman"),
        GO_PRIVATE[:-4],
        "PRIVATE+KEY+w+00000000+" + encode64(b"\x04" + bytes(32)),
    ],
)
def test_a_wrong_private_key_is_refused_without_showing_it(text: str) -> None:
    """The error names the key's owner at most, never its secret."""
    with pytest.raises(InputError) as caught:
        Signer.from_text(text)
    assert "AYEK" not in caught.value.line()


def test_a_signer_does_not_show_its_secret() -> None:
    """Neither repr nor str holds the seed in any spelling."""
    signer = Signer.generate("log.example/three")
    for spelled in (signer.seed.hex(), encode64(signer.seed), repr(signer.seed)):
        assert spelled not in repr(signer)
        assert spelled not in str(signer)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\tbed", "\u2003", "\x01", "n" * 256])
def test_a_name_that_no_note_can_carry_gets_no_key(name: str) -> None:
    """Empty, spaced, with plus or control signs, or beyond 255 bytes: refused."""
    with pytest.raises(InputError):
        Signer.generate(name)


@pytest.mark.parametrize("text", ["", "x", "x\ry\n", "x\x00\n"])
def test_what_cannot_be_a_note_is_not_signed(text: str) -> None:
    """No newline at the end, or control characters: refused before a key is used."""
    with pytest.raises(InputError):
        sign_note(text, LOG)
    with pytest.raises(InputError):
        sign_note("x\n")
