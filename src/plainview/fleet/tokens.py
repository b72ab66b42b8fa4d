"""Takes tokens for placements ahead of need, beside the thread that keeps every node's lease.

A store that is slow or away must neither keep the head from its nodes nor a camera of a lost node
from its next one: each camera has a token in stock before it needs it.
"""

import threading
from collections.abc import Callable, Iterable

from plainview.errors import StoreError

NextFence = Callable[[str], int]
"""A token for a new placement of a camera: larger than all before, and durable. May raise
StoreError."""
_AGAIN = 1.0
"""Seconds after which a store that failed is asked again."""


class Tokens:
    """Owns the thread that asks for tokens, and those that were not yet collected."""

    def __init__(self, next_fence: NextFence) -> None:
        """Nothing is asked for yet."""
        self._next_fence = next_fence
        self._changed = threading.Condition()
        self._asked: dict[str, None] = {}
        self._taken: dict[str, int] = {}
        self._closing = False
        self.trouble = ""
        """Why the last one could not be had; empty while all is well."""
        self._thread = threading.Thread(target=self._run, name="tokens", daemon=True)
        self._thread.start()

    def ask(self, cameras: Iterable[str]) -> None:
        """Have a token for each of `cameras`. Never waits."""
        with self._changed:
            self._asked.update(dict.fromkeys(cameras))
            self._changed.notify_all()

    def collect(self) -> dict[str, int]:
        """The tokens that were taken since the last call, by camera."""
        with self._changed:
            taken, self._taken = self._taken, {}
            return taken

    def close(self) -> None:
        """Ask for no more."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._asked)
                if self._closing:
                    return
                camera = next(iter(self._asked))
            try:
                fence = self._next_fence(camera)
            except StoreError as error:
                with self._changed:
                    self.trouble = error.line()
                    self._changed.wait_for(lambda: self._closing, _AGAIN)
                continue
            with self._changed:
                self.trouble = ""
                self._asked.pop(camera, None)
                self._taken[camera] = fence
