"""A link between two servers that can be cut: bytes go through, or nothing does."""

import contextlib
import socket
import threading

_CHUNK = 65_536


class Proxy:
    """Owns a port of this machine, and every connection that goes through it to another one."""

    def __init__(self, to: int) -> None:
        """Listen on `port`, and pass on to the port `to`."""
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._whole = True
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            with self._lock:
                whole = self._whole
                if whole:
                    self._open |= {near, far}
            if not whole:
                near.close()
                far.close()
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                sink.sendall(data)
        self._end({source, sink})

    def _end(self, pair: set[socket.socket]) -> None:
        with self._lock:
            self._open -= pair
        for one in pair:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut(self) -> None:
        """End what is connected, and let nobody connect."""
        with self._lock:
            self._whole = False
            pair = set(self._open)
        self._end(pair)

    def mend(self) -> None:
        """Let everybody connect again."""
        with self._lock:
            self._whole = True

    def close(self) -> None:
        """End it for good."""
        self._listener.close()
        self.cut()
