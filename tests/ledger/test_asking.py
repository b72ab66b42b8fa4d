import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ledger.grown import LOG, checkpoint, consistency, leaves
from tests.servers.liars import serve

from plainview.clock import ManualClock
from plainview.errors import LedgerError, LedgerLie
from plainview.ledger.asking import MAX_ANSWER_BYTES, Asked, ask_witnesses
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner
from plainview.ledger.note import add_signatures, open_note
from plainview.ledger.policy import PolicyWitness
from plainview.ledger.witness import SIZE, Witness
from plainview.web.server import Served, bind
from plainview.web.witness import WitnessApplication

NOW = 1_700_000_000.0
KEY = Cosigner("w.example", ED25519, bytes(32))
QUANTUM = Cosigner("w.example", ML_DSA_44, bytes(32))
FORGER = Cosigner("w.example", ED25519, bytes([9] * 32))
SECONDS = 2.0


def prove(hashes: list[bytes]) -> Callable[[int, int], list[bytes]]:
    """The log's side: proofs from any size to all of `hashes`."""
    return lambda old, new: consistency(old, hashes[:new])


@contextlib.contextmanager
def honest(state: Path, *cosigners: Cosigner) -> Iterator[str]:
    """A real witness over HTTP; its address."""
    with (
        Witness(
            state,
            cosigners=cosigners or (KEY,),
            logs=[LOG.verifier],
            clock=ManualClock(NOW),
        ) as witness,
        Served(WitnessApplication(witness, (LOG.name,)), bind(port=0)) as served,
    ):
        yield served.url


def ask(url: str, hashes: list[bytes], *, known: int = 0, keys: tuple[Cosigner, ...] = ()) -> Asked:
    """What comes of asking the one witness at `url` to cosign the tree over `hashes`."""
    witness = PolicyWitness("w", tuple(key.verifier for key in (keys or (KEY,))), url)
    (asked,) = ask_witnesses(
        checkpoint(hashes), [witness], prove(hashes), known={"w": known}, seconds=SECONDS, now=NOW
    )
    return asked


def verified(asked: Asked, hashes: list[bytes]) -> bool:
    """Whether its lines make a good note with the checkpoint."""
    note = add_signatures(checkpoint(hashes), asked.lines)
    return open_note(note, [KEY.verifier]).by == (KEY.verifier,)


def test_a_witness_cosigns_over_http(tmp_path: Path) -> None:
    """From whatever size we think it knows, it cosigns what extends what it does know."""
    with honest(tmp_path) as url:
        for old, size, known in ((0, 5, 0), (5, 9, 5), (9, 12, 0), (12, 20, 3), (20, 20, 20)):
            asked = ask(url, leaves(size), known=known)
            assert asked.error is None, (old, asked.error)
            assert asked.size == size
            assert verified(asked, leaves(size))


def test_both_keys_of_a_witness_are_taken(tmp_path: Path) -> None:
    """A witness that signs twice gives two lines; a key that was not named is left out."""
    with honest(tmp_path, KEY, QUANTUM) as url:
        both = ask(url, leaves(5), keys=(KEY, QUANTUM))
        assert len(both.lines) == 2
        assert len(ask(url, leaves(5), known=5).lines) == 1


def test_a_fork_and_a_rollback_are_told(tmp_path: Path) -> None:
    """What a witness saw before cannot be undone: each way to try ends as a named lie."""
    with honest(tmp_path) as url:
        assert ask(url, leaves(8)).error is None
        for hashes, known in ((leaves(8, "fork"), 8), (leaves(12, "fork"), 8), (leaves(7), 0)):
            asked = ask(url, hashes, known=known)
            assert isinstance(asked.error, LedgerLie), asked
            assert asked.lines == ()
        assert "rolled back" in str(ask(url, leaves(7)).error)
        assert "forked" in str(ask(url, leaves(8, "fork")).error)
        assert "forked" in str(ask(url, leaves(12, "fork")).error)


def test_a_witness_that_does_not_know_us_says_so(tmp_path: Path) -> None:
    """The line says whom to give which key."""
    with (
        Witness(
            tmp_path,
            cosigners=[KEY],
            logs=[FORGER_LOG],
            clock=ManualClock(NOW),
        ) as witness,
        Served(WitnessApplication(witness, ()), bind(port=0)) as served,
    ):
        asked = ask(served.url, leaves(3))
    assert isinstance(asked.error, LedgerError)
    assert "ledger key" in asked.error.line()


FORGER_LOG = type(LOG)("other.example", bytes(32)).verifier


def answering(status: str, body: bytes, content_type: str = "text/plain") -> Callable[..., None]:
    """A server that says this to whatever it is asked."""

    def answer(client: socket.socket, stop: threading.Event) -> None:
        _read(client, stop)
        client.sendall(
            f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )

    return answer


def _read(client: socket.socket, stop: threading.Event) -> None:
    """Read a request: what is answered before it was read may be lost."""
    data = b""
    while not stop.is_set() and b"\xe2\x80\x94" not in data:
        try:
            data += client.recv(65536)
        except TimeoutError:
            continue


def _dripping(client: socket.socket, stop: threading.Event) -> None:
    """A good beginning, then one sign at a time, for ever."""
    _read(client, stop)
    client.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while not stop.wait(0.05):
        client.sendall(b"x")


def _dripping_head(client: socket.socket, stop: threading.Event) -> None:
    """A head that never ends."""
    _read(client, stop)
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stop.wait(0.05):
        client.sendall(b"x: y\r\n")


