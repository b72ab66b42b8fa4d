"""Where a browser finds pages that are served on an address and a port."""

_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named, not bound
"""What listens on every address is found on this machine's own."""


def base_url(host: str, port: int) -> str:
    """The pages that listen on `host` and `port`, without a slash at the end."""
    host = _HERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
