"""Servers that misbehave, each on a free loopback port, in a thread of the test that owns it."""

import contextlib
import itertools
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Answer = Callable[[socket.socket, threading.Event], None]
"""Talks to one client until it has had enough, or the event is set."""


@contextlib.contextmanager
def serve(answer: Answer) -> Iterator[int]:
    """Answer every client with `answer`; the port."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(client: socket.socket) -> None:
        # The client may leave at any point of a lie.
        with client, contextlib.suppress(OSError):
            client.settimeout(0.2)
            answer(client, stop)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed below
            threads.append(threading.Thread(target=talk, args=(client,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for thread in threads:
            thread.join()


def request(client: socket.socket, stop: threading.Event) -> bytes:
    """The next request's head, b"" when there is none."""
    data = b""
    while b"\r\n\r\n" not in data and not stop.is_set():
        try:
            part = client.recv(4096)
        except TimeoutError:
            continue
        if not part:
            return b""
        data += part
    return data


def http(kind: str, body: bytes, *, hold: bool) -> Answer:
    """Serve `body` of MIME type `kind` to each GET; then `hold` the line, silent, or close it."""

    def answer(client: socket.socket, stop: threading.Event) -> None:
        if request(client, stop):
            head = f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
            client.sendall(head.encode() + body)
            if hold:
                stop.wait()

    return answer


def tls(certificate: Path, key: Path, answer: Answer) -> Answer:
    """Talk TLS with this certificate, and `answer` inside of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def wrapped(client: socket.socket, stop: threading.Event) -> None:
        with context.wrap_socket(client, server_side=True) as inside:
            answer(inside, stop)

    return wrapped


def folder(files: dict[str, bytes]) -> Answer:
    """Serve `files` by path; anything else is 404."""

    def answer(client: socket.socket, stop: threading.Event) -> None:
        head = request(client, stop)
        path = head.split(b" ")[1].decode().partition("?")[0] if head else ""
        body = files.get(path)
        if body is None:
            client.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        else:
            size = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            client.sendall(b"HTTP/1.0 200 OK\r\n" + size.encode() + body)

    return answer


def multipart(
    client: socket.socket, stop: threading.Event, pictures: list[bytes], pause: float
) -> None:
    """Send JPEG `pictures` over and over, one each `pause` seconds, as many cameras do."""
    if not request(client, stop):
        return
    kind = "Content-Type: multipart/x-mixed-replace; boundary=frame"
    client.sendall(f"HTTP/1.0 200 OK\r\n{kind}\r\n\r\n".encode())
    for number in itertools.count():
        picture = pictures[number % len(pictures)]
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
        client.sendall(head.encode() + picture + b"\r\n")
        if stop.wait(pause):
            return


def rtsp(sdp: bytes, stream: bytes) -> Answer:
    """Play along with RTSP as far as PLAY, then send the bytes `stream` and hold the line."""

    def answer(client: socket.socket, stop: threading.Event) -> None:
        while head := request(client, stop):
            found = re.search(rb"cseq: *(\d+)", head, re.IGNORECASE)
            number = found[1] if found else b"0"
            method = head.split(b" ")[0]
            extra, body = b"", b""
            if method == b"OPTIONS":
                extra = b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == b"DESCRIBE":
                extra = b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(sdp)
                body = sdp
            elif method == b"SETUP":
                extra = b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            client.sendall(
                b"RTSP/1.0 200 OK\r\nCSeq: %s\r\nSession: 7\r\n%s\r\n%s" % (number, extra, body)
            )
            if method == b"PLAY":
                client.sendall(stream)

    return answer


def raw(data: bytes) -> Answer:
    """Send `data` whatever is asked, and close."""

    def answer(client: socket.socket, stop: threading.Event) -> None:
        request(client, stop)
        client.sendall(data)

    return answer


def mute(client: socket.socket, stop: threading.Event) -> None:
    """Take the request and never answer."""
    request(client, stop)
    stop.wait()