def _silent(client: socket.socket, stop: threading.Event) -> None:
    """Takes the connection and says nothing."""
    stop.wait(30)
    client.close()


def _flooding(client: socket.socket, stop: threading.Event) -> None:
    """More than anyone can read."""
    _read(client, stop)
    client.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while not stop.is_set():
        client.sendall(b"x" * 65536)


def _closing(client: socket.socket, stop: threading.Event) -> None:
    """Leaves in the middle."""
    _read(client, stop)
    client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhalf")


TEXT = checkpoint(leaves(5)).partition("\n\n")[0] + "\n"
RIGHT = KEY.cosign(TEXT, int(NOW)).encode()
LIARS: dict[str, tuple[Callable[..., None], str]] = {
    "silent": (_silent, "no whole answer"),
    "dripping": (_dripping, "no whole answer"),
    "dripping head": (_dripping_head, ""),
    "flooding": (_flooding, str(MAX_ANSWER_BYTES)),
    "closing": (_closing, "cannot be reached"),
    "nothing": (answering("200 OK", b""), "no signatures"),
    "nonsense": (answering("200 OK", b"\xff\xfe\x00nonsense\n"), "not a signed note"),
    "forged": (answering("200 OK", FORGER.cosign(TEXT, 5).encode()), "none of the keys"),
    "of another tree": (
        answering("200 OK", KEY.cosign(TEXT.replace("\n5\n", "\n6\n"), 5).encode()),
        "does not verify",
    ),
    "of another text": (
        answering("200 OK", b"\xe2\x80\x94 w AAAAAAAA\n\n" + RIGHT),
        "",
    ),
    "of the future": (
        answering("200 OK", KEY.cosign(TEXT, int(NOW) + 3600).encode()),
        "of the future",
    ),
    "right and wrong": (
        answering("200 OK", RIGHT + KEY.cosign(TEXT.replace("\n5\n", "\n6\n"), 5).encode()),
        "does not verify",
    ),
    "a larger size": (answering("409 Conflict", b"6\n", SIZE), "rolled back"),
    "the same size": (answering("409 Conflict", b"5\n", SIZE), "forked"),
    "no change of size": (answering("409 Conflict", b"3\n", SIZE), "changes its mind"),
    "no size": (answering("409 Conflict", b"many\n", SIZE), "told no size"),
    "a size of no type": (answering("409 Conflict", b"3\n"), "answered 409"),
    "not consistent": (answering("422 No", b"no\n"), "forked"),
    "moved": (answering("302 Found\r\nlocation: http://127.0.0.1:1/", b""), "answered 302"),
    "broken": (answering("500 Oh", b"\x1b[31mno\n"), "answered 500: [31mno"),
    "not HTTP": (lambda client, _: client.sendall(b"SSH-2.0-x\r\n"), "cannot be reached"),
}


@pytest.mark.parametrize("liar", LIARS)
def test_a_lying_or_broken_witness_gives_nothing(liar: str) -> None:
    """Whatever it answers, no line of it is taken, why is said, and it ends in time."""
    answer, why = LIARS[liar]
    with serve(answer) as port:
        begun = time.monotonic()
        asked = ask(f"http://127.0.0.1:{port}", leaves(5))
        assert time.monotonic() - begun < SECONDS + 1.5
    assert asked.lines == ()
    assert isinstance(asked.error, LedgerError)
    assert why in asked.error.line()


def test_one_bad_witness_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """Silent, dripping and lying ones beside a good one: its cosignature comes, all within time."""
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(honest(tmp_path))
        bad = [
            f"http://127.0.0.1:{stack.enter_context(serve(LIARS[name][0]))}"
            for name in ("silent", "dripping", "flooding", "a larger size", "of another tree")
        ]
        nobody = socket.create_server(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        nobody.close()
        witnesses = [
            PolicyWitness(f"w{n}", (KEY.verifier,), url)
            for n, url in enumerate([*bad, good, f"http://127.0.0.1:{port}"])
        ]
        begun = time.monotonic()
        asked = ask_witnesses(
            checkpoint(leaves(5)), witnesses, prove(leaves(5)), seconds=SECONDS, now=NOW
        )
        assert time.monotonic() - begun < SECONDS + 1.5
    assert [bool(one.lines) for one in asked] == [False] * 5 + [True, False]
    assert [one.error is None for one in asked] == [False] * 5 + [True, False]


def test_a_failing_proof_is_that_witness_error(tmp_path: Path) -> None:
    """A tile that cannot be read is told as such, and breaks nothing else."""

    def fails(_old: int, _new: int) -> list[bytes]:
        raise LedgerError("a tile is missing", where="tile/0/000")

    with honest(tmp_path) as url:
        assert ask(url, leaves(5)).error is None
        witness = PolicyWitness("w", (KEY.verifier,), url)
        (asked,) = ask_witnesses(checkpoint(leaves(6)), [witness], fails, seconds=SECONDS)
        assert "tile is missing" in str(asked.error)


def test_the_page_of_a_witness_says_who_it_is(tmp_path: Path) -> None:
    """Its keys and what it saw last are there for a person to read."""
    import httpx  # noqa: PLC0415 - the one test that reads a page

    with honest(tmp_path) as url:
        ask(url, leaves(5))
        page = httpx.get(url, trust_env=False)
        assert KEY.vkey in page.text
        assert f"{LOG.name} 5 " in page.text
        too_much = httpx.post(f"{url}add-checkpoint", content=b"x" * 2**21, trust_env=False)
        assert too_much.status_code == 413
