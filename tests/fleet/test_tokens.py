"""Tokens are taken beside the head's thread, and a store that fails is asked again."""

import threading

import pytest

from plainview.errors import StoreError
from plainview.fleet import tokens
from plainview.fleet.tokens import Tokens


def test_a_store_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it meanwhile, its trouble is told, and every camera gets its token."""
    monkeypatch.setattr(tokens, "_AGAIN", 0.01)
    allowed, asked, done = threading.Event(), threading.Event(), threading.Event()

    def next_fence(camera: str) -> int:
        asked.set()
        if not allowed.is_set():
            raise StoreError("away")
        if camera == "south":
            done.set()
        return len(camera)

    taken = Tokens(next_fence)
    taken.ask(["north", "south"])
    assert asked.wait(10)
    assert taken.collect() == {}
    allowed.set()
    assert done.wait(10)
    taken.close()
    assert taken.collect() == {"north": 5, "south": 5}
    assert taken.collect() == {}
    assert not taken.trouble
