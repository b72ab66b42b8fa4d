"""The address of the pages: taken before they answer, looked at before anything starts.

Apart from the server, which takes half a second to import.
"""

import errno
import socket

from plainview.errors import InputError


def bind(host: str = "127.0.0.1", port: int = 8765) -> socket.socket:
    """A listening socket at `host` and `port` (0: any free one). Nothing answers on it yet.

    Raises InputError, with how to mend it, where the address is in use or not this machine's.
    """
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise InputError(
            f"{host!r} is not a name of this machine", where="--host", mend="Use 127.0.0.1"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            what, mend = "the port is in use", "Stop what uses it, or choose another with --port"
        elif error.errno == errno.EACCES:
            what, mend = "the port needs more rights", "Choose one above 1023 with --port"
        else:
            what, mend = f"cannot listen there ({error.strerror})", "Use 127.0.0.1"
        raise InputError(what, where=where, mend=mend) from error
    return listener


def look(host: str, port: int) -> None:
    """Raise InputError, as `bind` would, where one cannot listen there; nothing is kept open.

    A process that is started later would inherit a socket, and a lens may have none.
    """
    bind(host, port).close()
