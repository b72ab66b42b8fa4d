import pytest

from plainview.errors import InputError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner
from plainview.ledger.note import Signature, Signer, add_signatures, sign_note
from plainview.ledger.policy import AHEAD, QuorumPolicy, check_address, parse_policy

LOG = Signer("log.example/one", bytes(range(32)))
TEXT = Checkpoint(LOG.name, 7, bytes(range(32))).text()
W = [Cosigner(f"w{n}.example", ED25519, bytes([n] * 32)) for n in range(5)]
QUANTUM = Cosigner("w0.example", ML_DSA_44, bytes(32))


def note(*cosigners: Cosigner, t: int = 1000) -> str:
    """The checkpoint, signed by the log and cosigned by `cosigners` at `t`."""
    return add_signatures(
        sign_note(TEXT, LOG), [cosigner.cosign(TEXT, t) for cosigner in cosigners]
    )


def test_k_of_n_must_have_cosigned() -> None:
    """Each quorum is met by as many witnesses and more, never by fewer."""
    for need in range(5):
        policy = QuorumPolicy.of(need, [w.verifier for w in W[:4]])
        for given in range(5):
            if given >= need:
                assert policy.check(note(*W[:given]), LOG.verifier).text == TEXT
            else:
                with pytest.raises(LedgerLie, match="too few witnesses"):
                    policy.check(note(*W[:given]), LOG.verifier)


def test_a_witness_counts_once() -> None:
    """Two keys of one witness, two times, a repeated line: one voice."""
    policy = QuorumPolicy.of(2, [W[0].verifier, QUANTUM.verifier, W[1].verifier])
    one = add_signatures(note(W[0], QUANTUM), [W[0].cosign(TEXT, 2000)])
    with pytest.raises(LedgerLie, match="too few"):
        policy.check(one + W[0].cosign(TEXT, 1000), LOG.verifier)
    assert policy.check(add_signatures(one, [W[1].cosign(TEXT, 5)]), LOG.verifier)


def test_strangers_do_not_count() -> None:
    """A witness that is not named adds nothing."""
    policy = QuorumPolicy.of(2, [w.verifier for w in W[:2]])
    with pytest.raises(LedgerLie, match="too few"):
        policy.check(note(W[0], W[3], W[4]), LOG.verifier)


def test_the_log_must_have_signed() -> None:
    """Witnesses alone do not make a checkpoint."""
    policy = QuorumPolicy.of(1, [W[0].verifier])
    alone = "".join(note(W[0]).partition("\n\n")[:2]) + W[0].cosign(TEXT, 1)
    with pytest.raises(LedgerLie, match="did not sign"):
        policy.check(alone, LOG.verifier)


def test_a_false_cosignature_of_a_named_witness_is_a_lie() -> None:
    """Even where enough others are right."""
    policy = QuorumPolicy.of(1, [w.verifier for w in W[:2]])
    false = Signature(W[1].name, W[1].verifier.key_id, bytes(72)).line
    with pytest.raises(LedgerLie, match="does not verify"):
        policy.check(add_signatures(note(W[0]), [false]), LOG.verifier)


def test_cosignatures_of_the_future_do_not_count() -> None:
    """One second beyond the bound on clocks is too much; without a clock each counts."""
    policy = QuorumPolicy.of(1, [W[0].verifier])
    late = note(W[0], t=1000)
    assert policy.check(late, LOG.verifier, now=1000 - AHEAD)
    assert policy.check(late, LOG.verifier)
    with pytest.raises(LedgerLie, match="too few"):
        policy.check(late, LOG.verifier, now=999 - AHEAD)


def test_an_impossible_quorum_is_refused() -> None:
    """More than there are, fewer than none, or one key under two names."""
    same = Cosigner("another.example", ED25519, W[0].seed)
    for need, keys in ((2, [W[0]]), (-1, [W[0]]), (2, [W[0], QUANTUM]), (1, [W[0], same])):
        with pytest.raises(InputError):
            QuorumPolicy.of(need, [key.verifier for key in keys])


def policy_of(*lines: str) -> QuorumPolicy:
    """The policy of the five witnesses a to e and `lines`."""
    named = [f"witness {name} {w.vkey}" for name, w in zip("abcde", W, strict=True)]
    return parse_policy("\n".join([*named, *lines, ""]))


def test_groups_of_groups_are_counted() -> None:
    """Two of three here and any there, as in the example of tlog-policy."""
    policy = policy_of(
        "# two organisations",
        "group\tX 2 a b c",
        "  group Y any d e",
        "group both all X Y",
        "quorum both",
        f"log {LOG.vkey} https://log.example/",
    )
    assert policy.logs == (LOG.verifier,)
    assert policy.words() == "2 of 2: (2 of 3: a, b, c), (1 of 2: d, e)"
    for good in ((0, 1, 3), (1, 2, 4), (0, 1, 2, 3, 4)):
        assert policy.check(note(*(W[n] for n in good)), LOG.verifier)
    for bad in ((0, 1, 2), (0, 3, 4), (3,), ()):
        with pytest.raises(LedgerLie, match="too few"):
            policy.check(note(*(W[n] for n in bad)), LOG.verifier)


def test_a_quorum_may_be_one_witness_or_none() -> None:
    """`quorum NAME` of a witness asks for that one; `quorum none` for nobody."""
    one = policy_of("quorum b")
    assert one.check(note(W[1]), LOG.verifier)
    with pytest.raises(LedgerLie):
        one.check(note(W[0]), LOG.verifier)
    assert policy_of("quorum none").check(note(), LOG.verifier)
    assert parse_policy("quorum none\n").words() == "no witness"


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("quorum a", "quorum a"),
        ("quorum f",),
        ("quorum a b",),
        ("quorum",),
        ("quora a",),
        ("quorum a", "\x07"),
        ("quorum a", "group none any a"),
        ("quorum a", "group a any b"),
        ("quorum a", "group g any"),
        ("quorum a", "group g 0 a"),
        ("quorum a", "group g 3 a b"),
        ("quorum a", "group g 01 a b"),
        ("quorum a", "group g most a b"),
        ("quorum a", "group g any f"),
        ("quorum a", "group g any a a"),
        ("quorum a", "group g any a", "group h any a"),
        ("quorum a", "group g any g"),
        ("quorum a", f"witness f {W[0].vkey}"),
        ("quorum a", f"witness f {LOG.vkey}"),
        ("quorum a", "witness f"),
        ("quorum a", "witness f nothing"),
        ("quorum a", "log nothing"),
        ("quorum a", f"log {LOG.vkey}", f"log {LOG.vkey}"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(lines: tuple[str, ...]) -> None:
    """Each fault is named with its line, and nothing is guessed."""
    with pytest.raises(InputError) as caught:
        policy_of(*lines)
    assert caught.value.where.startswith("policy")


def test_a_policy_has_its_bounds() -> None:
    """A file of any length is not read."""
    many = "".join(f"group g{n} any w{n}\n" for n in range(300))
    with pytest.raises(InputError):
        parse_policy(many)
    with pytest.raises(InputError, match="too long"):
        parse_policy("#" * 1_000_001)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "w.example",
        "ftp://w.example",
        "http://",
        "http://w.example:x",
        "http://user:password@w.example",
        "http://w.example?x",
        "http://w.example#x",
        "http://[::1",
    ],
)
def test_an_address_that_no_witness_has_is_refused(url: str) -> None:
    """It is wrong input, before anything is asked."""
    with pytest.raises(InputError):
        check_address(url)
