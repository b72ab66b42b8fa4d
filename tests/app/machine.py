"""A machine that serves a ledger and says what runs, honest unless told otherwise."""

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from plainview.clock import SystemClock
from plainview.governance.attest import RunningCamera, State, sign_state
from plainview.governance.office import Office
from plainview.governance.register import About
from plainview.governance.registering import build_register
from plainview.ledger.checkpoint import parse_checkpoint
from plainview.ledger.entry import EntryKind
from plainview.ledger.note import Signer, split_note
from plainview.ledger.source import DirectorySource

ORIGIN = "city.example/plainview"
CAMERAS = ("plaza-1", "plaza-2")


class Machine:
    """One city's office and its answers. Change `state`, `register` or `signer` to make it lie."""

    def __init__(self, folder: Path) -> None:
        """Two cameras registered, permitted and running."""
        self.office = Office(folder, SystemClock(), origin=ORIGIN)
        self.state: Callable[[State], State] = lambda state: state
        self.register: Callable[[dict[str, Any]], dict[str, Any]] = lambda register: register
        self.note: Callable[[str], str] = lambda note: note
        self.signer: Signer = self.office.state_key
        self.asked: list[str] = []
        self._begin()

    def close(self) -> None:
        """Close the office."""
        self.office.close()

    @property
    def vkey(self) -> str:
        """The log's verifier key."""
        return self.office.ledger.vkey

    def _begin(self) -> None:
        office, now = self.office, self.office.now()
        entry, kinds = office.entry, EntryKind
        office.record(
            entry(kinds.SOFTWARE_CHANGED, "city", software=office.software),
            entry(kinds.CONFIGURATION_CHANGED, "city", configuration="c" * 64),
            *(
                entry(kinds.CAMERA_REGISTERED, f"camera:{name}", site="plaza", fingerprint="f" * 64)
                for name in CAMERAS
            ),
            entry(
                kinds.PERMIT_GRANTED,
                "permit:plaza@1",
                permit="a" * 64,
                assessment="b" * 64,
                begins=now - 1000,
                ends=now + 10**9,
            ),
        )
        self.started = {
            name: office.record(
                entry(
                    kinds.CAMERA_STARTED,
                    f"camera:{name}",
                    permit="a" * 64,
                    fingerprint="f" * 64,
                    capabilities=["crowd", "flow"],
                    software=office.software,
                )
            )[0]
            for name in CAMERAS
        }

    def attestation(self, nonce: str) -> str:
        """The signed state, as `state`, `signer` and `note` make it."""
        office = self.office
        office.refresh()
        head = parse_checkpoint(split_note(office.ledger.checkpoint())[0])
        running = {
            name: RunningCamera(("crowd", "flow"), "a" * 64, "f" * 64, index)
            for name, index in self.started.items()
        }
        state = State(
            office.now(),
            nonce,
            head.origin,
            head.size,
            head.root.hex(),
            office.software,
            "c" * 64,
            running,
        )
        return self.note(sign_state(self.state(state), self.signer))

    def registered(self) -> bytes:
        """The public register, as `register` makes it."""
        office = self.office
        office.refresh()
        register = build_register(
            office.standing(), {}, [], {}, office.now(), about=About(origin=ORIGIN)
        )
        plain = msgspec.json.decode(msgspec.json.encode(register))
        return msgspec.json.encode(self.register(plain))

    def fetch(self, path: str, _most: int) -> bytes:
        """What is at a path below its address."""
        parts = urlsplit(path)
        self.asked.append(parts.path)
        if parts.path == "/api/v1/attestation":
            return self.attestation(parse_qs(parts.query)["nonce"][0]).encode()
        return self.registered()


@contextlib.contextmanager
def served(machine: Machine) -> Iterator[str]:
    """The machine over HTTP as a Plainview serves it; its address."""
    files = DirectorySource(machine.office.ledger.folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers one request."""

        def do_GET(self) -> None:
            """The ledger's files, the state, the register."""
            path = urlsplit(self.path).path
            try:
                if path.startswith("/ledger/"):
                    data = files.read(path.removeprefix("/ledger/"))
                elif path in {"/api/v1/attestation", "/portal/register.json"}:
                    data = machine.fetch(self.path, 0)
                else:
                    raise LookupError(path)  # noqa: TRY301 - answered just below
            except Exception:  # noqa: BLE001 - whatever is wrong is a 404 here
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
