import os
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from plainview.vision.packets import Packet

if TYPE_CHECKING:
    from tests.vision.conftest import TapProcess

Start = Callable[..., "TapProcess"]
Make = Callable[..., Path]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signed itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    made, key = tmp_path / "made.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(made), "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_a_certificate_that_nobody_signed_is_refused(
    start_tap: Start, liars: ModuleType, certificate: tuple[Path, Path], scheme: str
) -> None:
    """Somebody between camera and tap gets neither a request nor a password.

    And the note says what to do.
    """
    asked: list[bytes] = []

    def answer(client: ssl.SSLSocket, stop: object) -> None:
        asked.append(liars.request(client, stop))

    with liars.serve(liars.tls(*certificate, answer)) as port:
        tap = start_tap(source=f"{scheme}://u:s3cr3t@127.0.0.1:{port}/a.ts", stall=1.0)
        tap.until(lambda tap: sum("certificate" in s.note for s in tap.statuses) > 1)
        tap.close()
    assert b"".join(asked) == b""


def test_a_known_certificate_is_accepted(
    new_tap: Start,
    make_clip: Make,
    liars: ModuleType,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its authority known a camera is reached over TLS, from inside the tap's confinement."""
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(certificate[0]))
    files = {"/a.ts": make_clip("a.ts", 20).read_bytes()}
    with liars.serve(liars.tls(*certificate, liars.folder(files))) as port:
        tap = new_tap(source=f"https://127.0.0.1:{port}/a.ts", live=False)
        tap.finish()
        assert len(tap.of(Packet)) == 20
